"""What is worth telling somebody who is not looking: from the engine's events and the problems there are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.core.events import Action, Event
from app.core.machine import Core
from app.core.task import Queue
from app.model.problems import Problem
from app.model.records import Moved
from app.model.state import FINISHED, STATUSES, Failed, Status, Waiting
from app.model.task import TaskKey
from app.narrate import duration

Kind = Literal["task_failed", "queue_done", "all_done", "gpu_lost", "fuse", "waiting_longer"]

OF_PROBLEMS: Mapping[str, Kind] = {
    "gpu_lost": "gpu_lost",
    "card_aside": "gpu_lost",
    "driver": "gpu_lost",
    "fuse": "fuse",
    "fuse_before": "fuse",
}
"""Problems that are told, and by which setting."""


@dataclass(frozen=True, slots=True)
class News:
    kind: Kind
    text: str  #: one sentence


class Newsroom:
    """A listener of the engine's, and of the scheduler's problems; hands on what its settings want told."""

    def __init__(self, core: Core, tell: Callable[[News], None]) -> None:
        self._core, self._tell = core, tell
        self._done = core.nothing_left
        self._problems: set[tuple[str, str | int]] = set()
        self._waited: dict[TaskKey, float] = {}  #: told of, and since when it waited

    def __call__(self, event: Event | None, actions: Sequence[Action]) -> None:
        moves = [action for action in actions if isinstance(action, Moved)]
        for news in (*self._failed(moves), *self._queues(moves), *self._all()):
            self._hand_on(news)

    def problems(self, now: Sequence[Problem], wall: float) -> None:
        """Those there are; called now and then. Also looks who has waited for long."""
        about = {problem.about for problem in now}
        for problem in now:
            kind = OF_PROBLEMS.get(problem.kind)
            if kind and problem.about not in self._problems:
                self._hand_on(News(kind, problem.text))
        self._problems = about
        for news in self._long_waits(wall):
            self._hand_on(news)

    def _hand_on(self, news: News) -> None:
        if getattr(self._core.settings.notify, news.kind):
            self._tell(news)

    def _failed(self, moves: Sequence[Moved]) -> Iterator[News]:
        for moved in moves:
            if isinstance(moved.state, Failed):
                task = self._core.board.tasks.get(moved.key)
                name = f" ({task.spec.options.name})" if task and task.spec.options.name else ""
                log = f"; its log: {task.log_path}" if task and task.log_path else ""
                yield News("task_failed", f"task {moved.label}{name} failed: {moved.state.error}{log}")

    def _queues(self, moves: Sequence[Moved]) -> Iterator[News]:
        ended = [moved.key for moved in moves if moved.state.status in FINISHED]
        tasks = (self._core.board.tasks.get(key) for key in ended)
        for queue_id in dict.fromkeys(task.spec.queue_id for task in tasks if task):
            queue = self._core.board.queues.get(queue_id)
            if queue and queue.head() is None:
                yield News("queue_done", f"{_queue(queue)} is done: {_counted(queue.counts)}")

    def _all(self) -> Iterator[News]:
        done = self._core.nothing_left
        if done and not self._done:
            yield News("all_done", f"all tasks have ended: {_counted(self._core.board.counts)}")
        self._done = done

    def _long_waits(self, wall: float) -> Iterator[News]:
        longest = self._core.settings.notify.waiting_longer
        if longest is None:
            return
        board = self._core.board
        waiting = {key: board.tasks[key].state for key in board.wants}
        self._waited = {key: at for key, at in self._waited.items() if key in waiting}
        for key, state in waiting.items():
            if isinstance(state, Waiting) and wall - state.since >= longest and key not in self._waited:
                self._waited[key] = state.since
                waits = f"task {board.tasks[key].label} has waited for {duration(wall - state.since)}"
                yield News("waiting_longer", f"{waits}: {state.reason}")


def _queue(queue: Queue) -> str:
    return f"queue {queue.queue_id}" + (f" ({queue.name})" if queue.name else "")


def _counted(counts: Mapping[Status, int]) -> str:
    """ "38 completed, 2 failed"."""
    return ", ".join(f"{counts[status]:,} {status}" for status in reversed(STATUSES) if counts[status])
