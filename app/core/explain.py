"""Why a task gets no GPU: every blocker, so that the task is placed once exactly these are gone."""

from collections.abc import Sequence

from app.core.cards import Cards
from app.core.fit import Need, holds
from app.model.blockers import Blocked, Blocker, CapReached, LimitReached, TooFewCards
from app.model.gpu import index_order


def explain(need: Need, limits: Sequence[LimitReached], cards: Cards, freed: Cards) -> Blocked:
    """`freed`: the cards once this scheduler's own attempts have ended."""
    if need.gpus == 0:
        return Blocked(0, None, 0, tuple(limits), stuck=False)
    blockers: list[Blocker] = [cards.silent] if cards.silent else []
    blockers += limits
    candidates = sorted(cards.candidates(need), key=lambda card: index_order(card.gpu.index))
    ready = 0
    for card in candidates:
        against = cards.against(card, need)
        ready += not against
        blockers += against
    suitable = sum(holds(card.gpu, need.memory_gb) for card in candidates)
    if cards.unseen:
        pass  # neither their number nor what may be held of them is known
    elif suitable < need.gpus:
        blockers.append(TooFewCards(need.gpus, suitable))
    elif cards.capped(need) or cards.capped_when_lifted(need) or cards.capped_as_well(need):
        more = need.gpus - cards.joinable(need)
        blockers.append(CapReached(cards.allowance, cards.kept(need), more))
    return Blocked(
        gpus=need.gpus,
        memory_gb=need.memory_gb or None,
        ready=ready,
        blockers=tuple(dict.fromkeys(blockers)),
        stuck=freed.choose(need) is None,
        devices=need.devices,
        model=need.model,
    )
