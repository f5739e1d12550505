"""Before anything starts: which files are meant, and what they say."""

import contextlib
import re
import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app import procfs
from app.command_file.parse import Parsed
from app.command_file.read import read
from app.command_file.syntax import Verdicts, check_scripts
from app.config.load import Loaded, load
from app.home import local_home, state_dir_set
from app.hooks.names import defined
from app.model.faults import BadInput, Fault
from app.model.paths import Home
from app.model.problems import Problem
from app.model.settings import Settings
from app.model.task import MODES, Mode
from app.notify.notifier import refuse_wrong
from app.options import RunOptions
from app.tables import is_table, read_table
from app.tables.read import NOTHING, Known
from app.tables.rows import Commands
from app.tables.sheet import OTHERS, SUFFIXES
from app.trust import read_trusted

LARGEST_HOOKS = 1024 * 1024
LEAST_DESCRIPTORS, ENOUGH_DESCRIPTORS = 256, 1024

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one scheduler, and what its settings say."""

    home: Home
    mode: Mode
    command: Path  #: real path
    shown: str  #: the command file as its user named it
    config: Path | None  #: None: defaults
    index: int | None
    loaded: Loaded
    problems: tuple[Problem, ...] = field(default=())  #: of the home; `loaded` has the settings' own
    hook_names: frozenset[str] = frozenset()  #: what the hooks file defines
    given: Path | None = None  #: the command file's path before its links were followed

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def hooks(self) -> Path | None:
        """The file of the setting `hooks`."""
        given = self.settings.hooks
        return None if given is None else self.home.root / Path(given).expanduser()

    @property
    def commands(self) -> Commands:
        """How a table's rows come to theirs."""
        return Commands(self.settings.table_command, "build_command" in self.hook_names)

    @property
    def work_dir(self) -> str:
        """`{work_dir}` and the tasks' cwd."""
        given = self.settings.work_dir
        return str(Path.cwd()) if given is None else str(self.home.root / Path(given).expanduser())


def find_files(options: RunOptions) -> Files:
    """Which files a start means. Raises BadInput."""
    home = Home.find()
    if not home.root.is_dir():
        raise BadInput(f"GPULANE_HOME is {home.root}, and that is no folder; make it, or name another")
    if options.config_file is not None:
        config: Path | None = home.resolve(options.config_file)
    else:
        config = home.config_file() if home.config_file().exists() else None
    loaded = load(config)
    settings = loaded.settings
    state_dir = state_dir_set(home.config_file())
    if settings.state_dir not in (None, state_dir):
        raise BadInput(
            f"{options.config_file}: state_dir counts in {home.config_file()} alone, as every word of the "
            "command line looks there for what runs; write it there"
        )
    refuse_folder(loaded, home)
    hook_names = _hook_names(loaded, home)
    refuse_wrong(loaded)
    if options.command_file is not None:
        if not options.command_file:
            raise BadInput("--command-file is empty; name a command file, or leave it out for the default")
        shown, command = options.command_file, home.resolve(options.command_file)
    else:  # nobody has typed it: its place is this home, also for who stands in another checkout
        shown = _default_command_file(options, home, settings)
        command = home.root / Path(shown).expanduser()
        shown = shown if command.exists() else str(command)
    for path in (home.root, command.resolve()):
        refuse_odd_bytes(path)
    home, problems = local_home(home, state_dir, make=not options.check)
    index = (
        options.config_index if options.config_index is not None else configuration_of(command, options.mode)
    )
    return Files(
        *(home, options.mode, command.resolve(), shown, config, index, loaded),
        problems,
        hook_names,
        command,
    )


def refuse_folder(loaded: Loaded, home: Home) -> None:
    """Raises BadInput for a work_dir that is none."""
    given = loaded.settings.work_dir
    if given is not None and not (home.root / Path(given).expanduser()).is_dir():
        wrong = f"work_dir {given} is no folder"
        raise BadInput([loaded.fault(("work_dir",), wrong, "name one that exists, or null")])


