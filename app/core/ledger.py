"""What is free on each card: the driver's word and the leases, nothing counted twice, nothing forgotten.

free = total - others - room for others' growth - sum over leases of max(declared, used) - margin,
with others = total - the driver's free - what is attributed to leases. So the driver's reserve and
everything nobody can explain count as others'.
"""

import functools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from app.core.rules import Rules, Seen
from app.model.gpu import Gpu, GpuProcess
from app.model.lease import Lease

Unusable = Literal["lost", "unreadable", "off", "prohibited", "missing", "leases_gone", "aside"]
GONE: frozenset[Unusable] = frozenset({"lost", "unreadable", "missing"})
"""Nothing is known of what is on such a card."""


REMEMBERED = 512
"""Accounts kept: from one decision to the next most cards are as they were."""


@dataclass(frozen=True, slots=True, eq=False)  # told apart by identity, so that what follows from one is kept
class Card:
    """One card's account. All amounts in GB."""

    gpu: Gpu
    leases: tuple[Lease, ...]
    tenants: tuple[tuple[GpuProcess, ...], ...]  #: the processes of each lease, in the order of `leases`
    strays: tuple[GpuProcess, ...]  #: processes that belong to no lease on this card
    unusable: tuple[Unusable, ...]
    free_gb: float  #: may be promised; negative where more is promised than there is
    others_gb: float  #: in use now by what belongs to no lease, the driver's reserve included
    unexplained_gb: float  #: shown as used beyond what the visible processes use
    own_promised_gb: float  #: to this user's leases
    leased_gb: float  #: promised to other users' leases
    pending_gb: float  #: promised to leases and not yet in use as the driver shows it
    held: bool  #: this user has a lease here
    foreign: bool  #: another user has a compute process or a lease here

    @property
    def promised_gb(self) -> float:
        """To all leases."""
        return self.own_promised_gb + self.leased_gb

    @property
    def available(self) -> bool:
        """Counts as available for the cap: this user's, or nobody's."""
        if self.unusable and ("prohibited" in self.unusable or GONE.intersection(self.unusable)):
            return False
        return self.held or not self.foreign

    @property
    def reserve_only(self) -> bool:
        """Nothing is in use that no process explains, but for what a driver keeps for itself.

        Memory that a dead process has not given back yet, or that a container hides, is more.
        """
        return self.unexplained_gb <= reserve_limit(self.gpu)

    @property
    def empty(self) -> bool:
        """No lease and no compute process: a demand up to the nominal size may have it whole."""
        return not self.leases and not any(p.compute for p in self.strays) and self.reserve_only


def reserve_limit(gpu: Gpu) -> float:
    """The most a driver keeps for itself: 0.3 to 0.9 GB were seen on idle cards, more on the largest."""
    return max(1.0, 0.03 * gpu.total_gb)


def ledger(seen: Seen, rules: Rules) -> dict[str, Card]:
    """The account of every card, also of those out of range or gone, by uuid."""
    on: defaultdict[str, list[Lease]] = defaultdict(list)
    for lease in sorted(seen.leases, key=lambda lease: lease.name):
        on[lease.gpu].append(lease)
    present = {gpu.uuid for gpu in seen.gpus}
    missing = tuple(gpu for gpu in seen.known if gpu.uuid not in present)
    book = {}
    for gpu in seen.gpus + missing:
        why = _unusable(gpu, seen, gpu.uuid not in present)
        book[gpu.uuid] = account(gpu, tuple(on[gpu.uuid]), why, rules)
    return book


@functools.lru_cache(REMEMBERED)
def account(gpu: Gpu, leases: tuple[Lease, ...], unusable: tuple[Unusable, ...], rules: Rules) -> Card:
    """One card's account."""
    tenants, strays = attribute(gpu.processes, leases)
    measured = [_used(processes) for processes in tenants]
    promised = [max(declared(lease, gpu), used) for lease, used in zip(leases, measured, strict=True)]
    mine = [lease.uid == rules.uid for lease in leases]
    taken = max(0.0, gpu.total_gb - gpu.free_gb)
    others = max(0.0, taken - sum(measured))
    growth = sum(growth_of(process, rules) for process in strays)
    own_promised = sum(amount for amount, own in zip(promised, mine, strict=True) if own)
    return Card(
        gpu=gpu,
        leases=leases,
        tenants=tuple(tenants),
        strays=strays,
        unusable=unusable,
        free_gb=gpu.total_gb - others - growth - sum(promised) - rules.settings.memory_margin_gb,
        others_gb=others,
        unexplained_gb=max(0.0, taken - _used(gpu.processes)),
        own_promised_gb=own_promised,
        leased_gb=sum(promised) - own_promised,
        pending_gb=sum(promised) - sum(measured),
        held=any(mine),
        foreign=not all(mine) or any(p.compute and p.uid != rules.uid for p in gpu.processes),
    )


