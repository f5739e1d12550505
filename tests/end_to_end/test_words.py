"""A user's words to a running scheduler: through the control socket, and through `./gpulane`."""

import contextlib
import functools
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import procfs
from app.client import Client, NoAnswer, RequestRefused
from app.commands import find
from app.commands.wait import wait_for
from app.model.paths import PROJECT, Home
from app.server import LONGEST_LINE, MOST_CLIENTS
from tests.end_to_end import command_line
from tests.end_to_end.command_line import answer
from tests.end_to_end.terminal import Terminal
from tests.end_to_end.world import UNTIL_GO, Scheduler, World
from tests.waiting import eventually

DEAF = "trap 'touch asked' TERM; echo >>began; until test -e go; do sleep 0.05 || true; done"
"""A task that goes on when it is asked to end."""


gpulane = functools.partial(command_line.gpulane, timeout=30)


def following(world: World, label: str, line: str) -> "subprocess.Popen[str]":
    """`logs -f`, once it has shown this line; the rest is to be read from it."""
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "app" / "cli.py"), "logs", "-f", label],
        env={**os.environ, "GPULANE_HOME": str(world.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    for shown in process.stdout:
        if shown == line:
            break
    return process


def followed(world: World, label: str, line: str) -> str:
    """What `logs -f` shows behind this line, once the tasks may go on, until it ends well."""
    with following(world, label, line) as process:
        world.go()
        assert process.stdout
        rest = process.stdout.read()
    assert process.returncode == 0
    return rest


def path_of(scheduler: Scheduler) -> Path:
    return Home(scheduler.world.root).control_socket(scheduler.pid)


def client(scheduler: Scheduler) -> Client:
    path = path_of(scheduler)
    eventually(path.exists)
    return Client(path)


@contextlib.contextmanager
def raw(scheduler: Scheduler) -> Iterator[socket.socket]:
    eventually(path_of(scheduler).exists)
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(20)
        one.connect(str(path_of(scheduler)))
        yield one


def answer_to(line: bytes, scheduler: Scheduler) -> dict[str, object]:
    with raw(scheduler) as one, one.makefile("rb") as lines:
        one.sendall(line)
        answer: dict[str, object] = json.loads(lines.readline())
        return answer


def test_a_killed_task_is_cancelled_with_its_whole_tree_and_its_queue_goes_on(world: World) -> None:
    world.blocks([(1, "setsid sleep 300 & echo $! >stray; sleep 300"), (1, "echo two >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    stray = int(eventually(lambda: world.work("stray"))[0])
    said = gpulane(world, "kill", "1/0")
    assert said == "1/0 is being ended (by force after 10 s), and is not run again\n"
    assert scheduler.end() == 0, "cancelled by its user"
    assert procfs.start_time(stray) is None
    assert world.work("done") == ["two"]
    assert world.outcome("1/0").by == procfs.user_name(os.getuid())
    assert not path_of(scheduler).exists()


def test_a_kill_is_not_forgotten_with_its_scheduler(world: World) -> None:
    world.settings(stop_grace=60)
    world.blocks([(1, f"{DEAF}; exit 1"), (2, UNTIL_GO)])
    first = world.start()
    eventually(lambda: world.work("began"))
    gpulane(world, "kill", "1/0")
    eventually((world.root / "work" / "asked").exists)
    first.kill()
    second = world.start()
    second.wait_for("2/0", "running")
    world.go()
    assert second.end() == 0
    assert world.outcome("1/0").status == "cancelled"
    assert len(world.work("began")) == 1


def test_a_retry_runs_what_failed_and_what_was_skipped_for_it(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks([(1, "test -e mended"), (1, "echo two >>done"), (2, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/1", "skipped")
    (world.root / "work" / "mended").touch()
    assert gpulane(world, "retry", "1/0") == "1/0 is waiting, and 1 task skipped for it\n"
    eventually(lambda: world.work("done"))
    world.go()
    assert scheduler.end() == 0


def test_what_is_held_waits_for_its_release_also_over_a_restart(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "echo two >>done"), (2, UNTIL_GO)])
    first = world.start()
    first.wait_for("1/0", "running")
    assert gpulane(world, "hold", "1/1") == "1/1 is held\n"
    first.wait_for("1/1", "held")
    first.kill()
    world.go()
    second = world.start()
    eventually(lambda: "only held tasks are left" in world.output())
    assert second.wait_for("1/1", "held").by == procfs.user_name(os.getuid())
    assert gpulane(world, "release", "1/1") == "1/1 is waiting\n"
    assert second.end() == 0
    assert world.work("done") == ["two"]


def test_what_was_released_is_not_held_again_by_an_edit_or_a_restart(world: World) -> None:
    block = f"#LANE hold name=mine\n1\n{UNTIL_GO}; echo one >>done\n1\n10\n"
    world.file(block)
    first = world.start("--watch")
    first.wait_for("1/0", "held")
    gpulane(world, "release", "mine")
    first.wait_for("1/0", "running")
    world.file(f"{block}\n2\n{UNTIL_GO}\n1\n10\n")
    first.wait_for("2/0", "running")
    first.stop()
    second = world.start()
    second.wait_for("1/0", "running")
    world.go()
    assert second.end() == 0
    assert world.work("done") == ["one"]


def test_what_is_held_and_was_skipped_is_held_when_its_turn_comes_again(world: World) -> None:
    world.settings(max_retries=0)
    world.file("1\ntest -e ok\n1\n10\n\n#LANE hold\n1\necho two >>done\n1\n10\n")
    world.run(expect=1)
    (world.root / "work" / "ok").touch()
    second = world.start()
    second.wait_for("1/1", "held")
    gpulane(world, "release", "1/1")
    assert second.end() == 0
    assert world.work("done") == ["two"]


def test_a_released_task_is_retried_also_after_a_crash(world: World) -> None:
    world.file(f"#LANE hold\n1\necho >>tries; {UNTIL_GO}; test $(wc -l <tries) = 2\n1\n10\n")
    first = world.start()
    first.wait_for("1/0", "held")
    gpulane(world, "release", "1/0")
    eventually(lambda: world.work("tries"))
    first.kill()
    world.go()
    assert world.start().end() == 0
    assert len(world.work("tries")) == 2


def test_a_kill_during_a_stop_is_not_forgotten_with_its_scheduler(world: World) -> None:
    world.settings(stop_grace=60)
    world.blocks([(1, f"{DEAF}; exit 1")])
    first = world.start()
    eventually(lambda: world.work("began"))
    first.child.send_signal(signal.SIGTERM)
    eventually((world.root / "work" / "asked").exists)
    gpulane(world, "kill", "1/0")
    eventually(lambda: first.tasks()["1/0"].state.stopping == "killed")
    first.kill()
    world.go()
    assert world.start().end() == 0
    assert len(world.work("began")) == 1


@pytest.mark.parametrize("word", ["kill", "hold"])
def test_what_was_answered_is_not_lost(world: World, word: str) -> None:
    """It is in history before the answer goes out."""
    world.blocks([(1, UNTIL_GO), (1, "echo two >>done")])
    first = world.start()
    first.wait_for("1/0", "running")
    with client(first) as talk:
        talk.ask(word, task="1/1")
        first.kill()
    second = world.start()
    second.wait_for("1/1", "cancelled" if word == "kill" else "held")
    second.stop()
    assert world.work("done") == []


def test_a_paused_scheduler_starts_nothing_until_it_is_resumed(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "echo two >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    assert gpulane(world, "pause") == "paused: nothing starts; 1 task runs on\n"
    world.go()
    assert scheduler.wait_for("1/1", "waiting").reason == "the scheduler is paused"
    state = scheduler.state()
    assert state
    assert state.status == "paused"
    assert "paused" in gpulane(world, "ls")
    assert "it is paused already" in gpulane(world, "pause")
    said = eventually(lambda: text if "GPU" in (text := gpulane(world, "why", "1/1")) else "")
    assert said.endswith("What would start it:\n  - with ./gpulane resume it would start now on GPU 0\n")
    assert gpulane(world, "resume") == "resumed\n"
    assert scheduler.end() == 0
    assert world.work("done") == ["two"]


def test_a_task_of_a_scheduler_that_has_gone_is_told_from_those_of_one_that_runs(world: World) -> None:
    here = world.file(f"1\n#LANE name=same\n{UNTIL_GO}\n1\n10\n")
    text = here.read_text() + f"\n2\n#LANE name=theirs\n{UNTIL_GO}\n1\n10\n"
    there = world.file(text, "command_gpus_1.txt")
    lives, dies = world.start(command_file=here), world.start(command_file=there)
    lives.wait_for("1/0", "running")
    dies.wait_for("2/0", "running")
    dies.kill()
    said = gpulane(world, "kill", "theirs", expect=2)
    assert f"2/0 (theirs) is of {there}, whose scheduler (pid {dies.pid}) has gone; to go on: " in said
    for word in ("kill", "why"):
        said = gpulane(world, word, "same", expect=2)
        assert "same may be any of these; say which with --pid:" in said
        assert f"running  {there}" in said
    assert "is being ended" in gpulane(world, "kill", "same", "--pid", str(lives.pid))
    world.go()
    lives.end()
    assert world.start(command_file=there).end() == 0


def test_why_names_what_is_in_the_way_beside_the_pause(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (2, "true"), (1, "true")])
    scheduler = world.start("--simulate", "1x16")
    scheduler.wait_for("1/0", "running")
    gpulane(world, "pause")
    assert gpulane(world, "why", "1/1").splitlines() == [
        "1/1 is pending: task 1/0 of its queue comes first, and is running",
        "  - task 1/0 of its queue comes first, and is running",
        "  - the scheduler is paused",
        "What would start it:",
        "  - with ./gpulane resume, and one of these:",
        "  - when task 1/0 ends",
    ]
    assert gpulane(world, "why", "2/0").splitlines() == [
        "the scheduler is paused",
        "  - the scheduler is paused",
        "  - GPU 0 is leased to queue 1",
        "What would start it:",
        "  - with ./gpulane resume, and one of these:",
        "  - when task 1/0 ends, on GPU 0",
    ]
    gpulane(world, "drain")
    assert (
        gpulane(world, "why", "1/1").splitlines()[-1]
        == "  - the scheduler is draining and starts nothing more"
    )
    world.go()
    assert scheduler.end() == 130


def test_drain_and_stop(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "echo two >>done")])
    first = world.start()
    first.wait_for("1/0", "running")
    assert "draining: nothing more starts; 1 task runs on" in gpulane(world, "drain")
    world.go()
    assert first.end() == 130, "as after Ctrl-C"
    assert world.work("done") == []
    (world.root / "work" / "go").unlink()
    world.blocks([(1, "sleep 300")])
    second = world.start("--fresh")
    second.wait_for("1/0", "running")
    assert "1 running task asked to end" in gpulane(world, "stop")
    assert second.end() == 143, "as after SIGTERM"
    assert world.outcome("1/0").status == "pending"


def test_a_card_that_is_turned_off_gets_nothing_until_it_is_on_again(world: World) -> None:
    world.gpus = "2x24"
    world.blocks([(1, UNTIL_GO), (2, f"until [ -e more ]; do sleep 0.05; done; {UNTIL_GO}")])
    scheduler = world.start()
    scheduler.wait_for("2/0", "running")
    assert gpulane(world, "gpu", "1", "off") == "GPU 1 is turned off; what runs there goes on\n"
    assert gpulane(world, "gpu", "1", "off") == "GPU 1 is off already\n"
    gpulane(world, "kill", "2/0")
    scheduler.wait_for("2/0", "cancelled")
    assert gpulane(world, "retry", "2/0") == "2/0 is waiting\n"
    eventually(lambda: "GPU 1 is turned off" in scheduler.wait_for("2/0", "waiting").reason)
    assert "turned off" in gpulane(world, "gpus")
    gpulane(world, "gpu", "1", "on")
    (world.root / "work" / "more").touch()
    world.go()
    assert scheduler.end() == 0
    assert "there is no GPU 7; there is 0, 1" not in world.output()


def test_a_task_is_named_by_its_place_its_name_or_its_key(world: World) -> None:
    block = f"#LANE hold name=twin\n{{}}\n{UNTIL_GO}\n1\n10\n"
    world.file("\n".join(block.format(queue) for queue in (1, 2)))
    scheduler = world.start()
    scheduler.wait_for("2/0", "held")
    said = gpulane(world, "release", "twin", expect=2)
    assert "twin may be any of these" in said
    assert "1/0 (twin)" in said
    assert "2/0 (twin)" in said
    task = json.loads(gpulane(world, "ls", "--json"))[0]["queues"][1]["tasks"][0]
    assert gpulane(world, "release", task["key"]) == "2/0 is waiting\n"
    assert "there is no task 9/9" in gpulane(world, "why", "9/9", expect=2)
    with client(scheduler) as talk, pytest.raises(RequestRefused, match="1/0 is another task now"):
        talk.ask("kill", task="1/0", key=task["key"])
    gpulane(world, "kill", "1/0")
    world.go()
    assert scheduler.end() == 0


def test_why_says_all_that_is_in_the_way(world: World) -> None:
    world.gpus = "1x24"
    world.blocks([(1, UNTIL_GO), (2, "true"), (2, "echo last >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("2/0", "waiting")
    assert "GPU 0 is leased to queue 1" in eventually(
        lambda: said if "leased" in (said := gpulane(world, "why", "2/0")) else ""
    )
    assert "task 2/0 of its queue comes first" in gpulane(world, "why", "2/1")
    assert "it is running" in gpulane(world, "why", "1/0")
    gpulane(world, "kill", "2/0")
    gpulane(world, "retry", "2/0")
    assert "GPU 0 is leased to queue 1" in eventually(
        lambda: said if "leased" in (said := gpulane(world, "why", "2/1")) else ""
    )
    world.go()
    assert scheduler.end() == 0


def test_why_says_what_would_start_it_and_about_when(world: World) -> None:
    world.gpus = "1x24"
    quick = "sleep 0.01 || true"  # like the one that runs, but for how long: the same script, by another file
    script = f"if [ -e slow ]; then {UNTIL_GO}; else {quick}; fi"
    world.blocks([(1, script)] * 3)
    world.run()
    (world.root / "work" / "slow").touch()
    world.blocks([(1, script), (2, "true")], memory="14")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("2/0", "waiting")
    lines = eventually(
        lambda: said.splitlines() if "start it:" in (said := gpulane(world, "why", "2/0")) else []
    )
    assert re.fullmatch(r"  - about \d\d:\d\d, when task 1/0 ends, on GPU 0", lines[-1]), lines
    change = json.loads(gpulane(world, "why", "2/0", "--json"))["changes"][0]
    assert (change["kind"], change["after"][0]["task"]) == ("ends", "1/0")
    world.go()
    assert scheduler.end() == 0


def test_logs_are_shown_and_followed_to_the_end_of_the_attempt(world: World) -> None:
    world.settings(max_retries=1)
    world.blocks([(1, f"echo line $GPULANE_ATTEMPT; {UNTIL_GO}; echo last; test $GPULANE_ATTEMPT = 2")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    eventually(lambda: "line 1" in gpulane(world, "logs", "1/0"))
    rest = followed(world, "1/0", "line 1\n")
    assert rest.startswith("last\n")
    assert scheduler.end() == 0
    assert "line 2\nlast\n" in gpulane(world, "logs", "1/0"), "also when the scheduler is gone"
    assert "line 1\nlast\n" in gpulane(world, "logs", "1/0", "--attempt", "1")
    assert "has had 2 attempts, and no number 3" in gpulane(world, "logs", "1/0", "--attempt", "3", expect=2)


def test_wait_returns_when_tasks_or_schedulers_have_ended(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks(
        [(1, f"{UNTIL_GO}; exit 7"), (2, f"{UNTIL_GO}"), (3, "until [ -e end ]; do sleep 0.05; done")]
    )
    scheduler = world.start()
    for label in ("1/0", "2/0", "3/0"):
        scheduler.wait_for(label, "running")
    waiting = subprocess.Popen(
        [sys.executable, str(PROJECT / "app" / "cli.py"), "wait", "2/0", "1/0"],
        env={**os.environ, "GPULANE_HOME": str(world.root)},
    )
    world.go()
    assert waiting.wait(20) == 7
    gpulane(world, "wait", "2/0")
    (world.root / "work" / "end").touch()
    assert scheduler.end() == 1
    gpulane(world, "wait", expect=1)
    gpulane(world, "wait", "1/0", expect=7)
    gpulane(world, "wait", "2/0")


def test_wait_ends_with_a_scheduler_that_leaves_the_task_undone(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    gpulane(world, "drain")
    world.go()
    assert "1/1 is waiting, and its scheduler has gone" in gpulane(world, "wait", "1/1", expect=1)
    assert scheduler.end() == 130


def test_a_card_may_be_turned_off_before_a_scheduler_starts(world: World) -> None:
    world.gpus = "2x24"
    world.blocks([(1, "true")])
    world.run()
    assert gpulane(world, "gpu", "0", "off") == "GPU 0 is turned off\n"
    assert "there is no GPU 9; there is 0, 1" in gpulane(world, "gpu", "9", "off", expect=2)
    assert "on or off" in gpulane(world, "gpu", "0", "up", expect=2)
    world.run()
    assert world.outcome("1/0").gpu_ids == ("1",)
    assert gpulane(world, "gpu", "0", "on") == "GPU 0 is turned on\n"


def test_several_tasks_in_one_word_or_none(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (2, UNTIL_GO), (3, UNTIL_GO)])
    scheduler = world.start()
    for label in ("1/0", "2/0", "3/0"):
        scheduler.wait_for(label, "running")
    assert "there is no task 9/9" in gpulane(world, "kill", "1/0", "9/9", expect=2)
    assert len(gpulane(world, "kill", "1/0", "2/0").splitlines()) == 2
    for label in ("1/0", "2/0"):
        scheduler.wait_for(label, "cancelled")  # what ends by itself before a signal reaches it is completed
    world.go()
    assert scheduler.end() == 0
    assert [world.outcome(f"{queue}/0").status for queue in (1, 2, 3)] == ["cancelled"] * 2 + ["completed"]


def test_a_file_is_named_by_its_path_or_its_name_and_what_there_is_is_said(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    assert "1 running" in gpulane(world, "ls", "--file", "command_gpus.txt")
    for words in (("--file", "other.txt"), ("--pid", "1")):
        said = gpulane(world, "ls", *words, expect=2)
        assert "there is no scheduler" in said
        assert f"--pid {scheduler.pid}" in said
    world.go()
    assert scheduler.end() == 0


def test_ls_says_what_has_stopped_a_queue_and_names_every_task_when_asked(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks([(1, "true"), (1, "exit 3"), (1, "true"), (2, "true"), (3, UNTIL_GO), (3, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/1", "failed")
    scheduler.wait_for("2/0", "completed")
    rows = {line.split()[0]: line for line in gpulane(world, "ls").splitlines()[2:]}
    assert re.search(r"1/1 +failed: ", rows["1"]), rows
    assert re.search(r"1 of 1 +completed *$", rows["2"]), rows
    gpulane(world, "hold", "3/1")
    scheduler.wait_for("3/1", "held")
    assert re.search(r"3/1 +held by", gpulane(world, "ls", "-a"))
    scheduler.stop()
    assert re.search(r"3/0 +was (pending|waiting)", gpulane(world, "ls"))


def test_why_says_that_a_task_asks_for_more_after_it_ran_out_of_memory(world: World) -> None:
    world.gpus = "1x24"
    first = (
        1,
        "test -e tried || { touch tried; echo CUDA out of memory. Tried to allocate 3.00 GiB; exit 1; }",
    )
    world.settings(retry_config={"max_retry_before_backoff": 0, "backoff_duration": 600})
    world.blocks([first], memory="4")
    scheduler = world.start()
    scheduler.wait_for("1/0", "backoff")
    world.blocks([first, (2, UNTIL_GO)], memory="4")
    scheduler.wait_for("2/0", "running")
    gpulane(world, "retry", "1/0")
    said = eventually(lambda: text if "asks for" in (text := gpulane(world, "why", "1/0")) else "")
    assert "not 4 GB as its block says, since it ran out of memory with less" in said
    world.go()
    assert scheduler.end() == 0


def test_following_and_waiting_survive_a_restart_of_the_scheduler(world: World) -> None:
    world.blocks([(1, f"echo begun; {UNTIL_GO}; echo last")])
    first = world.start()
    first.wait_for("1/0", "running")
    argv = [sys.executable, str(PROJECT / "app" / "cli.py"), "wait", "1/0"]
    with (
        subprocess.Popen(argv, env={**os.environ, "GPULANE_HOME": str(world.root)}) as waiting,
        following(world, "1/0", "begun\n") as process,
    ):
        first.kill()
        second = world.start()
        second.wait_for("1/0", "running")
        world.go()
        assert second.end() == 0
        process.wait(30)
        waiting.wait(30)


def test_following_goes_on_with_the_next_attempt(world: World) -> None:
    world.settings(max_retries=1)
    world.blocks([(1, f"echo try $GPULANE_ATTEMPT; {UNTIL_GO}; test $GPULANE_ATTEMPT = 2")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    rest = followed(world, "1/0", "try 1\n")
    assert "its next attempt follows" in rest
    assert "try 2\n" in rest
    assert rest.endswith("gpulane: 1/0 is completed\n")
    assert scheduler.end() == 0


def test_with_several_schedulers_one_says_which(world: World) -> None:
    other = world.file(f"1\n{UNTIL_GO}; echo other >>done\n1\n10\n", "other.txt")
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done")])
    first, second = world.start(), world.start(command_file=other)
    for each in (first, second):
        each.wait_for("1/0", "running")
    said = gpulane(world, "pause", expect=2)
    assert f"--pid {first.pid}" in said
    assert f"--pid {second.pid}" in said
    assert "may be any of these" in gpulane(world, "kill", "1/0", expect=2)
    gpulane(world, "kill", "1/0", "--file", str(other))
    assert second.end() == 0
    world.go()
    assert first.end() == 0
    assert world.work("done") == ["one"]


def test_of_one_that_is_gone_its_state_is_shown(world: World) -> None:
    assert "nothing was left" in gpulane(world, "ls")
    world.blocks([(1, "sleep 300"), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.stop()
    said = gpulane(world, "ls")
    assert "was ended with 2 tasks to go" in said
    assert re.search(r"\nto go on: .*gpulane run .*command_gpus.txt --simulate 4x24\n", said)
    assert "1/1 was pending, and its scheduler" in gpulane(world, "why", "1/1")
    assert "has gone. To go on: " in gpulane(world, "pause", expect=2)
    with pytest.raises(NoAnswer):
        Client(path_of(scheduler))


# --- the socket ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"\n", "one JSON object in one line"),
        (b"junk\n", "one JSON object in one line"),
        (b"\xff\xfe\x00\n", "one JSON object in one line"),
        (b"[" * 30_000 + b"\n", "one JSON object in one line"),
        (b"[]\n", "an object with a verb"),
        (b'{"verb": 3}\n', "an object with a verb"),
        (b'{"verb": "kil"}\n', "did you mean kill?"),
        (b'{"verb": "kill"}\n', "which task?"),
        (b'{"verb": "kill", "task": {"a": 1}}\n', "which task?"),
        (b'{"verb": "hold", "task": "7/7"}\n', "there is no task 7/7"),
        (b'{"verb": "tasks", "queue": "x"}\n', "queue wants a whole number"),
        (b'{"verb": "tasks", "queue": 9}\n', "there is no queue 9"),
        (b'{"verb": "tasks", "from": -1}\n', "from wants a whole number"),
        (b'{"verb": "gpu", "id": "0", "state": "up"}\n', "on or off"),
        (b'{"verb": "gpu", "id": "12", "state": "on"}\n', "there is no GPU 12; there is 0, 1, 2, 3"),
        (b"x" * (LONGEST_LINE + 2), "at most 65536 bytes"),
    ],
)
def test_what_is_no_request_gets_a_sentence(one_scheduler: Scheduler, line: bytes, says: str) -> None:
    answer = answer_to(line, one_scheduler)
    assert answer["ok"] is False
    assert says in str(answer["error"])


@pytest.fixture(scope="module")
def one_scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """One that only answers."""
    world = World(tmp_path_factory.mktemp("answers"))
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    yield scheduler
    scheduler.stop()


def test_status_and_tasks(one_scheduler: Scheduler) -> None:
    with client(one_scheduler) as talk:
        state = talk.ask("status")["state"]
        assert (state["pid"], state["schema"]) == (one_scheduler.pid, 1)
        answer = talk.ask("tasks", queue=1, **{"from": 1}, count=5)
    assert answer["total"] == 2
    assert [(task["queue"], task["index"]) for task in answer["tasks"]] == [(1, 1)]
    assert answer["tasks"][0]["state"]["status"] == "pending"


def test_the_socket_is_for_its_user_alone(one_scheduler: Scheduler) -> None:
    assert stat.S_IMODE(path_of(one_scheduler).stat().st_mode) == 0o600


def test_many_clients_that_never_read_hold_nothing_up(one_scheduler: Scheduler) -> None:
    with contextlib.ExitStack() as all_of_them:
        many = [all_of_them.enter_context(raw(one_scheduler)) for _ in range(200)]
        for one in many:
            one.sendall(b'{"verb": "status"}\n' * 20 + b'{"verb": "st')  # and half a line
        with client(one_scheduler) as talk:
            assert talk.ask("status")["ok"]


def test_too_many_clients_are_told_so(one_scheduler: Scheduler) -> None:
    with contextlib.ExitStack() as all_of_them:
        for _ in range(MOST_CLIENTS):
            all_of_them.enter_context(raw(one_scheduler))
        last = all_of_them.enter_context(raw(one_scheduler))
        assert b"too many clients" in last.makefile("rb").readline()
    with client(one_scheduler) as talk:
        assert eventually(lambda: talk.ask("status")["ok"])


def test_another_user_gets_no_answer(one_scheduler: Scheduler) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    path = path_of(one_scheduler)
    for opened in (path, *path.parents):  # as if its modes had been loosened
        mode = stat.S_IMODE(opened.stat().st_mode)
        if mode & 0o005 != 0o005:
            opened.chmod(mode | 0o005 if opened.is_dir() else 0o666)
    code = (
        "import os, socket, sys\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "one = socket.socket(socket.AF_UNIX); one.settimeout(20); one.connect(sys.argv[1])\n"
        "print(one.recv(100))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "b''\n"


# --- what a new user and an adversary did to them -----------------------------------------------------


def test_what_is_so_already_is_no_failure(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    for verb, *again in (("pause",), ("hold", "1/1"), ("gpu", "1", "off"), ("set", "max_tasks", "3")):
        assert answer(world, verb, *again)["changed"] is True
        said = answer(world, verb, *again)
        assert (said["changed"], "already" in said["said"]) == (False, True), said
    assert answer(world, "resume")["changed"]
    assert not answer(world, "resume")["changed"]
    assert not answer(world, "gpu", "0", "on")["changed"]
    world.go()
    gpulane(world, "release", "1/1")
    assert scheduler.end() == 0


def test_the_nearest_that_there_is_is_named(world: World) -> None:
    world.file(f"1\n#LANE name=train\n{UNTIL_GO}\n1\n10\n\n2\ntrue\n1\n10\n")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    assert "no task traim here; did you mean train (1/0)?" in gpulane(world, "why", "traim", expect=2)
    assert "queue 1 has 1/0" in gpulane(world, "kill", "1", expect=2)
    assert "there is no GPU 7; there is 0, 1, 2, 3" in gpulane(world, "kill", "--gpu", "7", expect=2)
    assert "did you mean max_tasks?" in gpulane(world, "set", "max_taks", expect=2)
    wrong = str(world.root / "command" / "comand_gpus.txt")
    assert "did you mean command_gpus.txt?" in gpulane(world, "run", wrong, expect=2)
    assert gpulane(world, "set", "max_tasks") == "max_tasks: null\n"
    assert answer(world, "set", "max_tasks") == {"max_tasks": None}
    said = json.loads(gpulane(world, "why", "traim", "--json", expect=2))
    assert (said["ok"], "did you mean train" in said["error"]) == (False, True)
    world.go()
    assert scheduler.end() == 0


def test_what_comes_after_a_running_task_is_told_when_that_ends_at_most(world: World) -> None:
    world.file(f"1\n#LANE timeout=1h\n{UNTIL_GO}\n1\n10\n\n1\ntrue\n1\n10\n")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    assert re.search(
        r"What would start it:\n  - by \d\d:\d\d, when task 1/0 ends\n", gpulane(world, "why", "1/1")
    )
    world.go()
    assert scheduler.end() == 0


def test_where_no_change_is_known_that_is_said(world: World) -> None:
    world.settings(max_tasks=1)
    world.blocks([(1, UNTIL_GO), (2, "true")], gpus=2)
    scheduler = world.start("--paused")
    eventually(path_of(scheduler).exists)
    gpulane(world, "hold", "2/0")
    gpulane(world, "resume")
    scheduler.wait_for("1/0", "running")
    for card in "0123":
        gpulane(world, "gpu", card, "off")
    gpulane(world, "release", "2/0")
    scheduler.wait_for("2/0", "waiting")
    said = eventually(lambda: text if "turned off" in (text := gpulane(world, "why", "2/0")) else "")
    assert "  - with GPU 0, 1, 2 and 3 turned on, when task 1/0 ends" in said
    gpulane(world, "gpu", "0", "on")
    world.go()
    scheduler.wait_for("1/0", "completed")
    said = eventually(lambda: text if "turned off" in (text := gpulane(world, "why", "2/0")) else "")
    assert "  - with GPU 1 turned on it would start now\n" in said
    gpulane(world, "gpu", "0", "off")
    gpulane(world, "kill", "2/0")
    assert scheduler.end() == 0


def test_a_running_task_that_left_the_file_is_shown_so(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (2, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    world.blocks([(2, UNTIL_GO), (1, "true")])
    eventually(
        lambda: [row["in_file"] for row in answer(world, "ls")[0]["queues"][0]["tasks"]] == [False, True]
    )
    lines = gpulane(world, "ls", "-a").splitlines()
    assert "no longer in the file" in next(line for line in lines if line.startswith("1 "))
    assert not [line for line in lines if "more" in line]
    assert "and not run again: 1/0" in gpulane(world, "stop")
    scheduler.end()


def test_a_task_that_its_user_ended_is_waited_for_in_vain(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (2, "true"), (3, "exit 7")])
    world.settings(max_retries=0)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    gpulane(world, "kill", "1/0")
    assert "1/0 is cancelled" in gpulane(world, "wait", "1/0", expect=1)
    waited = json.loads(gpulane(world, "wait", "2/0", "3/0", "--json", expect=7))
    assert [(one["task"], one["status"], one["code"]) for one in waited["tasks"]] == [
        ("2/0", "completed", 0),
        ("3/0", "failed", 7),
    ]
    scheduler.end()
    over = json.loads(gpulane(world, "wait", "--json", expect=1))
    assert [one["counts"] for one in over["schedulers"]] == [{"completed": 1, "failed": 1, "cancelled": 1}]
    assert "1 failed, 1 cancelled, 1 completed" in gpulane(world, "wait", expect=1)


def test_what_a_dead_scheduler_left_running_is_followed_and_waited_for(world: World) -> None:
    world.blocks([(1, f"echo begun; {UNTIL_GO}; echo over; exit 3")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    eventually(lambda: "begun" in world.task_log(1, 0))
    scheduler.kill()
    assert "and 1/0 runs on" in gpulane(world, "hold", "1/0", expect=2)
    assert "runs, though its scheduler" in gpulane(world, "why", "1/0")
    assert "still running on GPU" in gpulane(world, "ls")
    rest = followed(world, "1/0", "begun\n")
    assert "over\n" in rest
    assert "1/0 has ended, and so had its scheduler" in rest
    assert "1/0 ended with exit code 3" in gpulane(world, "wait", "1/0", expect=3)


def test_a_scheduler_that_stays_is_waited_for_until_no_task_is_left(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start("--watch")
    scheduler.wait_for("1/0", "running")
    argv = [sys.executable, str(PROJECT / "app" / "cli.py"), "wait"]
    with subprocess.Popen(argv, env={**os.environ, "GPULANE_HOME": str(world.root)}) as waiting:
        gpulane(world, "hold", "1/1")
        world.go()
        scheduler.wait_for("1/0", "completed")
        assert waiting.poll() is None, "one is held"
        gpulane(world, "release", "1/1")
        assert waiting.wait(20) == 0
    assert scheduler.alive()
    scheduler.stop()


def test_a_task_is_waited_for_though_its_block_is_taken_out(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (2, UNTIL_GO.replace("go", "later"))])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    place = find.the_task(find.schedulers(Home(world.root), None, None), "1/0")
    world.blocks([(2, UNTIL_GO.replace("go", "later"))])
    eventually(lambda: not scheduler.tasks()["1/0"].in_file)
    world.go()
    (waited,) = wait_for([place])
    assert (waited.status, waited.code, waited.said) == ("completed", 0, "1/0 ended with exit code 0")
    (world.root / "work" / "later").touch()
    assert scheduler.end() == 0


def test_nothing_is_done_for_who_has_hung_up(world: World) -> None:
    """A word to a scheduler that is stopped (Ctrl-Z) is told so at once, and not carried out later."""
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    os.kill(scheduler.pid, signal.SIGSTOP)
    try:
        said = f"the scheduler with pid {scheduler.pid} is stopped; kill -CONT {scheduler.pid} lets it go on"
        assert said in gpulane(world, "stop", expect=2)
        assert "and nothing goes on until" in gpulane(world, "ls")
        with raw(scheduler) as one:
            one.sendall(b'{"verb": "stop"}\n')
    finally:
        os.kill(scheduler.pid, signal.SIGCONT)
    assert answer_to(b'{"verb": "status"}\n', scheduler)["state"]["status"] == "running"  # type: ignore[index]
    world.go()
    assert scheduler.end() == 0


def test_what_is_no_state_is_said(world: World) -> None:
    (world.root / "logs" / "state").mkdir(parents=True)
    (world.root / "logs" / "state" / "999999.json").write_text("{")
    said = gpulane(world, "ls")
    assert "999999.json" in said
    assert "nothing runs" not in said


def test_ctrl_c_ends_what_is_watched_and_leaves_the_terminal_as_it_was(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    terminal = Terminal(world, [sys.executable, str(PROJECT / "app" / "cli.py"), "gpus", "-w"])
    terminal.sees("1/0")
    terminal.type("\x03")
    assert terminal.ended() == 0
    world.go()
    assert scheduler.end() == 0


def test_each_of_several_schedulers_has_its_lines_on_a_small_screen(world: World) -> None:
    one = world.blocks([(queue, "true") for queue in range(30)])
    two = world.file(one.read_text(), "command_gpus_1.txt")
    schedulers = [world.start("--paused", command_file=file) for file in (one, two)]
    for scheduler in schedulers:
        eventually(path_of(scheduler).exists)
    terminal = Terminal(world, [sys.executable, str(PROJECT / "app" / "cli.py"), "ls", "-w"])
    terminal.resize(120)
    for shown in ("queue  done", "queue  done", "more lines: without -w all are shown"):
        terminal.sees(shown)
    terminal.type("\x03")
    assert terminal.ended() == 0
    for scheduler in schedulers:
        scheduler.stop()


def test_every_task_is_listed_however_many(world: World) -> None:
    world.blocks([(queue, "true") for queue in range(3) for _ in range(400)])
    scheduler = world.start("--paused")
    eventually(path_of(scheduler).exists)
    assert "2/399" in gpulane(world, "ls", "-a")
    assert sum(len(queue["tasks"]) for queue in answer(world, "ls", "-a")[0]["queues"]) == 1200
    assert "2/399" not in gpulane(world, "ls")
    assert "with ./gpulane resume" in gpulane(world, "why", "2/0")
    scheduler.stop()


def test_each_of_several_tasks_is_asked_whatever_becomes_of_the_others(world: World) -> None:
    world.blocks([(1, "true"), (2, UNTIL_GO), (2, "true"), (3, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "completed")
    scheduler.wait_for("3/0", "running")
    said = gpulane(world, "hold", "1/0", "2/1", expect=2)
    assert "2/1 is held\n" in said
    assert "1/0 is completed: there is nothing to hold" in said
    assert scheduler.wait_for("2/1", "held")
    first, second = (scheduler.wait_for(label, "running").gpu_ids[0] for label in ("2/0", "3/0"))
    idle = next(card for card in "0123" if card not in (first, second))
    assert "runs on GPU" in gpulane(world, "kill", "--gpu", idle, "--gpu", first, "--gpu", second, expect=2)
    scheduler.wait_for("2/0", "cancelled")
    scheduler.wait_for("3/0", "cancelled")
    gpulane(world, "release", "2/1")
    assert scheduler.end() == 0


def test_the_log_of_an_attempt_is_found_wherever_its_block_has_moved(world: World) -> None:
    world.settings(max_retries=1, retry_config={"max_retry_before_backoff": 1, "backoff_duration": 0.1})
    world.blocks([(1, f"echo this is $GPULANE_ATTEMPT; test $GPULANE_ATTEMPT = 2; {UNTIL_GO}")])
    scheduler = world.start()
    eventually(lambda: "1/0" in (tasks := scheduler.tasks()) and tasks["1/0"].attempts == 2)
    world.blocks([(1, "true"), (1, f"echo this is $GPULANE_ATTEMPT; test $GPULANE_ATTEMPT = 2; {UNTIL_GO}")])
    scheduler.wait_for("1/1", "running")
    eventually(lambda: "this is 2" in gpulane(world, "logs", "1/1"))
    assert "this is 1" in gpulane(world, "logs", "1/1", "--attempt", "1")
    assert "this is 2" in gpulane(world, "logs", "1/1", "--attempt", "2")
    assert "has had 2 attempts, and no number 3" in gpulane(world, "logs", "1/1", "--attempt", "3", expect=2)
    world.go()
    assert scheduler.end() == 0


def test_a_log_is_followed_from_before_its_task_begins(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "echo here I am")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    rest = followed(world, "1/1", "gpulane: 1/1 is pending; its log follows\n")
    assert "here I am\n" in rest
    assert rest.endswith("gpulane: 1/1 is completed\n")
    assert scheduler.end() == 0


def test_a_setting_may_be_set_as_contract_7_says(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    with client(scheduler) as one:
        assert one.ask("set", max_tasks=3)["said"] == "max_tasks is 3 now, and was null"
        assert one.ask("set", key="max_tasks", value=4)["changed"]
        with pytest.raises(RequestRefused, match="one setting at a time"):
            one.ask("set", max_tasks=3, gpu_left=1)
        with pytest.raises(RequestRefused, match="did you mean max_tasks"):
            one.ask("set", max_taks=3)
    world.go()
    assert scheduler.end() == 0


@pytest.mark.parametrize(
    "words",
    [
        ("show", "9" * 20),
        ("cancel", "9" * 20),
        ("history", "--limit", "9" * 20),
        ("stats", "--queue", "9" * 20),
        ("ls", "--file", "a" * 5000),
        ("queue", "--experiment", "9" * 20),
        ("doctor", "--patience", "1e400"),
        ("health", "--patience", "1e30"),
    ],
)
def test_numbers_and_names_beyond_all_measure_are_refused(world: World, words: tuple[str, ...]) -> None:
    assert "Traceback" not in gpulane(world, *words, expect=2)


def test_a_home_that_is_no_folder_is_said(world: World) -> None:
    said = gpulane(world, "ls", expect=2, GPULANE_HOME="/etc/passwd")
    assert said == "gpulane: /etc/passwd/logs/state: Not a directory\n"


def test_of_a_scheduler_that_has_gone_as_many_tasks_are_listed_as_its_state_names(world: World) -> None:
    world.blocks([(queue, "true") for queue in range(3) for _ in range(400)])
    scheduler = world.start("--paused")
    scheduler.wait_for("1/0", "waiting")
    scheduler.kill()
    assert re.search(r"\n +and \d+ more\n", gpulane(world, "ls", "-a"))
    said = gpulane(world, "why", "2/399", expect=2)
    assert "names; ./gpulane history --task 2/399 may know it" in said
    assert "2/399" in gpulane(world, "history", "--task", "2/399")


def test_schedulers_are_waited_for_until_none_of_them_has_anything_left(world: World) -> None:
    one = world.blocks([(1, "true")])
    two = world.file(f"1\n{UNTIL_GO}\n1\n10\n", "command_gpus_1.txt")
    stays, ends = world.start("--watch", command_file=one), world.start(command_file=two)
    stays.wait_for("1/0", "completed")
    ends.wait_for("1/0", "running")
    argv = [sys.executable, str(PROJECT / "app" / "cli.py"), "wait"]
    told = subprocess.PIPE
    env = {**os.environ, "GPULANE_HOME": str(world.root)}
    with subprocess.Popen(argv, env=env, stderr=told, text=True) as waiting:
        world.blocks([(1, "true"), (1, UNTIL_GO.replace("go", "later"))])
        stays.wait_for("1/1", "running")
        world.go()
        assert ends.end() == 0
        assert waiting.poll() is None
        (world.root / "work" / "later").touch()
        assert waiting.wait(20) == 0
        assert waiting.stderr
        assert "has gone" not in waiting.stderr.read()
    stays.stop()


def test_a_task_is_waited_for_over_two_lives_of_its_scheduler(world: World) -> None:
    """The second has ended as well when it is asked for."""
    world.file(f"1\n{UNTIL_GO}; test -e again || {{ touch again; exit 3; }}\n1\n10\n")
    first = world.start()
    first.wait_for("1/0", "running")
    place = find.the_task(find.schedulers(Home(world.root), None, None), "1/0")
    first.kill()
    second = world.start()
    second.wait_for("1/0", "running")
    world.go()
    assert second.end() == 0
    (waited,) = wait_for([place])
    assert (waited.status, waited.code) == ("completed", 0)
