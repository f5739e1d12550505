"""What is worth telling somebody who is not looking: from the engine's events and the problems there are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.core.events import Action, Ended, Event
from app.core.machine import Core
from app.model.backend import Exit
from app.model.problems import Problem
from app.model.records import Moved
from app.model.state import FINISHED, STATUSES, Failed, Status, Waiting
from app.model.task import TaskKey
from app.narrate import duration
from app.notify.quote import clipped, last_words

Kind = Literal["task_failed", "queue_done", "all_done", "gpu_lost", "fuse", "waiting_longer"]

OF_PROBLEMS: Mapping[str, Kind] = {
    "gpu_lost": "gpu_lost",
    "card_aside": "gpu_lost",
    "driver": "gpu_lost",
    "fuse": "fuse",
    "fuse_before": "fuse",
}
"""Problems that are told, and by which setting."""


TITLES: Mapping[str, str] = {
    "gpu_lost": "GPU {gpu} ({name}) is lost",
    "card_aside": "GPU {gpu} ({name}) is set aside",
    "driver": "the GPU driver does not answer",
    "fuse": "the fuse holds {held} of the tasks",
    "fuse_before": "the fuse holds {held} of the tasks",
}
"""The same, so short that no title is cut."""

LONGEST_NAME = 40  #: of a task or queue, in a title


@dataclass(frozen=True, slots=True)
class News:
    kind: Kind
    title: str  #: what has happened, short
    text: str  #: one sentence of it all
    quote: tuple[str, ...] = ()  #: lines of others that tell more


class Newsroom:
    """A listener of the engine's, and of the scheduler's problems; hands on what its settings want told."""

    def __init__(self, core: Core, tell: Callable[[News], None]) -> None:
        self._core, self._tell = core, tell
        self._done = core.nothing_left
        self._problems: set[tuple[str, str | int]] = set()
        self._waited: dict[TaskKey, float] = {}  #: told of, and since when it waited

    def __call__(self, event: Event | None, actions: Sequence[Action]) -> None:
        moves = [action for action in actions if isinstance(action, Moved)]
        tail = event.end.log_tail if isinstance(event, Ended) and isinstance(event.end, Exit) else ""
        for news in (*self._failed(moves, tail), *self._queues(moves), *self._all()):
            self._hand_on(news)

    def problems(self, now: Sequence[Problem], wall: float) -> None:
        """Those there are; called now and then. Also looks who has waited for long."""
        about = {problem.about for problem in now}
        for problem in now:
            kind = OF_PROBLEMS.get(problem.kind)
            if kind and problem.about not in self._problems:
                self._hand_on(News(kind, TITLES[problem.kind].format(**problem.facts), problem.text))
        self._problems = about
        for news in self._long_waits(wall):
            self._hand_on(news)

    def _hand_on(self, news: News) -> None:
        if getattr(self._core.settings.notify, news.kind):
            self._tell(news)

    def _failed(self, moves: Sequence[Moved], log_tail: str) -> Iterator[News]:
        """`log_tail`: of the attempt that has ended, if one has."""
        for moved in moves:
            if isinstance(moved.state, Failed):
                task = self._core.board.tasks.get(moved.key)
                failed = f"task {moved.label}{_named(task.spec.options.name if task else None)} failed"
                log = f"; its log: {task.log_path}" if task and task.log_path else ""
                text = f"{failed}: {moved.state.error}{log}"
                yield News("task_failed", failed, text, last_words(log_tail))

    def _queues(self, moves: Sequence[Moved]) -> Iterator[News]:
        ended = [moved.key for moved in moves if moved.state.status in FINISHED]
        tasks = (self._core.board.tasks.get(key) for key in ended)
        for queue_id in dict.fromkeys(task.spec.queue_id for task in tasks if task):
            queue = self._core.board.queues.get(queue_id)
            if queue and queue.head() is None:
                done = f"queue {queue.queue_id}{_named(queue.name)} is done: {_counted(queue.counts)}"
                yield News("queue_done", done, done)

    def _all(self) -> Iterator[News]:
        done = self._core.nothing_left
        if done and not self._done:
            ended = f"all tasks have ended: {_counted(self._core.board.counts)}"
            yield News("all_done", ended, ended)
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
                yield News("waiting_longer", waits, f"{waits}: {state.reason}")


def _named(name: str | None) -> str:
    """ " (stage 1)"."""
    return f" ({clipped(name, LONGEST_NAME)})" if name else ""


def _counted(counts: Mapping[Status, int]) -> str:
    """ "38 completed, 2 failed"."""
    return ", ".join(f"{counts[status]:,} {status}" for status in reversed(STATUSES) if counts[status])
