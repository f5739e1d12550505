"""Watching from asyncio: deadlines, one thread, recovery, samples. The driver is the stand-in."""

import asyncio
import errno
import os
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from app.gpu.nvml import NvmlProbe
from app.gpu.probe import GpuProbe, NoDriver, ProbeError, Samples
from app.gpu.simulated import SimulatedProbe
from app.gpu.watch import GpuWatch, Look
from app.model.blockers import DriverSilent
from app.model.gpu import Usage
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually

T = TypeVar("T")
HANG = 60_000  # milliseconds; ended by the fixture, which takes the word away


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    fake = FakeDriver.make(tmp_path / "driver", [Card("GPU-a"), Card("GPU-b")])
    fake.load(monkeypatch)
    yield fake
    fake.script()
    eventually(lambda: not driver_threads())  # a thread left behind would call the next test's driver


@asynccontextmanager
async def watching(probe: GpuProbe | None = None, **seconds: float) -> AsyncIterator[GpuWatch]:
    watch = GpuWatch(probe or NvmlProbe(), **{"longest_pause": 0.05, **seconds})
    try:
        yield watch
    finally:
        await watch.close()


async def until(look: Callable[[], Awaitable[T | None]], seconds: float = 20.0) -> T:
    """The same as `eventually`, on the event loop."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await look()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s; the last answer was {answer!r}"
        await asyncio.sleep(0.01)


def driver_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "gpu-driver"]


def free(look: Look) -> list[float]:
    return [gpu.free_gb for gpu in look.gpus]


def test_a_look_tells_what_is_now(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching() as watch:
            asked = time.monotonic()
            first = await watch.look()
            assert (free(first), first.silent) == ([24.0, 24.0], None)
            assert asked <= first.at <= time.monotonic()
            driver.add_process("GPU-b", os.getpid(), 4096)
            assert free(await watch.look()) == [24.0, 20.0]
            assert watch.last is not None
            assert free(watch.last) == [24.0, 20.0]

    asyncio.run(scenario())


def test_many_callers_share_looks_and_none_gets_one_from_before_it_asked(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching() as watch:
            await watch.look()
            driver.count_calls()
            driver.script(slow_ms=HANG, slow_in="GetMigMode")  # asked before a card's memory and processes
            early = asyncio.create_task(watch.look())
            await until(lambda: _started(driver))
            asked = time.monotonic()
            late = [asyncio.create_task(watch.look()) for _ in range(50)]
            driver.script()
            looks = await asyncio.gather(*late)
            assert (await early).at < asked
            assert {id(look) for look in looks} == {id(looks[0])}
            assert looks[0].at >= asked

    async def _started(driver: FakeDriver) -> bool:
        return "nvmlDeviceGetMigMode" in driver.calls()

    asyncio.run(scenario())


def test_a_cancelled_caller_takes_nothing_from_the_others(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching() as watch:
            driver.count_calls()
            driver.script(slow_ms=HANG)
            first = asyncio.create_task(watch.look())
            await until(_called)
            first.cancel()
            asked = time.monotonic()
            others = [asyncio.create_task(watch.look()) for _ in range(3)]
            await asyncio.sleep(0)
            others.pop(0).cancel()
            driver.script()
            assert all(look.at >= asked for look in await asyncio.gather(*others))

    async def _called() -> bool:
        return bool(driver.calls())

    asyncio.run(scenario())


def test_the_event_loop_turns_while_the_driver_is_slow(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching() as watch:
            await watch.look()
            driver.script(slow_ms=200, slow_in="MemoryInfo_v2")
            looking = asyncio.create_task(watch.look())
            turns = 0
            while not looking.done():
                await asyncio.sleep(0.001)
                turns += 1
            assert turns > 50
            assert looking.result().silent is None

    asyncio.run(scenario())


def test_a_call_that_hangs_leaves_the_last_cards_and_one_thread(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching(deadline=0.1) as watch:
            before = await watch.look()
            driver.script(slow_ms=HANG)
            driver.count_calls()
            since = time.time()
            for _ in range(20):
                look = await watch.look()
                assert look.gpus == before.gpus
                assert look.at == before.at
                assert look.silent is not None
                assert look.silent.error == "no answer within 0.1 s"
                assert since <= look.silent.since <= time.time()
            assert len(driver_threads()) == 1
            assert len(driver.calls()) == 1
            driver.script()
            driver.add_process("GPU-a", os.getpid(), 1024)
            assert free(await until(lambda: _talking(watch))) == [23.0, 24.0]

    asyncio.run(scenario())


async def _talking(watch: GpuWatch) -> Look | None:
    look = await watch.look()
    return None if look.silent else look


def test_the_time_of_silence_is_that_of_its_beginning(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching() as watch:
            await watch.look()
            driver.script(all=1)
            silent = [(await watch.look()).silent for _ in range(5)]
            assert isinstance(silent[0], DriverSilent)
            assert set(silent) == {silent[0]}

    asyncio.run(scenario())


@pytest.mark.parametrize("code", [1, 9, 999])
def test_a_driver_that_goes_away_and_comes_back(driver: FakeDriver, code: int) -> None:
    async def scenario() -> None:
        async with watching() as watch:
            before = await watch.look()
            driver.script(all=code)
            look = await watch.look()
            assert look.silent is not None
            assert look.gpus == before.gpus
            driver.script()
            assert (await until(lambda: _talking(watch))).gpus == before.gpus

    asyncio.run(scenario())


def test_a_driver_that_stays_away_is_not_asked_in_a_busy_loop(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching(longest_pause=30.0) as watch:
            await watch.look()
            driver.script(all=1)
            driver.count_calls()
            end = time.monotonic() + 1.0
            while time.monotonic() < end:
                assert (await watch.look()).silent
                await asyncio.sleep(0)
            assert driver.calls().count("nvmlInitWithFlags") <= 3

    asyncio.run(scenario())


def test_the_first_look_raises_what_is_wrong(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching(first_deadline=0.1) as watch:
            driver.script(init=9)
            with pytest.raises(NoDriver, match="--simulate"):
                await watch.look()
            driver.script(slow_ms=HANG)
            for _ in range(5):
                with pytest.raises(ProbeError, match=r"no answer within 0\.1 s"):
                    await watch.look()
            driver.count_calls()
            driver.script()
            assert free(await watch.look()) == [24.0, 24.0]
            assert driver.calls().count("nvmlDeviceGetMemoryInfo_v2") == 2  # one look: none was piled up

    asyncio.run(scenario())


def test_closing_does_not_wait_for_a_driver_that_hangs(driver: FakeDriver) -> None:
    async def scenario() -> float:
        async with watching(deadline=0.05) as watch:
            await watch.look()
            driver.script(slow_ms=HANG)
            assert (await watch.look()).silent
            return time.monotonic()

    assert time.monotonic() - asyncio.run(scenario()) < 2.0


def test_closing_ends_the_session_and_the_thread(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching() as watch:
            await watch.look()

    driver.count_calls()
    asyncio.run(scenario())
    eventually(lambda: not driver_threads())
    assert driver.calls()[-1] == "nvmlShutdown"


def test_a_peak_is_kept_between_looks(driver: FakeDriver) -> None:
    async def scenario(pid: int) -> None:
        async with watching() as watch:
            for mib in (1024, 5120, 2048):
                driver.add_process("GPU-a", pid, mib)
                look = await watch.look()
            (process,) = look.gpus[0].processes
            assert (process.used_gb, process.peak_gb) == (2.0, 5.0)

    with subprocess.Popen(["sleep", "60"]) as child:
        asyncio.run(scenario(child.pid))
        child.kill()


def test_samples_are_taken_in_the_background_and_their_means_come_with_a_look(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching(sample_interval=0.02, sample_window=0.5) as watch:
            assert (await watch.look()).gpus[0].usage is None
            driver.set_card("GPU-a", utilization=60)
            driver.add_process("GPU-a", os.getpid(), 3072)
            watch.sampling(True)
            await until(lambda: _usage(watch, Usage(60.0, 3.0)))
            driver.set_card("GPU-a", utilization=0)
            await until(lambda: _below(watch, 60.0))
            watch.sampling(False)
            await until(lambda: _usage(watch, None))

    async def _usage(watch: GpuWatch, wanted: Usage | None) -> bool:
        return (await watch.look()).gpus[0].usage == wanted

    async def _below(watch: GpuWatch, limit: float) -> bool:
        usage = (await watch.look()).gpus[0].usage
        return usage is not None and usage.utilization < limit

    asyncio.run(scenario())


def test_nothing_calls_the_driver_while_sampling_is_off(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching(sample_interval=0.02) as watch:
            watch.sampling(True)
            await watch.look()
            watch.sampling(False)
            await watch.look()  # behind the order to stop
            driver.count_calls()
            await asyncio.sleep(0.2)  # not to synchronise: this long nothing must happen
            assert driver.calls() == []

    asyncio.run(scenario())


def test_sampling_survives_a_driver_that_goes_away(driver: FakeDriver) -> None:
    async def scenario() -> None:
        async with watching(sample_interval=0.02, sample_window=0.2) as watch:
            await watch.look()
            watch.sampling(True)
            driver.count_calls()
            driver.script(all=1)
            await until(_let_go)  # by a sample: nobody looks
            driver.script()
            await until(lambda: _sampled(watch))

    async def _let_go() -> bool:
        return "nvmlShutdown" in driver.calls()

    async def _sampled(watch: GpuWatch) -> bool:
        look = await watch.look()
        return look.silent is None and all(gpu.usage for gpu in look.gpus)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "error", [OSError(errno.EMFILE, "Too many open files"), ValueError("a fault of ours")]
)
def test_sampling_survives_whatever_a_sample_raises(driver: FakeDriver, error: Exception) -> None:
    class Poor(NvmlProbe):
        tries = 0

        def sample(self) -> Samples:
            self.tries += 1
            raise error

    async def scenario() -> None:
        probe = Poor()
        async with watching(probe, sample_interval=0.02) as watch:
            await watch.look()
            watch.sampling(True)
            await until(lambda: _more_than(probe, 2))
            assert free(await watch.look()) == [24.0, 24.0]

    async def _more_than(probe: Poor, tries: int) -> bool:
        return probe.tries > tries

    asyncio.run(scenario())


def test_simulated_cards_need_no_thread() -> None:
    async def scenario() -> None:
        async with watching(SimulatedProbe("4x24")) as watch:
            watch.sampling(True)
            assert [gpu.index for gpu in (await watch.look()).gpus] == ["0", "1", "2", "3"]
            assert driver_threads() == []

    asyncio.run(scenario())
