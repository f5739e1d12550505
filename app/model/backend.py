"""The seam between the engine and whoever gives out GPUs and runs attempts.

The engine knows no processes and no leases. The local backend answers with placement, leases and
a launcher; a cluster engine would submit, poll and answer the same calls.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from app.model.blockers import Allowance, Blocked
from app.model.problems import Problem
from app.model.state import Why
from app.model.state_file import Card
from app.model.task import TaskKey, TaskSpec, Terminal, hooked_row


class Now(NamedTuple):
    """One moment: monotonic for durations within a process, wall for what is written down."""

    mono: float
    wall: float


@dataclass(frozen=True, slots=True)
class Want:
    """A task at the head of its queue, and what it asks for now (out-of-memory lessons included)."""

    key: TaskKey
    label: str  #: "3/1", for sentences
    queue_id: int
    spec: TaskSpec
    memory_gb: float | None
    since: float  #: monotonic, of this wait
    avoid: frozenset[str] = frozenset()  #: uuids to avoid if another card would do
    came: float = 0.0  #: monotonic: when its turn in its queue came, also if it was held or has failed since


@dataclass(frozen=True, slots=True)
class Grant:
    """GPUs given to a task. `leases` are names the backend knows them by, for history."""

    key: TaskKey
    gpu_ids: tuple[str, ...]
    gpu_uuids: tuple[str, ...]
    leases: tuple[str, ...]
    memory_gb: float | None  #: per GPU; None: the whole cards
    exclusive: bool = True  #: no other lease may be on these cards, and none may join
    suiting: int = 0  #: cards that would have done


@dataclass(frozen=True, slots=True)
class Acquired:
    """The answer to `acquire`: each head is either granted or blocked."""

    grants: tuple[Grant, ...]
    explain: Callable[[], Mapping[TaskKey, Blocked]]  #: of every head that got nothing; worked out when asked
    look_again_at: float | None  #: monotonic; None: only an event can change the answer


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """Everything needed to start one attempt."""

    key: TaskKey
    queue_id: int
    index: int
    attempt: int  #: of the task, from 1
    number: int  #: of the run, from 1
    name: str | None  #: as its user named the task
    script: str  #: substituted
    cwd: str  #: absolute
    env: tuple[tuple[str, str], ...]  #: the task's own, on top of the launcher's
    terminal: Terminal
    session_name: str | None  #: with terminal=tmux, the socket name of its server
    log_path: str
    built: str | None = None  #: the command as a hook of its user's has written it
    printed: str = ""  #: by the hook, meanwhile

    @property
    def slow(self) -> bool:
        """Does its launch take so long that others must not wait for it?"""
        return self.terminal == "tmux" or hooked_row(self.script) is not None

    @property
    def title(self) -> str:
        """ "3/1 (stage 1)"."""
        return f"{self.queue_id}/{self.index}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """An attempt as history knows it, enough to find it again after a crash."""

    key: TaskKey
    number: int
    attempt: int
    gpu_ids: tuple[str, ...]
    gpu_uuids: tuple[str, ...]
    leases: tuple[str, ...]
    memory_gb: float | None
    log_path: str
    terminal: Terminal
    session_name: str | None  #: tmux server's socket name
    started_at: float  #: wall, when it was recorded, before it started
    boot_id: str


@dataclass(frozen=True, slots=True)
class LaunchFailed:
    """The attempt did not start; its leases are given back."""

    error: str
    refused: bool = False  #: by the machine and not for what the task is: it costs no retry
    called_off: bool = False  #: by `call_off`
    logged: bool = False  #: its log says why


@dataclass(frozen=True, slots=True)
class Running:
    """A living attempt. `pid` and `start` are its supervisor's."""

    key: TaskKey
    number: int
    pid: int
    start: int  #: /proc/PID/stat field 22
    started_at: float  #: wall
    stopping: Why | None = None  #: found again: it had been asked to end
    built: str | None = None  #: the command as a hook of its user's has written it


@dataclass(frozen=True, slots=True)
class Exit:
    """The attempt's end, from its end line."""

    status: int  #: as the shell gives it
    started_at: float
    ended_at: float
    peak_memory_gb: float | None  #: per GPU: the most its tree was seen to use on any one card
    log_tail: str  #: the last part of its log, which tells what went wrong
    failed_command: str | None = None
    stopping: Why | None = None  #: it was asked to end, by whichever scheduler, and had not ended before


@dataclass(frozen=True, slots=True)
class Lost:
    """The supervisor is gone without an end line; what was left is ended and its lease free."""

    reboot: bool
    began: bool = True  #: False: it was recorded and then never launched


@dataclass(frozen=True, slots=True)
class Survey:
    """What the backend knows of the machine now, for the state file and the view."""

    cards: tuple[Card, ...]
    allowance: Allowance | None
    problems: tuple[Problem, ...]
    used_gb: Mapping[int, float]  #: by attempt number, per GPU: what its tree uses now on its fullest card


class Backend(Protocol):
    """Who gives out GPUs and runs attempts."""

    async def acquire(self, heads: Sequence[Want], now: Now) -> Acquired:
        """Give GPUs to as many heads as possible, in their order. Level-triggered: ask again at will.

        What is granted is held for the task until `launch` fails, or `wait` returns, or `give_back`.
        """
        ...

    async def launch(self, grant: Grant, spec: LaunchSpec) -> Running | LaunchFailed: ...

    async def wait(self, running: Running) -> Exit | Lost | LaunchFailed:
        """Until the attempt's tree has ended and its GPUs are given back. LaunchFailed: it never ran."""
        ...

    def call_off(self, number: int) -> None:
        """A launch that is still under way shall come to nothing, where that can be had."""

    async def signal(self, running: Running, why: Why, grace: float) -> None:
        """Ask the whole tree to end, and make it after `grace` seconds; `wait` tells the end. What was asked
        is kept where a later scheduler finds it: an end that it has caused is no failure of the task's."""
        ...

    async def adopt(self, record: AttemptRecord, label: str) -> Running | Exit | Lost:
        """Find an attempt of an earlier scheduler again. `label`: of its task, "3/1"."""
        ...

    async def give_back(self, grant: Grant) -> None:
        """A grant that will not be launched."""
        ...

    async def observe(self, wake: Callable[[], None]) -> None:
        """Measure what runs, until cancelled. `wake`: called when a card is free and no `wait` told."""
        ...

    async def look(self) -> None:
        """Bring `survey` up to date."""
        ...

    def survey(self) -> Survey: ...

    async def close(self) -> None:
        """Finish what is done beside; what runs, runs on."""
        ...
