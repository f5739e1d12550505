"""Submitted tasks: from the first, which starts the scheduler, to those of one that is gone."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import procfs
from app.command_file import parse
from app.model.paths import PROJECT, Home
from app.model.task import TaskSpec
from app.store.lasting import task_by_id
from tests.end_to_end.command_line import answer, gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


@pytest.fixture
def two_cards(tmp_path: Path) -> Iterator[World]:
    """Whose scheduler, if one was started, is stopped in the end."""
    world = World(tmp_path)
    world.settings(max_retries=0)
    yield world
    for state in world.states():
        if procfs.start_time(state.pid) == state.process_start:
            os.kill(state.pid, signal.SIGTERM)
            eventually(lambda: procfs.start_time(state.pid) is None)  # noqa: B023 - called here


def submit(world: World, *words: str, **more: Any) -> int:
    """The id."""
    done = answer(world, "submit", "--simulate", "2x24", *words, **more)
    assert done["id"] == int(done["id"])
    return int(done["id"])


def shown(world: World, id_: int) -> Any:
    return answer(world, "show", str(id_))


def wait_for(world: World, id_: int, state: str) -> Any:
    """What is shown of it, once history has it so."""

    def there() -> bool:
        task = task_by_id(Home(world.root).history, id_)
        return task is not None and task.state.status == state

    eventually(there, 30)
    return shown(world, id_)


def blocks(world: World) -> list[TaskSpec]:
    parsed = parse((world.root / "command" / "submitted_gpus.txt").read_text(), "multi", "f")
    return list(parsed.tasks)


def test_the_first_one_starts_the_scheduler_and_runs_where_it_was_submitted(two_cards: World) -> None:
    here = two_cards.root / "here"
    here.mkdir()
    script = "for x in 1 2; do\n  echo $x >>out\ndone\n\n# done"
    first = answer(two_cards, "submit", "--name", "a b", "--simulate", "2x24", stdin=script, cwd=here)
    assert first["scheduler"]["started"]
    task = wait_for(two_cards, first["id"], "completed")
    assert (here / "out").read_text() == "1\n2\n"
    assert (task["name"], task["gpus"], task["memory_gb"], task["gpu_type"]) == ("a b", 1, None, None)
    assert task["commands"] == script
    assert task["detail"]["exit_code"] == 0
    (attempt,) = task["attempts"]
    assert attempt["status"] == 0
    assert "1-0-" in attempt["log_path"]
    assert stat.S_IMODE((two_cards.root / "command" / "submitted_gpus.txt").stat().st_mode) == 0o600
    second = answer(two_cards, "submit", "--", "exit 3")
    assert not second["scheduler"]["started"]
    failed = wait_for(two_cards, second["id"], "failed")
    assert (failed["detail"]["exit_code"], failed["detail"]["error"]) == (3, "exit 3 in: exit 3")
    assert [(one["id"], one["state"]) for one in answer(two_cards, "tasks")] == [
        (first["id"], "completed"),
        (second["id"], "failed"),
    ]
    log = two_cards.root / "logs" / "scheduler_multi_submitted.log"
    assert "1/0 (a b) started on GPU" in log.read_text()
    text = gpulane(two_cards, "tasks")
    assert "a b" in text
    assert "exit 3" in gpulane(two_cards, "show", str(second["id"]))


def test_what_does_not_fit_yet_holds_back_what_came_later(two_cards: World) -> None:
    one = submit(two_cards, "--", f"{UNTIL_GO}; echo one >>order")
    wait_for(two_cards, one, "running")
    two = submit(two_cards, "--gpus", "2", "--", "echo two >>order")
    three = submit(two_cards, "--memory", "1", "--", "echo three >>order")
    cpu = submit(two_cards, "--gpus", "0", "--", "echo cpu >>beside")
    wait_for(two_cards, cpu, "completed")
    reason = eventually(
        lambda: found if "in line" in (found := shown(two_cards, three)["detail"].get("reason", "")) else ""
    )
    assert reason == "needs 1 GPU with 1 GB free; task 2/0 is first in line (fifo)"
    assert "GPU 0 is leased to queue 1" in shown(two_cards, two)["detail"]["reason"]
    two_cards.go()
    wait_for(two_cards, three, "completed")
    assert two_cards.work("order") == ["one", "two", "three"]


def test_what_can_never_run_is_refused_and_leaves_nothing(two_cards: World) -> None:
    path = two_cards.root / "command" / "submitted_gpus.txt"
    said = gpulane(two_cards, "submit", "--simulate", "2x24", "--gpus", "3", "--", "x", expect=2)
    assert said == "gpulane: the task asks for 3 GPUs, but there are 2 GPUs in range (0, 1)\n"
    assert not path.exists()
    assert not list(two_cards.states())
    one = submit(two_cards, "--", UNTIL_GO)
    before = path.read_bytes()
    said = gpulane(two_cards, "submit", "--gpu-type", "H900", "--", "x", expect=2)
    assert 'asks for 1 GPU with model="H900"' in said
    assert path.read_bytes() == before
    two = submit(two_cards, "--", "true")
    assert two == one + 1
    assert "take the & away" in gpulane(two_cards, "submit", "--", "sleep 9 &", expect=2)
    assert "bash can't read line 2 of the commands" in gpulane(two_cards, "submit", "--", "if x\ny", expect=2)
    assert "is no folder" in gpulane(two_cards, "submit", "--cwd", "nowhere", "--", "x", expect=2)
    assert "leave --simulate out" not in gpulane(two_cards, "tasks")
    two_cards.go()
    wait_for(two_cards, two, "completed")


def test_what_can_never_run_is_refused_as_well_when_an_unfinished_run_is_left(two_cards: World) -> None:
    """A resume lets it wait: cards may come back."""
    failed = submit(two_cards, "--", "exit 1")
    wait_for(two_cards, failed, "failed")
    gpulane(two_cards, "scheduler", "stop")
    said = gpulane(two_cards, "submit", "--simulate", "2x24", "--gpus", "3", "--", "x", expect=2)
    assert "the task asks for 3 GPUs" in said
    held = submit(two_cards, "--hold", "--", "true")
    gpulane(two_cards, "scheduler", "stop")
    said = gpulane(two_cards, "submit", "--simulate", "2x24", "--gpus", "3", "--", "x", expect=2)
    assert "the task asks for 3 GPUs" in said
    assert [one["id"] for one in answer(two_cards, "tasks")] == [failed, held]
    assert len(blocks(two_cards)) == 1


def test_its_scheduler_s_own_words_are_shown_where_it_does_not_start(two_cards: World) -> None:
    said = gpulane(two_cards, "submit", "--simulate", "2by24", "--", "x", expect=2)
    assert "--simulate '2by24' is not NxGB" in said
    assert not (two_cards.root / "command" / "submitted_gpus.txt").exists()
    two_cards.settings(chek_time=3)
    assert "did you mean check_time?" in gpulane(two_cards, "submit", "--", "x", expect=2)


def test_a_new_start_runs_nothing_again_that_has_ended(two_cards: World) -> None:
    done = submit(two_cards, "--", "echo done >>ran")
    failed = submit(two_cards, "--", "echo failed >>ran; exit 1")
    wait_for(two_cards, failed, "failed")
    held = submit(two_cards, "--hold", "--", "echo held >>ran")
    gone = submit(two_cards, "--hold", "--", "echo gone >>ran")
    gpulane(two_cards, "scheduler", "stop")
    assert "does not run" in gpulane(two_cards, "tasks")
    assert gpulane(two_cards, "cancel", str(gone)) == f"task {gone} is cancelled\n"
    assert "is completed already" in gpulane(two_cards, "cancel", str(done), expect=2)
    gpulane(two_cards, "queue", "--experiment", str(held))
    new = submit(two_cards, "--", "echo new >>ran")
    wait_for(two_cards, new, "completed")
    assert two_cards.work("ran") == ["done", "failed", "held", "new"]
    states = {one["id"]: one["state"] for one in answer(two_cards, "tasks")}
    assert states == {
        done: "completed",
        failed: "failed",
        held: "completed",
        gone: "cancelled",
        new: "completed",
    }
    gpulane(two_cards, "scheduler", "stop")
    assert "all that was submitted has ended" in gpulane(two_cards, "scheduler", "start", expect=2)
    assert blocks(two_cards) == []
    last = submit(two_cards, "--", "echo last >>ran")
    wait_for(two_cards, last, "completed")
    assert [task.queue_id for task in blocks(two_cards)] == [6], "a queue's id is not given twice"
    assert two_cards.work("ran")[4:] == ["last"]


def test_what_runs_is_cancelled_with_its_tree_and_what_waits_never_starts(two_cards: World) -> None:
    one = submit(two_cards, "--gpus", "2", "--", "setsid sleep 300 & echo $! >stray; sleep 300")
    two = submit(two_cards, "--", "echo two >>ran")
    stray = int(eventually(lambda: two_cards.work("stray"))[0])
    assert "there is no task 99" in gpulane(two_cards, "cancel", str(two), "99", expect=2)
    assert shown(two_cards, two)["state"] != "cancelled"
    said = gpulane(two_cards, "cancel", str(two), str(one))
    assert len(said.splitlines()) == 2
    assert shown(two_cards, two)["state"] == "cancelled"
    wait_for(two_cards, one, "cancelled")
    eventually(lambda: procfs.start_time(stray) is None)
    assert two_cards.work("ran") == []
    assert "there is no task 99" in gpulane(two_cards, "cancel", "99", expect=2)


def test_what_runs_without_its_scheduler_can_be_cancelled(two_cards: World) -> None:
    one = submit(two_cards, "--", "setsid sleep 300 & echo $! >stray; trap '' TERM; sleep 300")
    two = submit(two_cards, "--", f"echo >>began; {UNTIL_GO}")
    three = submit(two_cards, "--", f"{UNTIL_GO}; exit 3")
    stray = int(eventually(lambda: two_cards.work("stray"))[0])
    eventually(lambda: two_cards.work("began"))
    two_cards.settings(max_retries=0, stop_grace=0.3)
    (state,) = two_cards.states()
    os.kill(state.pid, signal.SIGKILL)
    eventually(lambda: procfs.start_time(state.pid) is None)
    assert shown(two_cards, one)["state"] == "running"
    assert "./gpulane cancel ID ends it" in gpulane(two_cards, "kill", "1/0", expect=2)
    assert gpulane(two_cards, "cancel", str(one)) == f"task {one} is cancelled\n"
    found = shown(two_cards, one)
    assert (found["state"], found["attempts"][0]["cause"]["kind"]) == ("cancelled", "killed")
    assert procfs.start_time(stray) is None
    (state,) = two_cards.states()
    assert state.counts == {"running": 1, "waiting": 1, "cancelled": 1}
    gpulane(two_cards, "scheduler", "start", "--simulate", "2x24")
    wait_for(two_cards, two, "running")
    wait_for(two_cards, three, "running")
    two_cards.go()
    wait_for(two_cards, two, "completed")
    wait_for(two_cards, three, "failed")
    assert shown(two_cards, one)["state"] == "cancelled"
    assert len(two_cards.work("began")) == 1


def test_when_the_last_is_cancelled_nothing_is_left_to_go_on_with(two_cards: World) -> None:
    one = submit(two_cards, "--", "trap '' TERM; echo >began; sleep 300")
    eventually(lambda: two_cards.work("began"))
    two_cards.settings(max_retries=0, stop_grace=1)
    (state,) = two_cards.states()
    os.kill(state.pid, signal.SIGKILL)
    eventually(lambda: procfs.start_time(state.pid) is None)
    assert "has gone; to go on: " in gpulane(two_cards, "wait", expect=1)
    argv = [sys.executable, str(PROJECT / "app" / "cli.py"), "cancel", str(one)]
    env = {**os.environ, **two_cards.env, "GPULANE_HOME": str(two_cards.root)}
    with subprocess.Popen(argv, env=env) as first:
        (ends,) = two_cards.root.glob("logs/runs/*/ends")
        eventually(lambda: b"\nstop " in ends.read_bytes())
        first.send_signal(signal.SIGSTOP)
        said = gpulane(two_cards, "cancel", str(one), expect=2)
        first.send_signal(signal.SIGCONT)
        assert f"the gpulane with pid {first.pid} is busy with " in said
    assert first.returncode == 0
    assert "finished  1 cancelled" in gpulane(two_cards, "ls")
    assert "nothing wrong" in gpulane(two_cards, "health")
    assert gpulane(two_cards, "wait").endswith(": 1 cancelled\n")


def test_what_was_not_submitted_is_not_cancelled_by_its_id_beside_its_scheduler(two_cards: World) -> None:
    """A queue's number is easily taken for an id."""
    two_cards.blocks([(1, UNTIL_GO)])
    scheduler = two_cards.start("--simulate", "2x24")
    scheduler.wait_for("1/0", "running")
    said = gpulane(two_cards, "cancel", "1", expect=2)
    assert f"was not submitted; to end it: ./gpulane kill 1/0 --file {two_cards.root}" in said
    two_cards.go()
    assert scheduler.end() == 0


