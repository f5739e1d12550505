"""What happened, as history keeps it. Times are wall-clock seconds, memory is GB of 1,024 MiB per GPU.

Records after a RunStarted or RunResumed belong to that run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.model.backend import AttemptRecord
from app.model.state import Cause, TaskState
from app.model.task import Mode, Planned, TaskKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A new run begins; it supersedes older ones of the same file, user and mode, and of the same kind: what
    simulated GPUs have completed is not done on real ones."""

    name: str  #: names its folder under logs/runs/
    command_file: str  #: real path
    mode: Mode
    uid: int
    config_index: int | None
    host: str
    boot_id: str
    simulated: bool
    started_at: float


@dataclass(frozen=True, slots=True)
class RunResumed:
    """This process goes on with a run that load_unfinished found."""

    run_id: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class TasksPlanned:
    """Tasks that are new in the file, pending or held as it says, or have another place or other attributes
    than before; and those that are gone from it, which keep their rows."""

    tasks: Sequence[Planned]
    at: float
    removed: Sequence[TaskKey] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """A transition. A new reason to wait is none."""

    key: TaskKey
    at: float
    old: str  #: status
    state: TaskState
    failures: int = 0  #: of its retry budget
    ask_gb: float | None = None
    avoid: frozenset[str] = frozenset()  #: uuids of cards
    cause: Cause | None = None
    label: str = ""  #: the task's name and place at that time, for the log; not kept


@dataclass(frozen=True, slots=True)
class HeldBy:
    """Somebody else, or nobody, wants a task held now; it may be in a state that shows nothing of that."""

    key: TaskKey
    by: str | None  #: "file", "fuse", or a user


@dataclass(frozen=True, slots=True)
class AttemptRecorded:
    """An attempt is about to start."""

    record: AttemptRecord


@dataclass(frozen=True, slots=True)
class AttemptLaunched:
    """Its supervisor runs."""

    number: int  #: of the run
    pid: int
    start: int  #: /proc/PID/stat field 22
    at: float


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """It has ended, or never began (`status` None: nobody knows)."""

    number: int
    started_at: float | None  #: None: as it was launched
    ended_at: float
    status: int | None  #: as the shell gives it
    peak_gb: float | None  #: the most seen in use on any one card
    cause: Cause | None  #: None: success


@dataclass(frozen=True, slots=True)
class RunFinished:
    """Every task of the file is completed or cancelled: the next start is a fresh run."""

    at: float
    exit: int


Record = (
    RunStarted
    | RunResumed
    | TasksPlanned
    | Moved
    | HeldBy
    | AttemptRecorded
    | AttemptLaunched
    | AttemptEnded
    | RunFinished
)
