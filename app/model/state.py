"""The states of a task. Each carries exactly the facts that exist then; times are wall-clock seconds.

How an attempt ended is a type of its own (`Cause`), never a nullable field of a state.
"""

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator

from app.model.blockers import Blocker

Why = Literal["timeout", "stopped", "killed"]
"""Why an attempt is asked to end. Killed: by its user."""


@dataclass(frozen=True, slots=True)
class ExitCode:
    """The task's script ended by itself."""

    code: int  #: as the shell gives it
    command: str | None = None  #: the one that failed, as well as bash can tell
    said: str | None = None  #: the last line of its log that names an error: "KeyError: 'lr'"
    kind: Literal["exit"] = "exit"


@dataclass(frozen=True, slots=True)
class Signalled:
    """A status above 128: the signal it means. A shell can't tell `exit 137` from SIGKILL."""

    signal: int
    command: str | None = None
    kind: Literal["signal"] = "signal"


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """CUDA ran out of memory, recognised from the end of the attempt's log."""

    code: int
    peak_gb: float | None  #: per GPU, the most seen in use on any one card
    tried_gb: float | None  #: what the message says it tried to allocate
    kind: Literal["out_of_memory"] = "out_of_memory"


@dataclass(frozen=True, slots=True)
class TimedOut:
    seconds: float | None  #: None: an earlier scheduler's, which the file no longer has
    kind: Literal["timeout"] = "timeout"


@dataclass(frozen=True, slots=True)
class Killed:
    """A user of gpulane killed it; not retried."""

    by: str
    kind: Literal["killed"] = "killed"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The scheduler was told to stop now; the task is pending again at the next start."""

    kind: Literal["stopped"] = "stopped"


@dataclass(frozen=True, slots=True)
class Vanished:
    """Its supervisor ended without a word (killed, or the machine went down)."""

    reboot: bool
    kind: Literal["lost"] = "lost"


@dataclass(frozen=True, slots=True)
class NotLaunched:
    """The attempt could not be started."""

    error: str
    kind: Literal["not_launched"] = "not_launched"


Cause = Annotated[
    ExitCode | Signalled | OutOfMemory | TimedOut | Killed | Stopped | Vanished | NotLaunched,
    Discriminator("kind"),
]


FUSE = "fuse"
"""Who holds the rest when the first tasks all died within seconds; see `app.core.fuse`."""


@dataclass(frozen=True, slots=True)
class Held:
    since: float
    by: str  #: "file" (`#LANE hold`), "fuse", or a user's name
    status: Literal["held"] = "held"


@dataclass(frozen=True, slots=True)
class Pending:
    """Behind others in its queue."""

    since: float
    status: Literal["pending"] = "pending"


@dataclass(frozen=True, slots=True)
class Waiting:
    """At the head of its queue, for GPUs."""

    since: float
    reason: str
    blockers: tuple[Blocker, ...]
    stuck: bool  #: nothing of ours that ends will free it
    gpus: int = 0  #: needed
    memory_gb: float | None = None  #: asked, per GPU; None: whole cards
    ready: int = 0  #: cards that would do now
    status: Literal["waiting"] = "waiting"


@dataclass(frozen=True, slots=True)
class Running:
    attempt: int  #: the task's attempts counted from 1
    number: int  #: the attempt's number in the run; names its log and its lock
    gpu_ids: tuple[str, ...]  #: indices
    gpu_uuids: tuple[str, ...]
    since: float
    memory_gb: float | None  #: asked, per GPU
    log_path: str
    pid: int | None = None  #: the supervisor's; None until it has started
    used_gb: float | None = None  #: measured now, per GPU: what its tree uses on the fullest card
    stopping: Why | None = None  #: we have asked it to end
    command: str | None = None  #: that a hook of its user's has built; None: `commands` of its task
    status: Literal["running"] = "running"


@dataclass(frozen=True, slots=True)
class Backoff:
    """Between attempts; holds no GPU."""

    until: float
    error: str
    cause: Cause
    retry: int  #: the retry that comes
    of: int | None  #: allowed; None: for ever
    status: Literal["backoff"] = "backoff"


@dataclass(frozen=True, slots=True)
class Completed:
    gpu_ids: tuple[str, ...]
    started_at: float
    ended_at: float
    exit_code: int
    peak_memory_gb: float | None  #: per GPU, the most seen in use on any one card
    status: Literal["completed"] = "completed"


@dataclass(frozen=True, slots=True)
class Failed:
    gpu_ids: tuple[str, ...]
    started_at: float
    ended_at: float
    exit_code: int | None
    error: str
    cause: Cause
    peak_memory_gb: float | None  #: per GPU, the most seen in use on any one card
    status: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True)
class Cancelled:
    since: float
    by: str
    status: Literal["cancelled"] = "cancelled"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Its queue stopped before it."""

    since: float
    because: str  #: "task 3/1 failed"
    failed: str = ""  #: the task that stopped it: "3/1"
    status: Literal["skipped"] = "skipped"


TaskState = Annotated[
    Held | Pending | Waiting | Running | Backoff | Completed | Failed | Cancelled | Skipped,
    Discriminator("status"),
]
Status = Literal[
    "held", "pending", "waiting", "running", "backoff", "completed", "failed", "cancelled", "skipped"
]

STATUSES: tuple[Status, ...] = Status.__args__  # type: ignore[attr-defined]
FINISHED: frozenset[Status] = frozenset({"completed", "failed", "cancelled", "skipped"})
RUN_DONE: frozenset[Status] = frozenset({"completed", "cancelled"})

INTEREST: tuple[Status, ...] = (
    "running",
    "waiting",
    "backoff",
    "failed",
    "held",
    "pending",
    "skipped",
    "cancelled",
    "completed",
)
"""Which queues are shown in full when not all can be."""


def interest(status: Status) -> int:
    """Sort key of a queue by its status: the most interesting ones first."""
    return INTEREST.index(status)


def in_order(counts: Mapping[Status, int]) -> list[tuple[Status, int]]:
    """The states somebody is in, the most interesting first."""
    return [(status, counts[status]) for status in sorted(counts, key=interest) if counts[status]]


def error_text(cause: Cause) -> str:
    """The sentence shown for a failed attempt, without a full stop."""
    match cause:
        case ExitCode(code, command, said):
            known = {126: " (found but not executable)", 127: " (command not found)"}.get(code, "")
            return f"exit {code}{known}" + (f": {said}" if said else f" in: {command}" if command else "")
        case Signalled(number, command):
            return f"ended by {signal_name(number)}" + (f" in: {command}" if command else "")
        case OutOfMemory(_, peak, tried):
            seen = "" if peak is None else f", at most {peak:.1f} GB seen in use on a GPU"
            wanted = "" if tried is None else f" while asking for {tried:.1f} GB more"
            return f"CUDA out of memory{wanted}{seen}"
        case TimedOut(seconds):
            return "stopped after its timeout" + (f" of {seconds:g} s" if seconds is not None else "")
        case Killed(by):
            return f"killed by {by}"
        case Stopped():
            return "stopped with the scheduler"
        case Vanished(reboot):
            return (
                "lost when the machine restarted" if reboot else "lost: its supervisor ended without a word"
            )
        case NotLaunched(error):
            return f"could not be started: {error}"


def signal_name(number: int) -> str:
    """SIGKILL for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def holder(by: str) -> str:
    """Who holds a task, for sentences: "the command file", "the fuse", "alice"."""
    return {"file": "the command file", FUSE: "the fuse"}.get(by, by)
