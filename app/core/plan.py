"""From one version of the plan to the next: a fresh start, a resume, an edit."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core import holds
from app.core.align import OldTask
from app.core.holds import Stood
from app.core.task import Task
from app.model.backend import Now
from app.model.state import (
    FINISHED,
    FUSE,
    RUN_DONE,
    Cancelled,
    Completed,
    Failed,
    Held,
    Pending,
    Running,
    TaskState,
)
from app.model.task import Options, Planned, TaskKey, TaskSpec


def fresh(plan: Sequence[Planned], now: Now) -> list[Task]:
    """Tasks that have never run."""
    return [Task.planned(planned, _first_state(planned, now)) for planned in plan]


def revive(task: Task, now: Now) -> Task:
    """A task of an earlier life of the scheduler, as a new life begins with it.

    Completed, cancelled and held ones stay, an attempt is found again by its backend, a backoff keeps
    its time; what failed, was skipped or waited begins anew with a fresh budget. What running out of memory
    has taught stays: the file still says the same.
    """
    back = task.in_file and begins_when_back(task.state)  # as an edit has taken it out
    if back or task.state.status in ("failed", "skipped"):
        task.failures = 0
    if back or task.state.status in ("failed", "skipped", "waiting"):
        task.state = Pending(now.wall)
    task.since = now.mono
    return task


@dataclass(frozen=True, slots=True)
class Diff:
    """From the plan so far to a new version of the file. False where that changes nothing."""

    plan: Sequence[Planned]  #: the new version, whole
    added: tuple[Planned, ...] = ()
    changed: tuple[Planned, ...] = ()  #: known tasks that stand elsewhere, or ask otherwise
    removed: tuple[TaskKey, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def diff(old: Mapping[TaskKey, Task], plan: Sequence[Planned]) -> Diff:
    """`old`: the plan so far, and what has left it; the keys of `plan` are matched with it already."""
    kept = {planned.key for planned in plan}
    return Diff(
        plan,
        tuple(planned for planned in plan if planned.key not in old),
        tuple(one for one in plan if (task := old.get(one.key)) and _differs(task, one)),
        tuple(key for key, task in old.items() if task.in_file and key not in kept),
    )


def _differs(task: Task, planned: Planned) -> bool:
    return not task.in_file or task.index != planned.index or task.spec != planned.spec


def edit(old: Mapping[TaskKey, Task], diff: Diff, now: Now) -> tuple[list[Task], list[Task]]:
    """The tasks under a new version of the file, and those that it no longer has and that do not run.

    Started tasks are never touched: a running one whose block is gone goes on, outside the file, and one
    whose block is in another queue now goes on there, even where one runs already. See `Queue`.
    """
    tasks = [_updated(old.get(planned.key), planned, now) for planned in diff.plan]
    kept = {task.key for task in tasks}
    gone = [task for key, task in old.items() if key not in kept]
    for task in gone:
        task.in_file = False
    orphans = [task for task in gone if isinstance(task.state, Running)]
    return orphans + tasks, [task for task in gone if not isinstance(task.state, Running)]


def asking_anew(old: Mapping[TaskKey, Task], diff: Diff) -> list[TaskSpec]:
    """What a new version of the file asks for that the old one did not, and that is still to run."""
    changed = (one for one in diff.changed if not done_for_good(old[one.key].state))
    return [
        *(planned.spec for planned in diff.added),
        *(one.spec for one in changed if _needs(old[one.key].spec) != _needs(one.spec)),
    ]


def mended(old: Mapping[TaskKey, Task], diff: Diff) -> list[TaskKey]:
    """Tasks that begin anew under a new version: failed ones that it asks to be run otherwise, if only with
    more memory or time, and those that it has again and that were not done."""
    return [one.key for one in diff.changed if _begins_anew(old[one.key], one)]


def _begins_anew(task: Task, planned: Planned) -> bool:
    if not task.in_file:
        return begins_when_back(task.state)
    return isinstance(task.state, Failed) and _chances(task.spec) != _chances(planned.spec)


def _needs(spec: TaskSpec) -> tuple[object, ...]:
    return needs(spec.memory_gb, spec.options)


def _chances(spec: TaskSpec) -> tuple[object, ...]:
    """What an attempt of its may end differently with; the script itself is in the key."""
    options = spec.options
    return *_needs(spec), options.timeout, options.retries, options.terminal


def done_for_good(state: TaskState) -> bool:
    """Is it not to be run again when its block was taken out of the file and is put back?"""
    return isinstance(state, Completed) or (isinstance(state, Cancelled) and state.by != "edit")


def begins_when_back(state: TaskState) -> bool:
    """Has it ended, but not for good, where its block was taken out of the file?"""
    return state.status in FINISHED and not done_for_good(state)


def remembered(state: TaskState, held_by: str | None) -> bool:
    """Is it still itself when its block was taken out of the file and is put back? Else it is a new task."""
    return done_for_good(state) or (not isinstance(state, Running) and holds.by_user(held_by))


def inherited(old: Mapping[TaskKey, Task], diff: Diff) -> dict[TaskKey, str]:
    """Who holds tasks that a new version adds, see `holds.inherited`."""
    if not diff.added or not any(holds.by_user(task.held_by) for task in old.values()):
        return {}
    here = (task for task in old.values() if task.in_file)
    stood = [Stood(t.key, t.spec.queue_id, done_for_good(t.state), t.held_by) for t in here]
    return holds.inherited(stood, diff.plan, {one.key for one in diff.added})


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
        if task.held_by in (None, FUSE):  # a user's own word outlasts the file's
            task.held_by = "file"
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
