"""The asyncio shell: carries the core's actions out and feeds back what happens.

One owner of waiting. The loop is level-triggered: whatever happens, it asks the backend for all heads
again; grants are recorded before they are launched.
"""

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any

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
from app.core.machine import Core
from app.model.backend import (
    AttemptRecord,
    Backend,
    Grant,
    LaunchFailed,
    Now,
    Running,
    Want,
)
from app.model.blockers import Blocked, Standstill
from app.model.settings import Settings
from app.model.task import Planned, TaskKey
from app.recorder import Recorder, launched, of_actions

Listener = Callable[[Event | None, Sequence[Action]], None]
"""Told of each event and what followed: the log, the view, the state file."""

ADOPTION_SECONDS = 10.0
"""What finding earlier attempts may take before the rest goes on beside it."""

CANCEL_ROUNDS = 50

EXPLAIN_SECONDS = 0.1
"""Between two workings-out of why tasks wait."""

DISK_FULL = Blocked(0, None, 0, (Standstill("disk_full"),), stuck=False)


CLOCK_SECONDS = 5.0
"""Between two looks whether the wall clock was set."""

CLOCK_SET = 1.0
"""Seconds by which it then differs from what has passed."""


def now() -> Now:
    return Now(time.monotonic(), time.time())


def _ahead() -> float:
    """The wall clock, as seen from the one that nobody can set."""
    moment = now()
    return moment.wall - moment.mono


