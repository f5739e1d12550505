"""`./gpulane health`: 0 while all is well, 1 for whatever a person should look at."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from app.doctor import health
from app.doctor.troubles import Limits, failed
from app.model.paths import PROJECT, Home
from app.model.state_file import StartedWith
from app.store.states import list_states
from tests.end_to_end.command_line import answer, gpulane
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


@pytest.mark.parametrize("how", ["stop", "drain", "SIGTERM"])
def test_a_scheduler_that_its_user_has_ended_is_told_of_and_nothing_is_wrong(world: World, how: str) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true"), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    if how == "SIGTERM":
        scheduler.stop()
    else:
        gpulane(world, how)
        if how == "drain":
            world.go()
        scheduler.end()
    (found,) = look(world)["schedulers"]
    assert (found["status"], found["troubles"]) == ("ended", [])
    (note,) = found["notes"]
    left = 2 if how == "drain" else 3
    assert note["text"] == f"it was ended by its user with {left} tasks to go"
    assert "/gpulane run " in note["advice"]
    assert gpulane(world, "health").endswith("nothing wrong\n")


def advice(world: World, **more: Any) -> str:
    (found,) = answer(world, "health", expect=1, **more)["schedulers"]
    (said,) = [one["advice"] for one in found["troubles"] if one["kind"] == "dead"]
    return str(said)


def test_the_line_that_goes_on_has_the_flags_of_the_start(world: World) -> None:
    """From where it was started, and from anywhere else; and it does what it says."""
    world.settings()
    settings = (world.root / "config" / "gpu_manage.yaml").rename(world.root / "config" / "it's mine.yaml")
    file = world.file(f"1\necho $PWD >>began; {UNTIL_GO}\n1\n10\n", "a night.txt")
    flags = ("--config-file", str(settings), "--watch", "--metrics-port", "0")
    scheduler = world.start(*flags, command_file=file)
    scheduler.wait_for("1/0", "running")
    scheduler.kill()
    words = shlex.join(["run", str(file), "--config-file", str(settings), "--simulate", "4x24", "--watch"])
    words += " --metrics-port 0"
    assert advice(world) == f"./gpulane {words} goes on with them"
    elsewhere = advice(world, cwd=world.root)
    work, launcher = (shlex.quote(str(path)) for path in (world.root / "work", PROJECT / "gpulane"))
    assert elsewhere == f"cd {work} && {launcher} {words} goes on with them"
    line = elsewhere.removesuffix(" goes on with them")
    child = subprocess.Popen(
        ["bash", "-c", line],
        cwd=world.root,
        env={**os.environ, **world.env, "GPULANE_HOME": str(world.root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    state: Any = eventually(lambda: next((one for one in world.states() if one.pid != scheduler.pid), None))
    how = StartedWith(simulate="4x24", watch=True, folder=str(world.root / "work"), metrics_port="0")
    assert (state.started_with, state.config_file) == (how, str(settings))
    world.go()
    gpulane(world, "wait", "1/0")
    gpulane(world, "stop")
    assert child.wait(60) == 0


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
    limits = Limits(stuck_after=3600, since=0, patience=1)
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


def test_a_task_that_never_had_a_log_is_not_said_to_have_one(world: World) -> None:
    """And with several schedulers it is said which one's task is meant."""
    world.settings(max_retries=0)
    world.run(command_file=world.file("1\nfalse\n1\n1\n"), expect=1)
    (state,) = world.states()
    (queue,) = state.queues
    unlogged = replace(queue, tasks=tuple(replace(task, log_path=None) for task in queue.tasks))
    (said,) = failed(replace(state, queues=(unlogged,)), lives=False, which="")
    assert said.advice == "the next start runs it again"
    world.run(command_file=world.file("1\nfalse\n1\n1\n", "other.txt"), expect=1)
    each = [one["advice"] for found in look(world)["schedulers"] for one in found["troubles"]]
    assert "./gpulane logs 1/0 --file other.txt shows its end; the next start runs it again" in each
    gpulane(world, "logs", "1/0", "--file", "other.txt")


def test_the_faults_of_a_refused_edit_have_their_lines_and_their_own_advice(world: World) -> None:
    file = world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    file.write_text("1\ntrue\nmany\n10\n\n1\ntrue\n1\nmuch\n")

    def refused() -> list[str]:
        said = gpulane(world, "health", expect=None).splitlines()
        return said if any("is not taken up" in line for line in said) else []

    said = eventually(refused)
    assert [line for line in said if ":3:1: " in line] != [line for line in said if ":9:1: " in line]
    assert any(f"mend the file and save it: ./gpulane run {file} --check says" in line for line in said)
    assert "more of the machine" not in str(said)
    world.go()
    scheduler.end()


def test_what_goes_through_a_pipe_is_not_filled_with_blanks(world: World) -> None:
    world.settings(max_retries=0)
    world.run(command_file=world.file("1\necho a long command; false\n1\n1\n"), expect=1)
    for words in (("health",), ("doctor",), ("history",)):
        said = gpulane(world, *words, expect=None)
        assert said
        assert all(line == line.rstrip() for line in said.splitlines())


@pytest.mark.parametrize("what", ["pipe", "endless", "huge"])
def test_what_is_no_state_file_holds_nobody_up(world: World, what: str) -> None:
    world.blocks([(1, "true")])
    world.run()
    state = world.root / "logs" / "state"
    for path in (state / "1.json", state / "1.lock", world.root / "logs" / "gpus_off.json"):
        if what == "pipe":
            os.mkfifo(path)
        elif what == "endless":
            path.symlink_to("/dev/zero")
        else:
            with path.open("wb") as file:
                file.truncate(1 << 40)
    for words in (("ls",), ("queue",), ("history",), ("__complete", "task", "")):
        gpulane(world, *words, expect=None, timeout=30)
    ((kind, text),) = troubles(world)
    assert (kind, text.split(": ", 1)[0]) == ("unreadable", f"{state / '1.json'} can't be read")
    world.run("--fresh")


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
