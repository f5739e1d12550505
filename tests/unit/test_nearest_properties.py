"""Every change that is named starts the task, and of a setting no nearer value would: carried out here anew,
from what the sentence says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.nearest import changes
from app.core.place import place
from app.core.question import Ongoing, Question
from app.core.rules import Claim, Rules, Seen
from app.model.backend import Want
from app.model.blockers import Change
from app.model.gpu import GpuProcess
from tests.unit.lifting import drop, named_in
from tests.unit.placing import NOW, want
from tests.unit.scenes import Scene, after, scenes
from tests.unit.test_place_properties import EXAMPLES, thorough

NUMBERS = ("max_tasks", "cpu_tasks", "max_gpu", "gpu_left", "min_gpu", "busy_memory_percent")


@dataclass(frozen=True)
class World:
    """A machine after a decision, with what still waits."""

    seen: Seen
    waiting: tuple[Want, ...]
    claim: Claim | None
    rules: Rules

    def starts(self, one: Want) -> bool:
        wants = [one if each.key == one.key else each for each in self.waiting]
        placement = place(self.seen, wants, self.claim, self.rules, NOW)
        return one.key in {grant.key for grant in placement.grants}

    def with_settings(self, **values: Any) -> "World":
        return replace(self, rules=self.rules.under(self.rules.settings.model_copy(update=values)))

    def on(self, indices: str) -> "World":
        gone = {f"U{index}" for index in re.findall(r"\d+", indices)}
        seen = replace(self.seen, off=self.seen.off - gone, aside=self.seen.aside - gone)
        return replace(self, seen=seen)

    def ended(self, labels: Sequence[str], running: dict[str, Ongoing]) -> "World":
        seen, coming = self.seen, self.waiting
        for label in labels:
            names = running[label].leases
            for card in seen.gpus:
                seen = drop(seen, card.index, partial(named_in, names), of_nobody)
            seen = replace(
                seen,
                own=seen.own - names,
                own_tasks=seen.own_tasks - 1,
                own_cpu_tasks=seen.own_cpu_tasks - (not names),
            )
            coming += tuple(each for each in [running[label].next] if each)
        return replace(self, seen=seen, waiting=coming)

    def without(self, labels: Sequence[str]) -> "World":
        claim = None if self.claim and self.claim.label in labels else self.claim
        return replace(
            self, claim=claim, waiting=tuple(one for one in self.waiting if one.label not in labels)
        )

    def shared(self) -> "World":
        leases = (
            replace(each, exclusive=each.exclusive and each.name not in self.seen.own)
            for each in self.seen.leases
        )
        return replace(self, seen=replace(self.seen, leases=tuple(leases)))


def of_nobody(_: GpuProcess) -> bool:
    return False


def options(one: Want, **values: Any) -> Want:
    return replace(one, spec=replace(one.spec, options=replace(one.spec.options, **values)))


def carried_out(change: Change, world: World, one: Want, running: dict[str, Ongoing]) -> bool:
    """Does the task start when exactly what the sentence says is done?"""
    text = change.text
    match change.kind:
        case "ends":
            on, _, time = text.rpartition("turned on, ")
            ending, _, first = time.partition(", after ")
            labels = [label for label in running if re.search(rf"\b{label}\b", ending)]
            assert labels
            assert set(change.after) == (set() if first else set(labels))
            ends = [labels] if change.all_of_them else [[label] for label in labels]
            each = (world.on(on).ended(those, running) for those in ends)
            return all(there.without(re.findall(r"\d+/\d+", first)).starts(one) for there in each)
        case "memory":
            number = re.match(r"with (\d+(\.\d+)?) GB instead", text)
            return world.starts(replace(one, memory_gb=float(number[1]) if number else None))
        case "gpus":
            fewer = re.match(r"with (\d+) GPUs? instead", text)
            assert fewer
            return world.starts(replace(one, spec=replace(one.spec, gpus=int(fewer[1]))))
        case "share":
            there = world.shared() if "share=yes on" in text else world
            return there.starts(options(one, share=True))
        case "devices" | "model" | "fifo":
            return world.starts(options(one, **{change.kind: False if change.kind == "fifo" else None}))
        case "gpu_on":
            return world.on(text.partition(" turned")[0]).starts(one)
        case "kept":
            assert world.claim is not None
            return world.without([world.claim.label]).starts(one)
        case "setting":
            return setting_is_the_nearest(text, world, one)


def setting_is_the_nearest(text: str, world: World, one: Want) -> bool:
    found = re.match(r"with (\w+) (\w+) it", text)
    assert found
    key, value = found.groups()
    if key not in NUMBERS:
        return world.with_settings(use_all_gpus=True).starts(one)
    present = getattr(world.rules.settings, key)
    if present is None:
        present = world.rules.cpu_tasks
    step = -1 if int(value) < present else 1
    nearer = range(int(present) + step, int(value), step)
    assert not any(world.with_settings(**{key: each}).starts(one) for each in nearer), text
    return world.with_settings(**{key: int(value)}).starts(one)


@st.composite
def running_tasks(draw: st.DrawFn, seen: Seen) -> dict[str, Ongoing]:
    """Each of this scheduler's leases is a task's, and what comes after one of them may be more urgent."""
    leases = [frozenset({name}) for name in sorted(seen.own)]
    leases += [frozenset()] * seen.own_cpu_tasks
    found = {}
    for number, names in enumerate(leases):
        label = f"{100 + number}"
        coming = replace(
            want(100 + number, 3, priority=draw(st.sampled_from((0, 9)))),
            label=f"{label}/1",
        )
        found[f"{label}/0"] = Ongoing(names, coming if draw(st.booleans()) else None)
    return found


@given(scenes(), st.data())
@settings(thorough, max_examples=EXAMPLES)
def test_every_change_that_is_named_starts_it_and_no_nearer_value_would(
    scene: Scene, data: st.DataObject
) -> None:
    seen, tasks, claim, rules = scene
    placement = place(seen, tasks, claim, rules, NOW)
    waiting = tuple(one for one in tasks if one.key in placement.blocked)
    world = World(after(seen, placement, tasks), waiting, placement.claim, rules)
    running = data.draw(running_tasks(world.seen))
    for one in waiting:
        others = tuple(each for each in waiting if each is not one)
        question = Question(world.seen, one, world.claim, world.rules, NOW, others, running)
        for change in changes(question):
            assert carried_out(change, world, one, running), change
