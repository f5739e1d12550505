"""When tasks begin and end, by what like ones before have taken."""

from pathlib import Path
from typing import Any

import pytest

from app.model.paths import Home
from control.src.schedulers.estimates import LEAST, Estimates, agree
from tests.console.test_timeline import STEP, write_past

LASTS = STEP / 2  #: each of the past


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.history.parent.mkdir()
    return home


def task(commands: str, status: str, **state: Any) -> dict[str, Any]:
    return {
        "key": f"{commands}-0",
        "commands": commands,
        "gpu_count": 1,
        "state": {"status": status, **state},
    }


def told(home: Home, *queues: list[dict[str, Any]], now: float = 100.0) -> list[list[Any]]:
    """Begin and end of every task, by queue."""
    Estimates(lambda: home).add({"queues": [{"tasks": tasks} for tasks in queues]}, now)
    return [
        [tuple(one["estimate"].values()) if one["estimate"] else None for one in tasks] for tasks in queues
    ]


def test_tasks_take_what_like_ones_took_one_after_the_other(home: Home) -> None:
    write_past(home.history, LEAST)
    first = [
        task("echo 1", "completed"),
        task("echo 900", "running", since=100.0, gpu_ids=["0"]),
        task("echo 901", "pending"),
        task("sleep 1", "pending"),  # there was none like it
        task("echo 902", "pending"),
    ]
    second = [
        task("echo 903", "waiting", stuck=False, gpus=1, ready=0),  # until the card is free
        task("echo 904", "pending"),
    ]
    third = [task("echo 905", "waiting", stuck=True, gpus=1, ready=0)]
    fourth = [task("echo 906", "backoff", until=300.0)]
    ends = 100 + LASTS
    assert told(home, first, second, third, fourth) == [
        [None, (100, ends), (ends, ends + LASTS), None, (None, None)],
        [(ends, ends + LASTS), (ends + LASTS, ends + 2 * LASTS)],
        [(None, None)],
        [(300, 300 + LASTS)],
    ]


def test_what_runs_longer_than_usual_tells_nothing_of_the_future(home: Home) -> None:
    write_past(home.history, LEAST)
    first = [task("echo 900", "running", since=100.0, gpu_ids=["0"]), task("echo 901", "pending")]
    second = [task("echo 903", "waiting", stuck=False, gpus=1, ready=0)]
    late = 101 + LASTS
    assert told(home, first, second, now=late) == [[(100, None), (None, None)], [(None, None)]]


def test_a_card_that_becomes_free_is_one_tasks_only(home: Home) -> None:
    write_past(home.history, LEAST)
    runs = task("echo 900", "running", since=100.0, gpu_ids=["0", "1"])
    waits = [task(f"echo {name}", "waiting", stuck=False, gpus=1, ready=0) for name in (1, 2, 3)]
    ends = 100 + LASTS
    both = (ends, ends + LASTS)
    assert told(home, [runs], *([one] for one in waits))[1:] == [[both], [both], [(None, None)]]


def test_fewer_tell_nothing(home: Home) -> None:
    write_past(home.history, LEAST - 1)
    assert told(home, [task("echo 900", "running", since=100.0, gpu_ids=["0"])]) == [[None]]


@pytest.mark.parametrize(
    ("seconds", "do"),
    [
        ([400, 450, 700], True),
        ([1, 1, 1, 400], False),
        ([0.1, 4, 2], True),
        ([100] * 9 + [1, 9000] * 1, True),
    ],
)
def test_scripts_that_differ_in_numbers_tell_nothing_where_those_make_them_long(
    seconds: list[float], do: bool
) -> None:
    assert agree(seconds) is do