def test_what_has_ended_without_its_scheduler_is_not_cancelled(two_cards: World) -> None:
    one = submit(two_cards, "--", UNTIL_GO)
    wait_for(two_cards, one, "running")
    supervisor = shown(two_cards, one)["attempts"][0]["pid"]
    (state,) = two_cards.states()
    os.kill(state.pid, signal.SIGKILL)
    eventually(lambda: procfs.start_time(state.pid) is None)
    two_cards.go()
    eventually(lambda: procfs.start_time(supervisor) is None)
    assert "has ended by itself" in gpulane(two_cards, "cancel", str(one), expect=2)
    gpulane(two_cards, "scheduler", "start", "--simulate", "2x24")
    wait_for(two_cards, one, "completed")


def test_a_clone_is_the_same_but_for_what_is_named(two_cards: World) -> None:
    one = submit(
        *(
            two_cards,
            "--name",
            "one",
            "--gpu-type",
            "simulated",
            "--memory",
            "5",
            "--env",
            "A=1",
            "--env",
            "B=2",
        ),
        *("--", "echo $A$B$GPULANE_GPUS >>ran"),
    )
    wait_for(two_cards, one, "completed")
    bound = answer(two_cards, "clone", str(one), "--devices", "1", "--tmux", "--hold")["id"]
    asks = shown(two_cards, bound)["options"]
    assert (asks["devices"], asks["terminal"], asks["hold"]) == (["1"], "tmux", True)
    gpulane(two_cards, "cancel", str(bound))
    two = answer(two_cards, "clone", str(one))["id"]
    wait_for(two_cards, two, "completed")
    three = answer(
        *(
            two_cards,
            "clone",
            str(one),
            "--name",
            "three",
            "--gpus",
            "2",
            "--memory",
            "all",
            "--gpu-type",
            "any",
        ),
        *("--env", "B=3", "--", "echo changed $A$B >>ran"),
    )["id"]
    wait_for(two_cards, three, "completed")
    assert two_cards.work("ran") == ["120", "120", "changed 13"]
    assert {**shown(two_cards, two), "id": 0}["options"] == shown(two_cards, one)["options"]
    found = shown(two_cards, three)
    assert (found["name"], found["gpus"], found["memory_gb"], found["gpu_type"]) == ("three", 2, None, None)
    assert "there is no task 99" in gpulane(two_cards, "clone", "99", expect=2)


