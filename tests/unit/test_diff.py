"""The difference of two versions of a plan: applied to the old one it gives the new one."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import plan
from app.core.align import align
from app.core.events import Asked, Edited
from app.core.task import Task
from app.model.backend import Now
from app.model.state import Cancelled, Completed, Failed, Pending, Running, TaskState, Waiting
from app.model.task import Planned, TaskKey, TaskSpec
from tests.unit.test_machine import WALL, Case, planned, spec

NOW = Now(0.0, WALL)

SPECS = st.lists(
    st.builds(
        spec, st.integers(1, 3), st.sampled_from("abcd"), memory=st.sampled_from((10, 20)), hold=st.booleans()
    ),
    max_size=8,
)
STATES: st.SearchStrategy[TaskState] = st.sampled_from(
    (
        Pending(WALL),
        Waiting(WALL, "", (), False, 1, 10),
        Completed((), WALL, WALL, 0, None),
        Cancelled(WALL, "alice"),
    )
)


def known(specs: list[TaskSpec], states: list[TaskState], running: int) -> dict[TaskKey, Task]:
    """A plan in the middle of its life: the tasks before `running` in their states, that one running."""
    tasks = plan.fresh(planned(*specs), NOW)
    for at, (task, state) in enumerate(zip(tasks, states, strict=False)):
        task.state = Running(1, at + 1, (), (), WALL, None, "log") if at == running else state
    return {task.key: task for task in tasks}


def version(old: dict[TaskKey, Task], specs: list[TaskSpec]) -> list[Planned]:
    return plan.numbered(specs, align(plan.old_tasks(old.values()), specs, old))


@given(SPECS, SPECS, st.lists(STATES, min_size=8, max_size=8), st.integers(0, 7))
def test_applied_to_the_old_plan_it_gives_the_new_one(
    before: list[TaskSpec], after: list[TaskSpec], states: list[TaskState], running: int
) -> None:
    old = known(before, states, running)
    were = {key: task.state for key, task in old.items()}
    new = version(old, after)
    diff = plan.diff(old, new)
    tasks, gone = plan.edit(old, diff, NOW)
    in_file = [task for task in tasks if task.in_file]
    assert [(task.key, task.index, task.spec) for task in in_file] == [
        (one.key, one.index, one.spec) for one in new
    ]
    assert all(task.state is were[task.key] for task in tasks if task.key in were), "nobody's state changes"
    assert all(not isinstance(task.state, Running) for task in gone), "what runs is never taken out"
    assert {task.key for task in tasks} | {task.key for task in gone} == were.keys() | {
        one.key for one in new
    }
    assert set(diff.removed) == were.keys() - {one.key for one in new}
    assert {one.key for one in diff.added} == {one.key for one in new} - were.keys()


@given(SPECS, st.lists(STATES, min_size=8, max_size=8), st.integers(0, 7))
def test_it_is_empty_for_equal_files(specs: list[TaskSpec], states: list[TaskState], running: int) -> None:
    old = known(specs, states, running)
    assert not plan.diff(old, version(old, specs))


@given(SPECS, SPECS)
def test_what_it_does_not_name_is_as_it_was(before: list[TaskSpec], after: list[TaskSpec]) -> None:
    """History is told of what it names, and of nothing else."""
    old = known(before, [], -1)
    history = {key: (task.index, task.spec) for key, task in old.items()}
    new = version(old, after)
    diff = plan.diff(old, new)
    history |= {one.key: (one.index, one.spec) for one in (*diff.added, *diff.changed)}
    for key in diff.removed:
        del history[key]
    assert history == {one.key: (one.index, one.spec) for one in new}


@pytest.mark.parametrize(
    "better", [{"memory": 20}, {"timeout": 60.0}, {"retries": 2}, {"devices": ("1",)}, {"model": "A100"}]
)
def test_a_failed_task_that_is_asked_to_run_otherwise_runs_again(better: dict[str, Any]) -> None:
    case = Case(spec(1, "a"), spec(1, "b"), max_retries=0)
    case.grant("1/0")
    case.end("1/0", 1)
    assert case.status("1/1") == "skipped"
    case.feed(Edited(planned(spec(1, "a", name="other", priority=3), spec(1, "b"))))
    assert isinstance(case.task("1/0").state, Failed), "nothing about how it runs"
    case.feed(Edited(planned(spec(1, "a", **better), spec(1, "b"))))
    assert case.heads() == ["1/0"]
    assert case.status("1/1") == "pending"


def test_a_killed_task_whose_block_goes_and_comes_back_is_not_run_again() -> None:
    case = Case(spec(1, "a"), spec(2, "b"))
    task = case.task("1/0")
    case.feed(Asked("kill", task.key, "alice"))
    case.feed(Edited([Planned(case.task("2/0").key, 0, spec(2, "b"))]))
    back = plan.numbered([spec(1, "a"), spec(2, "b")], [task.key, case.task("2/0").key])
    case.feed(Edited(back))
    assert case.status("1/0") == "cancelled"
    assert case.heads() == ["2/0"]


def test_a_pending_task_whose_block_goes_and_comes_back_runs() -> None:
    case = Case(spec(1, "a"), spec(2, "b"))
    case.feed(Edited(planned(spec(2, "b"))))
    case.feed(Edited(planned(replace(spec(1, "a")), spec(2, "b"))))
    assert case.heads() == ["1/0", "2/0"]
