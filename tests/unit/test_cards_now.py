"""What the settings come to on this machine, for several who ask at once."""

from pathlib import Path

import pytest

from app.cards_now import MOST_RULES, CardsNow
from app.gpu.simulated import SimulatedProbe
from app.model.paths import Home
from app.model.settings import Settings


@pytest.fixture
def now(tmp_path: Path) -> CardsNow:
    return CardsNow(lambda: Home(tmp_path), SimulatedProbe("1x24"))


def test_rules_of_two_settings_are_kept_side_by_side(now: CardsNow) -> None:
    one, other = Settings(gpu_left=1), Settings(gpu_left=2)
    first, second = now.rules(one, ()), now.rules(other, ())
    assert (first.settings, second.settings) == (one, other)
    assert now.rules(one, ()) is first
    assert now.rules(other, ()) is second


def test_no_more_rules_are_kept_than_are_asked_for(now: CardsNow) -> None:
    first = now.rules(Settings(gpu_left=0), ())
    for left in range(1, MOST_RULES + 1):
        assert now.rules(Settings(gpu_left=left), ()).settings.gpu_left == left
    assert now.rules(Settings(gpu_left=0), ()) is not first
