"""Nothing a crash can lose: kill -9 of real schedulers, with real attempts running on."""

import contextlib
import os
import random
import re
import shutil
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from app import procfs
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually

# Each task proves by itself that it has its card alone: making a folder is atomic.
WITNESS = """echo "start $GPULANE_QUEUE/$GPULANE_TASK" >>trace
mkdir "card-$GPULANE_GPUS" || echo "double $GPULANE_GPUS" >>trace
sleep {seconds}
rmdir "card-$GPULANE_GPUS"
echo "end $GPULANE_QUEUE/$GPULANE_TASK" >>trace"""


def test_after_kill_9_attempts_run_on_and_are_adopted(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (2, f"{UNTIL_GO}; exit 7"), (1, "echo two >>done")])
    first = world.start()
    pids = {label: first.wait_for(label, "running").pid for label in ("1/0", "2/0")}
    first.kill()
    assert all(procfs.start_time(pid) for pid in pids.values())
    assert len(world.leases()) == 2
    second = world.start()
    assert {label: second.wait_for(label, "running").pid for label in pids} == pids
    eventually(lambda: "1/0 was found again, running on GPU" in world.output())
    world.go()
    assert second.end() == 1
    assert world.work("done") == ["one", "two"]
    failed = world.outcome("2/0")
    assert failed.status == "failed"
    assert failed.exit_code == 7
    assert world.leases() == []


def test_what_ended_while_nobody_looked_is_collected(world: World) -> None:
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done")])
    first = world.start()
    pid = first.wait_for("1/0", "running").pid
    first.kill()
    world.go()
    eventually(lambda: procfs.start_time(pid) is None)
    world.run()
    assert world.work("done") == ["one", "two"]


def test_a_lost_attempt_is_ended_and_tried_again(world: World) -> None:
    world.blocks([(1, "echo try >>tries; test $(wc -l <tries) = 2 || { echo $$ >pid; sleep 100; }")])
    first = world.start()
    supervisor = first.wait_for("1/0", "running").pid
    script = int(eventually(lambda: world.work("pid"))[0])
    first.kill()
    os.kill(supervisor, signal.SIGKILL)
    assert procfs.start_time(script), "it lives on without its supervisor"
    output = world.run()
    assert "1/0 goes back to its queue (lost)" in output
    assert procfs.start_time(script) is None
    assert world.work("tries") == ["try", "try"]


def test_a_fresh_start_is_refused_while_a_task_runs_without_its_supervisor(world: World) -> None:
    world.blocks([(1, f"echo one >>done; {UNTIL_GO}")])
    first = world.start()
    supervisor = first.wait_for("1/0", "running").pid
    eventually(lambda: world.work("done"))
    first.kill()
    os.kill(supervisor, signal.SIGKILL)
    assert "1 task of the unfinished run" in world.run("--fresh", expect=2)
    world.go()
    world.run()
    assert world.work("done") == ["one", "one"], "the lost attempt was ended, and tried again"


@pytest.mark.parametrize(("lost", "left"), [(True, ("pending", None)), (False, ("completed", 0))])
def test_a_fresh_start_leaves_no_attempt_open_in_history(
    world: World, lost: bool, left: tuple[str, int | None]
) -> None:
    world.blocks([(1, UNTIL_GO)])
    first = world.start()
    supervisor = first.wait_for("1/0", "running").pid
    first.kill()
    if lost:
        os.killpg(supervisor, signal.SIGKILL)
    world.go()
    eventually(lambda: procfs.start_time(supervisor) is None)
    world.run("--fresh")
    with contextlib.closing(sqlite3.connect(world.root / "logs" / "history.db")) as history:
        query = (
            "SELECT tasks.status, attempts.status, ended_at FROM attempts JOIN tasks ON tasks.id = task_id"
        )
        (*found, ended_at), _fresh = history.execute(query).fetchall()
    assert tuple(found) == left
    assert ended_at is not None


def test_a_backoff_survives_a_restart(world: World) -> None:
    world.settings(retry_config={"max_retry_before_backoff": 0, "backoff_duration": 3})
    world.blocks([(1, "date +%s.%N >>tries; test $(wc -l <tries) = 2")])
    first = world.start()
    until = first.wait_for("1/0", "backoff").until
    first.kill()
    second = world.start()
    assert second.wait_for("1/0", "backoff").until == pytest.approx(until, abs=0.01)
    assert second.end() == 0
    tries = [float(line) for line in world.work("tries")]
    assert tries[1] >= until - 0.05


