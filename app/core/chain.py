"""A queue is a chain: what a failed task keeps from running, and what an edit of the file gives back."""

from collections.abc import Iterator

from app.core.task import Queue, Task
from app.model.settings import Settings
from app.model.state import FINISHED, Failed, Pending, Skipped, TaskState


def breaks(task: Task, settings: Settings) -> bool:
    """Does it keep those behind it from running?"""
    if not isinstance(task.state, Failed) or not task.in_file:
        return False
    return (task.spec.options.on_failure or settings.on_failure) == "stop"


def breaker(queue: Queue, task: Task, settings: Settings) -> Task | None:
    """The failed task before this one that keeps it from running."""
    before = queue.tasks[: queue.tasks.index(task)]
    return next((one for one in before if breaks(one, settings)), None)


def mended(queue: Queue, settings: Settings, wall: float) -> Iterator[tuple[Task, TaskState]]:
    """Tasks whose state does not fit what is before them, each with the state that does.

    None runs behind a failed one that breaks the chain, and none is skipped for one that the file no longer
    has, or has behind it. `wall`: now.
    """
    broken: str | None = None
    for task in queue.tasks:
        state = task.state
        if broken is None:
            if isinstance(state, Skipped):
                yield task, Pending(wall)
            elif breaks(task, settings):
                broken = task.label
        elif isinstance(state, Skipped):
            if state.failed != broken:
                yield task, Skipped(state.since, f"task {broken} failed", broken)
        elif state.status not in FINISHED and state.status != "running":
            yield task, Skipped(wall, f"task {broken} failed", broken)