def test_twenty_at_once_get_an_id_and_a_queue_each(two_cards: World) -> None:
    submit(two_cards, "--", "true")
    argv = [sys.executable, str(PROJECT / "app" / "cli.py"), "submit", "--memory", "1", "--", "echo >>ran"]
    env = {**os.environ, "GPULANE_HOME": str(two_cards.root)}
    with contextlib.ExitStack() as all_of_them:
        many = [
            all_of_them.enter_context(
                subprocess.Popen(argv, env=env, cwd=two_cards.root / "work", stdout=subprocess.DEVNULL)
            )
            for _ in range(20)
        ]
        assert [one.wait(120) for one in many] == [0] * 20
    eventually(lambda: len(two_cards.work("ran")) == 20)
    assert [task.queue_id for task in blocks(two_cards)] == list(range(1, 22))
    listed = answer(two_cards, "tasks")
    assert [one["id"] for one in listed] == list(range(1, 22)), "ids have no gaps"


def test_a_scheduler_that_a_task_starts_is_none_of_its_processes(two_cards: World) -> None:
    command = f"{sys.executable} {PROJECT / 'app' / 'cli.py'} submit --simulate 2x24 -- 'echo inner >>ran'"
    two_cards.blocks([(1, command)])
    two_cards.run()
    assert eventually(lambda: two_cards.work("ran")) == ["inner"]
    assert answer(two_cards, "scheduler", "status")["running"]