def test_without_its_logs_nothing_of_a_file_is_run_twice(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    pid = scheduler.wait_for("1/0", "running").pid
    shutil.rmtree(world.root / "logs")
    for _ in range(4):
        assert f"already run by the scheduler with pid {scheduler.pid}" in world.run(expect=2)
    assert f"the scheduler with pid {scheduler.pid} runs this file" in world.run("--check")
    scheduler.kill()
    namesake = world.root / "work" / "command_gpus.txt"  # its run's name is told apart
    namesake.write_text("1\necho other >>done\n1\n10\n")
    world.run("--command-file", str(namesake))
    assert re.search(
        r"processes \(\d+.*\) of run \S+ still run, but its folder in .* was removed", world.run(expect=2)
    )
    world.go()
    eventually(lambda: procfs.start_time(pid) is None)
    world.run()


def test_without_history_and_state_nothing_is_run_twice(world: World) -> None:
    world.blocks([(1, f"echo ran >>done; {UNTIL_GO}")])
    scheduler = world.start()
    pid = scheduler.wait_for("1/0", "running").pid
    scheduler.kill()
    logs = world.root / "logs"
    shutil.rmtree(logs / "state")
    for path in logs.glob("history.db*"):
        path.unlink()
    assert "what history.db had of it was removed" in world.run(expect=2)
    world.go()
    eventually(lambda: procfs.start_time(pid) is None)
    assert world.work("done") == ["ran"]
    world.run()


def test_what_a_finished_run_was_let_to_leave_refuses_no_start_without_logs(world: World) -> None:
    world.settings(kill_leftovers=False)
    world.blocks([(1, f"setsid bash -c '{UNTIL_GO}; touch gone' & echo ran >>done")])
    world.run()
    shutil.rmtree(world.root / "logs")
    world.run()
    assert world.work("done") == ["ran", "ran"]
    world.go()
    eventually((world.root / "work" / "gone").exists)


def test_an_older_history_put_back_runs_nothing_twice(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks([(1, f"test -e ready; echo one >>done; {UNTIL_GO}")])
    world.run(expect=1)
    keep_history(world)
    (world.root / "work" / "ready").touch()
    scheduler = world.start()
    pid = scheduler.wait_for("1/0", "running").pid
    scheduler.kill()
    put_history_back(world)
    assert "1 of the tasks" in (said := world.run(expect=2))
    assert "what history.db had of them was removed" in said
    world.go()
    eventually(lambda: procfs.start_time(pid) is None)
    world.run()
    assert world.work("done") == ["one"]


def keep_history(world: World) -> None:
    kept = world.root / "kept"
    kept.mkdir()
    for path in (world.root / "logs").glob("history.db*"):
        shutil.copy(path, kept)


def put_history_back(world: World) -> None:
    logs = world.root / "logs"
    for path in logs.glob("history.db*"):
        path.unlink()
    for path in (world.root / "kept").iterdir():
        shutil.copy(path, logs)


WAITS = {"one": f"{UNTIL_GO}; ", "two": "", "three": "sleep 1; "}


def test_what_a_power_cut_took_from_history_is_filled_in(world: World) -> None:
    """Its last moments are put back to what was on the disk before them; the supervisors' lines are there."""
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done"), (1, "touch up; sleep 300")])
    world.settings(on_failure="continue", max_retries=0)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    keep_history(world)
    world.go()
    supervisor = scheduler.wait_for("1/2", "running").pid
    scheduler.kill()
    os.killpg(supervisor, signal.SIGKILL)
    put_history_back(world)
    assert "1 done, 2 to go" in world.run("--check")  # the first is collected at the start
    again = world.start()
    assert again.wait_for("1/2", "running").number == 4
    assert again.stop() == 143
    assert world.work("done") == ["one", "two"]


def test_a_power_cut_over_a_retry(world: World) -> None:
    world.blocks([(1, f"{UNTIL_GO}; echo try >>tries; test $(wc -l <tries) = 2"), (1, "touch up; sleep 300")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    keep_history(world)
    world.go()
    scheduler.wait_for("1/0", "completed")
    supervisor = scheduler.wait_for("1/1", "running").pid
    scheduler.kill()
    os.killpg(supervisor, signal.SIGKILL)
    put_history_back(world)
    again = world.start()
    again.wait_for("1/1", "running")
    assert world.work("tries") == ["try", "try"]
    assert again.stop() == 143


def test_logs_moved_to_another_disk_under_a_scheduler(world: World, tmp_path: Path) -> None:
    """What runs goes on, nothing new starts until its next start, and that one finds everything."""
    world.settings(check_time=0.3, max_retries=0)
    one, two, three = (f"{wait}echo {name} >>done" for name, wait in WAITS.items())
    world.blocks([(1, one), (1, two), (2, three)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    runs = world.root / "logs" / "runs"
    shutil.copytree(runs, tmp_path / "elsewhere")
    shutil.rmtree(runs)
    runs.symlink_to(tmp_path / "elsewhere")
    scheduler.wait_for("2/0", "completed")
    with contextlib.closing(
        sqlite3.connect(world.root / "logs" / "history.db")
    ) as history:  # the state may be ahead
        ended = "SELECT count(*) FROM attempts WHERE ended_at IS NOT NULL"
        eventually(lambda: history.execute(ended).fetchone() == (1,))
    scheduler.kill()
    again = world.start()
    again.wait_for("1/0", "running")
    assert "1/0 was found again" in world.output()
    world.go()
    assert again.end() == 0
    assert sorted(world.work("done")) == ["one", "three", "two"]


def test_a_replaced_ends_file_is_said_and_nothing_starts(world: World) -> None:
    world.settings(check_time=0.3, max_retries=0)
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    (ends,) = (world.root / "logs" / "runs").glob("*/ends")
    copy = ends.with_name("copy")
    shutil.copy(ends, copy)
    os.link(ends, ends.with_name("old"))
    copy.rename(ends)
    world.go()

    def said() -> bool:
        reason = getattr(scheduler.tasks()["1/1"].state, "reason", "")
        return "was replaced while its scheduler runs" in reason

    eventually(said)
    ends.with_name("old").rename(ends)
    assert scheduler.end() == 0
    assert world.work("done") == ["one", "two"]


def test_a_stop_that_history_never_learnt_of_is_no_failure(world: World) -> None:
    """Its signal has ended the task; the scheduler was killed before it could write that down."""
    world.settings(max_retries=0)
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    (ends,) = (world.root / "logs" / "runs").glob("*/ends")
    with contextlib.closing(sqlite3.connect(world.root / "logs" / "history.db")) as history:
        history.execute("BEGIN IMMEDIATE")
        scheduler.child.send_signal(signal.SIGTERM)
        eventually(lambda: b"\nend 1 143 " in ends.read_bytes())
        scheduler.kill()
    world.go()
    world.run()
    assert world.work("done") == ["one", "two"]


def test_a_timeout_counts_from_the_attempts_start_across_a_restart(world: World) -> None:
    world.settings(max_retries=0, stop_grace=0.2)
    world.file("#LANE timeout=2s\n1\nsleep 60\n1\n10\n")
    first = world.start()
    first.wait_for("1/0", "running")
    began = time.monotonic()
    first.kill()
    assert world.start().end() == 1
    assert time.monotonic() - began < 10
    assert world.outcome("1/0").cause.kind == "timeout"


def is_finished(world: World) -> bool:
    """Whether history knows the run to be done, even if its scheduler died before it could say so."""
    path = world.root / "logs" / "history.db"
    if not path.exists():
        return False
    with contextlib.closing(sqlite3.connect(path)) as history, contextlib.suppress(sqlite3.OperationalError):
        query = "SELECT 1 FROM runs WHERE finished_at IS NOT NULL"
        return history.execute(query).fetchone() is not None
    return False  # killed before there were tables


def batter(world: World, tasks: int, kills: int, rng: random.Random) -> None:
    """Run `tasks` tasks while the scheduler is killed again and again at random moments."""
    world.blocks([(at % 8 + 1, WITNESS.format(seconds=rng.uniform(1.0, 3.0))) for at in range(tasks)])
    for _ in range(kills):
        scheduler = world.start()
        # Any moment of its life, its start-up included.
        time.sleep(rng.uniform(0.05, 2.5))
        scheduler.kill()
        assert not is_finished(world), "all kills hit a run with tasks to go"
    world.run(timeout=180)
    trace = Counter(world.work("trace"))
    labels = [f"{at % 8 + 1}/{at // 8}" for at in range(tasks)]
    assert {label: trace[f"end {label}"] for label in labels} == dict.fromkeys(labels, 1)
    assert {label: trace[f"start {label}"] for label in labels} == dict.fromkeys(labels, 1)
    assert not [line for line in trace if line.startswith("double")]
    assert world.leases() == []


def test_random_kills(world: World) -> None:
    batter(world, tasks=16, kills=4, rng=random.Random(1))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_fifty_kills_over_five_runs(world: World, seed: int) -> None:
    batter(world, tasks=40, kills=10, rng=random.Random(seed))
