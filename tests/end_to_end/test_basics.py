"""The everyday life of a command file, with the real entry points on simulated GPUs."""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.model.paths import PROJECT
from tests.end_to_end.world import TRAIN, UNTIL_GO, World
from tests.waiting import eventually


def test_queues_run_serially_inside_and_in_parallel_across(world: World) -> None:
    script = "echo $GPULANE_QUEUE start >>trace; sleep 0.4; echo $GPULANE_QUEUE end >>trace"
    world.blocks([(1, script), (1, script + " "), (2, script), (2, script + " ")])
    world.run()
    trace = world.work("trace")
    for queue in "12":
        mine = [line.split()[1] for line in trace if line.startswith(queue)]
        assert mine == ["start", "end", "start", "end"]
    assert {line.split()[0] for line in trace[:2]} == {"1", "2"}, "both began before one ended"
    assert world.leases() == []


def test_single_mode(world: World) -> None:
    world.file("1\necho hello from $GPULANE_GPUS\n10\n", "command_gpu.txt")
    world.run(mode="single")
    assert "hello from" in world.task_log(1, 0)


def test_the_file_that_nobody_named_is_this_homes(world: World) -> None:
    """Also for who stands in another checkout, with command files of its own."""
    world.blocks([(1, "echo home >>done")])
    other = world.root / "work" / "command"
    other.mkdir()
    (other / "command_gpus.txt").write_text("1\necho other >>done\n1\n10\n")
    world.run()
    assert world.work("done") == ["home"]
    world.run("--command-file", "command/command_gpus.txt")
    assert world.work("done") == ["home", "other"]
    assert "--command-file is empty" in world.run("--command-file", "", expect=2)


