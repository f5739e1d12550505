"""Who holds the claim: cards kept for the task that has waited longest, so that small ones can't starve it.

A claim never takes a lease: two schedulers that each held half of what they need would deadlock.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from app.core.cards import Cards
from app.core.fit import Need, need_of
from app.core.rules import Claim, Rules
from app.model.backend import Now, Want


def settle(
    waiting: Iterable[Want], cards: Cards, after_own: Callable[[], Cards], rules: Rules, now: Now
) -> Claim | None:
    """The claim as it stands now: the old one while it would still do, else that of the longest waiter.

    `after_own` makes the cards as they are once this scheduler's own attempts have ended; a task that could
    not be placed even then claims nothing.
    """
    claim = cards.claim
    since = now.mono - rules.settings.reserve_after
    due = [want for want in waiting if want.since <= since and want.spec.gpus]
    due.sort(key=lambda want: want.since)
    if not due:
        return None
    freed = after_own()
    if claim is not None:
        holder = next((want for want in due if want.key == claim.key), None)
        if holder is not None:
            if cards.silent or freed.choose(need_of(holder, rules, claimant=True), only=claim.gpus):
                return replace(claim, label=holder.label)  # it may have been moved since
            due.insert(0, holder)
    return None if cards.silent else _first_that_can(due, cards, freed, rules)


def _first_that_can(due: list[Want], cards: Cards, freed: Cards, rules: Rules) -> Claim | None:
    out_of_reach: set[Need] = set()
    for want in due:
        need = need_of(want, rules, claimant=True)
        if need in out_of_reach:
            continue
        chosen = freed.choose(need, first={card.gpu.uuid for card in cards.ready(need)})
        if chosen is not None:
            return Claim(want.key, want.label, tuple(card.gpu.uuid for card in chosen))
        out_of_reach.add(need)
    return None
