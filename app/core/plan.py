"""From one version of the plan to the next: a fresh start, a resume, an edit."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from app.core.align import OldTask
from app.core.task import Task
from app.model.backend import Now
from app.model.state import FINISHED, RUN_DONE, Held, Pending, Running
from app.model.task import Options, Planned, TaskKey, TaskSpec

SETTLED = FINISHED - {"skipped"}
"""States in which an edit of its block gives a task nothing to do."""


def fresh(plan: Sequence[Planned], now: Now) -> list[Task]:
    """Tasks that have never run."""
    return [Task.planned(planned, _first_state(planned, now)) for planned in plan]


def revive(task: Task, now: Now) -> Task:
    """A task of an earlier life of the scheduler, as a new life begins with it.

    Completed, cancelled and held ones stay, an attempt is found again by its backend, a backoff keeps
    its time; what failed, was skipped or waited begins anew with a fresh budget. What running out of memory
    has taught stays: the file still says the same.
    """
    if task.state.status in ("failed", "skipped"):
        task.failures = 0
    if task.state.status in ("failed", "skipped", "waiting"):
        task.state = Pending(now.wall)
    task.since = now.mono
    return task


def edit(old: Mapping[TaskKey, Task], plan: Sequence[Planned], now: Now) -> tuple[list[Task], list[Task]]:
    """The tasks under a new version of the file, and those that it no longer has and that never started.

    Started tasks are never touched: a running one whose block is gone goes on, outside the file.
    """
    tasks = [_updated(old.get(planned.key), planned, now) for planned in plan]
    kept = {task.key for task in tasks}
    gone = [task for key, task in old.items() if key not in kept]
    orphans = [task for task in gone if isinstance(task.state, Running)]
    for task in orphans:
        task.in_file = False
    return orphans + tasks, [task for task in gone if not isinstance(task.state, Running)]


def asking_anew(old: Mapping[TaskKey, Task], plan: Sequence[Planned]) -> list[TaskSpec]:
    """What a new version of the file asks for that the old one did not, and that is still to run."""
    return [planned.spec for planned in plan if _asks_anew(old.get(planned.key), planned.spec)]


def _asks_anew(task: Task | None, spec: TaskSpec) -> bool:
    if task is None:
        return True
    before = needs(task.spec.memory_gb, task.spec.options)
    return task.state.status not in SETTLED and before != needs(spec.memory_gb, spec.options)


def needs(memory_gb: float | None, options: Options) -> tuple[object, ...]:
    """What a task with these asks of the cards, but for their number, which is in its key."""
    return memory_gb, options.devices, options.model, options.share


def _updated(task: Task | None, planned: Planned, now: Now) -> Task:
    if task is None:
        return Task.planned(planned, _first_state(planned, now))
    if planned.spec.memory_gb != task.spec.memory_gb:  # a new declaration outranks what a failure taught
        task.ask_gb, task.avoid = planned.spec.memory_gb, frozenset()
    hear_file(task, task.spec.options.hold, planned.spec.options.hold)
    task.index, task.spec, task.in_file = planned.index, planned.spec, True
    return task


def hear_file(task: Task, before: bool, now: bool) -> None:
    """What a new version of the file says of its `hold`. The file's word counts when it changes: a task that
    was released stays so while its block still says `hold`."""
    if now and not before:
        task.held_by = task.held_by or "file"  # a user's own word outlasts the file's
    elif before and not now and task.held_by == "file":
        task.held_by = None


def _first_state(planned: Planned, now: Now) -> Held | Pending:
    return Held(now.wall, "file") if planned.spec.options.hold else Pending(now.wall)


def numbered(specs: Sequence[TaskSpec], keys: Sequence[TaskKey]) -> list[Planned]:
    """Specs with their keys, and their indices within their queues."""
    places: Counter[int] = Counter()
    planned = []
    for spec, key in zip(specs, keys, strict=True):
        planned.append(Planned(key, places[spec.queue_id], spec))
        places[spec.queue_id] += 1
    return planned


def old_tasks(tasks: Iterable[Task]) -> list[OldTask]:
    """The plan so far, as `align` wants it."""
    return [
        OldTask(task.key, task.spec.queue_id, task.state.status in RUN_DONE, isinstance(task.state, Running))
        for task in tasks
    ]
