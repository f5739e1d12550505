"""One console: what its routes share."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Request

from app.config.load import load as load_settings
from app.going_on import command_line_anywhere
from app.home import home_here
from app.left import running_on
from app.model.faults import GpulaneError
from app.model.paths import Home
from app.model.settings import Settings
from app.model.state_file import adapter
from app.model.task import Mode
from control.src import settings
from control.src.cards.gpus import Gpus
from control.src.cards.latest import LatestSettings
from control.src.cards.samples import Samples
from control.src.cards.sampling import Sampling
from control.src.database import Database
from control.src.files.configurations import Configurations
from control.src.files.editing import Edited, real
from control.src.files.masks import Masks
from control.src.files.previews import Previews
from control.src.files.setting_previews import SettingPreviews
from control.src.files.versions import Versions
from control.src.logs.bindings import Bindings
from control.src.logs.opening import Reach, reach
from control.src.schedulers.asking import Asking
from control.src.schedulers.children import Children
from control.src.schedulers.estimates import Estimates
from control.src.schedulers.masking import mask_state
from control.src.schedulers.states import Ended, Raw, States
from control.src.web import roles
from control.src.web.audit import Audit
from control.src.web.hub import Hub
from control.src.web.sessions import Login, Sessions

log = logging.getLogger("gpulane.console")

USUAL_HEARTBEAT = Settings().heartbeat
MISSED = 3
"""Heartbeats, after which what a scheduler has said may be out of date."""


NOTE_SECONDS = 600.0
"""Between looks at which sessions are used."""

HOME_SECONDS = 1.0
"""Where state lies is looked up no more often: it takes half a millisecond, and every request asks."""


class HomeNow:
    """Where state, runs and history lie at the moment: as the scheduler's settings have it, and where those
    are that run or have left something."""

    def __init__(self) -> None:
        self._home = Home.find()
        self._until = 0.0

    def __call__(self) -> Home:
        if time.monotonic() >= self._until:
            with contextlib.suppress(GpulaneError):  # settings that can't be read say nothing new
                self._home = home_here()
            self._until = time.monotonic() + HOME_SECONDS
        return self._home

    def forget(self) -> None:
        """A start may have changed it."""
        self._until = 0.0


@dataclass
class Console:
    settings_file: Path
    settings: settings.ControlSettings
    folder: Path  #: control/logs/
    secrets: roles.Secrets
    cookie: str
    given: frozenset[str] = frozenset()  #: settings that the command line has said instead
    home: HomeNow = field(default_factory=HomeNow)
    hub: Hub = field(default_factory=Hub)
    children: Children = field(default_factory=Children)

    def __post_init__(self) -> None:
        """Raises GpulaneError."""
        self.database = Database(self.folder / "console.db")
        self.sessions = Sessions(self.database, self.secrets)
        self._changing = threading.Lock()
        self.audit = Audit(self.database)
        self.bindings = Bindings(self.folder)
        self.estimates = Estimates(self.home)
        self.masks = Masks(self.secrets.key)
        set_log_level(self.settings.log_level)
        self._heartbeats: dict[str | None, tuple[int, float]] = {}  #: by settings file, with its time
        self.configurations = Configurations(self.home, self.folder, self.secrets.key)
        self.states = States(self.home, self.hub, self._finish)
        self.asking = Asking(self.home, self.states)
        self.rules = LatestSettings(lambda: settings.yaml_path(self.home(), self.settings))
        self.gpus = Gpus(self.home, self.rules, lambda: self.states.all)
        check, usual = self.configurations.check, self.estimates.seconds
        self.previews = Previews(self.home, self.gpus.now, self.rules, check, usual)
        self.setting_previews = SettingPreviews(
            self.home, self.previews, self.gpus.now, self.rules, self._set_values
        )
        # Long reads have a connection of their own: logins and the audit are not to wait for them.
        self.archive = Database(self.folder / "console.db")
        self.samples = Samples(self.archive)
        self.sampling = Sampling(self.gpus, self.samples, self.hub)

    def command_file(self, mode: Mode, index: int) -> Path:
        """The real path of a configuration's file. Raises BadInput."""
        return real(self.home().command_file(mode, index))

    def config_file(self) -> Path:
        """The scheduler's settings that are shown and changed here."""
        return settings.yaml_path(self.home(), self.settings)

    def reach(self) -> Reach:
        """Which files may be read as logs, as home and settings are now."""
        home = self.home()
        folders = (home.root / "config", home.root / "control", self.folder)
        never = (*folders, self.settings_file, self.config_file())
        return reach(home, self.rules.work_dir(home.root), self.settings.log_roots, never)

    def read_settings(self) -> None:
        """What the file says now holds from now on, as far as it can without a restart. Raises BadInput; then
        what held before holds on."""
        with self._changing:
            self.settings = settings.in_use(self.settings, settings.load(self.settings_file))
            known = roles.load(self.folder, self.settings)
            if (known.write, known.read) != (self.secrets.write, self.secrets.read):
                self.secrets, self.sessions = known, Sessions(self.database, known)  # nobody is logged in now
        set_log_level(self.settings.log_level)

    def edited_yaml(self, what: Literal["config", "settings"]) -> Edited:
        """One of the two settings files. Raises BadInput."""
        path = self.config_file() if what == "config" else self.settings_file
        versions = Versions(self.folder / "versions" / what)
        show = self.masks.hide if what == "config" else _nothing
        return Edited(real(path), path.name, settings.LARGEST_BYTES, versions, self.secrets.key, show)

    def _set_values(self, pid: int) -> Mapping[str, str]:
        found: Mapping[str, str] = self.asking.ask(pid, "set")["settings"]
        return found

    def _finish(self, raw: Raw, alive: bool | None, ended: Ended | None) -> Raw:
        """What a scheduler's state does not say itself. In the thread that reads states."""
        left = None
        if ended not in (None, "finished"):
            state = adapter().validate_python(raw)
            resume = command_line_anywhere(self.home(), state)
            left = {"running": running_on(state), "unfinished": state.left, "resume": resume}
        self.estimates.add(raw)
        mask_state(raw)
        stale_after = MISSED * self._heartbeat(raw["config_file"])
        return {"configuration": raw["config_index"], "stale_after": stale_after, "left": left}

    def _heartbeat(self, config_file: str | None) -> float:
        """Of the settings as they are now."""
        path = Path(config_file) if config_file else None
        with contextlib.suppress(OSError, GpulaneError):
            stamp = path.stat().st_mtime_ns if path else 0
            kept = self._heartbeats.get(config_file)
            if kept is None or kept[0] != stamp:
                heartbeat = load_settings(path).settings.heartbeat if path else USUAL_HEARTBEAT
                kept = self._heartbeats[config_file] = stamp, heartbeat
            return kept[1]
        return USUAL_HEARTBEAT

    @contextlib.asynccontextmanager
    async def running(self, *more: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
        """With all that goes on beside the answers."""
        await self.states.look()
        beside = (self.states.run, self.hub.run, self.sampling.run, self._reap, self._note_sessions, *more)
        tasks = [asyncio.create_task(each()) for each in beside]
        for task in tasks:
            task.add_done_callback(_ended)
        try:
            yield
        finally:
            self.hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.gpus.now.close()
            self.archive.close()
            self.database.close()

    async def _reap(self) -> None:
        while True:
            self.children.reap()
            await asyncio.sleep(1)

    async def _note_sessions(self) -> None:
        while True:
            await asyncio.sleep(NOTE_SECONDS)
            with contextlib.suppress(GpulaneError):  # it is tried again
                await asyncio.to_thread(self.sessions.note_seen)


def _ended(task: "asyncio.Task[None]") -> None:
    """What goes on beside the answers is not to end unseen."""
    if not task.cancelled() and (error := task.exception()):
        log.error("something has ended that was to go on", exc_info=error)


def _nothing(_: str) -> None:
    """Of a file with secrets that nobody edits as text."""


def set_log_level(level: settings.LogLevel) -> None:
    logging.getLogger().setLevel(level.upper())


def _console(request: Request) -> Console:
    found: Console = request.app.state.console
    return found


def _login(request: Request) -> Login:
    found: Login = request.state.login
    return found


TheConsole = Annotated[Console, Depends(_console)]
TheLogin = Annotated[Login, Depends(_login)]
