"""Whether one card would do for one demand, and everything that is in the way."""

import functools
import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from app.core.ledger import GONE, REMEMBERED, Card, vacant, without
from app.core.rules import Rules
from app.model.backend import Want
from app.model.blockers import (
    CardBlocker,
    CardBusy,
    CardCrowded,
    CardLeased,
    CardShort,
    CardUnusable,
)
from app.model.gpu import Gpu, GpuProcess
from app.model.lease import Lease

Manner = Literal["shared", "alone", "whole"]
"""How a card is taken.

shared: beside other leases as memory fits; alone: no lease and no other compute process of this
user's may be on it; whole: no compute process of anybody's either.
"""

TOLERANCE = 1e-6
"""GB; sums of memory are sums of floats."""


class Need(NamedTuple):
    """Everything about a waiting task that placement distinguishes: equal needs get equal answers."""

    gpus: int
    memory_gb: float | None  #: per GPU; None: the whole card
    manner: Manner
    devices: tuple[str, ...] | None
    model: str | None
    avoid: frozenset[str]
    claimant: bool  #: the claim is its own


def need_of(want: Want, rules: Rules, claimant: bool = False) -> Need:
    """What a waiting task comes to under the rules."""
    options = want.spec.options
    sharing = rules.settings.maximize_resource_utilization if options.share is None else options.share
    memory = demanded(want.spec.gpus, want.memory_gb, rules)
    if memory == 0 and sharing:
        memory = None  # it said nothing, so nobody can tell what would still fit beside it
    manner: Manner = "whole" if memory is None else "shared" if sharing else "alone"
    return Need(want.spec.gpus, memory, manner, options.devices, options.model, want.avoid, claimant)


def demanded(gpus: int, memory_gb: float | None, rules: Rules) -> float | None:
    """GB that are asked of each card: as declared, but no less than `min_memory_gb`. None: the whole card."""
    return memory_gb if memory_gb is None or not gpus else max(memory_gb, rules.settings.min_memory_gb)


def suits(gpu: Gpu, devices: tuple[str, ...] | None, model: str | None) -> bool:
    """Do `devices=` and `model=` allow the card?"""
    if devices is not None and gpu.index not in devices:
        return False
    return model is None or model.casefold() in gpu.name.casefold()


def holds(gpu: Gpu, memory_gb: float | None) -> bool:
    """Would the demand fit on the card with nothing else there? The nominal size does, as the whole card.

    A lost card may have lost its size as well; it may come back as large as you like.
    """
    if memory_gb is None or gpu.total_gb <= 0 or memory_gb <= gpu.total_gb:
        return True
    return memory_gb <= gpu.nominal_gb + TOLERANCE


@dataclass(frozen=True)
class Obstacles:
    """What keeps a card from being taken in a manner, memory apart, and the card as it is without that."""

    card: Card
    rules: Rules
    blockers: tuple[CardBlocker, ...]
    rest: Card

    @functools.cached_property
    def short(self) -> CardShort:
        """What is said where `rest` has not enough memory."""
        return _short(self.card)

    @functools.cached_property
    def bare(self) -> Card:
        """The card with nothing on it at all, and well."""
        return vacant(self.card, self.rules)

    def enough(self, need: Need) -> bool:
        """Is there memory for the demand, once the blockers are gone?"""
        if need.memory_gb is None:
            return self.rest.empty
        if need.memory_gb == 0 or need.memory_gb <= self.rest.free_gb + TOLERANCE:
            return True
        return self.rest.empty and holds(self.rest.gpu, need.memory_gb)

    def takes_all(self, need: Need) -> bool:
        """Does it fit only as the whole card?"""
        memory = need.memory_gb
        return memory is None or (memory > 0 and memory > self.rest.free_gb + TOLERANCE)

    def against(self, need: Need) -> tuple[CardBlocker, ...]:
        """All that is in the way of this need; empty: the card would do."""
        return self.blockers if self.enough(need) else (*self.blockers, self.short)

    def lifted(self, need: Need) -> Card:
        """The card once all of `against(need)` is gone."""
        return self.rest if self.enough(need) else self.bare


@functools.lru_cache(REMEMBERED)
def obstacles(card: Card, manner: Manner, rules: Rules) -> Obstacles:
    """Named so that each is still in the way when those before it are gone."""
    unusable = tuple(CardUnusable(card.gpu.index, why) for why in card.unusable)
    if GONE.intersection(card.unusable):
        return Obstacles(card, rules, unusable, vacant(card, rules))
    if card.gpu.compute_mode == "exclusive_process":
        manner = "whole"
    leases = [lease for lease in card.leases if manner != "shared" or _closed(lease)]
    leased = dict.fromkeys(_leased(card, lease, rules) for lease in leases)
    busy = [process for process in card.strays if _in_the_way(process, manner, rules)]
    well = replace(card, unusable=()) if card.unusable else card
    rest = without(well, leases, busy, rules)
    crowded, rest = _crowded(rest, rules)
    blockers: list[CardBlocker] = [*unusable, *leased]
    blockers += [_busy(card, process) for process in busy]
    blockers += crowded
    return Obstacles(card, rules, tuple(blockers), rest)


def _closed(lease: Lease) -> bool:
    """May nobody join it?"""
    return lease.exclusive or not lease.valid or lease.declared_gb is None


def _leased(card: Card, lease: Lease, rules: Rules) -> CardLeased:
    if lease.uid != rules.uid:
        return CardLeased(card.gpu.index, lease.user, own=False)
    by = lease.label or "another scheduler of yours"
    return CardLeased(card.gpu.index, by, own=True, holder=lease.holder)


def _in_the_way(process: GpuProcess, manner: Manner, rules: Rules) -> bool:
    if not process.compute or manner == "shared":
        return False
    return manner == "whole" or process.uid == rules.uid


def _busy(card: Card, process: GpuProcess) -> CardBusy:
    return CardBusy(card.gpu.index, _user(process), process.pid, process.command)


def _crowded(card: Card, rules: Rules) -> tuple[tuple[CardCrowded, ...], Card]:
    """Other people's memory above `busy_memory_percent`, and the card without their processes."""
    limit = rules.settings.busy_memory_percent
    if limit is None or card.gpu.total_gb <= 0:
        return (), card
    hidden = 0.0 if card.reserve_only else card.unexplained_gb
    theirs = [process for process in card.gpu.processes if process.uid != rules.uid]
    percent = 100 * (hidden + sum(process.used_gb or 0.0 for process in theirs)) / card.gpu.total_gb
    if percent <= limit:
        return (), card
    rest = without(card, (), theirs, rules, hidden)
    return (CardCrowded(card.gpu.index, round(percent, 1), limit),), rest


def _short(card: Card) -> CardShort:
    """Rounded to what a sentence shows, and free memory down, so that it never seems to be enough."""
    users: defaultdict[str, float] = defaultdict(float)
    for process in card.strays:
        users[_user(process)] += process.used_gb or 0.0
    if not card.reserve_only:
        users["unknown"] += card.unexplained_gb
    most_first = sorted(users.items(), key=lambda item: (-item[1], item[0]))
    return CardShort(
        gpu=card.gpu.index,
        free_gb=max(0.0, math.floor((card.free_gb + TOLERANCE) * 10) / 10),
        others_gb=round(card.others_gb, 1),
        users=tuple((user, round(used, 1)) for user, used in most_first),
        promised_gb=round(card.promised_gb, 1),
    )


def _user(process: GpuProcess) -> str:
    if process.user is not None:
        return process.user
    return "unknown" if process.uid is None else str(process.uid)