def test_simulated_tasks_never_reach_the_real_cards(two_cards: World) -> None:
    one = submit(two_cards, "--hold", "--", "echo >>ran")
    gpulane(two_cards, "scheduler", "stop")
    said = gpulane(two_cards, "submit", "--", "x", expect=2)
    assert f"task {one} was submitted for simulated GPUs" in said
    assert len(blocks(two_cards)) == 1


def test_one_without_watch_takes_it_up_and_one_that_drains_does_not(two_cards: World) -> None:
    path = two_cards.root / "command" / "submitted_gpus.txt"
    path.write_text(f"1\n{UNTIL_GO}\n1\n5\n")
    scheduler = two_cards.start(command_file=path)
    scheduler.wait_for("1/0", "running")
    wait_for(two_cards, answer(two_cards, "submit", "--", "echo >>ran")["id"], "completed")
    gpulane(two_cards, "drain")
    before = path.read_bytes()
    said = gpulane(two_cards, "submit", "--", "x", expect=2)
    assert f"pid {scheduler.pid} is draining; submit again when it has ended" in said
    assert path.read_bytes() == before
    two_cards.go()
    scheduler.end()


def test_a_file_with_faults_of_somebody_s_own_is_mended_first(two_cards: World) -> None:
    submit(two_cards, "--", UNTIL_GO)
    path = two_cards.root / "command" / "submitted_gpus.txt"
    path.write_text(path.read_text() + "\n7\nx\n9\n5\n")

    def refused() -> bool:
        return "edit_refused" in [one.kind for one in next(two_cards.states()).problems]

    eventually(refused)
    assert "mend it first" in gpulane(two_cards, "submit", "--", "true", expect=2)
    path.write_text(path.read_text().replace("x\n9\n5\n", "x\n5\n"))
    assert "submitted_gpus.txt:" in gpulane(two_cards, "submit", "--", "true", expect=2)
    path.write_text(path.read_text().replace("\n7\nx\n5\n", ""))
    eventually(lambda: not refused())
    submit(two_cards, "--", "true")
    two_cards.go()


