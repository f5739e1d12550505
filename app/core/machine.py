"""The core: what happened goes in, what to do comes out. No clock, no files, no asyncio.

The same code runs a scheduler, a `--check`, and a table in a test.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from app.core import chain, outcome, plan, words
from app.core.aside import Aside
from app.core.board import Board
from app.core.events import (
    Action,
    Asked,
    ClockSet,
    Drain,
    Edited,
    Ended,
    Event,
    Explained,
    Granted,
    Launch,
    Launched,
    NotStarted,
    Pause,
    Released,
    SettingsChanged,
    Signal,
    StopNow,
    Tick,
    Verb,
)
from app.core.flow import Flow
from app.core.fuse import Fuse
from app.core.place import lined_up
from app.core.retry import rest_after
from app.core.settle import back, settled
from app.core.task import Task
from app.core.verdict import verdict
from app.model.backend import Exit, Grant, Lost, Now, Want
from app.model.blockers import Blocked, LaunchRefused, reason
from app.model.paths import RunPaths
from app.model.records import AttemptEnded, HeldBy
from app.model.settings import Settings
from app.model.state import (
    FINISHED,
    FUSE,
    RUN_DONE,
    Cancelled,
    Cause,
    Killed,
    NotLaunched,
    Pending,
    Running,
    Waiting,
    Why,
)
from app.model.task import Planned, TaskKey, TaskSpec


class Core:
    """Decides. The tasks themselves are on its `board`, which readers may look at and nobody else changes."""

    def __init__(
        self,
        tasks: Iterable[Task],
        settings: Settings,
        run: RunPaths,
        work_dir: str,
        now: Now,
        last_number: int = 0,
        departed: Iterable[Task] = (),
    ) -> None:
        self.run, self.work_dir = run, work_dir
        self.last_number = last_number
        self.surely_gb: Callable[[TaskSpec], float | None] = lambda _: None  #: see `never.surely_gb`
        self.board = Board(settings, tasks, now)
        self._flow = Flow(self.board)
        self.fuse = Fuse(self.board, self._flow)
        self.departed = {task.key: task for task in departed}  #: see `plan.remembered`
        self.aside = Aside(self.board)
        for task in list(self.board.tasks.values()):
            self._flow.fit_in(task, now)
        self._flow.advance_all(now)

    # For the engine

    def start(self) -> list[Action]:
        """What follows from the plan as it was given, once: first transitions, and stops that go on."""
        first, self._flow.actions = self._flow.actions, []
        for number, task in self.board.attempts.items():
            if why := task.running.stopping:
                first.append(Signal(number, why, self.settings.stop_grace))
        return first

    def heads(self) -> Sequence[Want]:
        """What waits for GPUs now, who comes first at the front."""
        return () if self.standing else tuple(lined_up(self.board.wants.values()))

    def objection(self, verb: Verb, task: Task) -> str | None:
        """See `words.objection`."""
        return words.objection(verb, task, chain.breaker(self.board.queue_of(task), task, self.settings))

    def next_due(self) -> float | None:
        """Monotonic time of the next Tick that will change something."""
        dues = (self.board.next_due(), self.fuse.next_due())
        return min((at for at in dues if at is not None), default=None)

    def known(self) -> dict[TaskKey, Task]:
        """Every task that a new version of the file may have."""
        return {**self.departed, **self.board.tasks}

    @property
    def settings(self) -> Settings:
        return self.board.settings

    @property
    def running(self) -> Mapping[int, Task]:
        """Tasks with a living attempt, by the attempt's number."""
        return self.board.attempts

    @property
    def ending(self) -> Literal["drain", "stop"] | None:
        """Nothing starts any more: what runs goes on, or is ended."""
        return self._flow.ending

    @property
    def paused(self) -> bool:
        return self._flow.paused

    @property
    def standing(self) -> bool:
        """Nothing starts, whatever is free."""
        return self._flow.paused or self._flow.ending is not None

    @property
    def finished(self) -> bool:
        """Nothing will happen any more without somebody's word."""
        if self.board.attempts:
            return False
        return self.ending is not None or self.nothing_left

    @property
    def only_held(self) -> bool:
        """Nothing runs or comes, and what is left is held by its user or behind what is."""
        counts = self.board.counts
        return counts["held"] > 0 and not (counts["running"] or counts["waiting"] or counts["backoff"])

    @property
    def nothing_left(self) -> bool:
        """Every task has ended, well or not."""
        return all(count == 0 or status in FINISHED for status, count in self.board.counts.items())

    @property
    def all_well(self) -> bool:
        """Every task of the file is completed or cancelled."""
        return all(count == 0 or status in RUN_DONE for status, count in self.board.counts.items())

    def handle(self, event: Event, now: Now) -> list[Action]:  # noqa: C901 - one flat match, an arm an event
        """Apply one event and return everything to be done for it, in order."""
        self._flow.actions = []
        match event:
            case Tick():
                self._tick(now)
            case ClockSet():
                self.board.tell_times(now)
                self.aside.tell_times(now)
            case Granted():
                for grant in event.grants:
                    self._launch(self.board.tasks[grant.key], grant, now)
            case Explained():
                self._explain(event.blocked)
            case Launched():
                task = self.board.attempts[event.number]
                task.log_path = task.running.log_path
                running = replace(task.running, pid=event.pid, since=event.since, command=event.built)
                self.board.started(task, running, now)
                if event.stopping:
                    self._stop(task, event.stopping, now)
            case NotStarted():
                self._not_started(event, now)
            case Ended():
                self._ended(event, now)
            case Edited():
                self._edit(event.plan, now)
            case SettingsChanged():
                self.board.settings, self.work_dir = event.settings, event.work_dir
                for queue in self.board.queues.values():
                    self._flow.rearrange(queue, now)
            case StopNow():
                self._stand_still("stop")
                for task in self.board.attempts.values():
                    self._stop(task, "stopped", now)
            case Drain():
                self._stand_still(self._flow.ending or "drain")
            case Pause():
                self._flow.paused = not event.lifted
                self._flow.say_of_waiting()
            case Asked():
                self._asked(self.board.tasks[event.key], event.verb, event.by, now)
            case Released():
                if event.held_by == FUSE:
                    self.fuse.close(now)
                else:
                    self._flow.release_all(event.held_by, now)
        return self._flow.actions

    def _stand_still(self, ending: Literal["drain", "stop"]) -> None:
        self._flow.ending = ending
        self._flow.say_of_waiting()

    # A user's word

    def _asked(self, task: Task, verb: Verb, by: str, now: Now) -> None:
        match verb:
            case "kill" if isinstance(task.state, Running):
                task.killed_by = by
                if task.running.stopping:  # for another reason, which is a lesser one
                    self._flow.move(task, replace(task.running, stopping="killed"), now)
                self._stop(task, "killed", now)
                return
            case "kill":
                self._flow.move(task, Cancelled(now.wall, by), now)
            case "hold":
                self._flow.hold(task, by)
            case "release":
                self._release(task)
            case "retry" if isinstance(task.state, Waiting):
                self.board.ask_again(task)
            case "retry":
                self._release(task)
                self._flow.begin_anew(task, now)
        self._flow.rearrange(self.board.queue_of(task), now)

    def _release(self, task: Task) -> None:
        if task.held_by == FUSE:  # who releases one of those knows better than the fuse
            self.fuse.released()
        self._flow.hold(task, None)

    # Attempts

    def _explain(self, reasons: Mapping[TaskKey, Blocked]) -> None:
        if self.standing:
            return  # worked out before; by now they wait for something else
        sentences: dict[int, str] = {}  # tasks with the same need share one Blocked
        for key, blocked in reasons.items():
            task = self.board.tasks.get(key)
            if task and isinstance(task.state, Waiting):
                said = sentences.get(id(blocked))
                if said is None:
                    said = sentences[id(blocked)] = reason(blocked)
                if said == task.state.reason and blocked.blockers == task.state.blockers:
                    continue
                self.board.renew(task, task.waiting_for(task.state.since, blocked, said))

    def _launch(self, task: Task, grant: Grant, now: Now) -> None:
        self.last_number += 1
        task.attempts += 1
        task.waited = (task.since, task.waiting.since)
        task.killed_by = None
        spec = task.launch_spec(self.last_number, self.work_dir, self.run)
        state = Running(
            attempt=task.attempts,
            number=self.last_number,
            gpu_ids=grant.gpu_ids,
            gpu_uuids=grant.gpu_uuids,
            since=now.wall,
            memory_gb=grant.memory_gb,
            log_path=spec.log_path,
        )
        self._flow.move(task, state, now)
        self._flow.actions.append(Launch(grant, spec))

    def _not_started(self, event: NotStarted, now: Now) -> None:
        task = self.board.attempts.pop(event.number)
        cause = NotLaunched(event.error)
        task.log_path = task.running.log_path if event.logged else task.log_path
        self._flow.actions.append(AttemptEnded(event.number, None, now.wall, None, None, cause))
        if task.killed_by or not task.in_file:
            self._flow.move(task, Cancelled(now.wall, task.killed_by or "edit"), now)
        elif event.why == "failed":
            self._settle(task, cause, None, now)
        else:
            task.attempts -= 1
            self._wait_on(task, event, now)
        self._over(task, now)
        if event.why == "failed":
            self.fuse.judge(task, verdict(cause, 0.0), now)

    def _wait_on(self, task: Task, event: NotStarted, now: Now) -> None:
        """As if it had got no GPUs; after a refusal it asks for none until the machine is looked at again."""
        blocked = self._flow.not_yet()
        if event.why == "refused":
            blocked = Blocked(0, None, 0, (LaunchRefused(event.error),), stuck=True)
            task.rests_until = now.mono + rest_after(task.refusals, self.settings.check_time)
            task.refusals += 1
        began, since = task.waited
        self._flow.move(task, task.waiting_for(since, blocked), now)
        self.board.backdate(task, began)

    def _ended(self, event: Ended, now: Now) -> None:
        task = self.board.attempts.pop(event.number)
        end, state = event.end, task.running
        task.refusals = 0
        exit_ = end if isinstance(end, Exit) else None
        stopping = exit_.stopping if exit_ else state.stopping
        if stopping and state.stopping == "killed":
            stopping = "killed"
        cause = outcome.cause_of(end, task.spec.script, task.timeout(self.settings), stopping)
        if cause and task.killed_by:
            cause = Killed(task.killed_by)
        self._flow.actions.append(
            AttemptEnded(
                event.number,
                exit_.started_at if exit_ else state.since,
                exit_.ended_at if exit_ else now.wall,
                exit_.status if exit_ else None,
                exit_.peak_memory_gb if exit_ else None,
                cause,
            )
        )
        if isinstance(end, Lost) and (event.adopted or not end.began) and not isinstance(cause, Killed):
            task.failures = 0  # a new start gives what it finds lost a fresh budget
            self._flow.move(task, back(task, now), now, cause)
        else:
            self._settle(task, cause, exit_, now)
        self._over(task, now)
        said = verdict(cause, exit_.ended_at - exit_.started_at if exit_ else None)
        self.aside.judge(task.key, state.gpu_uuids, said)
        self.fuse.judge(task, said, now)

    def _over(self, task: Task, now: Now) -> None:
        """An attempt has ended, or its launch came to nothing; an edit may have moved its task meanwhile."""
        if not task.in_file:
            self._forget(task)
        elif task.state.status not in FINISHED:
            if self.board.queue_of(task).counts["failed"]:
                self._flow.mend(self.board.queue_of(task), now)
            self._flow.fit_in(task, now)
        self._flow.advance(task, now)

    def _settle(self, task: Task, cause: Cause | None, end: Exit | None, now: Now) -> None:
        state = settled(task, cause, end, now, self.settings, self.surely_gb)
        self._flow.move(task, state, now, cause)
        if chain.breaks(task, self.settings):
            self._flow.mend(self.board.queue_of(task), now)

    def _stop(self, task: Task, why: Why, now: Now) -> None:
        if task.running.stopping is not None:
            return
        self._flow.move(task, replace(task.running, stopping=why), now)
        self._flow.actions.append(Signal(task.running.number, why, self.settings.stop_grace))

    # Time

    def _tick(self, now: Now) -> None:
        self.fuse.tick(now)
        for task in self.board.take_due(now):
            if isinstance(task.state, Running):
                self._stop(task, "timeout", now)
            elif isinstance(task.state, Waiting):
                self.board.ask_again(task)
            else:
                self._flow.move(task, Pending(now.wall), now)
                self._flow.advance(task, now)

    def _edit(self, new: Sequence[Planned], now: Now) -> None:
        known = self.known()
        held = {key: task.held_by for key, task in known.items()}
        diff = plan.diff(known, new)
        mended = plan.mended(known, diff)
        inherited = plan.inherited(known, diff)
        tasks, gone = plan.edit(known, diff, now)
        self._flow.actions += [
            HeldBy(task.key, task.held_by)
            for task in tasks
            if task.held_by != held.get(task.key, task.held_by)
        ]
        self.departed = {task.key: task for task in gone if plan.remembered(task.state, task.held_by)}
        for task in gone:
            if task.state.status not in FINISHED:
                self._flow.move(task, Cancelled(now.wall, "edit"), now)
        self.board.arrange(tasks)
        for key in mended:
            self._flow.begin_anew(self.board.tasks[key], now)
        for key, by in inherited.items():
            self._flow.hold(self.board.tasks[key], by)
        for queue in self.board.queues.values():
            self._flow.mend(queue, now)
        for task in tasks:
            self._flow.fit_in(task, now)
        self._flow.advance_all(now)

    def _forget(self, task: Task) -> None:
        """A task that the file no longer has, once its attempt is over."""
        del self.board.tasks[task.key]
        if plan.remembered(task.state, task.held_by):
            self.departed[task.key] = task
        self.board.arrange(list(self.board.tasks.values()))
