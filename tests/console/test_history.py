"""What has run, over HTTP: pages, filters, charts, spreadsheets."""

import contextlib
import csv
import io
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from app.model.paths import Home
from app.model.secret_names import MASK, is_secret
from app.store.past import Sort, Wanted
from control.src.past import history
from control.src.past.histograms import SECONDS, histogram
from control.src.schedulers.masking import mask_state
from tests.console.test_timeline import BEGAN, write_past
from tests.console.world import Console
from tests.waiting import eventually


@pytest.fixture(scope="module")
def past(shared: Console) -> Console:
    """A run of four queues: one that fails, one with a formula for a name, one of three tasks, and one that
    fails at first."""
    assert shared.get("/api/history") == {
        "runs": [],
        "tasks": [],
        "next": None,
        "charts": None,
        "figures": None,
        "command_files": [],
    }
    assert shared.get("/api/timeline")["bars"] == []
    with shared.http as http:
        assert http.get("/api/history?format=csv").text.count("\n") == 1
    shared.world.file(
        "1\n#LANE retries=1\nexit 7\n1\n4\n\n"
        '2\n#LANE name="=HYPERLINK(1)"\ntrue\n1\n4\n\n'
        "3\ntrue # a\n1\n4\n\n3\ntrue # b\n1\n4\n\n3\ntrue # c\n1\n4\n\n"
        "4\n#LANE retries=1\ntest -e again || { touch again; exit 3; }\n1\n4\n"
    )
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24", watch=True)["pid"]
    shared.wait_for(pid, "1/0", "failed")
    shared.wait_for(pid, "3/2", "completed")
    shared.wait_for(pid, "2/0", "completed")
    shared.wait_for(pid, "4/0", "completed")
    eventually(lambda: len(shared.get("/api/history", status="completed")["tasks"]) == 5)
    eventually(lambda: shared.get("/api/history", failed=True)["tasks"])
    return shared


def places(found: Any) -> list[str]:
    return [task["task"] for task in found["tasks"]]


def test_tasks_come_with_their_attempts(past: Console) -> None:
    found = past.get("/api/history", failed=True)
    assert places(found) == ["1/0"]
    task = found["tasks"][0]
    assert [(each["attempt"], each["how"], each["exit_code"]) for each in task["attempts"]] == [
        (1, "failed", 7),
        (2, "failed", 7),
    ]
    one = task["attempts"][0]
    assert one["error"].startswith("exit 7")
    assert one["cause"]["kind"] == "exit"
    assert one["gpu_uuids"][0].startswith("SIM-24-")
    assert one["log_path"].endswith(".log")
    assert one["seconds"] >= 0
    assert one["asked_gb"] == 4
    run = found["runs"][0]
    assert run["goes_on"] is True
    assert run["run"]["counts"] == {"completed": 5, "failed": 1}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"queue": 3}, {"3/0", "3/1", "3/2"}),
        ({"mode": "multi", "config_index": 0}, {"1/0", "2/0", "3/0", "3/1", "3/2", "4/0"}),
        ({"mode": "multi", "config_index": 1}, set()),
        ({"command_file": "command/command_gpus.txt", "status": "failed"}, {"1/0"}),
        ({"run": 1, "task": "3/1"}, {"3/1"}),
        ({"run": 2}, set()),
        ({"since": 9e9}, set()),
        ({"until": 1}, set()),
        ({"task": "=HYPERLINK(1)"}, {"2/0"}),
        ({"ended": "failed"}, {"1/0", "4/0"}),
        ({"ended": "completed"}, {"2/0", "3/0", "3/1", "3/2", "4/0"}),
        ({"ended": "cancelled"}, set()),
        ({"gpu": "9"}, set()),
        ({"waited_from": 1e6}, set()),
        ({"waited_from": 0, "waited_below": 1e6, "queue": 1}, {"1/0"}),
    ],
)
def test_filters(past: Console, filters: dict[str, Any], expected: set[str]) -> None:
    assert set(places(past.get("/api/history", **filters))) == expected


def test_pages_follow_one_another_to_the_last(past: Console) -> None:
    first = past.get("/api/history", run=1, limit=2)
    seen, found = places(first), first
    while found["next"]:
        found = past.get("/api/history", run=1, limit=2, before=found["next"])
        assert found["charts"] is None
        seen += places(found)
    assert sorted(seen) == ["1/0", "2/0", "3/0", "3/1", "3/2", "4/0"]
    begun = [max(each["recorded_at"] for each in task["attempts"]) for task in first["tasks"]]
    assert begun == sorted(begun, reverse=True)


SORTS = {
    "ended": lambda task, attempt: attempt["ended_at"],
    "ran": lambda task, attempt: attempt["seconds"],
    "waited": lambda task, attempt: task["waited"],
    "peak": lambda task, attempt: attempt["peak_gb"],
}


