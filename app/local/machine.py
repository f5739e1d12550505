"""Everything a decision looks at: what the driver shows, what the leases say, what is turned off."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app import procfs
from app.core.rules import Seen
from app.gpu.probe import NoDriver, ProbeError
from app.gpu.watch import GpuWatch
from app.gpu.watch import Look as GpuLook
from app.lease.errors import LeaseError
from app.lease.record import gpu_of
from app.lease.store import LeaseStore
from app.model.backend import Grant
from app.model.blockers import DriverSilent, LeasesUnreadable
from app.model.gpu import Gpu, SetAside
from app.model.lease import Holder, Lease
from app.model.problems import Problem, problem
from app.store import gpus_off

UNSEEN_SECONDS = 0.3
"""What a driver gets for each look as long as it has never answered: it may be loading, or hang for ever."""


@dataclass(frozen=True, slots=True)
class Own:
    """What this scheduler has on the machine now: placement counts it."""

    leases: frozenset[str]  #: of what runs or is granted
    tasks: int
    cpu_tasks: int
    kept: Mapping[str, Holder] = field(default_factory=dict)  #: its other leases -> for what they are kept
    queues: Mapping[str, str] = field(default_factory=dict)  #: its leases -> whose they are now: "queue 3"

    def and_also(self, grants: Sequence[Grant]) -> "Own":
        names = {name for grant in grants for name in grant.leases}
        cpu = sum(not grant.gpu_uuids for grant in grants)
        return replace(
            self,
            leases=self.leases | names,
            tasks=self.tasks + len(grants),
            cpu_tasks=self.cpu_tasks + cpu,
        )


class Machine:
    """The GPUs of this machine and everybody's leases on them, looked at together."""

    def __init__(
        self, watch: GpuWatch, leases: LeaseStore, off_file: Path, problems: tuple[Problem, ...] = ()
    ) -> None:
        """`problems`: what is worth knowing of the lease directory itself."""
        self.watch, self.leases = watch, leases
        self._lasting = problems
        self._off_file = off_file
        self.order: tuple[str, ...] = ()  #: uuids, the best first, where a user's comparator has said so
        self._looked = GpuLook((), 0.0)
        self._known: dict[str, Gpu] = {}
        self._remember(watch.last.gpus if watch.last else ())
        self.problems = problems
        self.aside: Callable[[], Mapping[str, SetAside]] = dict  #: cards set aside now, by uuid

    async def look(self, own: Own, max_age: float = 0.0) -> Seen:
        """One consistent look, at most `max_age` seconds old where the driver is concerned."""
        last = self.watch.last
        if last is None or time.monotonic() - last.at > max_age:
            try:
                last = await asyncio.wait_for(self.watch.look(), None if last else UNSEEN_SECONDS)
            except ProbeError as error:  # not once since we started: a resume while the driver is away
                said = error.found if isinstance(error, NoDriver) else str(error)
                last = GpuLook((), time.monotonic(), DriverSilent(time.time(), said))
            except asyncio.TimeoutError:  # or while it hangs: what needs no card must not wait for it
                last = GpuLook((), time.monotonic(), DriverSilent(time.time(), "no answer yet"))
        self._looked = last
        return self.seen(last, own)

    def again(self, own: Own) -> Seen:
        """The cards as they were last looked at, with the leases that there are now."""
        return self.seen(self._looked, own)

    def seen(self, look: GpuLook, own: Own) -> Seen:
        """What placement wants to know, from a look at the driver and one at the leases."""
        silent: DriverSilent | LeasesUnreadable | None = look.silent
        leases: tuple[Lease, ...] = ()
        try:
            found = self.leases.look()
        except LeaseError as error:  # nobody knows who has what: nothing starts, what runs goes on
            silent = silent or LeasesUnreadable(str(error))
            self.problems = (*self._lasting, problem("lease_directory", error=str(error)))
        else:
            leases = tuple(self._named(lease, own) for lease in found.leases)
            self.problems = self._lasting + found.problems
        present = {gpu.uuid for gpu in look.gpus}
        gone = tuple(gpu for uuid, gpu in self._known.items() if uuid not in present)
        self._remember(look.gpus)
        return Seen(
            gpus=look.gpus,
            leases=leases,
            silent=silent,
            off=frozenset(self.off()),
            aside=frozenset(self.aside()),
            vanished=self._vanished(),
            own=own.leases,
            own_tasks=own.tasks,
            own_cpu_tasks=own.cpu_tasks,
            order=self.order,
            known=gone,
        )

    def _named(self, lease: Lease, own: Own) -> Lease:
        """One of ours says whose it is now, if no running attempt has it what keeps it; one that another
        scheduler of this user has says so, since both may have a queue 1."""
        label = own.queues.get(lease.name, lease.label)
        if lease.uid == os.getuid() and label != lease.label:
            self.leases.relabel(lease.name, label)  # others, too, look there for who has it
            lease = replace(lease, label=label)
        if lease.uid != os.getuid() or lease.name in own.leases:
            return lease
        holder = own.kept.get(lease.name) or _elsewhere(lease)
        return replace(lease, label=holder.said, holder=holder)

    def known(self) -> Iterable[Gpu]:
        """Every card that was ever seen."""
        return self._known.values()

    def _remember(self, gpus: Iterable[Gpu]) -> None:
        """But for one that was lost before anybody could ask for its uuid: it comes back under its own."""
        self._known.update((gpu.uuid, gpu) for gpu in gpus if gpu.health == "ok" or gpu.total_gb)

    def off(self) -> dict[str, float]:
        """uuid -> wall time at which its user turned it off, for all schedulers of this home."""
        return gpus_off.read(self._off_file)

    def _vanished(self) -> frozenset[str]:
        """uuids of the cards on which leases of ours were deleted under us."""
        found = (gpu_of(name) for name in self.leases.vanished())
        return frozenset(uuid for uuid in found if uuid is not None)


def _elsewhere(lease: Lease) -> Holder:
    """Who of this user has a lease that none of ours is."""
    gone = lease.scheduler is not None and procfs.start_time(lease.scheduler) is None
    return Holder("ended" if gone else "elsewhere", lease.label, lease.scheduler)
