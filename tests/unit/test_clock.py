"""Somebody sets the wall clock while tasks run: nothing may end, or count as ended, because of it."""

import pytest

from app.core.events import Edited, Ended, StopNow
from app.model.backend import Exit
from tests.unit.test_machine import WALL, Case, planned, spec

HOUR = 3600.0


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_what_a_stop_has_ended_is_pending_whatever_the_clock_says(step: float) -> None:
    case = Case(spec(1))
    case.grant("1/0")
    case.clock_set = step
    case.time = 10
    case.feed(StopNow())
    # A supervisor's wall clock is that of its launch.
    case.feed(Ended(1, Exit(143, WALL, WALL + 10, None, "", ended_mono=10)))
    assert case.status("1/0") == "pending"


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_what_ended_before_a_stop_is_completed_whatever_the_clock_says(step: float) -> None:
    case = Case(spec(1))
    case.grant("1/0")
    case.clock_set = step
    case.time = 10
    case.feed(StopNow())
    case.feed(Ended(1, Exit(0, WALL, WALL + 9, None, "", ended_mono=9)))
    assert case.status("1/0") == "completed"


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_timeout_counts_what_has_passed_also_after_an_edit(step: float) -> None:
    case = Case(spec(1, timeout=30.0))
    case.grant("1/0")
    case.later(10)
    case.clock_set = step
    case.feed(Edited(planned(spec(1, timeout=40.0))))
    case.later(29.9)
    assert case.task("1/0").running.stopping is None
    case.later(0.2)
    assert case.task("1/0").running.stopping == "timeout"
