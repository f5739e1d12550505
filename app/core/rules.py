"""What a placement decides on: the settings as they bear on it, everything seen at one moment, the claim."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.model.blockers import DriverSilent, LeasesUnreadable
from app.model.gpu import Gpu
from app.model.lease import Lease
from app.model.settings import Settings
from app.model.task import TaskKey


@dataclass(frozen=True, slots=True, eq=False)  # a key of what is remembered
class Rules:
    """The settings, whose user it is, and what they come to on this machine."""

    settings: Settings
    uid: int
    in_range: frozenset[str] | None  #: indices that the settings choose; None: all
    cpu_count: int  #: of the machine
    visible: tuple[str, ...] | None = None  #: indices and beginnings of uuids that were inherited; None: all

    @classmethod
    def of(cls, settings: Settings, uid: int, visible: Iterable[str] | None, cpu_count: int) -> "Rules":
        """`visible`: what an inherited CUDA_VISIBLE_DEVICES leaves; None: it is not set."""
        chosen = None if settings.use_all_gpus else frozenset(settings.compete_gpus)
        names = None if visible is None else tuple(visible)
        return cls(settings, uid, chosen, cpu_count, names)

    def under(self, settings: Settings) -> "Rules":
        """The same user and machine with other settings."""
        return Rules.of(settings, self.uid, self.visible, self.cpu_count)

    @property
    def cpu_tasks(self) -> int:
        """Tasks without a GPU that may run at once."""
        return self.settings.cpu_tasks or max(1, self.cpu_count)

    def covers(self, gpu: Gpu) -> bool:
        """Is the card in this scheduler's range?"""
        if self.in_range is not None and gpu.index not in self.in_range:
            return False
        visible = self.visible
        return visible is None or gpu.index in visible or gpu.uuid.startswith(visible)


@dataclass(frozen=True, slots=True)
class Seen:
    """The machine at one moment."""

    gpus: tuple[Gpu, ...]
    leases: tuple[Lease, ...] = ()  #: living ones, of everybody
    silent: DriverSilent | LeasesUnreadable | None = None  #: then `gpus` is what was known before
    off: frozenset[str] = frozenset()  #: uuids turned off by this user
    aside: frozenset[str] = frozenset()  #: uuids set aside: tasks die there and nowhere else
    vanished: frozenset[str] = frozenset()  #: uuids on which lease files of ours were deleted under us
    own: frozenset[str] = frozenset()  #: names of the leases of this scheduler's attempts
    own_tasks: int = 0  #: running attempts of this scheduler, all
    own_cpu_tasks: int = 0  #: those of them that have no GPU
    order: tuple[str, ...] = ()  #: uuids, the best first, as a user's comparator has it; empty: there is none
    known: tuple[Gpu, ...] = ()  #: cards seen earlier that the driver does not list any more


@dataclass(frozen=True, slots=True)
class Claim:
    """Cards that no other task of this scheduler gets. Remembered between decisions, or it would flap."""

    key: TaskKey
    label: str  #: of the task, "3/1"
    gpus: tuple[str, ...]  #: uuids
