"""The command files that come with the project are good ones, and the demo shows what it promises."""

from collections import Counter

import pytest

from app.command_file import check_scripts, parse
from app.model.paths import PROJECT
from app.model.task import Mode, TaskSpec

DEMO = "demo_gpus.txt"
SAMPLES: list[tuple[str, Mode]] = [
    ("command_gpu.txt", "single"),
    ("command_gpus.txt", "multi"),
    (DEMO, "multi"),
]


def tasks_of(name: str, mode: Mode) -> tuple[TaskSpec, ...]:
    parsed = parse((PROJECT / "command" / name).read_text(), mode, name)
    assert (parsed.faults, check_scripts(parsed, name)) == ((), [])
    return parsed.tasks


@pytest.mark.parametrize(("name", "mode"), SAMPLES)
def test_a_sample_has_no_faults_and_fits_the_smallest_cards(name: str, mode: Mode) -> None:
    tasks = tasks_of(name, mode)
    assert {task.queue_id for task in tasks} >= {1, 2}
    limit = 23.5 if name == DEMO else 4.0
    assert all(task.memory_gb is not None and task.memory_gb <= limit for task in tasks)


def test_the_demo_has_twelve_tasks_in_five_queues_of_every_width() -> None:
    tasks = tasks_of(DEMO, "multi")
    assert len(tasks) == 12
    assert {task.queue_id for task in tasks} == {1, 2, 3, 4, 5}
    assert Counter(task.gpus for task in tasks) == {1: 8, 2: 2, 0: 1, 4: 1}
    assert all(task.options.name for task in tasks)