class Engine:
    """Runs a plan to its end."""

    def __init__(self, core: Core, backend: Backend, recorder: Recorder, stay: bool = False) -> None:
        self.core, self.backend, self.recorder = core, backend, recorder
        self.stay = stay
        self.listeners: list[Listener] = []
        self.decided: Callable[[float], None] = lambda _: (
            None
        )  #: told how long each decision took, in seconds
        self._changed = asyncio.Event()
        self._searches: list[asyncio.Task[None]] = []
        self._starting: set[int] = set()  #: numbers of attempts that are launched beside
        self._living: dict[int, Running] = {}
        self._launches: list[Launch] = []
        self._signals: dict[int, Signal] = {}
        self._side: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._look_again_at: float | None = None
        self._explain: Callable[[], Mapping[TaskKey, Blocked]] | None = None
        self._explain_at = 0.0
        self._recovering = False

    # What others tell it

    def drain(self) -> None:
        self._feed(Drain())

    def stop(self) -> None:
        self._feed(StopNow())

    def pause(self) -> None:
        self._feed(Pause())

    def lift(self) -> None:
        """No longer paused."""
        self._feed(Pause(lifted=True))

    def ask(self, verb: Verb, key: TaskKey, by: str) -> None:
        """A user's word about a task, which `core.words.objection` has nothing against."""
        self._feed(Asked(verb, key, by))

    def release_all(self, held_by: str) -> None:
        """All tasks that somebody holds."""
        self._feed(Released(held_by))

    def edit(self, plan: Sequence[Planned]) -> None:
        self._feed(Edited(plan))

    def settle(self, settings: Settings, work_dir: str) -> None:
        """Other settings hold from here on."""
        self._feed(SettingsChanged(settings, work_dir))

    def look_again(self) -> None:
        """Something may be free that no event tells of."""
        self._changed.set()

    def alongside(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run this as long as the engine runs. A bug in it ends the scheduler rather than leaving it deaf."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._side.add(task)
        task.add_done_callback(self._ended)

    # The loop

    def seek(self, open_attempts: Iterable[AttemptRecord]) -> None:
        """Find these again as soon as it runs: before anybody else looks, who would take theirs for dead."""
        loop = asyncio.get_running_loop()
        self._searches = [loop.create_task(self._adopt(record)) for record in open_attempts]

    async def run(self) -> None:
        """Until nothing will happen any more. Raises what a side task of it raised."""
        self.alongside(self._hear_clock(_ahead()), "clock")
        try:
            self._apply(None, self.core.start())
            await self._adopt_all()
            while not self._over():
                await self._decide()
                await self._sleep()
                self._feed(Tick())
            # What has ended must not seem to run at the next start.
            await self.recorder.recover(given_up=lambda: self.core.ending == "stop")
            self._raise_failure()  # one that came in the last round
        finally:
            await self._end_sides()

    async def _end_sides(self) -> None:
        """Cancelled again and again: wait_for may swallow one (Python below 3.12)."""
        for _ in range(CANCEL_ROUNDS):
            if not self._side:
                break
            for side in self._side:
                side.cancel()
            await asyncio.wait(set(self._side), timeout=0.2)

    def _over(self) -> bool:
        """Nothing will happen any more, or was told to stop and what is left can't be reached from here."""
        if self.core.ending == "stop" and not self._living and not self._starting:
            return True
        return self.core.finished and not (self.stay and self.core.ending is None)

    async def _decide(self) -> None:
        """One round: ask for all heads, record what was granted, launch it, then say why others wait."""
        self._changed.clear()
        self._look_again_at = None
        heads = self.core.heads()
        if heads and self.recorder.problem is None:
            began = now()
            acquired = await self.backend.acquire(heads, began)
            self.decided(now().mono - began.mono)
            self._look_again_at, self._explain = acquired.look_again_at, acquired.explain
            kept = self._still_wanted(acquired.grants, heads)
            self._feed(Granted(kept), wake=False)
            for grant in acquired.grants:
                if grant not in kept:
                    await self.backend.give_back(grant)
        launches, self._launches = self._launches, []
        if not await self.recorder.flush():
            await self._call_off(launches, "it could not be recorded")
            self._stand_still()
            return
        for launch in launches:
            if launch.spec.slow:  # one that hangs must not hold up all others
                self._starting.add(launch.spec.number)
                self.alongside(self._launch_beside(launch), f"launch {launch.spec.number}")
            else:
                await self._launch(launch)

    def _say_why(self) -> None:
        """Reasons are for people: while much happens at once they are worked out ten times a second."""
        if self._explain is not None and now().mono >= self._explain_at:
            explain, self._explain = self._explain, None
            self._feed(Explained(explain()), wake=False)
            self._explain_at = now().mono + EXPLAIN_SECONDS

    def _still_wanted(self, grants: Sequence[Grant], asked: Sequence[Want]) -> list[Grant]:
        """Without those whose task was edited meanwhile (it may need something else now, or is gone), or that
        come after a stop."""
        if not grants:
            return []
        before = {want.key: want for want in asked}
        wanted = {want.key: want for want in self.core.heads()}
        return [grant for grant in grants if wanted.get(grant.key) == before[grant.key]]

    async def _launch_beside(self, launch: Launch) -> None:
        await self._launch(launch)
        self._starting.discard(launch.spec.number)
        self._changed.set()  # it may have a timeout now, or be tried again later

    async def _launch(self, launch: Launch) -> None:
        number, task = launch.spec.number, self.core.running[launch.spec.number]
        told = self._signals.pop(number, None)
        # Said while it was being recorded, however long that took.
        if told or self.core.standing or not task.in_file or task.held_by:
            await self._call_off([launch], "it shall not start any more")
            return
        result = await self.backend.launch(launch.grant, launch.spec)
        if isinstance(result, LaunchFailed):
            self._feed(_not_started(number, result), wake=not result.refused)
            return
        self.recorder.add(launched(result))
        self._feed(Launched(number, result.pid, result.started_at, built=result.built), wake=False)
        self._watch(result)

    async def _call_off(self, launches: Iterable[Launch], why: str) -> None:
        for launch in launches:
            await self.backend.give_back(launch.grant)
            self._feed(NotStarted(launch.spec.number, why, "called_off"), wake=False)

    def _stand_still(self) -> None:
        """Nothing starts without a record; what waits says so, until the disk takes records again."""
        self._explain = None
        self._feed(Explained({want.key: DISK_FULL for want in self.core.heads()}), wake=False)
        if not self._recovering:
            self._recovering = True
            self.alongside(self._recover(), "recover")

    async def _recover(self) -> None:
        await self.recorder.recover()
        self._recovering = False
        self._changed.set()

    async def _sleep(self) -> None:
        """Until something happens, or the next time at which something would."""
        self._raise_failure()
        self._say_why()
        dues = (self.core.next_due(), self._look_again_at, self._explain_at if self._explain else None)
        times = [at for at in dues if at is not None]
        loop = asyncio.get_running_loop()
        # A timer that sets the event costs a fifth of a wait_for, and this runs for every task.
        timer = loop.call_later(max(min(times) - now().mono, 0.0), self._changed.set) if times else None
        await self._changed.wait()
        if timer:
            timer.cancel()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    # Attempts

    async def _adopt_all(self) -> None:
        """Nothing new starts before they are found; one that can't be keeps its own queue waiting alone."""
        if self._searches:
            await asyncio.wait(self._searches, timeout=ADOPTION_SECONDS)
        for search in self._searches:
            self._side.add(search)
            search.add_done_callback(self._ended)

    async def _adopt(self, record: AttemptRecord) -> None:
        # In the file or not, its task runs until its end is known: both are in one transaction.
        found = await self.backend.adopt(record, self.core.running[record.number].label)
        if isinstance(found, Running):
            self._feed(Launched(found.number, found.pid, found.started_at, found.stopping, found.built))
            self._watch(found)
        else:
            self._feed(Ended(record.number, found, adopted=True))

    def _watch(self, running: Running) -> None:
        self._living[running.number] = running
        self.alongside(self._await_end(running), f"attempt {running.number}")
        waiting = self._signals.pop(running.number, None)
        if waiting:
            self._send(waiting)

    async def _await_end(self, running: Running) -> None:
        end = await self.backend.wait(running)
        del self._living[running.number]
        if isinstance(end, LaunchFailed):
            self._feed(_not_started(running.number, end))
        else:
            self._feed(Ended(running.number, end))

    def _send(self, signal: Signal) -> None:
        running = self._living.get(signal.number)
        if running is None:
            self._signals[signal.number] = signal  # not launched or not found yet
            self.backend.call_off(signal.number)
        else:
            self.alongside(self.backend.signal(running, signal.why, signal.grace), f"signal {signal.number}")

    # Events and actions

    async def _hear_clock(self, ahead: float) -> None:
        """Notice when somebody sets the wall clock, or the machine has slept."""
        while True:
            await asyncio.sleep(CLOCK_SECONDS)
            if abs(_ahead() - ahead) > CLOCK_SET:
                ahead = _ahead()
                self._feed(ClockSet(), wake=False)

    def _feed(self, event: Event, wake: bool = True) -> None:
        with _unswept():
            self._apply(event, self.core.handle(event, now()))
        if wake:
            self._changed.set()

    def _apply(self, event: Event | None, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Launch):
                self._launches.append(action)
            elif isinstance(action, Signal):
                self._send(action)
        self.recorder.add(*of_actions(actions, time.time()))
        for listener in self.listeners:
            listener(event, actions)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._side.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
            self._changed.set()


@contextlib.contextmanager
def _unswept() -> Iterator[None]:
    """One event may change 100,000 tasks, and the cyclic collector would look at each again and again."""
    swept = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if swept:
            gc.enable()


def _not_started(number: int, failed: LaunchFailed) -> NotStarted:
    if failed.called_off:
        return NotStarted(number, failed.error, "called_off")
    return NotStarted(number, failed.error, "refused" if failed.refused else "failed", failed.logged)
