"""What holds for every machine, every set of tasks and all settings of placement.

PLACEMENT_EXAMPLES=3000 looks further than the everyday run, and at other examples each time.
"""

import os
import re
from collections import defaultdict
from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from app.core.place import Placement, place, still_fits
from app.model.backend import Want
from app.model.blockers import (
    BehindInLine,
    Blocked,
    Blocker,
    CapReached,
    CardBusy,
    CardClaimed,
    CardCrowded,
    CardLeased,
    CardShort,
    CardUnusable,
    TooFewCards,
    reason,
    say,
)
from app.model.task import TaskKey
from tests.unit.lifting import lift_all, placed, without_own_attempts
from tests.unit.placing import ME, NOW
from tests.unit.scenes import Scene, after, lease_of, scenes

MORE = os.environ.get("PLACEMENT_EXAMPLES")
EXAMPLES = int(MORE or "80")
thorough = settings(max_examples=EXAMPLES, derandomize=MORE is None, suppress_health_check=list(HealthCheck))


def decide(scene: Scene) -> Placement:
    return place(*scene, NOW)


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


def memory_is_not_promised_twice(scene: Scene, placement: Placement) -> None:
    """Reckoned here anew: what the driver shows as used, what leases have yet to take, what is granted."""
    seen, _, _, rules = scene
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


def exclusive_means_alone(scene: Scene, placement: Placement) -> None:
    seen, _, _, rules = scene
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


def cap_and_limits_are_kept(scene: Scene, placement: Placement) -> None:
    seen, tasks, _, rules = scene
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


def wishes_are_kept(scene: Scene, placement: Placement) -> None:
    seen, tasks, _, _ = scene
    names = {card.index: card.name for card in seen.gpus}
    asked = {one.key: one for one in tasks}
    for grant in placement.grants:
        one = asked[grant.key]
        assert len(set(grant.gpu_uuids)) == one.spec.gpus
        if one.spec.options.devices is not None:
            assert set(grant.gpu_ids) <= set(one.spec.options.devices)
        if one.spec.options.model is not None:
            assert all("H100" in names[index] for index in grant.gpu_ids)


def a_second_look_agrees(scene: Scene, placement: Placement) -> None:
    """Grants are confirmed one after the other, each with the leases of those before it."""
    seen, tasks, _, rules = scene
    asked = {one.key: one for one in tasks}
    for grant in placement.grants:
        if grant.gpu_uuids:
            assert still_fits(seen, asked[grant.key], grant, rules)
            new = tuple(lease_of(grant, uuid) for uuid in grant.gpu_uuids)
            seen = replace(seen, leases=seen.leases + new)


@given(scenes())
@settings(thorough, max_examples=2 * EXAMPLES)
def test_grants(scene: Scene) -> None:
    placement = decide(scene)
    memory_is_not_promised_twice(scene, placement)
    exclusive_means_alone(scene, placement)
    cap_and_limits_are_kept(scene, placement)
    wishes_are_kept(scene, placement)
    a_second_look_agrees(scene, placement)
    nobody_overtakes_in_line(scene, placement)


def nobody_overtakes_in_line(scene: Scene, placement: Placement) -> None:
    """Of the tasks with `fifo` those first in line start, whatever others ask for; the rest say who is.

    One for whom cards are kept, as it has waited long, goes first."""
    cutoff = NOW.mono - scene[3].settings.reserve_after
    lines: defaultdict[object, list[Want]] = defaultdict(list)
    for one in scene[1]:
        if one.spec.options.fifo:
            lines[one.spec.gpus > 0 and (one.spec.options.devices or "auto")].append(one)
    for line in lines.values():
        served = [one for one in line if one.key not in placement.blocked and one.since <= cutoff]
        orders = [in_turn(line, first) for first in (None, *(one.key for one in served))]
        assert any(not waits_before_a_start(order, placement) for order in orders)
        waiting = in_turn([one for one in line if one.key in placement.blocked], claimant(placement))
        for one in waiting:
            said = [b for b in placement.blocked[one.key].blockers if isinstance(b, BehindInLine)]
            assert said == ([] if one is waiting[0] else [BehindInLine(f"task {waiting[0].label}")])
        if placement.claim and placement.claim.key in {one.key for one in line}:
            assert placement.claim.key == waiting[0].key