def test_the_words_for_tasks_know_its_id(two_cards: World) -> None:
    first = submit(two_cards, "--", f"echo in the log; {UNTIL_GO}")
    wait_for(two_cards, first, "running")
    eventually(lambda: "in the log" in gpulane(two_cards, "logs", str(first)))
    second = submit(two_cards, "--gpus", "2", "--", "true")
    assert "task" in gpulane(two_cards, "why", str(second))
    assert "held" in gpulane(two_cards, "hold", str(second))
    gpulane(two_cards, "release", str(second))
    assert "there is no task 999999" in gpulane(two_cards, "why", "999999", expect=2)
    two_cards.go()
    gpulane(two_cards, "wait", str(first), str(second))


def test_faults_in_the_settings_hide_nothing(two_cards: World) -> None:
    id_ = submit(two_cards, "--", UNTIL_GO)
    wait_for(two_cards, id_, "running")
    path = two_cards.root / "config" / "gpu_manage.yaml"
    sound = path.read_text()
    path.write_text("max_tasks: [")
    for words in (
        ("tasks",),
        ("show", str(id_)),
        ("queue",),
        ("history",),
        ("scheduler", "status"),
    ):
        gpulane(two_cards, *words)
    assert "gpu_manage.yaml" in gpulane(two_cards, "submit", "--", "true", expect=2)
    path.write_text(sound)
    two_cards.go()
    wait_for(two_cards, id_, "completed")


