"""What holds for every machine, every set of tasks and all settings of placement."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.cards import Cards
from app.core.fit import need_of
from app.core.place import Placement, place, still_fits
from app.core.rules import Claim, Rules, Seen
from app.model.backend import Grant, Want
from app.model.blockers import (
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
    TooFewCards,
    reason,
)
from app.model.gpu import Gpu, GpuProcess, Usage
from app.model.lease import Lease
from app.model.settings import Settings
from tests.unit.placing import ALICE, BOB, ME, NOW, gpu, lease, process, want

SIZES = (11.0, 22.49, 24.0, 79.6)
AMOUNTS = (0.0, 0.25, 3.0, 9.5, 11.0, 20.0, 23.4, 23.8, 24.0, 40.0, 80.0)
LIMITLESS: dict[str, Any] = {"max_gpu": None, "gpu_left": 0, "min_gpu": 10_000}

few = st.integers(0, 2)
amounts = st.sampled_from(AMOUNTS)


@st.composite
def processes(draw: st.DrawFn, number: int, leases: Sequence[Lease]) -> GpuProcess:
    used = draw(st.sampled_from((None, 0.1, 1.0, 4.0, 9.0, 15.0)))
    uid = draw(st.sampled_from((None, ME, ME, ALICE, ALICE, BOB)))
    session = draw(st.sampled_from((None, *(one.session for one in leases), 77)))
    peak = (used or 0.0) * draw(st.sampled_from((1.0, 1.5)))
    return process(used, uid, peak, compute=draw(st.integers(0, 5)) > 0, session=session, pid=1000 + number)


@st.composite
def leases_on(draw: st.DrawFn, card: int, number: int) -> Lease:
    """Any user's; what nobody's scheduler would do (an exclusive one beside others) is possible here."""
    uid = draw(st.sampled_from((ME, ME, ME, ALICE)))
    session = draw(st.integers(100, 104))
    name = f"U{card}.{uid}.{number}"
    valid = draw(st.integers(0, 9)) > 0
    declared = draw(st.one_of(st.none(), amounts))
    return lease(card, declared, uid, draw(st.integers(1, 9)), draw(st.booleans()), session, name, valid)


@st.composite
def cards(draw: st.DrawFn, number: int, leases: Sequence[Lease]) -> Gpu:
    found = [draw(processes(10 * number + n, leases)) for n in range(draw(few))]
    usage = draw(st.one_of(st.none(), st.builds(Usage, st.sampled_from((0.0, 50.0)), st.just(2.0))))
    return gpu(
        number,
        *found,
        total=draw(st.sampled_from(SIZES)),
        reserve=draw(st.sampled_from((0.0, 0.0, 0.4, 0.9, 8.0))),
        name=draw(st.sampled_from(("NVIDIA A10", "NVIDIA H100"))),
        health=draw(st.sampled_from(("ok",) * 9 + ("lost", "unreadable"))),
        compute_mode=draw(st.sampled_from(("default",) * 8 + ("exclusive_process", "prohibited"))),
        utilization=draw(st.sampled_from((None, 0.0, 90.0))),
        usage=usage,
        simulated=draw(st.integers(0, 9)) == 0 and not found,
    )


@st.composite
def machines(draw: st.DrawFn) -> Seen:
    count = draw(st.integers(1, 5))
    leases: list[Lease] = []
    gpus = []
    for number in range(count):
        here = [draw(leases_on(number, n)) for n in range(draw(few))]
        gpus.append(draw(cards(number, here)))
        leases += here
    mine = [one.name for one in leases if one.uid == ME]
    own = frozenset(name for name in mine if draw(st.booleans()))
    some = st.frozensets(st.integers(0, 6).map(lambda n: f"U{n}"), max_size=1)
    cpu = draw(few)
    return Seen(
        tuple(gpus),
        tuple(leases),
        silent=DriverSilent(1.0, "no answer") if draw(st.integers(0, 11)) == 0 else None,
        off=draw(some),
        vanished=draw(some),
        own=own,
        own_tasks=len(own) + cpu,
        own_cpu_tasks=cpu,
        known=(gpu(9, total=80.0),) if draw(st.integers(0, 4)) == 0 else (),
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> Rules:
    chosen = Settings(
        gpu_left=draw(few),
        min_gpu=draw(st.integers(0, 4)),
        max_gpu=draw(st.sampled_from((None, None, 0, 1, 3))),
        memory_save_mode=draw(st.booleans()),
        maximize_resource_utilization=draw(st.booleans()),
        memory_margin_gb=draw(st.sampled_from((0.0, 0.5))),
        busy_memory_percent=draw(st.sampled_from((None, None, 0.0, 40.0))),
        others_growth_percent=draw(st.sampled_from((0.0, 10.0))),
        avoid_others=draw(st.booleans()),
        reserve_after=600,
        max_tasks=draw(st.sampled_from((None, None, 1, 6))),
    )
    in_range = draw(st.sampled_from((None, None, None, frozenset({"0", "1", "2"}))))
    return Rules(chosen, ME, in_range, cpu_tasks=draw(st.integers(1, 3)))


@st.composite
def wants(draw: st.DrawFn, queue: int) -> Want:
    return want(
        queue,
        draw(st.one_of(st.none(), amounts)),
        gpus=draw(st.sampled_from((0, 1, 1, 1, 2, 3))),
        waited=draw(st.sampled_from((0.0, 10.0, 700.0, 800.0))),
        avoid=draw(st.sampled_from(((), (), ("U0",)))),
        priority=draw(st.sampled_from((0, 0, 5))),
        share=draw(st.sampled_from((None, None, True, False))),
        devices=draw(st.sampled_from((None, None, None, ("0", "1"), ("1", "7")))),
        model=draw(st.sampled_from((None, None, None, "h100"))),
    )


Scene = tuple[Seen, list[Want], Claim | None, Rules]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    tasks = [draw(wants(number)) for number in range(1, draw(st.integers(1, 6)) + 1)]
    claim = None
    if draw(st.booleans()):
        holder = tasks[0]
        claim = Claim(holder.key, holder.label, draw(st.sampled_from((("U0",), ("U0", "U1"), ("U9", "U1")))))
    return draw(machines()), tasks, claim, draw(rule_sets())


MORE = os.environ.get("GPULANE_EXAMPLES")
EXAMPLES = int(MORE or "60")
thorough = settings(
    max_examples=EXAMPLES, derandomize=MORE is None, deadline=None, suppress_health_check=list(HealthCheck)
)


def decide(scene: Scene) -> Placement:
    return place(*scene, NOW)


def lease_of(grant: Grant, uuid: str) -> Lease:
    label = f"queue {int(grant.key.digest, 16)}"
    return Lease(
        f"{uuid}.{ME}.{grant.key}", uuid, ME, "me", grant.memory_gb, grant.exclusive, scheduler=1, label=label
    )


def after(seen: Seen, placement: Placement, tasks: Sequence[Want]) -> Seen:
    """The machine with the grants of a decision carried out."""
    new = tuple(lease_of(grant, uuid) for grant in placement.grants for uuid in grant.gpu_uuids)
    counts = {one.key: one.spec.gpus for one in tasks}
    on_cpu = sum(counts[grant.key] == 0 for grant in placement.grants)
    return replace(
        seen,
        leases=seen.leases + new,
        own=seen.own | {one.name for one in new},
        own_tasks=seen.own_tasks + len(placement.grants),
        own_cpu_tasks=seen.own_cpu_tasks + on_cpu,
    )


# --- what is granted -------------------------------------------------------------------------------


@given(scenes())
@thorough
def test_every_task_has_a_grant_or_a_reason(scene: Scene) -> None:
    placement = decide(scene)
    granted = [grant.key for grant in placement.grants]
    assert sorted([*granted, *placement.blocked]) == sorted(one.key for one in scene[1])
    for blocked in placement.blocked.values():
        assert blocked.blockers
        assert reason(blocked)


@given(scenes())
@thorough
def test_the_same_scene_gives_the_same_answer(scene: Scene) -> None:
    seen, tasks, claim, rules = scene
    turned = replace(seen, gpus=seen.gpus[::-1], leases=seen.leases[::-1])
    first, second = decide(scene), place(turned, tasks[::-1], claim, rules, NOW)
    assert first.grants == second.grants
    assert first.claim == second.claim
    assert {k: (b.ready, b.stuck, set(b.blockers)) for k, b in first.blocked.items()} == {
        k: (b.ready, b.stuck, set(b.blockers)) for k, b in second.blocked.items()
    }


@given(scenes())
@thorough
def test_memory_is_never_promised_twice(scene: Scene) -> None:
    """Reckoned here anew: what the driver shows as used, what leases have yet to take, what is granted."""
    seen, _, _, rules = scene
    placement = decide(scene)
    for card in seen.gpus:
        new = [grant for grant in placement.grants if card.uuid in grant.gpu_uuids]
        asked = sum(grant.memory_gb or 0.0 for grant in new if grant.memory_gb)
        yet_to_come = 0.0
        for one in seen.leases:
            if one.gpu == card.uuid and one.declared_gb is not None and one.valid:
                mine = [
                    p.used_gb or 0.0 for p in card.processes if p.uid == one.uid and p.session == one.session
                ]
                yet_to_come += max(0.0, one.declared_gb - sum(mine))
        if asked:
            assert asked + yet_to_come <= card.free_gb - rules.settings.memory_margin_gb + 1e-3


@given(scenes())
@thorough
def test_exclusive_means_alone(scene: Scene) -> None:
    seen, _, _, rules = scene
    placement = decide(scene)
    for card in seen.gpus:
        new = [grant for grant in placement.grants if card.uuid in grant.gpu_uuids]
        old = [one for one in seen.leases if one.gpu == card.uuid]
        closed = [one for one in old if one.exclusive or one.declared_gb is None or not one.valid]
        if any(grant.exclusive for grant in new) or card.compute_mode == "exclusive_process":
            assert len(new) + len(old) <= 1 or not new
            if new:
                assert not any(p.compute and p.uid == ME for p in card.processes)
        if closed:
            assert not new
        if any(grant.memory_gb is None for grant in new):
            assert not any(p.compute for p in card.processes)
        unfit = card.health != "ok" or card.uuid in seen.off | seen.vanished or not rules.covers(card)
        if unfit or card.compute_mode == "prohibited" or seen.silent:
            assert not new


@given(scenes())
@thorough
def test_cap_and_limits_are_kept(scene: Scene) -> None:
    seen, tasks, _, rules = scene
    placement = decide(scene)
    later = after(seen, placement, tasks)
    held = {one.gpu for one in seen.leases if one.uid == ME}
    took_new = any(uuid not in held for grant in placement.grants for uuid in grant.gpu_uuids)
    if took_new:
        assert placement.allowance.held <= placement.allowance.allowed
        if rules.settings.max_gpu is not None:
            now_held = {one.gpu for one in later.leases if one.uid == ME}
            in_range = {card.uuid for card in seen.gpus if rules.covers(card)}
            assert len(now_held & in_range) <= rules.settings.max_gpu
    if placement.grants and rules.settings.max_tasks is not None:
        assert later.own_tasks <= rules.settings.max_tasks
    assert later.own_cpu_tasks <= max(rules.cpu_tasks, seen.own_cpu_tasks)


@given(scenes())
@thorough
def test_wishes_are_kept(scene: Scene) -> None:
    seen, tasks, _, _ = scene
    names = {card.index: card.name for card in seen.gpus}
    asked = {one.key: one for one in tasks}
    for grant in decide(scene).grants:
        one = asked[grant.key]
        assert len(set(grant.gpu_uuids)) == one.spec.gpus
        if one.spec.options.devices is not None:
            assert set(grant.gpu_ids) <= set(one.spec.options.devices)
        if one.spec.options.model is not None:
            assert all("H100" in names[index] for index in grant.gpu_ids)


@given(scenes())
@thorough
def test_a_second_look_agrees_with_the_decision(scene: Scene) -> None:
    """Grants are confirmed one after the other, each with the leases of those before it."""
    seen, tasks, _, rules = scene
    asked = {one.key: one for one in tasks}
    for grant in decide(scene).grants:
        if grant.gpu_uuids:
            assert still_fits(seen, asked[grant.key], grant, rules)
            new = tuple(lease_of(grant, uuid) for uuid in grant.gpu_uuids)
            seen = replace(seen, leases=seen.leases + new)


# --- what is said ----------------------------------------------------------------------------------


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
    mine = (one for one in leases if p.uid is not None and p.uid == one.uid and p.session == one.session)
    return next(mine, None)


def emptied(seen: Seen, index: str) -> Seen:
    """A fresh card in its place."""
    fresh = [g for g in (*seen.gpus, *seen.known) if g.index == index][:1]
    card = replace(
        fresh[0], processes=(), free_gb=fresh[0].total_gb, health="ok", compute_mode="default", usage=None
    )
    others = tuple(g for g in seen.gpus if g.index != index)
    leases = tuple(one for one in seen.leases if one.gpu != card.uuid)
    return replace(seen, gpus=(*others, card), leases=leases)


def lift(
    blocker: Blocker, need_alone: bool, seen: Seen, claim: Claim | None, rules: Rules
) -> tuple[Seen, Claim | None, Rules]:
    """Take away exactly what a blocker names."""
    match blocker:
        case DriverSilent():
            seen = replace(seen, silent=None)
        case LimitReached(_, "max_tasks"):
            rules = replace(rules, settings=rules.settings.model_copy(update={"max_tasks": None}))
        case LimitReached():
            rules = replace(rules, cpu_tasks=10_000)
        case CapReached():
            rules = replace(rules, settings=rules.settings.model_copy(update=LIMITLESS))
        case CardClaimed():
            claim = None
        case CardUnusable(index, why):
            uuid = f"U{index}"
            if why == "off":
                seen = replace(seen, off=seen.off - {uuid})
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

            def without_others(card: Gpu) -> Gpu:
                kept = tuple(p for p in card.processes if p.uid == ME)
                used = sum(p.used_gb or 0.0 for p in kept)
                return replace(card, processes=kept, free_gb=max(card.free_gb, card.total_gb - used - 0.2))

            return only_card(seen, index, without_others)
        case CardShort(index):
            return emptied(seen, index)
    raise AssertionError(blocker)


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


@given(scenes())
@settings(thorough, max_examples=4 * EXAMPLES)
def test_lifting_exactly_what_is_named_places_the_task(scene: Scene) -> None:
    seen, tasks, _, rules = scene
    placement = decide(scene)
    later = after(seen, placement, tasks)
    asked = {one.key: one for one in tasks}
    for key, blocked in placement.blocked.items():
        if any(isinstance(blocker, TooFewCards) for blocker in blocked.blockers):
            continue
        one = asked[key]
        claim = None if placement.claim and placement.claim.key == key else placement.claim
        assert not placed(one, later, claim, rules)
        assert placed(one, *lift_all(blocked.blockers, one, later, claim, rules)), blocked


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


@given(scenes())
@thorough
def test_stuck_is_what_the_end_of_our_own_attempts_would_not_mend(scene: Scene) -> None:
    seen, tasks, _, rules = scene
    placement = decide(scene)
    asked = {one.key: one for one in tasks}
    ended = without_own_attempts(seen)
    for key, blocked in placement.blocked.items():
        assert blocked.stuck == (not placed(asked[key], ended, None, rules))


@given(scenes())
@settings(thorough, max_examples=2 * EXAMPLES)
def test_no_blocker_is_named_in_vain(scene: Scene) -> None:
    """Where a task needs all cards it may use, each thing named about a card keeps it from running."""
    seen, tasks, _, rules = scene
    placement = decide(scene)
    later = after(seen, placement, tasks)
    asked = {one.key: one for one in tasks}
    for key, blocked in placement.blocked.items():
        one = asked[key]
        indices = {b.gpu for b in blocked.blockers if hasattr(b, "gpu")}
        if any(isinstance(b, TooFewCards) for b in blocked.blockers):
            continue
        if len(indices) + blocked.ready > one.spec.gpus:
            continue
        claim = None if placement.claim and placement.claim.key == key else placement.claim
        for blocker in blocked.blockers:
            if isinstance(blocker, CapReached):  # lifting a card's blockers may make the cap larger
                continue
            rest = [b for b in blocked.blockers if b != blocker]
            # Making a card free, or clearing it of others, takes away what is named before it as well.
            if isinstance(blocker, CardLeased | CardBusy | CardCrowded | CardUnusable):
                rest = [b for b in rest if not (isinstance(b, CardShort) and b.gpu == blocker.gpu)]
            if isinstance(blocker, CardLeased | CardBusy):
                rest = [b for b in rest if not (isinstance(b, CardCrowded) and b.gpu == blocker.gpu)]
            assert not placed(one, *lift_all(rest, one, later, claim, rules)), (blocker, blocked)
