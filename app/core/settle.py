"""What becomes of a task when an attempt of it has ended, or could not begin."""

from collections.abc import Callable

from app.core import outcome
from app.core.retry import RetryPolicy
from app.core.task import Task
from app.model.backend import Exit, Now
from app.model.settings import Settings
from app.model.state import (
    Backoff,
    Cancelled,
    Cause,
    Completed,
    Failed,
    Killed,
    OutOfMemory,
    Pending,
    Stopped,
    TaskState,
    Vanished,
    error_text,
)
from app.model.task import TaskSpec


def settled(
    task: Task,
    cause: Cause | None,
    end: Exit | None,
    now: Now,
    settings: Settings,
    surely_gb: Callable[[TaskSpec], float | None],
) -> TaskState:
    """The state of a running task after its attempt's end; what that has taught is noted in the task.

    `cause`: None: it completed. `end`: None: it never began. `surely_gb`: see `never.surely_gb`.
    """
    match cause:
        case None:
            assert end is not None
            ids, peak = task.running.gpu_ids, end.peak_memory_gb
            return Completed(ids, end.started_at, end.ended_at, 0, peak)
        case Killed(by):
            return Cancelled(now.wall, by)
        case Stopped() | Vanished(reboot=True):
            return back(task, now)
        case _:
            _learn(task, cause, surely_gb)
            return _again(task, cause, end, now, settings) or _failed(task, cause, end, now)


def back(task: Task, now: Now) -> TaskState:
    """In its queue again, if it is still in the file."""
    return Pending(now.wall) if task.in_file else Cancelled(now.wall, "edit")


def _learn(task: Task, cause: Cause, surely_gb: Callable[[TaskSpec], float | None]) -> None:
    task.failures += 1
    if isinstance(cause, OutOfMemory):
        task.ask_gb = outcome.next_demand(task.ask_gb, cause, surely_gb(task.spec))
        had = frozenset(task.running.gpu_uuids)
        # Having had one of them again says that no other would do.
        task.avoid = had if had & task.avoid else had | task.avoid


def _again(task: Task, cause: Cause, end: Exit | None, now: Now, settings: Settings) -> Backoff | None:
    """None: it is not tried again."""
    if not task.in_file or (end is not None and end.status in outcome.NOT_RETRIED):
        return None
    retries = task.retries(settings)
    wait = RetryPolicy(retries, settings.retry_config).next_wait(task.key, task.failures)
    return (
        None if wait is None else Backoff(now.wall + wait, error_text(cause), cause, task.failures, retries)
    )


def _failed(task: Task, cause: Cause, end: Exit | None, now: Now) -> Failed:
    running = task.running
    return Failed(
        gpu_ids=running.gpu_ids,
        started_at=end.started_at if end else running.since,
        ended_at=end.ended_at if end else now.wall,
        exit_code=end.status if end else None,
        error=error_text(cause),
        cause=cause,
        peak_memory_gb=end.peak_memory_gb if end else None,
    )
