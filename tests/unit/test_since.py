"""`--since`: a moment as people say it."""

import time
from datetime import datetime

import pytest

from app.commands.since import moment, seconds
from app.model.faults import BadInput


def local(at: float | None) -> datetime:
    assert at is not None
    return datetime.fromtimestamp(at)  # noqa: DTZ006 - as its user's clock shows it


@pytest.mark.parametrize(("text", "ago"), [("90m", 5400), ("12h", 43_200), ("7d", 604_800), ("1h30m", 5400)])
def test_so_long_ago(text: str, ago: float) -> None:
    assert moment(text) == pytest.approx(time.time() - ago, abs=2)


@pytest.mark.parametrize(
    ("text", "at"),
    [("2026-01-02", datetime(2026, 1, 2)), ("2026-01-02 14:30", datetime(2026, 1, 2, 14, 30))],  # noqa: DTZ001
)
def test_from_a_day_or_a_time_on(text: str, at: datetime) -> None:
    assert local(moment(text)) == at


def test_days_by_name_begin_at_midnight() -> None:
    today, yesterday = local(moment("today")), local(moment("yesterday"))
    assert (today.hour, today.minute, today.second) == (0, 0, 0)
    assert today.date() == datetime.now().date()  # noqa: DTZ005
    assert (today.date() - yesterday.date()).days == 1


def test_nothing_said_is_nothing() -> None:
    assert moment(None) is None


@pytest.mark.parametrize("text", ["", "soon", "5", "2026-13-01", "0d", "-3d", "9999999999d"])
def test_what_is_no_time_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(BadInput, match=r"is no time; write how long ago"):
        moment(text)


def test_what_is_still_to_come_is_refused() -> None:
    with pytest.raises(BadInput, match="is still to come"):
        moment("2999-01-01")


def test_a_number_without_a_unit_names_the_option() -> None:
    with pytest.raises(BadInput, match=r"--stuck-after: .* write 5s, 5m or 5h"):
        seconds("--stuck-after", "5")
    assert seconds("--stuck-after", "10m") == 600
