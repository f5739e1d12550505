"""Somebody sets the wall clock while tasks run: nothing may end, or count as ended, because of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.aside import FIRST_REST
from app.core.events import ClockSet, Edited
from app.model.backend import Now
from app.model.settings import RetryConfig
from app.model.state import Backoff, ExitCode
from tests.unit.test_aside import aside_after
from tests.unit.test_edits_and_resume import core_of, resumed, saved
from tests.unit.test_machine import WALL, Case, planned, spec

HOUR = 3600.0


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


def rests_for(seconds: float) -> Case:
    """1/0 has failed, and is tried again in so many seconds."""
    waits = RetryConfig(max_retry_before_backoff=0, backoff_duration=seconds)
    case = Case(spec(1), max_retries=9, retry_config=waits)
    case.grant("1/0")
    case.end("1/0", 1)
    return case


@pytest.mark.parametrize("step", [48 * HOUR, -48 * HOUR])
def test_until_when_a_backoff_lasts_is_told_by_the_clock_as_it_is_set(step: float) -> None:
    case = Case(
        spec(1), max_retries=9, retry_config=RetryConfig(max_retry_before_backoff=0, backoff_duration=20)
    )
    case.grant("1/0")
    case.end("1/0", 1)
    case.later(4)
    version = case.core.board.queue_of(case.task("1/0")).version
    case.clock_set = step
    case.feed(ClockSet())
    assert case.task("1/0").state.until == pytest.approx(case.now.wall + 16)
    assert case.core.board.queue_of(case.task("1/0")).version != version, "and readers see it"
    case.later(15.9)
    assert case.status("1/0") == "backoff"
    case.later(0.2)
    assert case.status("1/0") == "waiting"


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(-1e6, 1e6)), max_size=6))
def test_however_the_clock_is_set_a_backoff_lasts_as_long_and_says_so(
    steps: list[tuple[float, float]],
) -> None:
    case = Case(
        spec(1), max_retries=9, retry_config=RetryConfig(max_retry_before_backoff=0, backoff_duration=100)
    )
    case.grant("1/0")
    case.end("1/0", 1)
    for seconds, step in steps:
        case.later(seconds)
        case.clock_set += step
        case.feed(ClockSet())
        left = 100.0 - case.time
        assert (case.status("1/0") == "backoff") == (left > 0)
        if left > 0:
            # One that seems over is shown as ending now.
            assert max(case.task("1/0").state.until - case.now.wall, 0) == pytest.approx(left, abs=1.001)


def test_a_clock_set_back_between_two_starts_makes_no_backoff_longer_than_any_may_be() -> None:
    one = spec(1)
    before = saved(one, Backoff(WALL + 48 * HOUR, "exit 1", ExitCode(1), 1, 9))
    core = core_of(resumed(before, one))
    (task,) = core.board.tasks.values()
    longest = core.settings.retry_config.backoff_duration
    assert isinstance(task.state, Backoff)
    assert (task.state.until, core.next_due()) == (WALL + longest, longest)


def test_until_when_a_card_is_set_aside_is_told_by_the_clock_as_it_is_set() -> None:
    found, _ = aside_after("w+1", "a-0", "b-0", "c-0")
    found.tell_times(Now(10.0, WALL - HOUR))
    shown = found.decide(Now(10.0, WALL - HOUR))["0"]
    assert (shown.since, shown.until) == (WALL - HOUR - 10, WALL - HOUR - 10 + FIRST_REST)