def killed(world: World) -> None:
    """Its scheduler, with no word to anybody."""
    (state,) = (one for one in world.states() if procfs.start_time(one.pid) == one.process_start)
    os.kill(state.pid, signal.SIGKILL)
    eventually(lambda: procfs.start_time(state.pid) is None)


def listed(world: World) -> dict[int, tuple[str, str]]:
    """Where each stands, and its state."""
    return {one["id"]: (one["task"], one["state"]) for one in answer(world, "tasks")}


def test_what_stands_behind_another_runs_after_it(two_cards: World) -> None:
    one = submit(two_cards, "--name", "prepare", "--", f"{UNTIL_GO}; echo prepare >>order")
    said = gpulane(two_cards, "submit", "--queue", "1", "--", "echo train >>order")
    assert said.startswith("task 2 is submitted, behind others in its queue at 1/1; ")
    three = answer(two_cards, "clone", str(one), "-q", "1", "--", "echo export >>order")["id"]
    gone = submit(two_cards, "-q", "1", "--", "echo gone >>order")
    beside = submit(two_cards, "--", "echo beside >>order")
    wait_for(two_cards, beside, "completed")
    assert gpulane(two_cards, "cancel", str(gone)).startswith("1/3")
    assert listed(two_cards) == {
        one: ("1/0", "running"),
        2: ("1/1", "pending"),
        three: ("1/2", "pending"),
        gone: ("1/3", "cancelled"),
        beside: ("2/0", "completed"),
    }
    two_cards.go()
    wait_for(two_cards, three, "completed")
    assert two_cards.work("order") == ["beside", "prepare", "train", "export"]
    assert "1/2" in gpulane(two_cards, "tasks")


def test_behind_one_that_fails_nothing_runs_until_that_is_tried_again(two_cards: World) -> None:
    one = submit(two_cards, "--", f"{UNTIL_GO}; test -e mended && echo one >>order")
    two = submit(two_cards, "-q", "1", "--", "echo two >>order")
    two_cards.go()
    skipped = wait_for(two_cards, two, "skipped")
    assert skipped["detail"]["because"] == "task 1/0 failed"
    assert "all submitted tasks of queue 1 have ended" in gpulane(
        two_cards, "submit", "-q", "1", "--", "x", expect=2
    )
    (two_cards.root / "work" / "mended").touch()
    gpulane(two_cards, "retry", str(one))
    wait_for(two_cards, two, "completed")
    assert two_cards.work("order") == ["one", "two"]


def test_a_chain_outlasts_its_scheduler(two_cards: World) -> None:
    one = submit(two_cards, "--", "echo one >>order")
    wait_for(two_cards, one, "completed")
    failed = submit(two_cards, "--", "echo failed >>order; exit 1")
    wait_for(two_cards, failed, "failed")
    first = submit(two_cards, "--", "echo first >>order")
    two = submit(two_cards, "--", f"echo began >>began; {UNTIL_GO}; echo two >>order")
    three = submit(two_cards, "-q", "4", "--", "echo three >>order")
    wait_for(two_cards, first, "completed")
    wait_for(two_cards, two, "running")
    killed(two_cards)
    assert "all submitted tasks of queue 1 have" in gpulane(
        *(two_cards, "submit", "--simulate", "2x24", "-q", "1", "--", "x"), expect=2
    )
    four = submit(two_cards, "-q", "4", "--", "echo four >>order")
    assert listed(two_cards) == {
        one: ("1/0", "completed"),
        failed: ("2/-", "failed"),
        first: ("3/0", "completed"),
        two: ("4/0", "running"),
        three: ("4/1", "pending"),
        four: ("4/2", "pending"),
    }
    two_cards.go()
    wait_for(two_cards, three, "completed")
    wait_for(two_cards, four, "completed")
    killed(two_cards)
    again = submit(two_cards, "--", "echo first >>order")
    wait_for(two_cards, again, "completed")
    assert two_cards.work("order") == ["one", "failed", "first", "two", "three", "four", "first"]
    assert two_cards.work("began") == ["began"]
    assert [task.queue_id for task in blocks(two_cards)] == [5]


