"""`./gpulane history` and `stats`: of schedulers that run and that have ended, and for any bad input."""

import csv
import io
import re
import resource
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command_line import answer, gpulane
from tests.end_to_end.world import TRAIN, UNTIL_GO, World
from tests.fakenvml.driver import FakeDriver
from tests.waiting import eventually

BLOCKS = """\
1
#LANE name="prepare"
true
1
10

1
#LANE name="train"
test $GPULANE_ATTEMPT = 2
1
10

2
exit 3
1
8

2
echo never
1
8
"""


@pytest.fixture
def ran(world: World) -> World:
    """A run in which a task was retried, one failed, and one was skipped for it."""
    world.settings(max_retries=1)
    world.file(BLOCKS)
    world.run(expect=1)
    return world


def spreadsheet(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_runs_and_their_tasks_and_attempts(ran: World) -> None:
    (run,) = answer(ran, "history")
    assert run["counts"] == {"completed": 2, "failed": 1, "skipped": 1}
    assert (run["attempts"], run["goes_on"], run["simulated"]) == (5, False, True)
    said = gpulane(ran, "history")
    assert "command/command_gpus.txt" in said
    assert "2 completed" in said
    tasks = answer(ran, "history", "1")
    assert [(task["queue_id"], task["index"], task["state"]["status"]) for task in tasks] == [
        *((1, 0, "completed"), (1, 1, "completed"), (2, 0, "failed"), (2, 1, "skipped"))
    ]
    assert [attempt["cause"] and attempt["cause"]["kind"] for attempt in tasks[1]["attempts"]] == [
        "exit",
        None,
    ]
    assert all(task["waited"] > 0 for task in tasks[:3])
    said = gpulane(ran, "history", run["name"][:20])
    assert "1/1 train" in said
    assert re.search(r"^  attempt 1 +failed .* exit 1 in: test ", said, re.MULTILINE)
    assert "exit 3 in: exit 3" in said
    assert "task 2/0 failed" in said, "why it was skipped"


def test_tasks_are_chosen_by_what_people_know_of_them(ran: World) -> None:
    def keys(*words: str) -> list[str]:
        return [f"{task['queue_id']}/{task['index']}" for task in answer(ran, "history", *words)]

    assert keys("--task", "train") == keys("--task", "1/1") == ["1/1"]
    assert sorted(keys("--queue", "2")) == ["2/0", "2/1"]
    assert keys("--failed") == ["2/0"]
    assert keys("--failed", "--queue", "1") == []
    assert keys("1", "--limit", "2") == ["1/0", "1/1"]
    assert keys("--failed", "--since", "1h") == ["2/0"]
    assert answer(ran, "history", "--file", str(ran.root / "command" / "command_gpus.txt"))
    assert "there are more: --limit 0 shows all" in gpulane(ran, "history", "1", "--limit", "3")
    assert "there are more" not in gpulane(ran, "history", "1", "--limit", "4")


def test_a_spreadsheet_has_a_line_an_attempt_or_a_run(ran: World) -> None:
    rows = spreadsheet(gpulane(ran, "history", "1", "--csv"))
    assert [(row["queue"], row["index"], row["ended_how"]) for row in rows] == [
        *(("1", "0", "completed"), ("1", "1", "failed"), ("1", "1", "completed")),
        *(("2", "0", "failed"), ("2", "0", "failed"), ("2", "1", "")),
    ]
    assert rows[4]["error"] == "exit 3 in: exit 3"
    (run,) = spreadsheet(gpulane(ran, "history", "--csv"))
    assert (run["completed"], run["failed"], run["finished"]) == ("2", "1", "")


def test_what_runs_now_is_in_it(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (2, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("2/0", "completed")
    assert answer(world, "history")[0]["goes_on"]
    assert "goes on" in gpulane(world, "history")
    (task,) = answer(world, "history", "--task", "1/0")
    assert (task["state"]["status"], task["attempts"][0]["ended_at"]) == ("running", None)
    (row,) = spreadsheet(gpulane(world, "history", "--task", "1/0", "--csv"))
    assert row["ended_how"] == "running"
    world.go()
    assert scheduler.end() == 0
    assert "finished" in gpulane(world, "history")
    assert not answer(world, "history")[0]["goes_on"]


def test_an_attempt_that_nobody_saw_end_is_not_said_to_run(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    pid = scheduler.wait_for("1/0", "running").pid
    scheduler.kill()
    (row,) = spreadsheet(gpulane(world, "history", "1", "--csv"))
    assert row["ended_how"] == "running", "its supervisor lives on"
    world.go()
    eventually(lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid))
    (row,) = spreadsheet(gpulane(world, "history", "1", "--csv"))
    assert row["ended_how"] == "no end known"
    assert world.start().end() == 0
    (row,) = spreadsheet(gpulane(world, "history", "1", "--csv"))
    assert row["ended_how"] == "completed"


def _is_zombie(pid: int) -> bool:
    return ") Z " in Path(f"/proc/{pid}/stat").read_text()


def test_a_scheduler_goes_on_while_its_history_is_read_again_and_again(world: World) -> None:
    """Reading takes no lock that a commit would wait for; nothing is said to be wrong with history."""
    world.blocks([(queue, "true") for queue in range(4) for _ in range(15)])
    scheduler = world.start()
    eventually((world.root / "logs" / "history.db").exists)
    looks = 0
    while scheduler.child.poll() is None:
        gpulane(world, "history", "--limit", "0")
        looks += 1
    assert scheduler.end() == 0
    assert looks
    assert "history can't be written" not in world.output()
    assert answer(world, "history")[0]["counts"] == {"completed": 60}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["99"], "history knows no run 99; the newest are:\n  1  2"),
        (["1/1"], "history knows no run 1/1, but a task: ./gpulane history --task 1/1"),
        (["--task", "trian"], "history knows no task trian; did you mean train?"),
        (["--queue", "7"], "history knows no queue 7; it knows 1, 2"),
        (["--file", "other.txt"], "history knows no run of other.txt; it knows"),
        (["--since", "soon"], "--since 'soon' is no time; write how long ago (90m, 12h, 7d)"),
        (["--since", "2999-01-01"], "is still to come"),
        (["--json", "--csv"], "--json and --csv exclude each other"),
        (["--limit", "-1"], "--limit"),
    ],
)
def test_bad_input_is_said_in_a_sentence(ran: World, words: list[str], said: str) -> None:
    assert said in gpulane(ran, "history", *words, expect=2)


