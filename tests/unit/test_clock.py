"""Somebody sets the wall clock while tasks run: nothing may end, or count as ended, because of it."""

import pytest

from app.core.events import Edited
from tests.unit.test_machine import Case, planned, spec

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
