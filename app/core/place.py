"""Placement: which waiting task gets which GPUs now, and for every other one, why not.

Pure: the machine, the waiting tasks and the claim go in; grants, reasons and a claim come out.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.core import line
from app.core.cards import Cards
from app.core.claim import settle
from app.core.explain import explain
from app.core.fit import Need, need_of
from app.core.ledger import Card, without_own
from app.core.rules import Claim, Rules, Seen
from app.model.backend import Grant, Now, Want
from app.model.blockers import BehindInLine, Blocked, LimitReached
from app.model.gpu import index_order
from app.model.lease import Lease
from app.model.task import TaskKey


class Placement:
    """One decision. Every waiting task is in `grants` or in `blocked`."""

    def __init__(self, decided: "_Round") -> None:
        self.grants = tuple(decided.grants)  #: in the order they were decided; `leases` is empty
        self.claim = decided.cards.claim  #: to be handed to the next decision
        self.allowance = decided.cards.allowance  #: with the grants
        self._decided = decided

    @functools.cached_property
    def blocked(self) -> dict[TaskKey, Blocked]:
        """Worked out when asked for: what was granted need not wait for the others' reasons."""
        return self._decided.reasons()


def place(seen: Seen, waiting: Sequence[Want], claim: Claim | None, rules: Rules, now: Now) -> Placement:
    """Decide. The order: priority, most GPUs, longest waiting, smaller queue id; a later task may start
    when an earlier one can't, but not on cards that are claimed, and not past one before it in line (`fifo`).
    """
    return _Round(seen, waiting, claim, rules, now).decide()


def still_fits(seen: Seen, want: Want, grant: Grant, rules: Rules) -> bool:
    """Would the granted cards still do, and the cap allow them? For a second look, once leases are taken."""
    cards = Cards(seen, rules)
    return cards.choose(need_of(want, rules, claimant=True), only=grant.gpu_uuids) is not None


