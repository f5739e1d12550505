"""The account of a card as the state file shows it."""

import pytest

from app.core.rules import Seen
from app.local.survey import cards, used_by_lease
from tests.unit.placing import ALICE, ME, gpu, lease, process, rules


@pytest.mark.parametrize("simulated", [False, True])
def test_the_figures_of_a_card_add_up_and_count_nothing_twice(simulated: bool) -> None:
    """Two attempts of ours, a lease of this user's other scheduler, one of Alice's, a process of hers."""
    mine = [lease(0, 6, session=50, name="a"), lease(0, 2, session=51, name="b")]
    leases = [*mine, lease(0, 3, session=60, name="c"), lease(0, 4, ALICE, session=61, name="d")]
    used = ((4, ME, 50), (3, ME, 51), (1, ME, 60), (5, ALICE, 61), (2, ALICE, 70))
    running = [] if simulated else [process(gb, uid, session=session) for gb, uid, session in used]
    settings = rules(others_growth_percent=0.0)
    seen = Seen((gpu(0, *running, simulated=simulated),), tuple(leases))
    (card,) = cards(seen, settings, {"a": "1/0", "b": "2/0"}, {}, {})
    assert (card.own_used_gb, card.own_promised_gb) == ((8, 8) if simulated else (7, 9))
    assert [other.user for other in card.other_leases] == ["me", "alice"]
    leased = sum(max(other.declared_gb or 0.0, other.used_gb) for other in card.other_leases)
    assert leased == (7 if simulated else 8)
    margin = settings.settings.memory_margin_gb
    assert card.free_gb + card.own_promised_gb + leased + card.others_gb + margin == pytest.approx(
        card.total_gb
    )


def test_what_nobody_knows_of_is_not_nothing() -> None:
    """A peak of 0.0 would make a task that ran out of memory ask for the same again."""
    leases = [lease(0, 6, session=50, name="a"), lease(0, 2, session=51, name="b")]
    silent = process(None, ME, session=51)
    seen = Seen((gpu(0, process(4, ME, session=50), silent),), tuple(leases))
    assert used_by_lease(seen, rules()) == {"a": 4}
