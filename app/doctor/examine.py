"""Everything the doctor looks at, in order. It changes nothing."""

from collections.abc import Iterable, Iterator

from app.config.load import Loaded, load
from app.doctor.clock import clock
from app.doctor.driver import cards, look_at_driver
from app.doctor.finding import Finding
from app.doctor.folders import command_files, folders
from app.doctor.folders import settings as of_settings
from app.doctor.leases import leases
from app.doctor.programs import programs
from app.doctor.states import states
from app.home import home_here
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.settings import Settings
from app.store.states import list_states


def examine(driver_seconds: float) -> Iterator[Finding]:
    """The findings as they are made; the driver gets so many seconds to answer."""
    home, loaded = Home.find(), _loaded()
    settings = loaded.settings if isinstance(loaded, Loaded) else Settings()
    driver, found = look_at_driver(driver_seconds)
    yield from found
    gpus = driver.gpus if driver else ()
    yield from cards(driver, settings) if driver else ()
    yield from _sound("programs", programs())
    yield from of_settings(loaded, home.config_file())
    try:
        home = home_here()
    except BadInput as bad:
        yield Finding.wrong("folders", str(bad))
    yield from _sound("folders", folders(home))
    yield from _sound("leases", leases(settings, gpus))
    try:
        files = list_states(home)
    except OSError:  # said of the folders
        files = []
    yield from _sound("command files", command_files(home, files))
    yield from _sound("schedulers", states(home, files))
    yield from _sound("clock", clock(home, files))


def _loaded() -> Loaded | BadInput:
    try:
        return load(None)
    except BadInput as bad:
        return bad


def _sound(subject: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """What the system refuses to one of them keeps nobody from the rest."""
    try:
        yield from findings
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        yield Finding.wrong(subject, f"{where}{error.strerror or error}, so the rest of it can't be told")
