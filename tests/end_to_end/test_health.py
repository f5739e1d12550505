"""`./gpulane health`: 0 while all is well, 1 for whatever a person should look at."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from app.doctor import health
from app.model.paths import PROJECT, Home
from app.store.states import list_states
from tests.end_to_end.command_line import gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


def look(world: World, *words: str) -> Any:
    """What `health --json` answers; its exit code says the same."""
    done = subprocess.run(
        [sys.executable, str(PROJECT / "app" / "cli.py"), "health", "--json", *words],
        env={**os.environ, **world.env, "GPULANE_HOME": str(world.root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["healthy"] else 1), done.stderr
    return found


def troubles(world: World, *words: str) -> list[tuple[str, str]]:
    """(kind, text) of each."""
    found = look(world, *words)
    each = [*found["troubles"], *(one for each in found["schedulers"] for one in each["troubles"])]
    assert found["healthy"] == (not each)
    return [(one["kind"], one["text"]) for one in each]


def test_nothing_is_wrong_where_nothing_runs(world: World) -> None:
    said = gpulane(world, "health")
    assert said == "no scheduler of yours runs, and none has left anything\nnothing wrong\n"
    assert not (world.root / "logs").exists()


def test_what_waits_is_shown_with_its_time_and_by_its_cards(world: World) -> None:
    world.gpus = "1x24"
    world.file(
        f"1\n#LANE name=first\n{UNTIL_GO}\n1\n20\n\n1\ntrue\n1\n20\n\n"
        "2\n#LANE devices=0\ntrue\n1\n20\n\n3\ntrue\n1\n20\n\n4\n#LANE hold\ntrue\n1\n1\n"
    )
    scheduler = world.start()
    for label, status in (("1/0", "running"), ("2/0", "waiting"), ("3/0", "waiting"), ("4/0", "held")):
        scheduler.wait_for(label, status)
    assert troubles(world) == []
    (found,) = look(world)["schedulers"]
    assert (found["status"], found["counts"]["waiting"]) == ("running", 2)
    queues = {queue["queue_id"]: queue for queue in found["backlog"]}
    assert {each: queue["left"] for each, queue in queues.items()} == {1: 2, 2: 1, 3: 1, 4: 1}
    assert queues[2]["devices"] == "0"
    assert "leased to queue 1" in queues[3]["reason"]
    assert [(group["devices"], group["waiting"]) for group in found["groups"]] == [("0", 1), ("auto", 1)]
    said = gpulane(world, "health")
    assert re.search(r"^  1 queue waits for GPU 0, for 0:\d\d$", said, re.MULTILINE)
    assert said.endswith("nothing wrong\n")
    gpulane(world, "kill", "4/0")
    world.go()
    assert scheduler.end() == 0
    assert gpulane(world, "health").endswith("nothing wrong\n")


def test_a_task_that_failed_for_good_is_wrong_until_it_is_mended_or_old(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks([(1, "test -e mended"), (2, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "failed")
    kinds = troubles(world)
    assert [kind for kind, _ in kinds] == ["failed"]
    assert "task 1/0 failed for good: exit 1 in: test -e mended" in kinds[0][1]
    (world.root / "work" / "mended").touch()
    gpulane(world, "retry", "1/0")
    scheduler.wait_for("1/0", "completed")
    assert troubles(world) == []
    world.go()
    assert scheduler.end() == 0
    (world.root / "work" / "mended").unlink()
    world.run("--fresh", expect=1)
    assert [kind for kind, _ in troubles(world)] == ["failed"]
    (state,) = (world.root / "logs" / "state").glob("*.json")
    assert "the next start runs it again" in gpulane(world, "health", expect=1)
    eventually(lambda: not troubles(world, "--since", "1s"))
    assert state.exists()


def test_a_dead_scheduler_with_tasks_to_go_is_wrong(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.kill()
    ((kind, text),) = troubles(world)
    assert (kind, text) == ("dead", "it has ended with 2 tasks to go; 1 task ran then, and may run on")
    world.go()
    assert world.start().end() == 0
    assert troubles(world) == []


def test_a_scheduler_that_does_not_answer_is_wrong_and_holds_up_nobody(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    other = world.file(f"1\n{UNTIL_GO}\n1\n1\n", "other.txt")
    first, second = world.start(), world.start(command_file=other)
    for scheduler in (first, second):
        scheduler.wait_for("1/0", "running")
    os.kill(first.pid, signal.SIGSTOP)
    try:
        found = look(world, "--patience", "0.5")
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert "it lives, and is stopped (SIGSTOP)" in str(found)
    kinds = {one["pid"]: [each["kind"] for each in one["troubles"]] for one in found["schedulers"]}
    assert kinds == {first.pid: ["silent"], second.pid: []}
    world.go()
    assert first.end() == second.end() == 0


def test_a_scheduler_that_ends_while_it_is_looked_at_is_not_said_to_be_silent(world: World) -> None:
    """Found alive, and gone when it was asked."""
    world.blocks([(1, "true")])
    world.run()
    home = Home(world.root)
    (found,) = list_states(home)
    limits = health.Limits(stuck_after=3600, since=0, patience=1)
    seen = health.look_at(home, replace(found, alive=True), limits)
    assert seen
    assert (seen.status, seen.troubles) == ("finished", ())


def test_a_wait_that_nothing_of_ours_ends_is_wrong_after_a_while(world: World) -> None:
    world.gpus = "1x24"
    world.blocks([(1, UNTIL_GO)], memory="20")
    other = world.file("1\ntrue\n1\n20\n", "other.txt")
    first = world.start()
    first.wait_for("1/0", "running")
    second = world.start(command_file=other)
    second.wait_for("1/0", "waiting")
    assert troubles(world) == []
    ((kind, text),) = eventually(lambda: troubles(world, "--stuck-after", "1s"))
    assert kind == "stuck"
    assert "task 1/0 waits for" in text
    world.go()
    assert first.end() == second.end() == 0


def test_what_can_t_be_started_is_wrong(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "echo two >>done")])
    world.settings(check_time=0.3)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    (folder,) = (world.root / "logs" / "runs").iterdir()
    folder.rename(folder.with_name("aside"))
    world.go()

    def waits() -> list[str]:
        found = [text for kind, text in troubles(world) if kind == "not_started"]
        return [text for text in found if text.startswith("task 1/1 waits for")]

    assert "No such file or directory" in eventually(waits)[0]
    folder.with_name("aside").rename(folder)
    assert scheduler.end() == 0
    assert troubles(world) == []


def test_a_state_that_can_t_be_read_is_wrong_and_the_rest_is_shown(world: World) -> None:
    world.blocks([(1, "true")])
    world.run()
    (world.root / "logs" / "state" / "1.json").write_text("{")
    ((kind, text),) = troubles(world)
    assert kind == "unreadable"
    assert "1.json" in text
    assert len(look(world)["schedulers"]) == 1


@pytest.mark.parametrize("words", [["--since", "soon"], ["--stuck-after", "5"], ["--patience", "0"]])
def test_bad_input_is_said(world: World, words: list[str]) -> None:
    assert words[0] in gpulane(world, "health", *words, expect=2)
