"""Who holds the claim: cards kept for the task that has waited longest, so that small ones can't starve it.

A claim never takes a lease: two schedulers that each held half of what they need would deadlock.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core import line
from app.core.cards import Cards
from app.core.fit import Need, need_of
from app.core.rules import Claim, Rules
from app.model.backend import Now, Want


def settle(
    waiting: Sequence[Want], cards: Cards, after_own: Callable[[], Cards], rules: Rules, now: Now
) -> Claim | None:
    """The claim as it stands now: the old one while it would still do, else that of the longest waiter.

    Whoever comes meanwhile to the line in which its holder stands (`fifo`) comes behind it, or cards would be
    kept for one whose turn never comes. `waiting`: as `line.formed` has it.
    `after_own` makes the cards as they are once this scheduler's own attempts have ended; a task that could
    not be placed even then claims nothing.
    """
    claim = cards.claim
    since = now.mono - rules.settings.reserve_after
    due = [want for want in waiting if want.since <= since and want.spec.gpus]
    if not due:
        return None
    holder = next((want for want in due if claim and want.key == claim.key), None)
    if claim and holder:
        claim = replace(claim, label=holder.label)  # it may have been moved since
    if cards.silent:
        return claim if holder else None
    freed = after_own()
    if claim and holder and freed.choose(need_of(holder, rules, claimant=True), only=claim.gpus):
        return claim
    first = [holder] if holder else []
    return _first_that_can([*first, *_longest_first(due, waiting)], cards, freed, rules)


def _longest_first(due: Sequence[Want], waiting: Sequence[Want]) -> list[Want]:
    foremost = line.foremost(waiting)
    free = [want for want in due if not want.spec.options.fifo or want.key in foremost]
    return sorted(free, key=lambda want: want.since)


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