def attribute(
    processes: Iterable[GpuProcess], leases: Sequence[Lease]
) -> tuple[list[tuple[GpuProcess, ...]], tuple[GpuProcess, ...]]:
    """(the processes of each lease, the rest). A process belongs to one lease of its own user at most."""
    tenants: list[list[GpuProcess]] = [[] for _ in leases]
    strays = []
    for process in processes:
        for place, lease in enumerate(leases):
            if belongs(process, lease):
                tenants[place].append(process)
                break
        else:
            strays.append(process)
    return [tuple(group) for group in tenants], tuple(strays)


def belongs(process: GpuProcess, lease: Lease) -> bool:
    """By session or by descent from the supervisor; others' environments can't be read."""
    if process.uid is None or process.uid != lease.uid:
        return False
    if lease.session is not None and process.session == lease.session:
        return True
    if lease.supervisor is None or lease.supervisor_start is None:
        return False
    return (lease.supervisor, lease.supervisor_start) in process.lineage


def growth_of(process: GpuProcess, rules: Rules) -> float:
    """GB to keep beyond what another user's process uses now, as long as it lives."""
    if process.uid == rules.uid:
        return 0.0
    now = process.peak_gb if process.used_gb is None else process.used_gb
    return max(0.0, process.peak_gb * (1 + rules.settings.others_growth_percent / 100) - now)


def without(
    card: Card,
    leases: Collection[Lease],
    processes: Collection[GpuProcess],
    rules: Rules,
    unexplained_gb: float = 0.0,
) -> Card:
    """The card once these leases with their processes, these other processes, and so much more are gone."""
    if not leases and not processes and not unexplained_gb:
        return card
    gone = list(processes)
    for lease, tenants in zip(card.leases, card.tenants, strict=True):
        if lease in leases:
            gone.extend(tenants)
    left = tuple(lease for lease in card.leases if lease not in leases)
    return account(_freed(card.gpu, gone, unexplained_gb), left, card.unusable, rules)


def vacant(card: Card, rules: Rules) -> Card:
    """The card well, turned on, and with nothing on it."""
    gpu = replace(card.gpu, health="ok", compute_mode="default", processes=(), free_gb=card.gpu.total_gb)
    return account(gpu, (), (), rules)


def without_own(seen: Seen, rules: Rules) -> Seen:
    """The machine once this scheduler's own attempts have ended."""
    book = ledger(seen, rules)
    strays = {uuid: _own_strays(book[uuid], rules) for uuid in seen.vanished if uuid in book}
    return replace(
        without_attempts(seen, rules, seen.own, strays),
        vanished=frozenset(),
        own=frozenset(),
        own_tasks=0,
        own_cpu_tasks=0,
    )


def without_attempts(
    seen: Seen,
    rules: Rules,
    names: frozenset[str],
    more: Mapping[str, Sequence[GpuProcess]] = MappingProxyType({}),
) -> Seen:
    """The machine once the attempts with these leases have ended, and `more` processes, by card."""
    book = ledger(seen, rules)
    gone = {gpu.uuid: [*_tenants(book[gpu.uuid], names), *more.get(gpu.uuid, ())] for gpu in seen.gpus}
    return replace(
        seen,
        gpus=tuple(_freed(gpu, gone[gpu.uuid]) for gpu in seen.gpus),
        leases=tuple(lease for lease in seen.leases if lease.name not in names),
        own=seen.own - names,
    )


def _tenants(card: Card, names: Collection[str]) -> Iterator[GpuProcess]:
    for lease, group in zip(card.leases, card.tenants, strict=True):
        if lease.name in names:
            yield from group


def _own_strays(card: Card, rules: Rules) -> list[GpuProcess]:
    """Where their leases are gone, this user's processes can't be told from other strays."""
    return [process for process in card.strays if process.uid == rules.uid]


def _freed(gpu: Gpu, gone: Collection[GpuProcess], more_gb: float = 0.0) -> Gpu:
    if not gone and not more_gb:
        return gpu
    left = tuple(process for process in gpu.processes if process not in gone)
    return replace(gpu, processes=left, free_gb=min(gpu.total_gb, gpu.free_gb + _used(gone) + more_gb))


def _used(processes: Iterable[GpuProcess]) -> float:
    return sum(process.used_gb or 0.0 for process in processes)


def declared(lease: Lease, gpu: Gpu) -> float:
    """GB. A lease that does not say, or can't be read, counts as the whole card."""
    return gpu.total_gb if lease.declared_gb is None or not lease.valid else lease.declared_gb


def _unusable(gpu: Gpu, seen: Seen, missing: bool) -> tuple[Unusable, ...]:
    why: list[Unusable] = []
    if missing:
        why.append("missing")
    elif gpu.health != "ok":
        why.append(gpu.health)
    if gpu.uuid in seen.off:
        why.append("off")
    if gpu.uuid in seen.aside:
        why.append("aside")
    if gpu.compute_mode == "prohibited" and not GONE.intersection(why):
        why.append("prohibited")
    if gpu.uuid in seen.vanished:
        why.append("leases_gone")
    return tuple(why)
