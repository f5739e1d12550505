"""Giving out GPUs: placement decides, leases make it hold, the driver has the last word."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.core.place import Placement, place, still_fits
from app.core.rules import Claim, Rules, Seen
from app.lease.errors import LeaseError
from app.lease.store import Held
from app.local.machine import Machine, Own
from app.model.backend import Grant, Now, Want
from app.model.blockers import Blocked, LeasesUnreadable, NotYetTried
from app.model.lease import Lease
from app.model.problems import Problem, problem
from app.model.task import TaskKey

ROUNDS = 4
"""Decisions tried at once when others take the cards we have chosen."""

FRESH_SECONDS = 0.02
"""A look at the driver this young serves the decision; before anything starts, a new one is made."""


BEATEN = Blocked(0, None, 0, (NotYetTried(),), stuck=False)
"""Somebody else was quicker, again and again; the next decision says more."""

Explain = Callable[[], Mapping[TaskKey, Blocked]]


class Taken(NamedTuple):
    """A grant that holds. `held` is None for a task that needs no GPU."""

    grant: Grant
    held: Held | None


class Seats:
    """Answers `acquire`: looks, places, leases, looks again."""

    def __init__(self, machine: Machine, rules: Rules) -> None:
        self.machine, self.rules = machine, rules  #: `rules`: the next decision follows them
        self.claim: Claim | None = None
        self.problem: Problem | None = None

    async def give(self, heads: Sequence[Want], own: Own, now: Now) -> tuple[list[Taken], Explain]:
        """As many heads as possible, each with its GPUs leased; for the others, everything in their way."""
        self.problem = None
        taken: list[Taken] = []
        left = {want.key: want for want in heads}
        for _ in range(ROUNDS):
            seen = await self.machine.look(own.and_also([each.grant for each in taken]), FRESH_SECONDS)
            placement = self._place(seen, list(left.values()), now)
            more = await self._take(placement.grants, left, seen)
            taken += more
            for each in more:
                del left[each.grant.key]
            if len(more) == len(placement.grants):
                break
        return taken, lambda: {key: placement.blocked.get(key) or self._not_had() for key in left}

    def _not_had(self) -> Blocked:
        """Why a task that was placed got no lease."""
        if self.problem is None:
            return BEATEN
        return Blocked(0, None, 0, (LeasesUnreadable(self.problem.text),), stuck=True)

    def _place(self, seen: Seen, waiting: Sequence[Want], now: Now) -> Placement:
        placement = place(seen, waiting, self.claim, self.rules, now)
        self.claim = placement.claim
        return placement

    async def _take(self, grants: Sequence[Grant], wants: dict[TaskKey, Want], seen: Seen) -> list[Taken]:
        """The grants of a decision that could really be had."""
        taken = []
        for grant in grants:
            held = await self._lease(grant, wants[grant.key], seen) if grant.gpu_uuids else None
            if held is not None:
                taken.append(Taken(replace(grant, leases=held.names), held))
            elif not grant.gpu_uuids:
                taken.append(Taken(grant, None))
        if not all(gpu.simulated for gpu in seen.gpus) and any(each.held for each in taken):
            taken = await self._ask_again(taken, wants, seen)
        return self._in_line(taken, grants, wants)

    def _in_line(
        self, taken: list[Taken], grants: Sequence[Grant], wants: dict[TaskKey, Want]
    ) -> list[Taken]:
        """Where the first in line has not got its cards after all, none behind it keeps its own."""
        line = [grant.key for grant in grants if grant.gpu_uuids and wants[grant.key].spec.options.fifo]
        had = {each.grant.key for each in taken}
        at = next((at for at, key in enumerate(line) if key not in had), len(line))
        passed = set(line[at:])
        for each in taken:
            if each.grant.key in passed and each.held:
                self.machine.leases.release(each.held.names)
        return [each for each in taken if each.grant.key not in passed]

    async def _lease(self, grant: Grant, want: Want, seen: Seen) -> Held | None:
        def fits(others: Sequence[Lease]) -> bool:
            if tuple(others) == seen.leases:
                return True  # nobody has come since the decision
            return still_fits(replace(seen, leases=tuple(others)), want, grant, self.rules)

        try:
            held = await self.machine.leases.take(
                grant.gpu_uuids, grant.memory_gb, grant.exclusive, f"queue {want.queue_id}", fits
            )
        except LeaseError as error:
            self.problem = problem("lease_directory", error=str(error))
            return None
        return held if isinstance(held, Held) else None

    async def _ask_again(
        self, taken: Sequence[Taken], wants: dict[TaskKey, Want], before: Seen
    ) -> list[Taken]:
        """The driver once more, now that everybody sees our leases: somebody may have come meanwhile."""
        seen = await self.machine.look(Own(before.own, before.own_tasks, before.own_cpu_tasks))
        kept = []
        for each in taken:
            others = tuple(lease for lease in seen.leases if lease.name not in each.grant.leases)
            beside = replace(seen, leases=others)
            if each.held is None or (
                seen.silent is None and still_fits(beside, wants[each.grant.key], each.grant, self.rules)
            ):
                kept.append(each)
            else:
                self.machine.leases.release(each.held.names)
        return kept
