"""The engine over a backend without GPUs or processes: what happens while it waits for an answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.core import plan
from app.core.events import ClockSet
from app.core.machine import Core
from app.engine import Engine, now
from app.model.backend import (
    Acquired,
    AttemptRecord,
    Exit,
    Grant,
    LaunchFailed,
    LaunchSpec,
    Lost,
    Now,
    Running,
    Survey,
    Want,
)
from app.model.paths import RunPaths
from app.model.records import AttemptRecorded, Record
from app.model.settings import Settings
from app.model.state import Why
from app.model.task import TaskSpec, Terminal
from app.recorder import Recorder
from tests.unit.test_machine import planned, spec


class Journal:
    """Keeps nothing. `meanwhile` happens as an attempt is recorded, before it is launched."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] = lambda: None

    async def commit(self, records: Sequence[Record]) -> None:
        if any(isinstance(record, AttemptRecorded) for record in records):
            self.meanwhile()


class FakeBackend:
    """Gives every head its GPU; an attempt ends well at once. `meanwhile` happens during the first look."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] = lambda: None
        self.end: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0)
        self.tmux: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0)
        self.unborn = 0  #: so many attempts find no process for their task
        self.launched: list[Grant] = []
        self.signalled: list[int] = []
        self.given_back: list[Grant] = []

    async def acquire(self, heads: Sequence[Want], now: Now) -> Acquired:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        grants = tuple(Grant(want.key, ("0",), ("GPU-0",), ("lease",), want.memory_gb) for want in heads)
        return Acquired(grants, dict, None)

    async def launch(self, grant: Grant, spec: LaunchSpec) -> Running | LaunchFailed:
        if spec.terminal == "tmux":
            await self.tmux()
        self.launched.append(grant)
        return Running(spec.key, spec.number, 1, 1, now().wall)

    async def wait(self, running: Running) -> Exit | Lost | LaunchFailed:
        await self.end()
        if running.number <= self.unborn:
            return LaunchFailed("no process left", refused=True)
        return Exit(0, running.started_at, now().wall, None, "")

    def call_off(self, number: int) -> None:
        pass

    async def signal(self, running: Running, why: Why, grace: float) -> None:
        self.signalled.append(running.number)

    async def adopt(self, record: AttemptRecord, label: str) -> Running | Exit | Lost:
        raise NotImplementedError

    async def give_back(self, grant: Grant) -> None:
        self.given_back.append(grant)

    async def observe(self, wake: Callable[[], None]) -> None:
        raise NotImplementedError

    async def look(self) -> None:
        raise NotImplementedError

    def survey(self) -> Survey:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


def engine_of(
    backend: FakeBackend, *specs: TaskSpec, journal: Journal | None = None, **settings: Any
) -> Engine:
    tasks = plan.fresh(planned(*specs), now())
    core = Core(tasks, Settings(**settings), RunPaths(Path("/runs/x")), "/work", now())
    return Engine(core, backend, Recorder(journal or Journal(), asyncio.sleep))


def finished(engine: Engine) -> None:
    asyncio.run(asyncio.wait_for(engine.run(), 10))


@pytest.mark.parametrize(
    "edited",
    [
        spec(1, "a", memory=20),
        spec(1, "a", devices=("1",)),
        spec(1, "a", model="A100"),
        spec(1, "a", share=False),
    ],
)
def test_gpus_given_for_what_a_task_no_longer_asks_go_back(edited: TaskSpec) -> None:
    backend = FakeBackend()
    engine = engine_of(backend, spec(1, "a", memory=10))
    backend.meanwhile = lambda: engine.edit(planned(edited))
    finished(engine)
    assert [grant.memory_gb for grant in backend.given_back] == [10]
    assert [grant.memory_gb for grant in backend.launched] == [edited.memory_gb]


def test_an_edit_that_asks_for_the_same_keeps_the_gpus() -> None:
    backend = FakeBackend()
    engine = engine_of(backend, spec(1, "a"))
    backend.meanwhile = lambda: engine.edit(planned(spec(1, "a"), spec(1, "b")))
    finished(engine)
    assert not backend.given_back
    assert len(backend.launched) == 2


def test_a_tmux_that_hangs_holds_up_its_own_queue_alone() -> None:
    async def run() -> None:
        hung, others_ended = asyncio.Event(), asyncio.Event()

        def told(*_: object) -> None:
            if len(backend.launched) == 3 and set(engine.core.running) == {1}:
                others_ended.set()

        backend = FakeBackend()
        backend.tmux = hung.wait
        engine = engine_of(
            backend, spec(1, "a", terminal="tmux"), spec(1, "b"), spec(2, "c"), spec(2, "d"), spec(2, "e")
        )
        engine.listeners.append(told)
        running = asyncio.create_task(engine.run())
        await asyncio.wait_for(others_ended.wait(), 10)
        engine.stop()  # what is being launched is waited for and told
        hung.set()
        await asyncio.wait_for(running, 10)
        assert backend.signalled == [1]
        assert len(backend.launched) == 4

    asyncio.run(run())


@pytest.mark.parametrize("terminal", ["direct", "tmux"])
def test_a_stop_that_comes_before_a_launch_calls_it_off(terminal: Terminal) -> None:
    backend, journal = FakeBackend(), Journal()
    engine = engine_of(backend, spec(1, "a", terminal=terminal), journal=journal)
    journal.meanwhile = engine.stop
    finished(engine)
    assert len(backend.given_back) == 1
    assert not backend.launched
    (task,) = engine.core.board.tasks.values()
    assert task.state.status in ("pending", "waiting")


@pytest.mark.parametrize(
    ("say", "status"),
    [
        (lambda engine: engine.drain(), "waiting"),
        (lambda engine: engine.edit(planned(spec(2, "other", hold=True))), None),
        (lambda engine: engine.edit(planned(spec(1, "a", hold=True))), "held"),
    ],
)
def test_what_is_said_while_a_launch_is_recorded_calls_it_off(
    say: Callable[[Engine], None], status: str | None
) -> None:
    backend, journal = FakeBackend(), Journal()
    engine = engine_of(backend, spec(1, "a"), journal=journal)

    def then_end() -> None:
        say(engine)
        asyncio.get_running_loop().call_later(0.05, engine.drain)

    journal.meanwhile = then_end
    finished(engine)
    assert len(backend.given_back) == 1
    assert not backend.launched
    states = {task.spec.script: task.state.status for task in engine.core.board.tasks.values()}
    assert states.get("a") == status


def test_an_attempt_that_no_process_could_be_had_for_is_tried_again_and_counts_for_nothing() -> None:
    backend = FakeBackend()
    backend.unborn = 1
    engine = engine_of(backend, spec(1, "a", retries=0), check_time=0.01)
    finished(engine)
    (task,) = engine.core.board.tasks.values()
    assert (task.state.status, task.attempts, len(backend.launched)) == ("completed", 1, 2)


def test_a_bug_beside_is_raised_also_when_it_comes_with_the_last_end() -> None:
    async def bug() -> None:
        raise ZeroDivisionError

    async def end() -> None:
        engine.alongside(bug(), "bug")
        await asyncio.sleep(0)

    backend = FakeBackend()
    backend.end = end
    engine = engine_of(backend, spec(1, "a"))
    with pytest.raises(ZeroDivisionError):
        finished(engine)
    assert engine.core.all_well


def test_a_wall_clock_that_is_set_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.CLOCK_SECONDS", 0.01)
    real, step = time.time, 0.0

    def wall() -> float:
        return real() + step

    async def run() -> None:
        nonlocal step
        heard = asyncio.Event()
        backend = FakeBackend()
        backend.end = heard.wait  # type: ignore[assignment]
        engine = engine_of(backend, spec(1, "a"))
        engine.listeners.append(lambda event, _: heard.set() if isinstance(event, ClockSet) else None)
        going = asyncio.create_task(engine.run())
        await asyncio.sleep(0)  # it has looked at the clock
        step = -48 * 3600.0
        await going

    with monkeypatch.context() as patch:
        patch.setattr(time, "time", wall)
        asyncio.run(asyncio.wait_for(run(), 10))