def test_one_behind_which_its_end_was_not_heard_is_skipped(two_cards: World) -> None:
    """The scheduler was gone when it failed."""
    one = submit(two_cards, "--", f"{UNTIL_GO}; exit 3")
    two = submit(two_cards, "-q", "1", "--", "echo two >>order")
    supervisor = wait_for(two_cards, one, "running")["attempts"][0]["pid"]
    killed(two_cards)
    two_cards.go()
    eventually(lambda: procfs.start_time(supervisor) is None)
    gpulane(two_cards, "scheduler", "start", "--simulate", "2x24")
    wait_for(two_cards, one, "failed")
    wait_for(two_cards, two, "skipped")
    killed(two_cards)
    assert "all that was submitted has ended" in gpulane(two_cards, "scheduler", "start", expect=2)
    assert listed(two_cards) == {one: ("1/0", "failed"), two: ("1/1", "skipped")}


def test_what_has_failed_is_not_run_again_for_those_behind_it(two_cards: World) -> None:
    two_cards.settings(max_retries=0, on_failure="continue")
    one = submit(two_cards, "--", "echo one >>order; exit 1")
    two = submit(two_cards, "--", f"{UNTIL_GO}; echo two >>order; exit 1")
    three = submit(two_cards, "-q", "2", "--hold", "--", "echo three >>order")
    two_cards.go()
    wait_for(two_cards, one, "failed")
    wait_for(two_cards, two, "failed")
    killed(two_cards)
    gpulane(two_cards, "scheduler", "start", "--simulate", "2x24")
    gpulane(two_cards, "release", str(three))
    wait_for(two_cards, three, "completed")
    assert two_cards.work("order").count("one") == two_cards.work("order").count("two") == 1


def test_what_is_like_one_that_has_ended_is_another_task(two_cards: World) -> None:
    """Also where the run goes on in which that one has ended."""
    one = submit(two_cards, "--", "echo same >>ran")
    wait_for(two_cards, one, "completed")
    held = submit(two_cards, "--hold", "--", "true")
    gpulane(two_cards, "scheduler", "stop")
    two = submit(two_cards, "--", "echo same >>ran")
    wait_for(two_cards, two, "completed")
    three = submit(two_cards, "-q", "2", "--", "echo same >>ran")
    gpulane(two_cards, "release", str(held))
    wait_for(two_cards, three, "completed")
    assert two_cards.work("ran") == ["same"] * 3
    assert [one, held, two, three] == [1, 2, 3, 4]


def test_behind_a_queue_that_is_over_nothing_can_stand(two_cards: World) -> None:
    one = submit(two_cards, "--", "true")
    wait_for(two_cards, one, "completed")
    path = two_cards.root / "command" / "submitted_gpus.txt"
    before = path.read_bytes()
    for words in (("submit", "-q", "1", "--", "true"), ("clone", "1", "--queue", "1")):
        said = gpulane(two_cards, *words, expect=2)
        assert said == (
            "gpulane: all submitted tasks of queue 1 have ended; name no queue, and it gets one of its own\n"
        )
    said = gpulane(two_cards, "submit", "-q", "7", "--", "true", expect=2)
    assert said == "gpulane: no submitted task has queue 7; ./gpulane tasks lists them\n"
    assert "--queue: the queue id" in gpulane(two_cards, "submit", "-q", "x", "--", "true", expect=2)
    assert path.read_bytes() == before
    gpulane(two_cards, "scheduler", "stop")
    said = gpulane(two_cards, "submit", "--simulate", "2x24", "-q", "1", "--", "true", expect=2)
    assert "all submitted tasks of queue 1 have ended" in said
    assert listed(two_cards) == {one: ("1/0", "completed")}
    assert not answer(two_cards, "scheduler", "status", expect=1)["running"]