def test_without_a_history_that_can_be_read_nothing_is_made(world: World) -> None:
    path = world.root / "logs" / "history.db"
    for verb in ("history", "stats"):
        assert f"there is no history yet: {path}" in gpulane(world, verb, expect=2)
    assert not path.parent.exists()
    path.parent.mkdir()
    path.write_bytes(b"something else" * 1000)
    for verb in ("history", "stats"):
        said = gpulane(world, verb, expect=2)
        assert said == f"gpulane: {path}: file is not a database; move it away, and a new one is made\n"
    assert path.read_bytes() == b"something else" * 1000
    assert [each.name for each in path.parent.iterdir()] == ["history.db"]


def test_it_is_found_where_state_dir_has_it(world: World) -> None:
    world.settings(state_dir=str(world.root / "elsewhere"))
    world.blocks([(1, "true")])
    world.run()
    assert not (world.root / "logs" / "history.db").exists()
    assert answer(world, "history")[0]["counts"] == {"completed": 1}


def test_figures_of_queues(ran: World) -> None:
    stats: dict[str, Any] = answer(ran, "stats")
    first, second = stats["queues"]
    assert (first["tasks"], first["attempts"], first["failed"]) == (2, 3, 1)
    assert (second["tasks"], second["attempts"], second["failed"]) == (1, 2, 2)
    assert first["wait_median"] > 0
    assert stats["memory"] == []
    assert [(group["devices"], group["starts"]) for group in stats["devices"]] == [("auto", 5)]
    said = gpulane(ran, "stats")
    assert "command/command_gpus.txt\nqueue" in said
    assert "no memory was measured" in said
    assert [row["queue_id"] for row in answer(ran, "stats", "--queue", "2")["queues"]] == [2]
    assert "knows no queue 9" in gpulane(ran, "stats", "--queue", "9", expect=2)


def test_a_declaration_is_suggested_from_what_the_driver_showed(tmp_path: Path) -> None:
    driver = FakeDriver.make(tmp_path / "driver", 2)
    world = World(tmp_path / "home", env=driver.env(), gpus=None)
    world.blocks([(1, f"{TRAIN} --memory-mb 4096 --seconds 2")], memory="20")
    world.run()
    (row,) = answer(world, "stats")["memory"]
    assert row["declared_gb"] == 20
    assert row["peak_gb"] == pytest.approx(4, abs=0.5)
    assert row["suggested_gb"] == pytest.approx(row["peak_gb"] * 1.1, abs=0.51)
    said = gpulane(world, "stats").splitlines()
    assert said[-2].split()[-2:] == ["declared", "suggested"]
    assert float(said[-1].split()[-1]) == row["suggested_gb"]


def test_a_hundred_thousand_attempts_are_shown_at_once(world: World) -> None:
    from tests.edges.test_past import fill

    path = world.root / "logs" / "history.db"
    path.parent.mkdir()
    fill(path, 100_000)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    gpulane(world, "history")
    gpulane(world, "history", "100")
    gpulane(world, "stats")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < 12, "seconds of processor: three programs start, and read"
