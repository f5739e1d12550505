"""The table of all tasks: who is where, how many of each, and the one function that makes a transition."""

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.core import transitions
from app.core.retry import QUICK_SECONDS
from app.core.task import Queue, Task, no_counts, queues_of
from app.model.backend import Now, Want
from app.model.records import Moved
from app.model.settings import Settings
from app.model.state import FINISHED, Backoff, Cause, Running, TaskState, Waiting
from app.model.task import TaskKey

TIME_IS_TRUE = 0.5
"""Seconds by which the end of a backoff may be told wrong."""


class Board:
    """Tasks by key, queues by id, counts over all, what waits, what runs, and what ends by itself when."""

    def __init__(self, settings: Settings, tasks: Iterable[Task], now: Now) -> None:
        self.settings = settings
        self.tasks: dict[TaskKey, Task] = {}
        self.queues: dict[int, Queue] = {}
        self.counts = no_counts()
        self.attempts: dict[int, Task] = {}
        self.wants: dict[TaskKey, Want] = {}
        self._due: list[tuple[float, TaskKey]] = []
        self._versions = itertools.count(1)
        self.arrange(tasks)
        for task in self.tasks.values():
            if isinstance(task.state, Running):  # of an earlier scheduler: its age is known when it is found
                task.since = now.mono
            self.watch(task, now)

    def arrange(self, tasks: Iterable[Task]) -> None:
        """Take these tasks, in this order, as the whole plan."""
        self.tasks = {task.key: task for task in tasks}
        self.queues = queues_of(self.tasks.values())
        self.counts = no_counts()
        for queue in self.queues.values():
            queue.version = next(self._versions)
            for status, count in queue.counts.items():
                self.counts[status] += count
        self.attempts = {t.state.number: t for t in self.tasks.values() if isinstance(t.state, Running)}
        self.wants = {task.key: task.want() for task in self.tasks.values() if task.asks}

    def queue_of(self, task: Task) -> Queue:
        return self.queues[task.spec.queue_id]

    def label(self, key: TaskKey) -> str | None:
        """How a task is called now, "3/1"; None: it is not in the plan any more."""
        task = self.tasks.get(key)
        return task.label if task else None

    def move(self, task: Task, state: TaskState, now: Now, cause: Cause | None = None) -> Moved:
        """The one function that makes a transition. Raises IllegalTransition."""
        old = task.state.status
        transitions.check(task.label, old, state.status)
        self.renew(task, state)
        if old != state.status:
            task.since = now.mono
        if not isinstance(state, Waiting):
            task.rests_until = None
        if old in FINISHED and state.status not in FINISHED:
            self.queue_of(task).cursor = 0  # it comes again before what is behind it
        self.watch(task, now)
        self.wants.pop(task.key, None)
        if task.asks:
            self.wants[task.key] = task.want()
        elif isinstance(state, Running):
            self.attempts[state.number] = task
        return Moved(
            task.key, now.wall, old, state, task.failures, task.ask_gb, task.avoid, cause, task.label
        )

    def renew(self, task: Task, state: TaskState) -> None:
        """New facts about a task; the counts follow, and readers see that its queue has changed."""
        queue = self.queue_of(task)
        for counts in (queue.counts, self.counts):
            counts[task.state.status] -= 1
            counts[state.status] += 1
        queue.version = next(self._versions)
        task.state = state

    def started(self, task: Task, state: Running, now: Now) -> None:
        """A launch has become an attempt: from here its timeout counts."""
        self.renew(task, state)
        task.since = _began(state, now)
        self.watch(task, now)

    def backdate(self, task: Task, since: float) -> None:
        """It has waited all the time since then."""
        task.since = since
        if task.key in self.wants:
            self.wants[task.key] = task.want()

    def ask_again(self, task: Task) -> None:
        """It has rested."""
        task.rests_until = None
        self.wants[task.key] = task.want()

    def next_due(self) -> float | None:
        """Monotonic time at which the next state may end by itself."""
        return self._due[0][0] if self._due else None

    def take_due(self, now: Now) -> Iterator[Task]:
        """Those whose state has ended by itself: backoffs that are over, attempts at their timeout, rests."""
        while self._due and self._due[0][0] <= now.mono:
            due, key = heapq.heappop(self._due)
            task = self.tasks.get(key)
            if task is not None and task.due == due:  # else its state has ended otherwise
                task.due = None
                yield task

    def watch(self, task: Task, now: Now) -> None:
        """Note when the present state ends by itself. What is on disk is wall time; a clock that jumps
        must neither lengthen a backoff or a timeout nor end it, so from here on it is monotonic."""
        task.due = None
        if isinstance(task.state, Waiting):
            task.due = task.rests_until
        elif isinstance(task.state, Backoff):
            longest = max(self.settings.retry_config.backoff_duration, 2 * QUICK_SECONDS)
            task.due = now.mono + min(max(task.state.until - now.wall, 0.0), longest)
            self._tell_time(task, task.state, task.due, now)
        elif isinstance(task.state, Running) and task.state.stopping is None:
            timeout = task.timeout(self.settings)
            if timeout is not None:
                task.due = task.since + timeout
        if task.due is not None:
            heapq.heappush(self._due, (task.due, task.key))

    def tell_times(self, now: Now) -> None:
        """The wall clock was set: say by what it shows now until when backoffs last."""
        for task in self.tasks.values():
            if isinstance(task.state, Backoff) and task.due is not None:
                self._tell_time(task, task.state, task.due, now)

    def _tell_time(self, task: Task, state: Backoff, due: float, now: Now) -> None:
        until = now.wall + due - now.mono
        if abs(until - max(state.until, now.wall)) > TIME_IS_TRUE:
            self.renew(task, replace(state, until=until))


def _began(state: Running, now: Now) -> float:
    """Monotonic time at which an attempt began, as it is launched or found again; not in the future."""
    return now.mono - max(now.wall - state.since, 0.0)