class _Round:
    """One decision in the making."""

    def __init__(
        self, seen: Seen, waiting: Sequence[Want], claim: Claim | None, rules: Rules, now: Now
    ) -> None:
        self.rules = rules
        self.now = now
        self.cards = Cards(seen, rules, claim)
        self._seen = seen
        self.left = [(want, need_of(want, rules)) for want in lined_up(waiting, claim)]
        self.running = seen.own_tasks
        self.on_cpu = seen.own_cpu_tasks
        self.grants: list[Grant] = []

    @functools.cached_property
    def freed(self) -> Cards:
        """The cards once our own attempts have ended."""
        return Cards(without_own(self._seen, self.rules), self.rules)

    def decide(self) -> Placement:
        self._settle_claim()
        self._serve_claim()
        while self._fill():
            pass
        if self.grants:
            self._settle_claim()
        return Placement(self)

    def _fill(self) -> bool:
        """One pass in order; True: something became possible for a task that was passed over."""
        failed: set[Need] = set()
        passed_over = []
        waits: set[line.Kind | None] = set()
        for place, (want, plain) in enumerate(self.left):
            need = self._need(want, plain)
            if line.kind(want) in waits:
                passed_over.append((want, plain))
                continue
            chosen = None if need in failed or self._limits(need) else self.cards.choose(need)
            if chosen is None:
                failed.add(need)
                passed_over.append((want, plain))
                waits |= {line.kind(want)} - {None}
            elif self._grant(want, need, chosen):
                self.left = passed_over + self.left[place + 1 :]
                return True
        self.left = passed_over
        return False

    def _settle_claim(self) -> None:
        before = self.cards.claim
        waiting = [want for want, _ in self.left]
        claim = settle(waiting, self.cards, lambda: self.freed, self.rules, self.now)
        self.cards.keep(claim)
        if claim != before and any(want.spec.options.fifo for want in waiting):
            needs = {want.key: need for want, need in self.left}
            self.left = [(want, needs[want.key]) for want in line.formed(waiting, claim)]

    def _serve_claim(self) -> None:
        """A claim holds against every priority: its task goes first where all its cards would do."""
        claim = self.cards.claim
        if claim is None:
            return
        place = next(place for place, (want, _) in enumerate(self.left) if want.key == claim.key)
        want, plain = self.left[place]
        need = self._need(want, plain)
        chosen = None if self._limits(need) else self.cards.choose(need, only=claim.gpus)
        if chosen is not None:
            del self.left[place]
            self._grant(want, need, chosen)

    def _grant(self, want: Want, need: Need, chosen: tuple[Card, ...]) -> bool:
        """True: cards became free for others, or the cap rose."""
        chosen = tuple(sorted(chosen, key=lambda card: index_order(card.gpu.index)))
        suiting = len(self.cards.ready(need))
        whole = bool(chosen) and all(self.cards.seen(card, need).takes_all(need) for card in chosen)
        grant = Grant(
            key=want.key,
            gpu_ids=tuple(card.gpu.index for card in chosen),
            gpu_uuids=tuple(card.gpu.uuid for card in chosen),
            leases=(),
            memory_gb=None if whole else need.memory_gb,
            exclusive=whole or need.manner != "shared",
            suiting=suiting,
        )
        self.grants.append(grant)
        self.running += 1
        self.on_cpu += need.gpus == 0
        if need.claimant:
            self.cards.keep(None)
        return self.cards.give(chosen, lease_of(grant, want, self.rules)) or need.claimant

    def _need(self, want: Want, plain: Need) -> Need:
        claim = self.cards.claim
        return plain if claim is None or claim.key != want.key else plain._replace(claimant=True)

    def _limits(self, need: Need) -> tuple[LimitReached, ...]:
        most = self.rules.settings.max_tasks
        reached = []
        if most is not None and self.running >= most:
            reached.append(LimitReached(most, "max_tasks", self.running))
        if need.gpus == 0 and self.on_cpu >= self.rules.cpu_tasks:
            reached.append(LimitReached(self.rules.cpu_tasks, "cpu_tasks", self.on_cpu))
        return tuple(reached)

    def reasons(self) -> dict[TaskKey, Blocked]:
        """Of all that are left, as things stand with the grants."""
        said: dict[tuple[Need, bool], Blocked] = {}
        reasons: dict[TaskKey, Blocked] = {}
        heads = line.heads(want for want, _ in self.left)
        for want, plain in self.left:
            need = self._need(want, plain)
            head = heads[where] if (where := line.kind(want)) is not None else want
            behind = head is not want
            blocked = said.get((need, behind))
            if blocked is None:
                limits = self._limits(need)
                blocked = explain(need, limits, self.cards, self.freed)
                if behind:
                    alone = not limits and self.cards.choose(need) is not None
                    blocked = _behind(head, reasons[head.key], blocked, alone)
                said[(need, behind)] = blocked
            reasons[want.key] = blocked
        return reasons


def _behind(head: Want, of_head: Blocked, blocked: Blocked, alone: bool) -> Blocked:
    """Of a task that stands in line: who is first there, and what else is in its way; `alone`: nothing is."""
    before = BehindInLine(f"task {head.label}")
    blockers = (before,) if alone else (before, *blocked.blockers)
    return replace(blocked, blockers=blockers, stuck=blocked.stuck or of_head.stuck)


def lined_up(wants: Iterable[Want], claim: Claim | None = None) -> list[Want]:
    """Who comes first at the front; in line (`fifo`) nobody before whose turn came first."""
    return line.formed(sorted(wants, key=order), claim)


def order(want: Want) -> tuple[int, int, float, int, TaskKey]:
    """Who comes first: priority, most GPUs, the longest wait, the smaller queue id."""
    return -want.spec.options.priority, -want.spec.gpus, want.since, want.queue_id, want.key


def lease_of(grant: Grant, want: Want, rules: Rules) -> Lease:
    """What a grant will be on each of its cards, for who decides next."""
    return Lease(
        name=f"granted to {grant.key}",
        gpu="",
        uid=rules.uid,
        user="",
        declared_gb=grant.memory_gb,
        exclusive=grant.exclusive,
        label=f"queue {want.queue_id}",
    )
