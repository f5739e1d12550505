"""The state of a scheduler as its state file and its view show it, built from the core's board."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from app.core.machine import Core
from app.core.task import Queue, Task
from app.model import state_file
from app.model.backend import Survey
from app.model.problems import Problem
from app.model.state import Failed, Running, Status, TaskState
from app.model.state_dump import shown
from app.model.state_file import SchedulerStatus, StateFile
from app.model.task import TaskSpec, in_words
from app.model.totals import Totals


@dataclass(frozen=True, slots=True)
class _Made:
    """A queue as it was last built: still right while nothing in it has changed."""

    version: int
    room: int
    queue: state_file.Queue
    tasks: dict[int, "_Shown"]  #: by place in the queue


@dataclass(frozen=True, slots=True)
class _Shown:
    """A task as it was last built: still right while it has the very same state and spec."""

    state: TaskState
    spec: TaskSpec
    task: state_file.Task


class Report:
    """Builds StateFiles. A queue that has not changed is the very object of the last time."""

    def __init__(self, base: StateFile, core: Core, totals: Callable[[], Totals] = Totals) -> None:
        """`base`: what stays the same for the scheduler's life."""
        self._base, self._core, self._totals = base, core, totals
        self._made: dict[int, _Made] = {}

    def state(self, survey: Survey, problems: tuple[Problem, ...], status: SchedulerStatus) -> StateFile:
        """The scheduler now."""
        board = self._core.board
        queues = tuple(
            self._queue(queue, len(board.queues), survey.used_gb) for queue in board.queues.values()
        )
        return replace(
            self._base,
            updated_at=time.time(),
            status=status,
            counts=_present(board.counts),
            queues=queues,
            gpus=survey.cards,
            allowance=survey.allowance,
            problems=problems + survey.problems,
            totals=self._totals(),
        )

    def _queue(self, queue: Queue, queues: int, used: Mapping[int, float]) -> state_file.Queue:
        head = queue.current()
        measured = isinstance(head.state, Running) and head.state.number in used if head else False
        made = self._made.get(queue.queue_id)
        if made and made.version == queue.version and made.room == queues and not measured:
            return made.queue
        before = made.tasks if made else {}
        places = shown(len(queue.tasks), _middle(queue, head), queues)
        tasks = {at: _task(queue.tasks[at], used, before.get(at)) for at in places}
        built = state_file.Queue(
            queue_id=queue.queue_id,
            queue_name=queue.name,
            status=_status(queue, head),
            total=len(queue.tasks),
            counts=_present(queue.counts),
            current=head.index if head is not None else None,
            tasks=tuple(one.task for one in tasks.values()),
        )
        if made and built == made.queue:
            built = made.queue
        self._made[queue.queue_id] = _Made(queue.version, queues, built, tasks)
        return built


def _middle(queue: Queue, current: Task | None) -> int:
    """The place that matters most: where it is, or what has stopped it."""
    if current is not None and current is not queue.head():
        return queue.tasks.index(current)
    if current is None and queue.counts["skipped"] and queue.counts["failed"]:
        return max(at for at, task in enumerate(queue.tasks) if isinstance(task.state, Failed)) + 1
    return queue.cursor


def _status(queue: Queue, head: Task | None) -> Status:
    if head is not None:
        return head.state.status
    for status in ("failed", "skipped", "cancelled"):
        if queue.counts[status]:
            return status
    return "completed"


def _task(task: Task, used: Mapping[int, float], before: _Shown | None) -> _Shown:
    state = task.state
    if not isinstance(state, Running) and before and before.state is state and before.spec is task.spec:
        return before
    return _Shown(task.state, task.spec, shown_task(task, used))


def shown_task(task: Task, used: Mapping[int, float]) -> state_file.Task:
    """`used`: GB per GPU, of running attempts by their number."""
    options, state = task.spec.options, task.state
    if isinstance(state, Running):
        state = replace(state, used_gb=used.get(state.number))
    return state_file.Task(
        index=task.index,
        key=str(task.key),
        name=options.name,
        commands=in_words(task.spec.script),
        gpu_count=task.spec.gpus,
        memory_gb=task.spec.memory_gb,
        options=options,
        attempts=task.attempts,
        retries=task.failures,
        log_path=task.log_path,
        state=state,
        in_file=task.in_file,
    )


def _present(counts: Mapping[Status, int]) -> dict[Status, int]:
    return {status: count for status, count in counts.items() if count}
