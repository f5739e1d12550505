"""Going on with a run that was left unfinished: its plan, matched with the file as it stands now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from app.core import holds, plan
from app.core.align import OldTask, align
from app.core.holds import Stood
from app.core.task import Task
from app.model import records
from app.model.backend import AttemptRecord, Now
from app.model.records import Record
from app.model.state import (
    FINISHED,
    RUN_DONE,
    Cancelled,
    Running,
)
from app.model.task import Planned, TaskKey, TaskSpec
from app.store.resume import SavedRun, SavedTask


@dataclass(frozen=True, slots=True)
class Resumed:
    """The tasks to go on with, the attempts to find again, and what history should be told of it."""

    tasks: list[Task]
    departed: list[Task]  #: that the file does not have: see `plan.remembered`
    open_attempts: tuple[AttemptRecord, ...]
    removed: int  #: tasks that the file had and has no more
    anew: list[TaskSpec]  #: what it asks for that it did not when the run was left
    records: list[Record]


def progress(tasks: Sequence[Task]) -> str:
    """ "3 done, 5 to go", of a plan to go on with."""
    done = sum(task.state.status in RUN_DONE for task in tasks)
    return f"{done} done, {len(tasks) - done} to go"


def resume(saved: SavedRun, specs: Sequence[TaskSpec], now: Now) -> Resumed:
    """The file as it stands now, matched with the run as it was left."""
    # One that runs though its block was taken out is itself again when the block is back.
    in_file = [task for task in saved.tasks if task.index is not None or isinstance(task.state, Running)]
    departed = [t.key for t in saved.tasks if t.index is None and plan.remembered(t.state, t.held_by)]
    keys = align([_old(task) for task in in_file], specs, [task.key for task in saved.tasks], departed)
    planned = plan.numbered(specs, keys)
    known = {task.key: task for task in saved.tasks}
    added = set(keys) - known.keys()
    inherited = holds.inherited([_stood(task) for task in in_file], planned, added)
    orphans = [
        _task(known[key], Planned(key, 0, spec), now, in_file=False)
        for key, spec in saved.specs.items()
        if key not in set(keys) and isinstance(known[key].state, Running)
    ]
    tasks = [
        _task(known[one.key], one, now) if one.key in known else plan.fresh([one], now)[0] for one in planned
    ]
    for task in tasks:
        task.held_by = inherited.get(task.key, task.held_by)
    kept = set(keys)
    removed = [task for task in in_file if task.key not in kept]
    changed = [one for one in planned if not _is_settled(known.get(one.key), one)]
    changed.sort(key=lambda one: one.key in known)  # see Writer: those that get ids first
    return Resumed(
        orphans + tasks,
        [_departed(task, now) for task in saved.tasks if _is_departed(task, kept)],
        saved.open_attempts,
        len(removed),
        [one.spec for one in planned if _asks_anew(known.get(one.key), one.spec)],
        [
            records.TasksPlanned(changed, now.wall, [task.key for task in removed]),
            *_cancellations(removed, now),
            *_revivals(known, tasks, now),
            *(records.HeldBy(t.key, t.held_by) for t in tasks if t.held_by != _held_before(known, t)),
        ],
    )


def _asks_anew(saved: SavedTask | None, spec: TaskSpec) -> bool:
    if saved is None:
        return True
    before = plan.needs(saved.memory_gb, saved.options)
    return not plan.done_for_good(saved.state) and before != plan.needs(spec.memory_gb, spec.options)


def _held_before(known: Mapping[TaskKey, SavedTask], task: Task) -> str | None:
    """Who holds it, as far as history knows without being told."""
    if task.key in known:
        return known[task.key].held_by
    return "file" if task.spec.options.hold else None


def _is_departed(task: SavedTask, kept: Collection[TaskKey]) -> bool:
    return plan.remembered(task.state, task.held_by) and task.key not in kept


def _departed(task: SavedTask, now: Now) -> Task:
    """What it is to run comes back with its block, if ever."""
    state = task.state if task.state.status in FINISHED else Cancelled(now.wall, "edit")
    block = Planned(task.key, 0, TaskSpec(task.queue_id, "", 0, task.memory_gb))
    return _task(replace(task, state=state), block, now, in_file=False)


def _stood(task: SavedTask) -> Stood:
    return Stood(task.key, task.queue_id, plan.done_for_good(task.state), task.held_by)


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
    task.held_by = saved.held_by
    plan.hear_file(task, saved.options.hold, planned.spec.options.hold)
    if planned.spec.memory_gb == saved.memory_gb:  # a new declaration outranks what a failure taught
        task.ask_gb, task.avoid = saved.ask_gb, saved.avoid
    return plan.revive(task, now)


def _cancellations(removed: Sequence[SavedTask], now: Now) -> list[Record]:
    """What had not started and is gone from the file."""
    return [
        records.Moved(task.key, now.wall, task.state.status, Cancelled(now.wall, "edit"), task.failures)
        for task in removed
        if task.state.status not in FINISHED and not isinstance(task.state, Running)
    ]


def _revivals(known: dict[TaskKey, SavedTask], tasks: Sequence[Task], now: Now) -> list[Record]:
    """What failed, was skipped or waited is pending again."""
    return [
        records.Moved(
            *(task.key, now.wall, known[task.key].state.status, task.state),
            *(task.failures, task.ask_gb, task.avoid),
        )
        for task in tasks
        if task.key in known and known[task.key].state is not task.state
    ]
