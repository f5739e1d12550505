"""The fuse: when the first tasks of a file all die within seconds of starting, the rest is not burned, too.

Something is wrong with what they share, then: an environment that is not there, a disk that is not mounted,
a driver that starts nothing. The others are held by the fuse, as they could be by their user. Those that died
have their retries, and so find out when it is mended: once a task completes, or lives on, the others are
released, and those that died meanwhile begin anew, as it was no fault of theirs; of those that died before a
restart, the ones that wait for a retry. A user's release of all does the same; after that of one, counting
begins anew.
"""

from collections.abc import Iterable

from app.core.board import Board
from app.core.flow import Flow
from app.core.task import Task
from app.core.verdict import SOON, Verdict, verdict
from app.model.backend import Now
from app.model.problems import Problem, problem
from app.model.state import FUSE, Backoff, Failed, Held, Pending, Running, Waiting
from app.model.task import TaskKey

TO_COME = (Pending, Waiting, Backoff)


class Fuse:
    """Armed from a scheduler's start until a task has shown that tasks can live here."""

    def __init__(self, board: Board, flow: Flow) -> None:
        self._board, self._flow = board, flow
        self._died: dict[TaskKey, Task] = {}  #: they begin anew when it closes
        self._counted: set[TaskKey] = set()  #: of them, since a user has last released one
        #: as it blew: how many had died, who was the last, of what; None: that was before a restart
        self._last: tuple[int, Task, str] | None = None
        self._proven: set[bool] = set()  #: of tasks with (True) and without GPUs
        self._blown = bool(self._held())
        if self._blown:  # before a restart
            self._died = {task.key: task for task in board.tasks.values() if _may_have_died(task)}

    def judge(self, task: Task, said: Verdict | None, now: Now) -> None:
        """An attempt of the task has ended, and says this of the machine."""
        on_gpu = bool(task.spec.gpus)
        if said == "well":
            self._prove(on_gpu, now)
        elif said == "suspect" and (most := self._board.settings.fuse_tasks) is not None:
            self._look_at_living(now)
            if on_gpu not in self._proven:
                self._died[task.key] = task
                self._counted.add(task.key)
                if len(self._counted) >= most:
                    self._blow(task, now)

    def next_due(self) -> float | None:
        """Monotonic time at which an attempt has lived long enough to release the others."""
        if not self._blown:
            return None
        return min((task.since + SOON for task in self._telling()), default=None)

    def tick(self, now: Now) -> None:
        if self._blown:
            self._look_at_living(now)

    def released(self) -> None:
        """One of those it held, by a user: what comes now is counted anew."""
        self._counted.clear()

    def close(self, now: Now, cards_too: bool = True) -> None:
        """All that it holds go on, and those that died begin anew; what died on cards if `cards_too`."""
        died = [task for task in self._died.values() if cards_too or not task.spec.gpus]
        self._forget(died)
        self._blown = bool(self._died)
        self._flow.release_all(FUSE, now)
        here = [task for task in died if task.in_file and self._board.tasks.get(task.key) is task]
        for task in here:
            task.failures = 0
        again = [task for task in here if isinstance(task.state, Backoff | Failed)]
        for task in again:
            self._flow.move(task, Pending(now.wall), now)
        for queue in {task.spec.queue_id: self._board.queue_of(task) for task in again}.values():
            self._flow.rearrange(queue, now)

    def problem(self) -> Problem | None:
        """What it holds, and why."""
        if not self._blown:
            return None
        held = len(self._held())
        if not held:
            return None
        if self._last is None:
            return problem("fuse_before", held=held, seconds=int(SOON))
        died, task, error = self._last
        return problem("fuse", died=died, seconds=int(SOON), task=task.label, error=error, held=held)

    def _held(self) -> list[Task]:
        return [task for task in self._board.tasks.values() if task.held_by == FUSE]

    def _telling(self) -> list[Task]:
        """Running ones that would prove something by living on."""
        running = [t for t in self._board.attempts.values() if isinstance(t.state, Running)]
        return [t for t in running if bool(t.spec.gpus) not in self._proven and not t.running.stopping]

    def _look_at_living(self, now: Now) -> None:
        for task in self._telling():
            if now.mono - task.since >= SOON:
                self._prove(bool(task.spec.gpus), now)

    def _prove(self, on_gpu: bool, now: Now) -> None:
        """What lives on a card shows that the rest is well, too; what lives without one, nothing of cards."""
        self._proven |= {on_gpu, False}
        if self._blown and (on_gpu or not any(task.spec.gpus for task in self._held())):
            self.close(now, on_gpu)
        else:
            self._forget([task for task in self._died.values() if on_gpu or not task.spec.gpus])

    def _forget(self, died: Iterable[Task]) -> None:
        for task in died:
            del self._died[task.key]
            self._counted.discard(task.key)

    def _blow(self, last: Task, now: Now) -> None:
        if isinstance(last.state, Backoff | Failed):
            self._last = (len(self._counted), last, last.state.error)
        self._blown = True  # also where there is nothing left to hold
        held = Held(now.wall, FUSE)
        for task in self._board.tasks.values():
            if isinstance(task.state, TO_COME) and task.key not in self._died:
                self._flow.hold(task, FUSE)
                self._flow.move(task, held, now)  # its queue stands: nothing else in it changes by that


def _may_have_died(task: Task) -> bool:
    """As far as what an earlier scheduler has left tells: it did not keep how soon."""
    return isinstance(task.state, Backoff) and verdict(task.state.cause, 0.0) == "suspect"
