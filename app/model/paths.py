"""Where everything lies. Nobody else formats a path of ours."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from app.model.faults import BadInput
from app.model.task import Mode, TaskKey

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Home:
    """GPULANE_HOME, or the checkout: the folder of command/, config/, logs/."""

    root: Path
    local: Path | None = None  #: where state, runs/ and history live when logs/ is on a network file system

    @classmethod
    def find(cls) -> "Home":
        return cls(Path(os.environ.get("GPULANE_HOME") or PROJECT).resolve())

    @property
    def name(self) -> str:
        """A folder name that stands for this home."""
        return blake2b(os.fsencode(self.root), digest_size=8).hexdigest()

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def data(self) -> Path:
        """Parent of state/, runs/, history.db."""
        return self.local or self.logs

    @property
    def state(self) -> Path:
        return self.data / "state"

    @property
    def runs(self) -> Path:
        return self.data / "runs"

    @property
    def history(self) -> Path:
        return self.data / "history.db"

    def counts(self, table: Path) -> Path:
        """What is to be counted in a table (real path), and was."""
        digest = blake2b(os.fsencode(table), digest_size=6).hexdigest()
        return self.data / "counts" / f"{run_stem(table)}-{digest}.jsonl"

    @property
    def gpus_off(self) -> Path:
        """Cards turned off for this user, read by all schedulers of this home."""
        return self.data / "gpus_off.json"

    def state_file(self, pid: int) -> Path:
        return self.state / f"{pid}.json"

    def state_lock(self, pid: int) -> Path:
        return self.state / f"{pid}.lock"

    def control_socket(self, pid: int) -> Path:
        return self.state / f"{pid}.sock"

    def scheduler_log(self, mode: Mode) -> Path:
        return self.logs / ("compete_gpu.log" if mode == "single" else "compete_gpus.log")

    def command_file(self, mode: Mode, index: int) -> Path:
        """Configuration N: command_gpu.txt is 0, command_gpu_1.txt is 1."""
        stem = "command_gpu" if mode == "single" else "command_gpus"
        return self.root / "command" / (f"{stem}_{index}.txt" if index else f"{stem}.txt")

    @property
    def submitted(self) -> Path:
        """What `submit` writes."""
        return (self.root / "command" / "submitted_gpus.txt").resolve()

    @property
    def console_wanted(self) -> Path:
        """There while its user wants a console, also across restarts: the flags that it was started with."""
        return self.root / "control" / "logs" / "wanted"

    def config_file(self) -> Path:
        return self.root / "config" / "gpu_manage.yaml"

    def resolve(self, given: str) -> Path:
        """A path as a user gave it: from the working directory, then from this home. Raises BadInput."""
        try:
            path = Path(given).expanduser()
            at_home = self.root / path
            path = at_home if not path.exists() and at_home.exists() else path.absolute()
            path.resolve()
        except (RuntimeError, ValueError) as error:  # a loop of links, `~` of nobody; NUL in a path
            raise BadInput(f"{given!r} is no path: {error}") from error
        except OSError as error:
            raise BadInput(f"{given!r} is no path: {error.strerror}") from error
        return path


LOG_RULE = f"{' gpulane: output ':#^60}"
"""The line that ends the head of an attempt's log; what follows is the task's own. No program's banner."""


STEM_BYTES = 28
"""Of the command file's name in its run's name: a socket's whole path may have 107 bytes."""


def run_stem(command_file: Path) -> str:
    """How the names of its runs go on from their times, for a command file (real path): with the start of its
    name, which people read, and a digest of its folder, as many a folder has a file of that name, and of the
    suffix: todo.csv and todo.xlsx are two files."""
    which = os.fsencode(command_file.parent)
    if command_file.suffix != ".txt":
        which += b"\0" + os.fsencode(command_file.suffix)
    digest = blake2b(which, digest_size=2).hexdigest()
    return command_file.stem.encode()[:STEM_BYTES].decode("utf-8", "ignore") + f"-{digest}"


_LOG = re.compile(r"(\d+)-(\d+)-([0-9a-f]{8})\.(\d+)\.log", re.ASCII)


@dataclass(frozen=True, slots=True)
class LogName:
    """What the name of an attempt's log tells."""

    path: Path
    queue_id: int
    index: int
    digest: str  #: the start of the task's key
    number: int


def log_number(path: Path) -> int | None:
    """The number of the attempt that has this log; None: it is no log's name."""
    found = _LOG.fullmatch(path.name)
    return int(found[4]) if found else None


@dataclass(frozen=True, slots=True)
class RunPaths:
    """The files of one run."""

    folder: Path

    @property
    def ends(self) -> Path:
        return self.folder / "ends"

    @property
    def environment(self) -> Path:
        """In which its last scheduler was started."""
        return self.folder / "environment"

    @property
    def paused(self) -> Path:
        """There while it starts nothing until its user says `resume`."""
        return self.folder / "paused"

    @property
    def swept(self) -> Path:
        return self.folder / "swept"

    def session(self, queue_id: int, index: int, number: int) -> str:
        """The socket name of an attempt's tmux server: `tmux -L NAME attach` shows it. With its number, since
        another task may stand in this place after an edit."""
        return f"gpulane-{self.folder.name}-{queue_id}-{index}.{number}"

    def log(self, queue_id: int, index: int, key: TaskKey, number: int) -> Path:
        return self.folder / f"{queue_id}-{index}-{key.digest[:8]}.{number}.log"

    def logs(self) -> Iterator["LogName"]:
        """Of the attempts that have had one. Tasks may put other files beside them."""
        for path in self.folder.glob("*.log"):
            if found := _LOG.fullmatch(path.name):
                yield LogName(path, int(found[1]), int(found[2]), found[3], int(found[4]))