def test_a_task_sees_its_cards_and_its_names(world: World) -> None:
    world.blocks([(7, "env >seen")], gpus=2)
    world.run()
    seen = dict(line.split("=", 1) for line in world.work("seen") if "=" in line)
    assert seen["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert seen["CUDA_VISIBLE_DEVICES"] == ""  # nothing simulated touches a real card
    assert seen["GPULANE_GPUS"] == "0,1"
    assert seen["GPULANE_QUEUE"] == "7"
    assert seen["GPULANE_TASK"] == "0"
    assert seen["GPULANE_ATTEMPT"] == "1"
    assert seen["PYTHONUNBUFFERED"] == "1"
    assert seen["GPULANE_LOG"].endswith(".log")


def test_what_a_task_uses_is_told_per_gpu_as_it_is_asked(world: World) -> None:
    world.blocks([(1, UNTIL_GO)], gpus=4, memory="10")
    scheduler = world.start()
    state = scheduler.wait_for("1/0", "running")
    used = eventually(lambda: scheduler.tasks()["1/0"].state.used_gb)
    assert (state.memory_gb, used) == (10, 10)
    world.go()
    assert scheduler.end() == 0
    assert world.outcome("1/0").peak_memory_gb == 10
    assert "at most 10 GB used on a GPU" in world.output()


def test_a_failing_task_is_retried_and_its_queue_stops(world: World) -> None:
    world.settings(max_retries=1, retry_config={"max_retry_before_backoff": 1, "backoff_duration": 1})
    world.blocks([(1, "echo x >>tries; exit 3"), (1, "echo never >>tries")])
    output = world.run(expect=1)
    assert world.work("tries") == ["x", "x"]
    assert "retry 1 of 1" in output
    assert [world.outcome(label).status for label in ("1/0", "1/1")] == ["failed", "skipped"]
    assert world.outcome("1/0").error == "exit 3 in: exit 3"


def test_a_simulation_beside_living_attempts_is_refused(world: World, tmp_path: Path) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.kill()
    world.gpus = None
    output = world.run(expect=2)
    assert "1 task of the unfinished run" in output
    assert "start with --simulate by main_gpus.py to go on with them" in output
    world.go()


def test_two_schedulers_on_one_file_are_refused(world: World) -> None:
    world.blocks([(1, "sleep 60")])
    first = world.start()
    first.wait_for("1/0", "running")
    output = world.run(expect=2)
    assert f"pid {first.pid}" in output
    assert first.stop() == 143
    assert world.leases() == []


def test_a_stopped_task_is_pending_again(world: World) -> None:
    world.blocks([(1, "echo x >>tries; test $(wc -l <tries) = 2 || sleep 60")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    eventually(lambda: world.work("tries"))
    assert scheduler.stop() == 143
    assert world.outcome("1/0").status == "pending"
    world.run()
    assert world.work("tries") == ["x", "x"]


def test_what_waits_says_why(world: World) -> None:
    world.blocks([(1, "sleep 30"), (2, "true")], gpus=4)
    scheduler = world.start()
    state = scheduler.wait_for("2/0", "waiting")
    eventually(lambda: "leased to queue 1" in scheduler.wait_for("2/0", "waiting").reason)
    assert not state.stuck
    scheduler.stop()


def test_a_cpu_task_needs_no_card(world: World) -> None:
    world.file("#LANE gpus=0\n1\necho [$CUDA_VISIBLE_DEVICES] >seen\n1\n10\n")
    world.run()
    assert world.work("seen") == ["[]"]


def test_check_runs_nothing(world: World) -> None:
    world.blocks([(1, "touch ran"), (2, "true")])
    output = world.run("--check")
    assert "2 tasks in 2 queues" in output
    assert "resume" not in output
    assert not (world.root / "work" / "ran").exists()
    assert not (world.root / "logs").exists()


def test_check_shows_what_binds_a_task_to_cards_where_one_is_bound(world: World) -> None:
    world.blocks([(1, "true")])
    assert "devices" not in world.run("--check")
    world.file("1\n#LANE devices=0,3\ntrue\n1\n9\n\n2\n#LANE model=Simul\ntrue\n1\n9\n")
    header, first, second, *_ = world.run("--check").splitlines()
    assert header.split() == ["queue", "line", "name", "GPUs", "devices", "model", *header.split()[6:]]
    assert (first.split()[:4], second.split()[:4]) == (["1", "1", "1", "0,3"], ["2", "7", "1", "Simul"])


def test_check_says_that_a_start_would_resume(world: World) -> None:
    world.settings(max_retries=0)
    world.blocks([(1, "echo a >>done"), (2, "test -e fixed")])
    world.run(expect=1)
    (run,) = (world.root / "logs" / "runs").iterdir()
    before = everything(world.root / "logs")
    says = f"\na start would resume run {run.name}: 1 done, 1 to go (start over with --fresh)\n"
    assert says in world.run("--check")
    assert "resume" not in world.run("--check", "--fresh")
    assert everything(world.root / "logs") == before
    (world.root / "work" / "fixed").touch()
    world.run()
    assert "resume" not in world.run("--check"), "it is finished"
    assert "no unfinished run" in world.run("--check", "--resume", expect=2)


def test_check_says_who_runs_the_file_already(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    output = world.run("--check")
    assert f"the scheduler with pid {scheduler.pid} runs this file" in output
    assert "resume" not in output
    world.go()
    assert scheduler.end() == 0


def test_check_looks_at_the_folders(world: World) -> None:
    world.file("#LANE cwd=~/made\n1\ntrue\n1\n1\n\n2\ntrue\n#LANE cwd=gone\n1\n1\n")
    (world.root / "made").mkdir()
    world.env["HOME"] = str(world.root)
    output = world.run("--check")
    gone = world.root / "work" / "gone"
    assert f"note: command/command_gpus.txt:9:7: there is no folder {gone} yet" in output
    assert output.count("there is no folder") == 1
    (world.root / "leases").rmdir()
    output = world.run("--check", expect=2)
    assert "does not exist; make it with: mkdir -p -m 1777" in output
    assert not (world.root / "leases").exists()


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no task"),
        ("1\n20\n", "command"),
        ("1\ntrue\n1\nlots\n", r":4:1: .*memory"),
        ("1\ntrue\n1\n-3\n", ":4:1"),
        ("1\ntrue\n1\n100\n", "23.5"),
        ("1\ntrue\n9\n10\n", "GPU"),
        ("1\npython x.py &\n1\n10\n", "background"),
        ("1\nif true; then\n1\n10\n", "bash"),
        ("#LANE nmae=x\n1\ntrue\n1\n10\n", "name"),
    ],
)
def test_bad_files_are_refused_with_a_sentence(world: World, text: str, says: str) -> None:
    world.file(text)
    output = world.run(expect=2)
    assert re.search(says, output), output
    assert "Traceback" not in output
    assert not list((world.root / "logs" / "runs").glob("*"))


def test_without_a_driver_it_says_what_to_do(world: World) -> None:
    world.gpus = None
    world.blocks([(1, "true")])
    output = world.run(expect=2)
    assert "--simulate" in output
    assert "Traceback" not in output


def test_timeout_ends_the_attempt(world: World) -> None:
    world.settings(max_retries=0, stop_grace=0.5)
    world.file("#LANE timeout=1s\n1\nsleep 60\n1\n10\n")
    world.run(expect=1)
    assert world.outcome("1/0").cause.kind == "timeout"


def test_a_multi_mode_file_given_to_the_single_mode_scheduler(world: World) -> None:
    path = world.blocks([(1, "true")])
    assert "main_gpus.py" in world.run(mode="single", command_file=path, expect=2)


def test_stopping_ends_whole_trees_after_the_grace(world: World) -> None:
    world.settings(stop_grace=1)
    stubborn = f"{TRAIN} --ignore-term --child-session --child-seconds 300 --seconds 300"
    world.blocks([(1, stubborn)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    eventually(lambda: "in its own session" in world.task_log(1, 0))
    assert scheduler.stop() == 143
    assert world.leases() == []  # that nothing is left is what the fixture for strays checks
    assert world.outcome("1/0").status == "pending"


def test_shared_cards_take_as_many_tasks_as_fit(world: World) -> None:
    world.settings(maximize_resource_utilization=True, use_all_gpus=False, compete_gpus=["1"])
    world.blocks([(queue, UNTIL_GO) for queue in (1, 2, 3)], memory="11")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("2/0", "running")
    reason = eventually(lambda: scheduler.wait_for("3/0", "waiting").reason)
    eventually(lambda: "GPU 1 has 1.5 GB free" in scheduler.wait_for("3/0", "waiting").reason)
    assert reason
    world.go()
    assert scheduler.end() == 0


def test_cards_left_for_others(world: World) -> None:
    world.settings(gpu_left=3)
    world.blocks([(queue, UNTIL_GO) for queue in (1, 2)])
    scheduler = world.start()
    eventually(lambda: "1 card allowed now" in scheduler.wait_for("2/0", "waiting").reason)
    world.go()
    assert scheduler.end() == 0


def test_watch_stays_and_takes_up_edits(world: World) -> None:
    world.blocks([(1, "echo one >>done")])
    scheduler = world.start("--watch")
    scheduler.wait_for("1/0", "completed")
    world.file("1\necho one >>done\n1\nlots\n")
    eventually(lambda: any(problem.kind == "edit_refused" for problem in scheduler.problems()))
    world.blocks([(1, "echo one >>done"), (1, "echo two >>done")])
    scheduler.wait_for("1/1", "completed")
    assert world.work("done") == ["one", "two"]
    assert scheduler.stop() == 143


def test_watch_says_that_all_is_done_and_it_waits(world: World) -> None:
    world.blocks([(1, "true")])
    scheduler = world.start("--watch")
    eventually(lambda: "every task has ended; the scheduler stays for edits" in world.output())
    assert scheduler.stop() == 143


def test_each_refused_edit_is_said_and_a_file_that_is_gone(world: World) -> None:
    def said(text: str) -> bool:
        return text in world.output()

    path = world.blocks([(1, UNTIL_GO)])
    text = path.read_text()
    scheduler = world.start("--watch")
    scheduler.wait_for("1/0", "running")
    for memory, says in (("lots", "the block ends with 'lots'"), ("-3", "the memory '-3' is negative")):
        world.file(text.replace("\n10\n", f"\n{memory}\n"))
        eventually(functools.partial(said, f":4:1: {says}"))
    path.unlink()
    eventually(lambda: f"{path} is not there any more" in world.output())
    assert "over: " in world.output()
    world.file(text)
    eventually(lambda: f"over: {path} is not there any more" in world.output())
    assert scheduler.tasks()["1/0"].state.status == "running"
    assert scheduler.stop() == 143


def test_an_edit_that_is_undone_runs_nothing_again(world: World) -> None:
    one, two = (1, "echo one >>done"), (2, UNTIL_GO)
    world.blocks([one, two])
    scheduler = world.start("--watch")
    scheduler.wait_for("1/0", "completed")
    world.blocks([two])
    eventually(lambda: "1/0" not in scheduler.tasks())
    world.blocks([one, two, (1, "echo three >>done")])
    scheduler.wait_for("1/1", "completed")
    assert scheduler.tasks()["1/0"].state.status == "completed"
    assert "1 task back in the file, completed or cancelled before" in world.output()
    assert scheduler.stop() == 143
    world.blocks([two])
    world.go()
    world.run("--resume")
    assert world.work("done") == ["one", "three"]


def test_only_held_tasks_left_is_said_and_waited_for(world: World) -> None:
    world.file("1\necho one >>done\n1\n10\n\n#LANE hold\n1\necho two >>done\n1\n10\n")
    scheduler = world.start()
    scheduler.wait_for("1/0", "completed")
    eventually(lambda: "held" in world.output())
    assert scheduler.stop() == 143
    assert world.work("done") == ["one"]


def test_a_refused_edit_is_in_the_state_at_once(world: World) -> None:
    world.settings(heartbeat=600)
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start("--watch")
    scheduler.wait_for("1/0", "running")
    world.file("1\nif\n1\n10\n")
    eventually(lambda: "edit_refused" in {problem.kind for problem in scheduler.problems()})

    def saved_again() -> bool:
        world.file("1\nif\n1\n10\n")
        return world.output().count("is not taken up") > 1

    eventually(saved_again)
    world.go()
    assert scheduler.stop() == 143


def test_the_last_state_shows_no_lease_that_has_just_gone(world: World) -> None:
    world.blocks([(1, "true"), (1, "true"), (2, "true")])
    output = world.run()
    (state,) = world.states()
    assert [(card.other_leases, card.own_promised_gb) for card in state.gpus] == [((), 0.0)] * 4
    assert state.allowance is not None
    assert state.allowance.held == 0
    assert "; chosen of 4 that would do)" in output


def test_what_is_promised_of_a_card_is_told_with_the_task_that_has_it(world: World) -> None:
    world.file(f"#LANE devices=0\n1\n{UNTIL_GO}; rm go\n1\n7\n\n#LANE devices=0\n1\n{UNTIL_GO}\n1\n11\n")
    scheduler = world.start()
    for label, promised in (("1/0", 7), ("1/1", 11)):
        scheduler.wait_for(label, "running")
        state = scheduler.state()
        assert state is not None
        assert state.gpus[0].own_promised_gb == promised
        assert state.gpus[0].free_gb < 24 - promised
        world.go()
    assert scheduler.end() == 0


def test_a_closed_output_holds_nothing_up(world: World) -> None:
    world.blocks([(1, "echo one >>done")])
    argv = [sys.executable, str(PROJECT / "app" / "main_gpus.py"), "--simulate", "4x24"]
    closed = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *argv]
    env = {**os.environ, "GPULANE_HOME": str(world.root)}
    assert subprocess.run(closed, env=env, cwd=world.root, timeout=60, check=False).returncode == 0
    assert world.work("done") == ["one"]
