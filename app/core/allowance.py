"""How many cards this user may hold: the cap that leaves some to others."""

from collections.abc import Iterable

from app.core.ledger import Card
from app.core.rules import Rules
from app.model.blockers import Allowance


def allowance(cards: Iterable[Card], rules: Rules) -> Allowance:
    """min(max_gpu, max(min_gpu, available - gpu_left)), over the cards in this scheduler's range."""
    here = [card for card in cards if rules.covers(card.gpu)]
    available = sum(card.available for card in here)
    return Allowance(sum(card.held for card in here), allowed(available, rules), available)


def allowed(available: int, rules: Rules) -> int:
    """The formula itself."""
    settings = rules.settings
    least = max(settings.min_gpu, available - settings.gpu_left)
    return least if settings.max_gpu is None else min(settings.max_gpu, least)
