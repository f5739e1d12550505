"""What the log says: a line for what matters, and not one for each of 50,000 tasks."""

import logging

import pytest

from app.core.events import Edited, Ended, Granted
from app.model.backend import Exit
from app.narrate import Narrator
from tests.unit.test_machine import Case, planned, spec

MANY = "1/1, 1/2, 1/3, 1/4, 1/5 and 44 more"


def test_what_one_edit_does_to_many_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gpulane")
    case = Case(*(spec(1, f"task {number}") for number in range(50)), max_retries=0)
    case.grant("1/0")
    narrator = Narrator(case.core)

    def lines(event: Edited | Ended | Granted) -> list[str]:
        caplog.clear()
        narrator(event, case.feed(event))
        return [record.getMessage() for record in caplog.records]

    held = [spec(1, f"task {number}", hold=number > 0) for number in range(50)]
    first = lines(Edited(planned(*held)))
    assert f"held by the command file: {MANY}" in first
    assert len(first) < 5
    failed = lines(Ended(1, Exit(1, case.now.wall, case.now.wall, None, "")))
    assert f"skipped, as their queue stopped: {MANY}" in failed
    assert len(failed) < 5
    mended = lines(
        Edited(planned(spec(1, "better"), *(spec(1, f"task {number}") for number in range(1, 50))))
    )
    assert f"no longer skipped, as no failed task is before them any more: {MANY}" in mended
    gone = lines(Edited(planned(spec(1, "better"))))
    assert f"taken out of the file while pending, and cancelled: {MANY}" in gone
    assert len(gone) < 5
