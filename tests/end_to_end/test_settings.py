"""The settings change while a scheduler runs: gpu_manage.yaml is saved, or a user says `set`."""

import json
from collections.abc import Callable

import pytest

from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, Scheduler, World
from tests.waiting import eventually


def said(scheduler: Scheduler) -> str:
    found = (problem for problem in scheduler.problems() if problem.kind.startswith("settings_"))
    return "\n".join(problem.text for problem in found)


def queues(world: World, count: int) -> None:
    world.blocks([(queue, UNTIL_GO) for queue in range(1, count + 1)])


def test_a_saved_settings_file_applies_at_the_next_decision(world: World) -> None:
    world.settings(max_gpu=1)
    queues(world, 3)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("2/0", "waiting")
    world.settings(max_gpu=3)
    scheduler.wait_for("2/0", "running")
    scheduler.wait_for("3/0", "running")
    assert "setting max_gpu: 3, was 1" in world.output()
    world.go()
    assert scheduler.end() == 0


def test_a_settings_file_with_faults_changes_nothing_and_says_so(world: World) -> None:
    world.settings(max_tasks=1)
    queues(world, 2)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    path = world.root / "config" / "gpu_manage.yaml"
    good = path.read_text()
    path.write_text("max_task: 3\ncheck_time: soon\n")
    text = eventually(lambda: said(scheduler))
    assert "are not taken up, those before hold" in text
    assert "did you mean max_tasks?" in text
    assert "check_time can't be the text 'soon'" in text
    path.write_text("")
    eventually(lambda: "is empty" in said(scheduler))
    path.unlink()
    eventually(lambda: "is not there any more" in said(scheduler))
    assert scheduler.tasks()["2/0"].state.status == "waiting"
    path.write_text(good)
    eventually(lambda: not said(scheduler))
    world.go()
    assert scheduler.end() == 0


def test_what_can_not_change_while_it_runs_is_said(world: World) -> None:
    queues(world, 1)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    world.settings(lease_dir="/dev/shm/elsewhere", keep_days=3)
    eventually(lambda: "keep_days, lease_dir can't change while a scheduler runs" in said(scheduler))
    world.settings()
    eventually(lambda: not said(scheduler))
    world.go()
    assert scheduler.end() == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda world: world.settings(max_gpu=1), "task 1/1 asks for 2 GPUs, but gpu_left, min_gpu"),
        (
            lambda world: world.settings(use_all_gpus=False, compete_gpus=[0, 9]),
            "compete_gpus names GPU 9; there is GPU 0, 1, 2, 3",
        ),
        (lambda world: world.settings(work_dir="/nowhere"), "work_dir /nowhere is no folder"),
    ],
)
def test_settings_under_which_a_task_could_never_run_are_refused(
    world: World, change: Callable[[World], None], says: str
) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true")], gpus=2)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    change(world)
    eventually(lambda: says in said(scheduler))
    world.go()
    assert scheduler.end() == 0


def test_set_holds_until_the_file_says_something_else(world: World) -> None:
    world.settings(max_tasks=1)
    queues(world, 4)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    assert gpulane(world, "set", "max_tasks", "2") == "max_tasks is 2 now, and was 1\n"
    scheduler.wait_for("2/0", "running")
    assert gpulane(world, "set", "max_tasks", "2") == "max_tasks is 2 already\n"
    world.settings(max_tasks=1, stop_grace=3)
    eventually(lambda: json.loads(gpulane(world, "set", "--json"))["stop_grace"] == 3)
    assert json.loads(gpulane(world, "set", "--json"))["max_tasks"] == 2
    world.settings(max_tasks=3, stop_grace=3)
    scheduler.wait_for("3/0", "running")
    assert "max_tasks: 3\n" in gpulane(world, "set")
    world.go()
    assert scheduler.end() == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("max_task", "3"), "max_task is no setting; did you mean max_tasks?"),
        (("max_tasks", "many"), "max_tasks can't be the text 'many'; it wants a whole number"),
        (("max_tasks", "0"), "max_tasks can't be 0; it wants at least 1"),
        (("max_tasks", "3\nmin_gpu: 9"), "max_tasks wants a value in one line, such as null"),
        (("retry_config.backoff_duration", "-1"), "backoff_duration can't be -1; it wants at least 0"),
        (("min_gpu", "[1"), "it is no YAML"),
        (("lease_dir", "/tmp"), "lease_dir can't change while a scheduler runs"),
        (("sample_interval", "9"), "sample_interval can't change"),
    ],
)
def test_what_can_not_be_set_gets_a_sentence(world: World, words: tuple[str, ...], says: str) -> None:
    queues(world, 1)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    before = gpulane(world, "set")
    assert says in gpulane(world, "set", *words, expect=2)
    assert gpulane(world, "set") == before
    world.go()
    assert scheduler.end() == 0


def test_a_task_asks_for_no_less_than_min_memory(world: World) -> None:
    """FlowLine's `min`."""
    world.gpus = "1x24"
    world.settings(maximize_resource_utilization=True)
    world.blocks([(1, UNTIL_GO), (2, "true")], memory="10")
    scheduler = world.start()
    scheduler.wait_for("2/0", "completed")
    assert "min_memory_gb is 20 now" in gpulane(world, "set", "min_memory", "20480")
    gpulane(world, "retry", "2/0")
    assert "20 GB" in eventually(
        lambda: reason if "20 GB" in (reason := scheduler.wait_for("2/0", "waiting").reason) else ""
    )
    assert "asks for 30 GB (min_memory_gb)" in gpulane(world, "set", "min_memory_gb", "30", expect=2)
    gpulane(world, "set", "min_memory_gb", "0")
    scheduler.wait_for("2/0", "completed")
    world.go()
    assert scheduler.end() == 0


def test_edits_are_taken_up_without_watch_too(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    world.blocks([(1, UNTIL_GO), (2, "echo two >>done")])
    scheduler.wait_for("2/0", "completed")
    world.go()
    assert scheduler.end() == 0
    assert world.work("done") == ["two"]