def claimant(placement: Placement) -> TaskKey | None:
    return placement.claim.key if placement.claim else None


def in_turn(line: list[Want], first: TaskKey | None) -> list[Want]:
    return sorted(
        line, key=lambda one: (one.key != first, -one.spec.options.priority, one.came, one.queue_id)
    )


def waits_before_a_start(order: list[Want], placement: Placement) -> bool:
    started = [one.key not in placement.blocked for one in order]
    return started != sorted(started, reverse=True)


@given(scenes())
@settings(thorough, max_examples=3 * EXAMPLES)
def test_reasons(scene: Scene) -> None:
    seen, tasks, _, _ = scene
    placement = decide(scene)
    granted = [grant.key for grant in placement.grants]
    assert sorted([*granted, *placement.blocked]) == sorted(one.key for one in tasks)
    later = after(seen, placement, tasks)
    for one in tasks:
        if one.key in placement.blocked:
            blocked = placement.blocked[one.key]
            claim = placement.claim if placement.claim and placement.claim.key != one.key else None
            every_reason_is_said(blocked)
            if not any(
                isinstance(b, TooFewCards) for b in blocked.blockers
            ):  # it takes new cards to lift that
                lifting_what_is_named_places_it(one, blocked, (later, tasks, claim, scene[3]))
                nothing_is_named_in_vain(one, blocked, (later, tasks, claim, scene[3]))
            stuck_is_what_our_own_ends_would_not_mend(one, blocked, scene)


def every_reason_is_said(blocked: Blocked) -> None:
    assert blocked.blockers
    assert len(set(blocked.blockers)) == len(blocked.blockers)
    sentence = reason(blocked)
    for blocker in blocked.blockers:
        if isinstance(blocker, CardLeased):  # told together
            cards = rf"GPU [^a-z]*\b{blocker.gpu}\b[^a-z]*"
            assert re.search(rf"{cards}((are|is) leased )?to {re.escape(blocker.by)}", sentence)
        else:
            assert say(blocker) in sentence


def lifting_what_is_named_places_it(one: Want, blocked: Blocked, scene: Scene) -> None:
    seen, _, claim, rules = scene
    assert in_line(blocked) or not placed(one, seen, claim, rules)
    assert placed(one, *lift_all(blocked.blockers, one, seen, claim, rules)), blocked


def nothing_is_named_in_vain(one: Want, blocked: Blocked, scene: Scene) -> None:
    """Where a task needs all cards it may use, each thing named about a card keeps it from running."""
    seen, _, claim, rules = scene
    indices = {b.gpu for b in blocked.blockers if hasattr(b, "gpu")}
    if len(indices) + blocked.ready > one.spec.gpus:
        return
    for blocker in blocked.blockers:
        if isinstance(blocker, BehindInLine):  # `placed` asks for the task alone
            continue
        if isinstance(blocker, CapReached):  # lifting a card's blockers may make the cap larger
            continue
        rest = [b for b in blocked.blockers if b != blocker and not swept(b, blocker)]
        assert not placed(one, *lift_all(rest, one, seen, claim, rules)), (blocker, blocked)


def swept(lifted: Blocker, left: Blocker) -> bool:
    """Would lifting the one, which clears the card of more than it names, take away the other as well?"""
    if isinstance(left, CardClaimed):  # a claim ends on all its cards at once
        return isinstance(lifted, CardClaimed)
    if not isinstance(left, CardLeased | CardBusy | CardCrowded | CardUnusable):
        return False
    if isinstance(lifted, CardShort):
        return lifted.gpu == left.gpu
    return (
        isinstance(lifted, CardCrowded) and isinstance(left, CardLeased | CardBusy) and lifted.gpu == left.gpu
    )


def stuck_is_what_our_own_ends_would_not_mend(one: Want, blocked: Blocked, scene: Scene) -> None:
    seen, _, _, rules = scene
    alone = not placed(one, without_own_attempts(seen), None, rules)
    assert blocked.stuck >= alone if in_line(blocked) else blocked.stuck == alone


def in_line(blocked: Blocked) -> bool:
    return any(isinstance(one, BehindInLine) for one in blocked.blockers)
