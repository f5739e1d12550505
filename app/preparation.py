"""Before anything starts: which files are meant, what they say, and whether this machine could run it."""

import contextlib
import os
import re
import resource
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app import procfs
from app.command_file.document import Document
from app.command_file.parse import Parsed
from app.command_file.read import read
from app.command_file.syntax import Verdicts, check_scripts
from app.config.load import Loaded, load
from app.core.never import Never, never_fits
from app.core.rules import Rules
from app.gpu.nvml import NvmlProbe
from app.gpu.probe import GpuProbe
from app.gpu.simulated import SimulatedProbe
from app.model.faults import BadInput, Fault
from app.model.gpu import Gpu, index_order
from app.model.paths import Home
from app.model.problems import Problem, problem
from app.model.settings import Settings
from app.model.task import Mode, TaskSpec
from app.options import RunOptions

LEAST_DESCRIPTORS, ENOUGH_DESCRIPTORS = 256, 1024

MODES: tuple[Mode, ...] = ("multi", "single")


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
    problems: tuple[Problem, ...] = field(default=())

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def work_dir(self) -> str:
        """`{work_dir}` and the tasks' cwd."""
        given = self.settings.work_dir
        return str(Path.cwd()) if given is None else str(self.home.root / Path(given).expanduser())


def find_files(options: RunOptions) -> Files:
    """Which files a start means. Raises BadInput."""
    home = Home.find()
    if options.config_file is not None:
        config: Path | None = home.resolve(options.config_file)
    else:
        config = home.config_file() if home.config_file().exists() else None
    loaded = load(config)
    settings = loaded.settings
    if settings.work_dir is not None and not (home.root / Path(settings.work_dir).expanduser()).is_dir():
        wrong = f"work_dir {settings.work_dir} is no folder"
        raise BadInput([loaded.fault(("work_dir",), wrong, "name one that exists, or null")])
    shown = options.command_file or _default_command_file(options, home, settings)
    command = home.resolve(shown)
    for path in (home.root, command.resolve()):
        _refuse_odd_bytes(path)
    home, problems = _local_home(home, settings)
    index = (
        options.config_index if options.config_index is not None else configuration_of(command, options.mode)
    )
    return Files(
        home, options.mode, command.resolve(), shown, config, index, loaded, loaded.problems + problems
    )


def _refuse_odd_bytes(path: Path) -> None:
    """History and the state file hold paths as text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise BadInput(f"the path {shown} is not UTF-8; rename what is not (convmv does it)") from None


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
    except (RuntimeError, ValueError) as error:  # pathlib: a loop of links, `~` of nobody; NUL in a path
        raise BadInput(f"{error}; nothing was started") from error


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
    """The mode a command file is written for: by its name, else by its blocks. Raises BadInput."""
    path = Home.find().resolve(command_file)
    for mode in MODES:
        if configuration_of(path, mode) is not None:
            return mode
    multi = read(path, "multi", command_file)
    single = multi if not multi.faults else read(path, "single", command_file)
    return "multi" if not multi.faults or single.faults else "single"


def _local_home(home: Home, settings: Settings) -> tuple[Home, tuple[Problem, ...]]:
    """Locks and SQLite don't work on network file systems, and home directories often are on one."""
    if settings.state_dir is not None:
        given = home.root / Path(settings.state_dir).expanduser()
        return Home(home.root, _own_folder(given) / home.name), ()
    there = next(folder for folder in (home.logs, *home.logs.parents) if folder.exists())
    if procfs.file_system(there) not in procfs.NETWORK_FILE_SYSTEMS:
        return home, ()
    local = _own_folder(Path("/var/tmp")) / home.name
    return Home(home.root, local), (problem("state_dir", logs=str(home.logs), folder=str(local)),)


def make_folders(home: Home) -> None:
    """logs/ holds what programs write, for nobody else to read. Raises BadInput."""
    for folder in (home.logs, home.data, home.state, home.runs):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            raise BadInput(
                f"{folder} can't be made or written ({error.strerror}): gpulane keeps its logs and history "
                "there; set GPULANE_HOME to a folder of your own"
            ) from error


