"""Nobody waits for ever: with `reserve_after` every task has its turn, whatever else there is, lines too."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.place import place
from app.core.rules import Claim, Seen
from app.model.backend import Now, Want
from app.model.lease import Lease
from tests.unit.placing import gpu, rules, want
from tests.unit.test_place_properties import EXAMPLES, thorough

RESERVE = 3
LONGEST = 3
"""Rounds that a task runs at most."""

QUEUES = 7


@dataclass(slots=True)
class World:
    """Queues that never end on a few cards, round by round: whoever has ended is followed by the next one of
    its queue, or comes back after a failure. A task is told from its queue's others by its number."""

    cards: int
    queues: list[Want]
    chance: Random
    at: int = 0
    claim: Claim | None = None
    wants: list[Want] = field(default_factory=list)
    running: dict[int, tuple[Want, int, tuple[Lease, ...]]] = field(default_factory=dict)  #: by queue
    longest: int = 0  #: wait

    def rounds(self, count: int) -> Iterator[set[int]]:
        """The queues of which a task starts, each time."""
        self.wants = list(self.queues)
        for self.at in range(count):
            self._end()
            yield self._start()

    def _end(self) -> None:
        for queue, (one, until, _) in list(self.running.items()):
            if until <= self.at:
                del self.running[queue]
                came = one.came if self.chance.random() < 0.25 else self.at
                self.wants.append(replace(one, since=self.at, came=came))

    def _start(self) -> set[int]:
        leases = tuple(lease for _, _, held in self.running.values() for lease in held)
        names = frozenset(lease.name for lease in leases)
        seen = Seen(tuple(gpu(n) for n in range(self.cards)), leases, own=names, own_tasks=len(self.running))
        plain = rules(maximize_resource_utilization=False, reserve_after=RESERVE)
        placement = place(seen, self.wants, self.claim, plain, Now(self.at, 0.0))
        started = {grant.key: grant for grant in placement.grants}
        if self.claim and self.claim != placement.claim:
            assert self.claim.key in started, "cards are kept for one that gets none"
        self.claim = placement.claim
        for one in [one for one in self.wants if one.key in started]:
            self.wants.remove(one)
            held = tuple(
                Lease(f"{uuid} {one.label}", uuid, 1000, "me", 20, exclusive=True, scheduler=1)
                for uuid in started[one.key].gpu_uuids
            )
            until = self.at + self.chance.randint(1, LONGEST)
            self.running[one.queue_id] = (one, until, held)
        self.longest = max([self.longest, *(self.at - int(one.since) for one in self.wants)])
        return {one.queue_id for one, _, _ in self.running.values() if one.key in started}


@st.composite
def queues(draw: st.DrawFn, cards: int) -> list[Want]:
    """The first is as large as the machine."""
    large = want(9, 20, gpus=cards, fifo=draw(st.booleans()))
    small = [
        want(
            queue,
            20,
            gpus=draw(st.integers(1, cards)),
            fifo=draw(st.integers(0, 3)) > 0,
            priority=draw(st.sampled_from((0, 0, 5))),
            devices=draw(st.sampled_from((None, *((str(card),) for card in range(cards))))),
        )
        for queue in range(1, draw(st.integers(1, QUEUES)) + 1)
    ]
    fitting = (one for one in small if one.spec.options.devices is None or one.spec.gpus == 1)
    return [replace(one, since=0.0) for one in (large, *fitting)]


worlds = st.integers(1, 3).flatmap(lambda cards: st.tuples(st.just(cards), queues(cards)))


@given(worlds, st.integers(0, 10**6))
@settings(thorough, max_examples=EXAMPLES // 2)
def test_every_task_has_its_turn(world_of: tuple[int, list[Want]], seed: int) -> None:
    world = World(*world_of, Random(seed))
    for _ in world.rounds(100):
        pass
    assert world.longest <= 60


def test_a_large_one_beside_two_lines() -> None:
    """Queue ids do not say who goes first: those of the later queues have waited longer."""
    small = [
        replace(want(queue, 20, fifo=True, devices=(str(queue % 2),)), since=0.0) for queue in range(1, 9)
    ]
    large = replace(want(20, 20, gpus=2), since=1.0)
    world = World(2, [large, *small], Random(1))
    had: set[int] = set()
    for started in world.rounds(40):
        had |= started
    assert had == {*range(1, 9), 20}
