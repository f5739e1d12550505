"""What a preview tells of a command file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.model.blockers import Blocker
from app.model.faults import Fault
from app.model.lease import Lease

State = Literal[
    "completed",
    "cancelled",
    "failed",
    "skipped",
    "runs_on",
    "starts_now",
    "waits",
    "behind",
    "held",
    "never",
]
Change = Literal["new", "changed", "moved", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What would become of a task."""

    task: str  #: "3/1"
    queue: int
    index: int
    key: str
    name: str | None
    line: int  #: where its block begins
    change: Change  #: against what there is
    changed: tuple[str, ...] = ()  #: what is asked otherwise: "memory", "priority"
    state: State
    gpus: tuple[str, ...] = ()  #: indices on which it runs, or would start
    reason: str | None = None  #: why it does not start now, in a sentence
    blockers: tuple[Blocker, ...] = ()
    gpu_count: int = 0  #: while it waits: needed
    memory_gb: float | None = None  #: while it waits: per GPU; None: whole cards
    ready: int = 0  #: while it waits: cards that would do now
    stuck: bool = False  #: while it waits: nothing of its scheduler that ends will free its cards
    behind: str | None = None  #: the task of its queue that comes first
    in_file: bool = True  #: False: its block is gone, and it runs on


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A task that the file has no more."""

    task: str
    key: str
    name: str | None
    status: str  #: as it stands
    runs_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    how: Literal["fresh", "resume", "edit"]
    total: int
    counts: Mapping[State, int]
    rows: tuple[Row, ...] = ()  #: in the order of the file
    removed: tuple[Removed, ...] = ()
    faults: tuple[Fault, ...] = ()  #: for which it would be refused, whole
    taken: tuple[Lease, ...] = ()  #: by what starts now, which others then find