def _hook_names(loaded: Loaded, home: Home) -> frozenset[str]:
    """What the hooks file defines, if there is one. Raises BadInput for one that is no Python, or that
    somebody else can write: it runs as its user."""
    given = loaded.settings.hooks
    if given is None:
        return frozenset()
    path = home.root / Path(given).expanduser()
    try:
        read_trusted(path, LARGEST_HOOKS, str(path))
        names = defined(path)
    except BadInput as bad:
        wrong = f"hooks: {bad.faults[0].problem}"
        raise BadInput([loaded.fault(("hooks",), wrong, bad.faults[0].hint)]) from None
    except (SyntaxError, ValueError) as error:
        raise BadInput([loaded.fault(("hooks",), f"{path} is no Python: {error}", "mend it")]) from None
    if not names & {"build_command", "compare_gpus"}:
        wrong = f"{path} defines neither build_command nor compare_gpus"
        raise BadInput([loaded.fault(("hooks",), wrong, "define one of them, or set hooks to null")])
    return names


def refuse_odd_bytes(path: Path) -> None:
    """History and the state file hold paths as text. Raises BadInput."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise BadInput(f"the path {shown} is not UTF-8; rename what is not (convmv does it)") from None
    if CONTROL.search(str(path)):
        shown = procfs.printable(str(path))
        raise BadInput(f"the path {shown} holds a control character, and logs would, too; rename it")


def _default_command_file(options: RunOptions, home: Home, settings: Settings) -> str:
    if options.config_index is not None:
        return str(home.command_file(options.mode, options.config_index))
    return settings.gpu_command_file if options.mode == "single" else settings.gpus_command_file


def configuration_of(command: Path, mode: Mode) -> int | None:
    """The N of "configuration N", from a command file's name; None: a file of another name."""
    stem = "command_gpu" if mode == "single" else "command_gpus"
    found = re.fullmatch(rf"{stem}(?:_(\d+))?\.txt", command.name)
    return int(found[1] or 0) if found else None


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """What the system refuses before anything has started is bad input, too, and no traceback."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise BadInput(f"{where}{error.strerror or error}; nothing was started") from error


def raise_descriptor_limit() -> None:
    """An attempt takes some descriptors, and hands its own on under high numbers. Raises BadInput."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < ENOUGH_DESCRIPTORS:
        if hard != resource.RLIM_INFINITY and hard < LEAST_DESCRIPTORS:
            raise BadInput(
                f"only {hard} files may be open at once; raise that: ulimit -n {ENOUGH_DESCRIPTORS}"
            )
        most = ENOUGH_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def mode_of(command_file: str) -> Mode:
    """The mode a command file is written for: by its name, else that with fewer faults. Raises BadInput."""
    path = Home.find().resolve(command_file)
    if is_table(path):
        return "multi"
    for mode in MODES:
        if configuration_of(path, mode) is not None:
            return mode
    multi = read(path, "multi", command_file)
    single = multi if not multi.faults else read(path, "single", command_file)
    return "single" if len(single.faults) < len(multi.faults) else "multi"


def read_command_file(files: Files, verdicts: Verdicts, known: Known = NOTHING) -> Parsed:
    """The command file, its scripts checked by bash, with every fault of it; `known` of a table's rows.
    Raises BadInput for a kind of table that is not read."""
    if files.command.suffix.lower() in OTHERS:
        wrong = f"a {files.command.suffix} file is not read"
        raise BadInput([Fault(files.shown, 0, 0, wrong, f"save it as one of {', '.join(SUFFIXES)}")])
    if is_table(files.command):
        parsed = read_table(files.command, files.mode, files.shown, files.commands, known)
    else:
        parsed = read(files.command, files.mode, files.shown)
    faults = (*parsed.faults, *check_scripts(parsed, files.shown, verdicts))
    return replace(parsed, faults=faults)


def refuse(faults: Sequence[Fault]) -> None:
    """Raises BadInput with all of them, if there are any."""
    if faults:
        raise BadInput(faults)
