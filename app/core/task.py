"""The core's own record of a task and of a queue: the only mutable things in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from app.model.backend import LaunchSpec, Now, Want
from app.model.blockers import Blocked, reason
from app.model.paths import RunPaths
from app.model.settings import Settings
from app.model.state import FINISHED, STATUSES, Held, Running, Status, TaskState, Waiting
from app.model.task import Planned, TaskKey, TaskSpec, substitute


@dataclass(slots=True, eq=False)
class Task:
    """One task of the plan, from the file to its end."""

    key: TaskKey
    index: int
    spec: TaskSpec
    state: TaskState
    attempts: int = 0  #: made so far, in this run
    failures: int = 0  #: since its retry budget began
    ask_gb: float | None = None  #: what it asks for now: its declaration, or more after running out of memory
    avoid: frozenset[str] = frozenset()  #: cards it ran out of memory on, as far as there are others
    since: float = 0.0  #: monotonic, of the present state
    came: float | None = None  #: monotonic: when its turn in its queue came first
    #: since when it had waited, as it was given GPUs: monotonic, wall
    waited: tuple[float, float] = (0.0, 0.0)
    rests_until: float | None = None  #: monotonic; while it waits: the machine has refused to launch it
    refusals: int = 0  #: in a row
    due: float | None = None  #: monotonic time at which its state ends by itself (backoff, timeout, rest)
    log_path: str | None = None  #: of its last attempt
    in_file: bool = True
    held_by: str | None = None  #: who wants it held: "file", "fuse", or a user; None: nobody
    killed_by: str | None = None  #: who has asked for the end of its attempt

    @classmethod
    def planned(cls, planned: Planned, state: TaskState) -> "Task":
        task = cls(planned.key, planned.index, planned.spec, state, ask_gb=planned.spec.memory_gb)
        task.held_by = state.by if isinstance(state, Held) else None
        return task

    @property
    def label(self) -> str:
        return f"{self.spec.queue_id}/{self.index}"

    @property
    def running(self) -> Running:
        """Its state, where it is known to be running."""
        assert isinstance(self.state, Running)
        return self.state

    @property
    def waiting(self) -> Waiting:
        """Its state, where it is known to wait for GPUs."""
        assert isinstance(self.state, Waiting)
        return self.state

    @property
    def asks(self) -> bool:
        """Does it want GPUs now?"""
        return isinstance(self.state, Waiting) and self.rests_until is None

    def waiting_for(self, since: float, blocked: Blocked, said: str | None = None) -> Waiting:
        """Its state while this keeps it from starting; `said`: its sentence, if it is made already."""
        why = said or reason(blocked)
        return Waiting(
            since, why, blocked.blockers, blocked.stuck, self.spec.gpus, self.ask_gb, blocked.ready
        )

    def timeout(self, settings: Settings) -> float | None:
        return self.spec.options.timeout if self.spec.options.timeout is not None else settings.timeout

    def retries(self, settings: Settings) -> int | None:
        return self.spec.options.retries if self.spec.options.retries is not None else settings.max_retries

    def want(self) -> Want:
        """What it asks the backend for at the head of its queue."""
        came = self.since if self.came is None else self.came
        return Want(
            *(self.key, self.label, self.spec.queue_id, self.spec, self.ask_gb, self.since, self.avoid), came
        )

    def launch_spec(self, number: int, work_dir: str, run: RunPaths) -> LaunchSpec:
        """Its next attempt. Call after `attempts` was counted up."""
        options = self.spec.options
        in_tmux = options.terminal == "tmux"
        return LaunchSpec(
            key=self.key,
            queue_id=self.spec.queue_id,
            index=self.index,
            attempt=self.attempts,
            number=number,
            name=options.name,
            script=substitute(self.spec.script, work_dir),
            cwd=self.spec.folder(work_dir),
            env=options.env,
            terminal=options.terminal,
            session_name=run.session(self.spec.queue_id, self.index, number) if in_tmux else None,
            log_path=str(run.log(self.spec.queue_id, self.index, self.key, number)),
        )


def no_counts() -> dict[Status, int]:
    return dict.fromkeys(STATUSES, 0)


@dataclass(slots=True, eq=False)
class Queue:
    """Tasks with the same queue id, in their order. One is started when no other of them runs: two run only
    where an edit has brought in one that ran already."""

    queue_id: int
    tasks: list[Task] = field(default_factory=list)
    name: str | None = None
    counts: dict[Status, int] = field(default_factory=no_counts)
    cursor: int = 0  #: everything before it is finished
    version: int = 0  #: another one after every change, of any queue, so that readers can keep what they made

    def head(self) -> Task | None:
        """The first task that is not finished."""
        while self.cursor < len(self.tasks) and self.tasks[self.cursor].state.status in FINISHED:
            self.cursor += 1
        return self.tasks[self.cursor] if self.cursor < len(self.tasks) else None

    def coming(self, now: Now) -> Want | None:
        """What it asks for once the task that it is about now has completed; None: nothing."""
        current = self.current()
        left = (one for one in self.tasks[self.cursor :] if one is not current)
        following = next((one for one in left if one.state.status not in FINISHED), None)
        if following is None or following.held_by:
            return None
        came = now.mono if following.came is None else following.came
        return replace(following.want(), since=now.mono, came=came)

    def current(self) -> Task | None:
        """What it is about now: the task that runs, wherever an edit has put it, else its head."""
        head = self.head()
        if not self.counts["running"] or (head is not None and isinstance(head.state, Running)):
            return head
        return next(task for task in self.tasks if isinstance(task.state, Running))


def queues_of(tasks: Iterable[Task]) -> dict[int, Queue]:
    """Tasks sorted into their queues, queues by first appearance."""
    queues: dict[int, Queue] = {}
    for task in tasks:
        queue = queues.get(task.spec.queue_id)
        if queue is None:
            queue = queues[task.spec.queue_id] = Queue(task.spec.queue_id)
        queue.tasks.append(task)
        queue.counts[task.state.status] += 1
        queue.name = queue.name or task.spec.options.queue_name
    return queues
