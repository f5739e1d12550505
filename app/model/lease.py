"""What is known of a lease: the right to (a part of) a GPU, kept by the kernel as a file lock."""

from dataclasses import dataclass
from typing import Literal

from app.model.problems import named


@dataclass(frozen=True, slots=True)
class Holder:
    """Who of this user has a lease, where that is no queue of the scheduler that looks."""

    kind: Literal["elsewhere", "ended", "sought", "left_running"]
    whose: str  #: "queue 3", or "task 3/1" where an attempt has left it; empty: it does not say
    scheduler: int | None = None  #: pid of another one that has taken it
    processes: tuple[str, ...] = ()  #: that keep it: "python (pid 4711)"

    @property
    def said(self) -> str:
        """In English, as `label` of its lease."""
        match self.kind:
            case "elsewhere":
                of = f"{self.whose} of " if self.whose else ""
                pid = f" (pid {self.scheduler})" if self.scheduler else ""
                return f"{of}another scheduler of yours{pid}"
            case "ended":
                return f"{self.whose}, started by a scheduler of yours that has ended (pid {self.scheduler})"
            case "sought":
                return f"{self.whose}, which is looked for"
            case "left_running":
                return f"{named(self.processes)}, left running by {self.whose}"


@dataclass(frozen=True, slots=True)
class Lease:
    """A living lease, ours or anybody's, read from the lease directory.

    A living file whose content does not validate appears with `valid=False`, exclusive, and
    counts as the whole card.
    """

    name: str  #: file name: <gpu-uuid>.<uid>.<random>
    gpu: str  #: uuid
    uid: int  #: the file's owner (from fstat, never from its content)
    user: str
    declared_gb: float | None  #: None: the whole card
    exclusive: bool
    valid: bool = True
    scheduler: int | None = None  #: pid that took it
    label: str = ""  #: e.g. "queue 3"; never commands
    holder: Holder | None = None  #: what `label` says, where it is more than a queue's number
    supervisor: int | None = None  #: pid; None until the attempt has started
    supervisor_start: int | None = None
    session: int | None = None
