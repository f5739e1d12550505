"""What happens to the core, and what it answers. All plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.model.backend import Exit, Grant, LaunchSpec, Lost
from app.model.blockers import Blocked
from app.model.records import AttemptEnded, HeldBy, Moved
from app.model.settings import Settings
from app.model.state import Why
from app.model.task import Planned, TaskKey

Verb = Literal["kill", "retry", "hold", "release"]

# Events


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: a backoff ended, or an attempt has reached its timeout."""


@dataclass(frozen=True, slots=True)
class ClockSet:
    """Somebody has set the wall clock. Nothing waits by it, and what is told of times to come follows."""


@dataclass(frozen=True, slots=True)
class Granted:
    """GPUs were given to these tasks."""

    grants: Sequence[Grant]


@dataclass(frozen=True, slots=True)
class Explained:
    """Why the other heads got none."""

    blocked: Mapping[TaskKey, Blocked]


@dataclass(frozen=True, slots=True)
class Launched:
    number: int
    pid: int
    since: float  #: wall
    stopping: Why | None = None  #: an earlier scheduler had asked it to end
    built: str | None = None  #: by a hook: its command


@dataclass(frozen=True, slots=True)
class NotStarted:
    """An attempt that never ran. Only `failed` counts, as a failure of its task."""

    number: int
    error: str
    why: Literal["failed", "refused", "called_off"]  #: refused: the machine could not, and may later
    logged: bool = False  #: its log says why


@dataclass(frozen=True, slots=True)
class Ended:
    number: int
    end: Exit | Lost
    adopted: bool = False  #: found so when this scheduler started


@dataclass(frozen=True, slots=True)
class Edited:
    """A new version of the command file, its keys already matched with the old plan."""

    plan: Sequence[Planned]


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """What is decided from here on follows other settings."""

    settings: Settings
    work_dir: str


@dataclass(frozen=True, slots=True)
class StopNow:
    """End every attempt; nothing starts any more."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Start nothing more; what runs goes on."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Start nothing more until it is lifted; what runs goes on."""

    lifted: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A user's word about one task of the plan, which `app.core.words.objection` had nothing against."""

    verb: Verb
    key: TaskKey
    by: str  #: the user's name


@dataclass(frozen=True, slots=True)
class Released:
    """A user's word: all that somebody holds may run."""

    held_by: str


Event = (
    Tick
    | ClockSet
    | Granted
    | Explained
    | Launched
    | NotStarted
    | Ended
    | Edited
    | SettingsChanged
    | StopNow
    | Drain
    | Pause
    | Asked
    | Released
)

# Actions


@dataclass(frozen=True, slots=True)
class Launch:
    grant: Grant
    spec: LaunchSpec


@dataclass(frozen=True, slots=True)
class Signal:
    """Ask an attempt's whole tree to end; after `grace` seconds it is made to."""

    number: int
    why: Why
    grace: float


Action = Launch | Signal | Moved | HeldBy | AttemptEnded