def sorted_pages(console: Console, limit: int, **wanted: Any) -> list[tuple[Any, Any]]:
    """Of all pages: tasks with their attempt."""
    found: Any = {"next": None}
    seen: list[tuple[Any, Any]] = []
    while found["next"] or not seen:
        more = {} if found["next"] is None else {"before": found["next"]}
        found = console.get("/api/history", limit=limit, **wanted, **more)
        assert (found["runs"], found["charts"]) == ([], None)
        assert 0 < len(found["tasks"]) <= limit
        seen += [(task, *task["attempts"]) for task in found["tasks"]]
    return seen


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("by", SORTS)
def test_attempts_are_sorted_over_all_pages(past: Console, by: str, limit: int) -> None:
    unsorted = past.get("/api/history")["tasks"]
    every = {(task["id"], one["number"]) for task in unsorted for one in task["attempts"]}
    for sort in (by, f"-{by}"):
        found = sorted_pages(past, limit, sort=sort)
        assert len(found) == len(every)
        assert {(task["id"], one["number"]) for task, one in found} == every
        values = [SORTS[by](*row) for row in found]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=sort != by)
        assert values == known + [None] * (len(values) - len(known))


def test_what_is_sorted_is_filtered_as_it_was(past: Console) -> None:
    for filters in (
        {"queue": 3},
        {"ended": "failed"},
        {"gpu": "0"},
        {"gpu": "9"},
        {"task": "3/1"},
        {"run": 1},
        {"since": 9e9},
        {"until": 1},
        {"waited_from": 0, "waited_below": 1e6},
    ):
        tasks = past.get("/api/history", **filters)["tasks"]
        plain = {one["log_path"] for task in tasks for one in task["attempts"]}
        found = past.get("/api/history", sort="-ran", **filters)["tasks"]
        assert {task["attempts"][0]["log_path"] for task in found} == plain


def test_a_spreadsheet_is_sorted_too(past: Console) -> None:
    with past.http as http:
        sheet = http.get("/api/history", params={"format": "csv", "sort": "-ran"}).text
    seconds = [float(line["seconds"]) for line in csv.DictReader(io.StringIO(sheet))]
    assert len(seconds) == 8
    assert seconds == sorted(seconds, reverse=True)


def test_charts_and_figures(past: Console) -> None:
    found = past.get("/api/history", figures=True)
    assert found["charts"]["seconds"]["count"] == 8
    assert sum(each["count"] for each in found["charts"]["seconds"]["bins"]) == 8
    assert found["charts"]["waited"]["count"] == 8
    assert found["charts"]["memory"]["count"] == 0
    queues = {each["queue_id"]: each for each in found["figures"]["queues"]}
    assert (queues[1]["attempts"], queues[1]["failed"], queues[3]["tasks"]) == (2, 2, 3)
    of_queue = past.get("/api/history", queue=1)
    assert of_queue["charts"]["seconds"]["count"] == 2
    assert of_queue["figures"] is None


def test_a_histogram_shows_where_little_stands() -> None:
    """It has six bins at least: the more above it, and where there are none the more below."""
    (first, *more) = histogram([0.2, 0.4], SECONDS).bins
    assert (first.low, first.high, first.count) == (0, 1, 2)
    assert [each.high for each in more] == [2, 5, 10, 20, 30]
    assert [each.count for each in histogram([1e9], SECONDS).bins] == [0, 0, 0, 0, 0, 1]
    assert len(histogram([0, 100], SECONDS).bins) == 8
    assert histogram([], SECONDS).bins == []


def test_charts_figures_and_runs_are_of_attempts_that_ended_as_asked(past: Console) -> None:
    found = past.get("/api/history", figures=True, ended="failed")
    assert (found["charts"]["seconds"]["count"], found["charts"]["waited"]["count"]) == (3, 3)
    assert {each["queue_id"]: each["attempts"] for each in found["figures"]["queues"]} == {1: 2, 4: 1}
    assert len(found["runs"]) == 1
    none = past.get("/api/history", figures=True, ended="cancelled")
    assert (none["charts"]["waited"]["count"], none["figures"]["queues"], none["runs"]) == (0, [], [])


