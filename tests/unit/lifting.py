"""Taking away exactly what a blocker names: what makes a reason true is that the task then is placed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from app.core.cards import Cards
from app.core.fit import need_of
from app.core.rules import Claim, Rules, Seen
from app.model.backend import Want
from app.model.blockers import (
    BehindInLine,
    Blocker,
    CapReached,
    CardBusy,
    CardClaimed,
    CardCrowded,
    CardLeased,
    CardShort,
    CardUnusable,
    DriverSilent,
    LimitReached,
)
from app.model.gpu import Gpu, GpuProcess
from app.model.lease import Lease
from tests.unit.placing import ME

LIMITLESS: dict[str, Any] = {"max_gpu": None, "gpu_left": 0, "min_gpu": 10_000}


def only_card(seen: Seen, index: str, change: Callable[[Gpu], Gpu]) -> Seen:
    return replace(seen, gpus=tuple(change(g) if g.index == index else g for g in seen.gpus))


def drop(
    seen: Seen, index: str, leases: Callable[[Lease], bool], others: Callable[[GpuProcess], bool]
) -> Seen:
    """Leases on a card end, with their processes, and so do processes that belong to no lease."""
    uuid = f"U{index}"
    gone = [one for one in seen.leases if one.gpu == uuid and leases(one)]
    card = next(card for card in seen.gpus if card.uuid == uuid)
    owner = {p.pid: owner_of(p, [one for one in seen.leases if one.gpu == uuid]) for p in card.processes}

    def ends(p: GpuProcess) -> bool:
        one = owner[p.pid]
        return others(p) if one is None else one in gone

    def change(card: Gpu) -> Gpu:
        freed = sum(p.used_gb or 0.0 for p in card.processes if ends(p))
        left = tuple(p for p in card.processes if not ends(p))
        return replace(card, processes=left, free_gb=min(card.total_gb, card.free_gb + freed))

    kept = tuple(one for one in seen.leases if one not in gone)
    return replace(only_card(seen, index, change), leases=kept)


def owner_of(p: GpuProcess, leases: Sequence[Lease]) -> Lease | None:
    mine = (one for one in leases if p.uid == one.uid and p.session == one.session)
    return next(mine, None) if p.uid is not None and p.session is not None else None


def emptied(seen: Seen, index: str) -> Seen:
    """A fresh card in its place."""
    fresh = [g for g in (*seen.gpus, *seen.known) if g.index == index][:1]
    card = replace(
        fresh[0], processes=(), free_gb=fresh[0].total_gb, health="ok", compute_mode="default", usage=None
    )
    others = tuple(g for g in seen.gpus if g.index != index)
    leases = tuple(one for one in seen.leases if one.gpu != card.uuid)
    return replace(seen, gpus=(*others, card), leases=leases)


def lift(  # noqa: C901 - one flat match, an arm a type
    blocker: Blocker, need_alone: bool, seen: Seen, claim: Claim | None, rules: Rules
) -> tuple[Seen, Claim | None, Rules]:
    """Take away exactly what a blocker names."""
    match blocker:
        case DriverSilent():
            seen = replace(seen, silent=None)
        case BehindInLine():
            pass  # `placed` asks for the task alone
        case LimitReached(setting="max_tasks"):
            rules = replace(rules, settings=rules.settings.model_copy(update={"max_tasks": None}))
        case LimitReached():
            rules = rules.under(rules.settings.model_copy(update={"cpu_tasks": 10_000}))
        case CapReached():
            rules = replace(rules, settings=rules.settings.model_copy(update=LIMITLESS))
        case CardClaimed():
            claim = None
        case CardUnusable(index, why):
            uuid = f"U{index}"
            if why in ("off", "aside"):
                seen = replace(seen, **{why: getattr(seen, why) - {uuid}})
            elif why == "leases_gone":
                seen = replace(seen, vanished=seen.vanished - {uuid})
            elif why == "prohibited":
                seen = only_card(seen, index, lambda card: replace(card, compute_mode="default"))
            else:
                seen = emptied(seen, index)
        case _:
            seen = lift_on_card(blocker, need_alone, seen)
    return seen, claim, rules


def lift_on_card(blocker: Blocker, need_alone: bool, seen: Seen) -> Seen:
    match blocker:
        case CardLeased(index, by, own):
            strict = (
                need_alone
                or next(g for g in seen.gpus if g.index == index).compute_mode == "exclusive_process"
            )

            def named(one: Lease) -> bool:
                said = one.label if one.uid == ME else one.user
                closed = one.exclusive or not one.valid or one.declared_gb is None
                return said == by and own == (one.uid == ME) and (strict or closed)

            return drop(seen, index, named, lambda p: False)
        case CardBusy(index, _, pid):
            return drop(seen, index, lambda one: False, lambda p: p.pid == pid)
        case CardCrowded(index):
            return only_card(seen, index, without_others)
        case CardShort(index):
            return emptied(seen, index)
    raise AssertionError(blocker)


def without_others(card: Gpu) -> Gpu:
    """Other people's processes end, and whatever uses memory unseen, the driver's own share aside."""
    unseen = card.total_gb - card.free_gb - sum(p.used_gb or 0.0 for p in card.processes)
    theirs = sum(p.used_gb or 0.0 for p in card.processes if p.uid != ME)
    free = card.free_gb + theirs + (unseen if unseen > max(1.0, 0.03 * card.total_gb) else 0.0)
    return replace(card, processes=tuple(p for p in card.processes if p.uid == ME), free_gb=free)


def lift_all(
    blockers: Sequence[Blocker], one: Want, seen: Seen, claim: Claim | None, rules: Rules
) -> tuple[Seen, Claim | None, Rules]:
    alone = need_of(one, rules).manner != "shared"
    # A lost card is replaced by a fresh one before anything else is taken off it.
    for blocker in sorted(blockers, key=lambda b: not isinstance(b, CardUnusable)):
        seen, claim, rules = lift(blocker, alone, seen, claim, rules)
    return seen, claim, rules


def placed(one: Want, seen: Seen, claim: Claim | None, rules: Rules) -> bool:
    """Would it be, if no other task waited? (`place` drops the claim of a task that does not wait.)"""
    need = need_of(one, rules)
    limit = rules.settings.max_tasks
    if limit is not None and seen.own_tasks >= limit:
        return False
    if need.gpus == 0:
        return seen.own_cpu_tasks < rules.cpu_tasks
    return Cards(seen, rules, claim).choose(need) is not None


def without_own_attempts(seen: Seen) -> Seen:
    for card in seen.gpus:
        # Where lease files vanished, our attempts can't be told from this user's other processes.
        untold = ME if card.uuid in seen.vanished else -1
        seen = drop(seen, card.index, partial(named_in, seen.own), partial(of_user, untold))
    return replace(seen, vanished=frozenset(), own_tasks=0, own_cpu_tasks=0)


def named_in(names: frozenset[str], one: Lease) -> bool:
    return one.name in names


def of_user(uid: int, p: GpuProcess) -> bool:
    return p.uid == uid