def _own_folder(parent: Path) -> Path:
    """A folder of this user's alone in one that others may use as well. Raises BadInput."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if parent.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
        raise BadInput(f"anybody can replace what lies in {parent}; chmod +t it, or name another state_dir")
    path = parent / f"gpulane-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    info = path.lstat()
    if info.st_uid != os.getuid() or info.st_mode & 0o077 or path.is_symlink():
        raise BadInput(f"{path} is not a folder of yours alone; name another state_dir in gpu_manage.yaml")
    return path


def read_command_file(files: Files, verdicts: Verdicts) -> Parsed:
    """The command file, its scripts checked by bash, with every fault of it."""
    parsed = read(files.command, files.mode, files.shown)
    faults = (*parsed.faults, *check_scripts(parsed, files.shown, verdicts))
    return replace(parsed, faults=faults)


def make_probe(options: RunOptions) -> GpuProbe:
    """Raises BadInput for a --simulate that is not NxGB."""
    return SimulatedProbe(options.simulate) if options.simulate else NvmlProbe()


def never_fitting(
    specs: Sequence[TaskSpec], document: Document, gpus: Sequence[Gpu], rules: Rules, file: str
) -> tuple[Fault, ...]:
    """A fault for every one of the document's tasks that could not run even on an empty machine."""
    faults: dict[tuple[object, ...], Fault] = {}
    verdicts: dict[tuple[object, ...], Never | None] = {}
    for spec in specs:
        need = (spec.gpus, spec.memory_gb, spec.options.devices, spec.options.model, spec.options.share)
        if need not in verdicts:
            verdicts[need] = never_fits(spec, gpus, rules)
        never = verdicts[need]
        if never is not None and (spec.line, need) not in faults:  # repeats of a block are one
            place = document.place(spec.line, never.about)
            faults[(spec.line, need)] = Fault(file, *place, f"the task {never.why}")
    return tuple(faults.values())


def refuse(faults: Sequence[Fault]) -> None:
    """Raises BadInput with all of them, if there are any."""
    if faults:
        raise BadInput(faults)


def refuse_unfit(files: Files, parsed: Parsed, gpus: Sequence[Gpu], rules: Rules) -> None:
    """Raises BadInput with the file's faults and all that this machine can't serve, if there is anything."""
    # With a card named that is not there, what tasks are refused for may be due to that alone.
    unfit = _out_of_range(files, gpus) or never_fitting(
        parsed.tasks, parsed.document, gpus, rules, files.shown
    )
    refuse(parsed.faults + unfit)


def _out_of_range(files: Files, gpus: Sequence[Gpu]) -> tuple[Fault, ...]:
    """A fault for every card that the settings name and that is not there."""
    settings = files.settings
    if settings.use_all_gpus:
        return ()
    here = [gpu.index for gpu in gpus]
    there = f"there is GPU {', '.join(sorted(here, key=index_order))}" if here else "there is none"
    return tuple(
        files.loaded.fault(("compete_gpus", position), f"compete_gpus names GPU {index}", there)
        for position, index in enumerate(settings.compete_gpus)
        if index not in here
    )


def rules_here(files: Files, gpus: Sequence[Gpu]) -> tuple[Rules, tuple[Problem, ...]]:
    """The settings as they bear on this machine, and what its user should know of that."""
    visible, problems = visible_gpus(gpus)
    return Rules.of(files.settings, os.getuid(), visible, os.cpu_count() or 1), problems


def visible_gpus(gpus: Sequence[Gpu]) -> tuple[frozenset[str] | None, tuple[Problem, ...]]:
    """The cards that an inherited CUDA_VISIBLE_DEVICES leaves us, by index, or as they are named there while
    the driver is away (at a resume); None: it is not set, or all are simulated."""
    inherited = os.environ.get("CUDA_VISIBLE_DEVICES")
    if inherited is None or (gpus and all(gpu.simulated for gpu in gpus)):
        return None, ()
    chosen: dict[str, None] = {}
    for name in (name.strip() for name in inherited.split(",")):
        found = [gpu.index for gpu in gpus if gpu.index == name or (name and gpu.uuid.startswith(name))]
        if not gpus and (name.isdecimal() or name.startswith(("GPU-", "MIG-"))):
            found = [name]
        if not found:
            break  # as CUDA does: the list ends at the first name that is none
        chosen.update(dict.fromkeys(found))
    if not chosen:
        return frozenset(), (problem("visible_devices_none", value=inherited),)
    allowed = ", ".join(sorted(chosen, key=index_order) if gpus else chosen)
    return frozenset(chosen), (problem("visible_devices", value=inherited, gpus=allowed),)
