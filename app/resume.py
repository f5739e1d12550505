"""Going on with a run that an earlier scheduler left unfinished."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core import plan
from app.core.align import OldTask, align
from app.core.task import Task
from app.model.backend import AttemptRecord, Now
from app.model.state import RUN_DONE, Backoff, OutOfMemory, Running
from app.model.task import Planned, TaskKey, TaskSpec
from app.store import records
from app.store.records import Record
from app.store.resume import SavedRun, SavedTask


@dataclass(frozen=True, slots=True)
class Resumed:
    """The tasks to go on with, the attempts to find again, and what history should be told of it."""

    tasks: list[Task]
    open_attempts: tuple[AttemptRecord, ...]
    records: list[Record]


def resume(saved: SavedRun, specs: Sequence[TaskSpec], now: Now) -> Resumed:
    """The file as it stands now, matched with the run as it was left."""
    in_file = [task for task in saved.tasks if task.index is not None]
    keys = align([_old(task) for task in in_file], specs, [task.key for task in saved.tasks])
    planned = plan.numbered(specs, keys)
    known = {task.key: task for task in saved.tasks}
    orphans = [
        _task(known[key], Planned(key, 0, spec), now, in_file=False)
        for key, spec in saved.specs.items()
        if key not in set(keys) and isinstance(known[key].state, Running)
    ]
    tasks = [
        _task(known[one.key], one, now) if one.key in known else plan.fresh([one], now)[0] for one in planned
    ]
    kept = set(keys)
    removed = [task.key for task in in_file if task.key not in kept]
    changed = [one for one in planned if not _is_settled(known.get(one.key), one)]
    return Resumed(
        orphans + tasks,
        saved.open_attempts,
        [records.TasksPlanned(changed, now.wall, removed), *_revivals(known, tasks, now)],
    )


def _old(task: SavedTask) -> OldTask:
    return OldTask(task.key, task.queue_id, task.state.status in RUN_DONE, isinstance(task.state, Running))


def _is_settled(saved: SavedTask | None, planned: Planned) -> bool:
    """Done, and still where it was: history need not be told of it again."""
    return (
        saved is not None
        and saved.state.status in RUN_DONE
        and (saved.queue_id, saved.index) == (planned.spec.queue_id, planned.index)
    )


def _task(saved: SavedTask, planned: Planned, now: Now, in_file: bool = True) -> Task:
    task = Task.planned(planned, saved.state)
    task.attempts, task.failures, task.log_path = saved.attempts, saved.failures, saved.log_path
    task.in_file = in_file
    learned = isinstance(saved.state, Backoff) and isinstance(saved.state.cause, OutOfMemory)
    if learned or isinstance(saved.state, Running):
        task.ask_gb, task.avoid = saved.ask_gb, saved.avoid
    return plan.revive(task, now)


def _revivals(known: dict[TaskKey, SavedTask], tasks: Sequence[Task], now: Now) -> list[Record]:
    """What failed, was skipped or waited is pending again."""
    return [
        records.Moved(
            task.key, now.wall, known[task.key].state.status, task.state, task.failures, task.ask_gb
        )
        for task in tasks
        if task.key in known and known[task.key].state is not task.state
    ]
