"""How tasks go through their queues: one is started when none of its queue runs, in the order of the file,
and none past what is held or has failed."""

from typing import Literal

from app.core import chain
from app.core.board import Board
from app.core.events import Action
from app.core.task import Queue, Task
from app.model.backend import Now
from app.model.blockers import Blocked, NotYetTried, Standstill
from app.model.records import HeldBy
from app.model.state import Backoff, Cause, Held, Pending, Running, TaskState, Waiting

NOT_YET = Blocked(0, None, 0, (NotYetTried(),), stuck=False)
DRAINING = Blocked(0, None, 0, (Standstill("draining"),), stuck=False)
PAUSED = Blocked(0, None, 0, (Standstill("paused"),), stuck=False)


class Flow:
    """Moves the tasks of a board. What was done is in `actions`, in order, until somebody takes it."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.actions: list[Action] = []
        self.ending: Literal["drain", "stop"] | None = None
        self.paused = False

    def move(self, task: Task, state: TaskState, now: Now, cause: Cause | None = None) -> None:
        self.actions.append(self.board.move(task, state, now, cause))

    def begin_anew(self, task: Task, now: Now) -> None:
        """Back to its queue, with a fresh budget."""
        task.failures = 0
        self.move(task, Pending(now.wall), now)

    def hold(self, task: Task, by: str | None) -> None:
        """Note who wants it held."""
        if task.held_by != by:
            task.held_by = by
            self.actions.append(HeldBy(task.key, by))

    def release_all(self, held_by: str, now: Now) -> None:
        """All that they hold."""
        queues = {}
        for task in self.board.tasks.values():
            if task.held_by == held_by:
                self.hold(task, None)
                queues[task.spec.queue_id] = self.board.queue_of(task)
        for queue in queues.values():
            self.rearrange(queue, now)

    def advance(self, task: Task, now: Now) -> None:
        """Let its queue go on, if that is still in the file."""
        queue = self.board.queues.get(task.spec.queue_id)
        if queue is not None:
            self._advance_queue(queue, now)

    def advance_all(self, now: Now) -> None:
        for queue in self.board.queues.values():
            self._advance_queue(queue, now)

    def _advance_queue(self, queue: Queue, now: Now) -> None:
        if queue.counts["running"] or self.ending == "stop":
            return
        head = queue.head()
        if head is not None and head.came is None:
            head.came = now.mono
        if head is not None and isinstance(head.state, Pending):
            self.move(head, head.waiting_for(now.wall, self.not_yet()), now)

    def mend(self, queue: Queue, now: Now) -> None:
        """Skip what a failed task keeps from running, and no longer what none does."""
        for task, state in list(chain.mended(queue, self.board.settings, now.wall)):
            if isinstance(state, Pending):
                task.failures = 0
            self.move(task, state, now)

    def rearrange(self, queue: Queue, now: Now) -> None:
        """One of its tasks came or went, or other rules hold: who is skipped, who waits, who is next."""
        self.mend(queue, now)
        for task in queue.tasks:
            self.fit_in(task, now)
        self._advance_queue(queue, now)

    def fit_in(self, task: Task, now: Now) -> None:
        """Bring a task's state in line with its place, and with who wants it held."""
        match task.state:
            case Pending() | Waiting() | Backoff() if task.held_by:
                self.move(task, Held(now.wall, task.held_by), now)
            case Held(by=by) if task.held_by not in (None, by):
                self.board.renew(task, Held(task.state.since, task.held_by))
            case Held() if not task.held_by:
                self.move(task, Pending(now.wall), now)
            case Waiting() if not self._may_wait(task):
                self.move(task, Pending(now.wall), now)
            case Running():
                self.board.watch(task, now)  # its timeout may be another one now
            case _:
                pass

    def _may_wait(self, task: Task) -> bool:
        """A task waits for GPUs only at the head of its queue, with none of it running."""
        queue = self.board.queue_of(task)
        return queue.head() is task and not queue.counts["running"]

    def not_yet(self) -> Blocked:
        """What is said of a head that no decision has looked at yet."""
        return DRAINING if self.ending else PAUSED if self.paused else NOT_YET

    def say_of_waiting(self) -> None:
        """Until the next decision, if there will be one."""
        for task in [task for task in self.board.tasks.values() if isinstance(task.state, Waiting)]:
            self.board.renew(task, task.waiting_for(task.waiting.since, self.not_yet()))