@pytest.mark.parametrize("how", [{"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}])
def test_a_spreadsheet_has_a_line_an_attempt_and_no_formula(past: Console, how: dict[str, Any]) -> None:
    with past.http as http:
        answer = http.get("/api/history", **how)
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == 8
    assert [line["name"] for line in lines if line["queue"] == "2"] == ["'=HYPERLINK(1)"]
    assert {line["exit"] for line in lines} == {"0", "3", "7"}


def test_of_the_attempts_those_are_shown_that_are_asked_for(past: Console) -> None:
    (task,) = past.get("/api/history", ended="failed", queue=4)["tasks"]
    assert [each["exit_code"] for each in task["attempts"]] == [3]
    with past.http as http:
        sheet = http.get("/api/history", params={"format": "csv", "ended": "failed"}).text
    assert [line["exit"] for line in csv.DictReader(io.StringIO(sheet))] == ["3", "7", "7"]


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=1:1:1",
        "before=None:1",
        "sort=odd",
        "sort=-ran&before=x:1",
        "limit=0",
        "queue=-1",
        f"queue={2**63}",
        "since=nan",
        "since=1e400",
        "status=odd",
        "ended=odd",
        "waited_from=nan",
        "waited_below=-1",
        "mode=odd",
        "config_index=10000",
        "format=pdf",
    ],
)
def test_what_is_no_filter_is_refused(past: Console, query: str) -> None:
    past.refused("GET", f"/api/history?{query}", 422)


@pytest.mark.parametrize(
    "query", ["task=%00", "task=%ff%fe", "command_file=%00", "command_file=/" + "x" * 4000]
)
def test_odd_filters_find_nothing_or_are_refused(past: Console, query: str) -> None:
    with past.http as http:
        answer = http.get(f"/api/history?{query}")
    assert answer.status_code == 422 or answer.json()["tasks"] == []


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(("limit", "rows"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 5), (100, 5)])
def test_a_long_spreadsheet_comes_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, rows: int, at_once: bool
) -> None:
    monkeypatch.setattr(history, "ROWS_IN_A_PART", 2)
    home = Home(tmp_path)
    home.history.parent.mkdir()
    write_past(home.history, 5)
    with contextlib.closing(sqlite3.connect(home.history)) as connection, connection:
        if at_once:
            connection.execute("UPDATE attempts SET recorded_at = ?", (BEGAN,))
    parts = list(history.sheet(home, Wanted(limit=limit)))
    assert all(part.count("\n") <= 3 for part in parts)
    lines = list(csv.DictReader(io.StringIO("".join(parts))))
    assert [line["commands"] for line in lines] == [f"echo {at}" for at in (4, 3, 2, 1, 0)][:rows]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_equal_ones_and_those_that_nobody_knows_are_each_listed_once(tmp_path: Path, limit: int) -> None:
    """The newest of equal ones first, and what is not known last, whichever way."""
    home = Home(tmp_path)
    home.history.parent.mkdir()
    write_past(home.history, 7)
    with contextlib.closing(sqlite3.connect(home.history)) as connection, connection:
        connection.execute("UPDATE attempts SET peak_memory_gb = CASE id WHEN 2 THEN 9.1 ELSE 5.3 END")
        connection.execute("UPDATE attempts SET peak_memory_gb = NULL WHERE id IN (1, 5)")
    ids = {sort: listed(home, sort, limit) for sort in ("peak", "-peak")}
    assert ids == {"peak": [7, 6, 4, 3, 2, 5, 1], "-peak": [2, 7, 6, 4, 3, 5, 1]}


def listed(home: Home, sort: Sort, limit: int) -> list[int]:
    """Attempts of all pages, which ended as they are numbered."""
    found: list[int] = []
    before: str | None = None
    while before or not found:
        at, id_ = history.before(before, sort)
        wanted = Wanted(sort=sort, limit=limit, before_at=at, before_id=id_)
        page = history.page(home, (), wanted, with_figures=False)
        found += [task.attempts[0].number + 1 for task in page.tasks]
        before = page.next
    return found


def test_secrets_are_masked_and_nothing_else() -> None:
    for name in (
        "HF_TOKEN",
        "WANDB_API_KEY",
        "apikey",
        "DB_PASSWORD",
        "SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "PGPASS",
    ):
        assert is_secret(name) == (name != "PGPASS"), name
    for name in ("TOKENIZERS_PARALLELISM", "MONKEYS_N", "PATH", "AUTHOR", "SEED", "KEYBOARD"):
        assert not is_secret(name) or name == "MONKEYS_N", name
    state: dict[str, Any] = {
        "queues": [{"tasks": [{"options": {"env": [["A_KEY", "x"], ["B", "y"], ["C_KEY", ""]]}}]}]
    }
    quoted = "command_gpus.txt:3:1: 'env.A_KEY=\"x' can't be read"
    state["problems"] = [{"kind": "edit_refused", "text": quoted, "facts": {"faults": quoted, "at": 3}}]
    mask_state(state)
    assert state["queues"][0]["tasks"][0]["options"]["env"] == [["A_KEY", MASK], ["B", "y"], ["C_KEY", ""]]
    (problem,) = state["problems"]
    assert "x'" not in problem["text"] + problem["facts"]["faults"]
    assert problem["facts"]["at"] == 3
