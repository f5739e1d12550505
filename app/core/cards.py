"""The cards in range within one decision: which would do, which are best, what a grant changes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from app.core.allowance import allowance, allowed
from app.core.fit import Need, Obstacles, holds, obstacles, suits
from app.core.ledger import Card, account, ledger
from app.core.rules import Claim, Rules, Seen
from app.model.blockers import Allowance, CardBlocker, CardClaimed
from app.model.gpu import index_order
from app.model.lease import Lease

Preference = tuple[bool, float, float, tuple[int, ...], str]


class Cards:
    """Changes with each grant; everything else here is derived from it when asked for."""

    def __init__(self, seen: Seen, rules: Rules, claim: Claim | None = None) -> None:
        self.rules = rules
        self.silent = seen.silent
        self._order = {uuid: place for place, uuid in enumerate(seen.order)}
        self._claim = claim
        self._cards = {uuid: card for uuid, card in ledger(seen, rules).items() if rules.covers(card.gpu)}
        self._ordered: list[Card] | None = None
        self._ready: dict[Need, list[Card]] = {}
        self._allowance: Allowance | None = None

    @property
    def unseen(self) -> bool:
        """Has nobody seen them yet?"""
        return self.silent is not None and not self._cards

    @property
    def allowance(self) -> Allowance:
        if self._allowance is None:
            self._allowance = allowance(self._cards.values(), self.rules)
        return self._allowance

    @property
    def claim(self) -> Claim | None:
        return self._claim

    def keep(self, claim: Claim | None) -> None:
        """From now on this claim holds."""
        if claim != self._claim:
            self._claim = claim
            self._ready.clear()

    def choose(
        self, need: Need, only: Collection[str] | None = None, first: Collection[str] = ()
    ) -> tuple[Card, ...] | None:
        """The best cards for a need, as many as it asks for; None: too few would do, or the cap is reached.

        `only`: uuids to choose from; `first`: uuids to take before better ones.
        """
        if need.gpus and self.silent:
            return None
        ready = self.ready(need)
        if only is not None:
            ready = [card for card in ready if card.gpu.uuid in only]
        if len(ready) < need.gpus:
            return None
        if need.avoid or first:
            ready = sorted(ready, key=lambda card: (card.gpu.uuid in need.avoid, card.gpu.uuid not in first))
        return self._within_cap(ready, need)

    def candidates(self, need: Need) -> list[Card]:
        """The cards that could ever serve the need, best first; all it names, if too few could."""
        named = [card for card in self._in_order() if suits(card.gpu, need.devices, need.model)]
        large = [card for card in named if holds(card.gpu, need.memory_gb)]
        return large if len(large) >= need.gpus else named

    def ready(self, need: Need) -> list[Card]:
        """The candidates that would do now, the cap apart, best first."""
        found = self._ready.get(need)
        if found is None:
            found = [card for card in self.candidates(need) if self._would_do(card, need)]
            self._ready[need] = found
        return found

    def _would_do(self, card: Card, need: Need) -> bool:
        seen = self.seen(card, need)
        return not seen.blockers and seen.enough(need) and not self.claimed(card, need)

    def against(self, card: Card, need: Need) -> tuple[CardBlocker, ...]:
        """All that keeps this card from serving the need; empty: it would do."""
        claim = self.claim
        found = self.seen(card, need).against(need)
        return (
            (*found, CardClaimed(card.gpu.index, f"task {claim.label}"))
            if claim and self.claimed(card, need)
            else found
        )

    def capped(self, need: Need) -> bool:
        """Would enough cards do, but for the cap?"""
        ready = self.ready(need)
        return len(ready) >= need.gpus and self._within_cap(ready, need) is None

    def capped_as_well(self, need: Need) -> bool:
        """Where too few cards would do: does the cap forbid those that would, or is it exceeded already, so
        that it takes the end of more of this user's leases than the task needs cards?"""
        allowance, joined = self.allowance, self.joinable(need)
        new = min(len(self.ready(need)) - joined, need.gpus - joined)
        return joined < need.gpus and new > allowance.allowed - allowance.held - self.kept(need)

    def joinable(self, need: Need) -> int:
        """Cards that would do and are held already, so that the cap does not matter for them."""
        return sum(card.held for card in self.ready(need))

    def seen(self, card: Card, need: Need) -> Obstacles:
        """What is in the way of taking this card so."""
        return obstacles(card, need.manner, self.rules)

    def claimed(self, card: Card, need: Need) -> bool:
        """Is the card kept for another task?"""
        return self.claim is not None and not need.claimant and card.gpu.uuid in self.claim.gpus

    def kept(self, need: Need, changed: Mapping[str, Card] | None = None) -> int:
        """Cards this user does not hold yet that a claim of another task counts towards the cap."""
        if self._claim is None or need.claimant:
            return 0
        cards = {**self._cards, **(changed or {})}
        return sum(not cards[uuid].held for uuid in self._claim.gpus if uuid in cards)

    def give(self, cards: Iterable[Card], lease: Lease) -> bool:
        """Put such a lease on each; True: this user may hold more cards than before."""
        before = self.allowance.available
        for card in cards:
            uuid = card.gpu.uuid
            leases = (*card.leases, replace(lease, gpu=uuid))
            self._cards[uuid] = account(card.gpu, leases, card.unusable, self.rules)
        self._ordered = self._allowance = None
        self._ready.clear()
        return self.allowance.available > before

    def capped_when_lifted(self, need: Need) -> bool:
        """Would the cap be in the way once everything in the way of each single card is gone?"""
        candidates = self.candidates(need)
        lifted = {card.gpu.uuid: self.seen(card, need).lifted(need) for card in candidates}
        held, available = self.allowance.held, self.allowance.available
        for card, later in zip(candidates, lifted.values(), strict=True):
            held += later.held - card.held
            available += later.available - card.available
        spare = allowed(available, self.rules) - held
        if not any(self.claimed(card, need) for card in candidates):
            spare -= self.kept(need, lifted)
        joined = sum(card.held for card in lifted.values())
        return joined + max(0, spare) < need.gpus

    def _within_cap(self, ready: list[Card], need: Need) -> tuple[Card, ...] | None:
        spare = self.allowance.allowed - self.allowance.held - self.kept(need)
        chosen: list[Card] = []
        for card in ready:
            if len(chosen) == need.gpus:
                break
            if not card.held:  # joining a card already held is free
                spare -= 1
                if spare < 0:
                    continue
            chosen.append(card)
        return tuple(chosen) if len(chosen) == need.gpus else None

    def _in_order(self) -> list[Card]:
        if self._ordered is None:
            self._ordered = sorted(self._cards.values(), key=self._rank)
        return self._ordered

    def _rank(self, card: Card) -> tuple[int, Preference]:
        """The comparator's word first, then ours."""
        return self._order.get(card.gpu.uuid, len(self._order)), preference(card, self.rules)


def preference(card: Card, rules: Rules) -> Preference:
    """Sort key, best first: the selection mode's, with cards that carry others' processes last if so set.

    What is promised and not yet in use counts as used, so that a card just given does not look empty.
    """
    gpu = card.gpu
    used = (gpu.usage.used_gb if gpu.usage else gpu.total_gb - gpu.free_gb) + card.pending_gb
    utilization = gpu.usage.utilization if gpu.usage else gpu.utilization or 0.0
    memory = max(0.0, gpu.total_gb - used if rules.settings.memory_save_mode else used)
    shunned = rules.settings.avoid_others and card.foreign
    return shunned, utilization * memory, memory, index_order(gpu.index), gpu.uuid
