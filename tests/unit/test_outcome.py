"""What a launch is told, and what an attempt's end means."""

import pytest

from app.model.state import NotLaunched
from tests.unit.test_machine import Case, spec


@pytest.mark.parametrize(
    ("given", "entered"),
    [(None, "/work"), ("sub/a", "/work/sub/a"), ("/data", "/data"), ("{work_dir}/b", "/work/b")],
)
def test_a_relative_cwd_is_relative_to_the_work_dir(given: str | None, entered: str) -> None:
    (launch,) = Case(spec(1, cwd=given)).grant("1/0")
    assert launch.spec.cwd == entered


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n"])
def test_a_working_directory_that_cannot_be_entered_is_named(end_of_line: str) -> None:
    case = Case(spec(1))
    case.grant("1/0")
    case.end("1/0", 126, f"gpulane: the working directory /nope can't be entered{end_of_line}")
    assert case.task("1/0").state.cause == NotLaunched("the working directory /nope can't be entered")
