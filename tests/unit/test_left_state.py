"""What the state of a scheduler that has gone says once its user has told one of its tasks something."""

from dataclasses import replace

import pytest

from app.model.state import Cancelled, Pending, Status, TaskState
from app.model.state_file import MoreQueues, StateFile
from app.model.task import Options, TaskKey, TaskSpec
from app.store.lasting import KeptTask
from app.store.left_state import with_task
from tests.view_samples import DONE, NEXT, NOW, a_queue, a_state, runs

CANCELLED = Cancelled(NOW, "chen")


def kept(index: int, state: TaskState, queue: int = 1) -> KeptTask:
    key = TaskKey(f"{index:016x}", 0)
    spec = TaskSpec(queue, "true", 1, None, Options())
    return KeptTask(
        *(1, 1, "run", "boot", "/c.txt"),
        "multi",
        False,
        key,
        index,
        spec,
        NOW,
        state,
        0,
        None,
        frozenset(),
        None,
    )


def facts(state: StateFile) -> tuple[object, ...]:
    (queue,) = state.queues
    return state.status, dict(state.counts), queue.status, queue.current, dict(queue.counts)


@pytest.mark.parametrize(
    ("states", "at", "becomes", "then"),
    [
        (
            *((runs("0", 5), NEXT), 0, CANCELLED),
            ("running", {"cancelled": 1, "pending": 1}, "pending", 1, {"cancelled": 1, "pending": 1}),
        ),
        (
            (DONE, NEXT),
            1,
            CANCELLED,
            (
                "finished",
                {"completed": 1, "cancelled": 1},
                "cancelled",
                None,
                {"completed": 1, "cancelled": 1},
            ),
        ),
        ((CANCELLED, NEXT), 0, Pending(NOW), ("running", {"pending": 2}, "pending", 0, {"pending": 2})),
    ],
)
def test_a_task_that_is_listed(
    states: tuple[TaskState, ...], at: int, becomes: TaskState, then: tuple[object, ...]
) -> None:
    state = a_state([a_queue(1, None, *states)])
    found = with_task(state, kept(at, becomes), "running", NOW + 5)
    assert facts(found) == then
    assert found.queues[0].tasks[at].state == becomes
    assert found.updated_at == (NOW + 5 if then[0] == "finished" else state.updated_at)


def test_one_that_is_not_listed_counts_all_the_same() -> None:
    queue = replace(
        a_queue(1, None, DONE, runs("0", 5)), total=3, counts={"completed": 1, "running": 1, "pending": 1}
    )
    state = replace(a_state([queue]), counts=queue.counts)
    found = with_task(state, kept(9, CANCELLED), "pending", NOW)
    assert facts(found)[1:] == (
        {"completed": 1, "running": 1, "cancelled": 1},
        "running",
        1,
        {"completed": 1, "running": 1, "cancelled": 1},
    )
    hidden = replace(queue, tasks=queue.tasks[:1], counts={"completed": 1, "pending": 2})
    found = with_task(replace(state, queues=(hidden,)), kept(9, CANCELLED), "pending", NOW)
    assert facts(found)[2:] == ("pending", None, {"completed": 1, "pending": 1, "cancelled": 1})


def test_one_of_a_queue_that_is_not_listed() -> None:
    counts: dict[Status, int] = {"pending": 3}
    state = replace(a_state([]), counts=counts, more_queues=MoreQueues(2, counts))
    found = with_task(state, kept(0, CANCELLED, queue=7), "pending", NOW)
    assert found.more_queues == MoreQueues(2, {"pending": 2, "cancelled": 1})
    assert found.counts == {"pending": 2, "cancelled": 1}
