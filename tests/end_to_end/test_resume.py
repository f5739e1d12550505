"""A start on a file whose run was left unfinished: it goes on, also where the file has been edited since."""

import contextlib
import sqlite3

import pytest

from app import procfs
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


def test_the_next_start_goes_on_and_a_finished_run_begins_anew(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks([(1, "echo a >>done"), (2, "test -e fixed; echo b >>done")])
    world.run(expect=1)
    assert world.work("done") == ["a"]
    (world.root / "work" / "fixed").touch()
    assert "resuming" in world.run()
    assert world.work("done") == ["a", "b"]
    world.run()
    assert sorted(world.work("done")) == ["a", "a", "b", "b"]


def test_fresh_starts_over(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks([(1, "echo a >>done"), (2, "exit 3")])
    world.run(expect=1)
    world.run("--fresh", expect=1)
    assert world.work("done") == ["a", "a"]


def test_a_scheduler_that_was_stopped_says_what_is_left_and_its_state_stays(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    assert scheduler.stop() == 143
    (state,) = world.states()
    assert state.status == "stopping"  # a "finished" one would be cleaned away after keep_days
    assert "goes on with what is left" in " ".join(world.output().split())


def test_faults_at_a_resume_leave_living_attempts_alone(world: World) -> None:
    world.blocks([(1, "sleep 60")])
    first = world.start()
    pid = first.wait_for("1/0", "running").pid
    first.kill()
    world.file("1\nsleep 60\n1\nmuch\n")
    output = world.run(expect=2)
    assert "1 task" in output
    assert procfs.start_time(pid)
    assert "1 task" in world.run("--fresh", expect=2)
    world.blocks([(1, "sleep 60")])
    last = world.start()
    assert last.wait_for("1/0", "running").pid == pid
    last.stop()
    assert procfs.start_time(pid) is None


@pytest.mark.parametrize(
    "edited", ["1\nsleep 60\n1\n10\n\n2\ntrue\n1\n500\n", "1\nsleep 60\n1\n500\n"], ids=["new", "changed"]
)
def test_what_an_edit_asks_for_and_can_never_get_is_a_fault_at_a_resume(world: World, edited: str) -> None:
    world.blocks([(1, "sleep 60")])
    first = world.start()
    pid = first.wait_for("1/0", "running").pid
    first.kill()
    world.file(edited)
    line = edited[: edited.index("500")].count("\n") + 1
    said = f"command_gpus.txt:{line}:1: the task asks for 500 GB, but the largest that fits is"
    assert said in world.run("--check", expect=2)
    output = world.run(expect=2)
    assert said in output
    assert "what still runs of the unfinished run (1 task) was left as it is" in output
    assert procfs.start_time(pid)
    world.blocks([(1, "sleep 60")])
    last = world.start()
    assert last.wait_for("1/0", "running").pid == pid
    last.stop()


@pytest.mark.parametrize("flags", [(), ("--watch",)])
def test_what_was_added_while_it_ran_is_done_by_the_next_start_and_nothing_else(
    world: World, flags: tuple[str, ...]
) -> None:
    """A version with faults is not taken up."""
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done")])
    first = world.start(*flags)
    first.wait_for("1/0", "running")
    more = f"1\n{UNTIL_GO}; echo one >>done\n1\n10\n\n2\necho two >>done\n1\n10\n"
    world.file(f"{more}\n3\nfaulty\n")
    eventually(lambda: any(each.kind == "edit_refused" for each in first.problems()))
    world.go()
    if flags:
        first.wait_for("1/0", "completed")
        first.stop()
    else:
        assert first.end() == 0
    assert "the next start on it goes on with what is new there" in world.output()
    world.file(more)
    assert "1 done, 1 to go" in world.run()
    assert world.work("done") == ["one", "two"]
    world.file(f"# a comment is no task\n{more}")
    world.run()
    assert sorted(world.work("done")) == ["one", "one", "two", "two"], "it was finished: it begins anew"


def test_a_file_that_only_got_a_comment_meanwhile_is_done(world: World) -> None:
    script = f"{UNTIL_GO}; echo one >>done"
    world.blocks([(1, script)])
    first = world.start()
    first.wait_for("1/0", "running")
    world.file(f"# edited\n1\n{script}\n1\n10\n")
    world.go()
    assert first.end() == 0
    assert "resuming" not in world.run()
    assert world.work("done") == ["one", "one"]


def in_history(world: World) -> list[str]:
    """How the tasks stand there."""
    path = world.root / "logs" / "history.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as history:
        return [status for (status,) in history.execute("SELECT status FROM tasks ORDER BY id")]


def test_a_resume_tells_of_retries_to_come(world: World) -> None:
    world.settings(retry_config={"max_retry_before_backoff": 0, "backoff_duration": 600})
    world.blocks([(1, "false")])
    first = world.start()
    first.wait_for("1/0", "backoff")
    eventually(lambda: in_history(world) == ["backoff"])  # the state shows it a moment before
    first.kill()
    second = world.start()
    eventually(lambda: "1 task to be tried again, the first in 9 min" in world.output())
    second.stop()


def test_what_asked_for_too_much_before_waits_at_a_resume(world: World) -> None:
    """A card that is gone is a reason to wait, also for what was changed in another way."""
    world.gpus = "2x24"
    world.blocks([(1, "false"), (2, f"echo two >>done; {UNTIL_GO}")], gpus=2)
    first = world.start()
    eventually(lambda: world.work("done"))
    first.kill()
    world.gpus = "1x24"
    world.file(f"1\nfalse\n2\n10\n\n#LANE name=b\n3\necho two >>done; {UNTIL_GO}\n2\n10\n")
    world.go()
    second = world.start()
    second.wait_for("3/0", "completed")
    eventually(lambda: second.wait_for("1/0", "waiting").stuck)
    second.stop()


def test_a_block_taken_out_while_its_attempt_runs(world: World) -> None:
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done")])
    first = world.start()
    first.wait_for("1/0", "running")
    first.kill()
    world.blocks([(1, "echo two >>done"), (3, "echo three >>done")])
    second = world.start()
    second.wait_for("3/0", "completed")
    world.go()
    assert second.end() == 0
    assert sorted(world.work("done")) == ["one", "three", "two"]


def test_what_runs_is_shown_wherever_an_edit_has_put_it(world: World) -> None:
    running = f"1\n{UNTIL_GO}\n1\n10\n"
    world.file(running)
    first = world.start()
    first.wait_for("1/0", "running")
    first.kill()
    world.file(f"1\necho new >>done\n1\n10\n\n{running}")
    second = world.start()
    second.wait_for("1/1", "running")
    state = second.state()
    assert state
    (queue,) = state.queues
    assert (queue.status, queue.current) == ("running", 1)
    assert queue.head
    assert queue.head.index == 1
    world.go()
    assert second.end() == 0
    assert world.work("done") == ["new"]
