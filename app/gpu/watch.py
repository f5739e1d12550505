"""Watching the GPUs from asyncio, without ever waiting for the driver on the event loop's thread."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from app.gpu.measured import Peaks, SampleWindow
from app.gpu.probe import GpuProbe, ProbeError
from app.model.blockers import DriverSilent
from app.model.gpu import Gpu, Usage
from app.threads import OwnerThread

Seen = tuple[tuple[Gpu, ...], dict[str, Usage]]


@dataclass(frozen=True, slots=True)
class Look:
    """What was last known of the cards. With `silent` set nobody knows whether it still holds."""

    gpus: tuple[Gpu, ...]
    at: float  #: monotonic, when the driver was asked
    silent: DriverSilent | None = None


class GpuWatch:
    """Looks and background samples of one probe, for one event loop.

    The driver is called by one thread alone. When a call hangs, no second one is piled on it: looks answer
    what was last known, with `silent`, until the call comes back. When the driver goes away, it is opened
    again with growing pauses, and looks answer the same way meanwhile.
    """

    def __init__(
        self,
        probe: GpuProbe,
        *,
        sample_interval: float = 0.1,
        sample_window: float = 3.0,
        deadline: float = 5.0,
        first_deadline: float = 60.0,
        longest_pause: float = 30.0,
    ) -> None:
        """All in seconds. The first look may have to load the driver: up to 30 s on some machines."""
        self.last: Look | None = None
        self._probe = probe
        self._interval = sample_interval
        self._deadline = deadline
        self._first_deadline = first_deadline
        self._longest_pause = longest_pause
        self._thread = OwnerThread("gpu-driver")
        self._samples = SampleWindow(sample_window)
        self._peaks = Peaks()
        self._sampling = False
        self._under_way: asyncio.Task[Look] | None = None
        self._next: asyncio.Task[Look] | None = None
        self._call: asyncio.Future[Seen] | None = None
        self._asked_at = 0.0
        self._recovery: asyncio.Task[None] | None = None

    async def look(self) -> Look:
        """What the driver says after this call was made; callers that wait at the same time share one look.

        Raises ProbeError (NoDriver where there is none) as long as no look has succeeded, and never after.
        """
        if not self._probe.blocking:
            self.last = Look(self._probe.look(), time.monotonic())
            return self.last
        if self.last and self._recovery:
            return self.last
        if self._next is None:
            if self._under_way is None or self._under_way.done():
                self._under_way = _begun(self._answer())
                return await asyncio.shield(self._under_way)
            # What is under way may have read the cards before this caller's own deeds.
            self._next = _begun(self._look_after(self._under_way))
        return await asyncio.shield(self._next)

    def sampling(self, on: bool) -> None:
        """Take samples in the background from now on, or no more. While they are off nothing wakes up."""
        if on == self._sampling or not self._probe.blocking:
            return
        self._sampling = on
        self._thread.every(self._interval, self._sample if on else None)

    async def close(self) -> None:
        """Let go of the driver, without waiting for it. Looks under way are cancelled."""
        tasks = [task for task in (self._under_way, self._next, self._recovery) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._thread.finish(self._probe.close)

    async def _look_after(self, earlier: asyncio.Task[Look]) -> Look:
        await asyncio.wait({earlier})
        self._under_way, self._next = self._next, None
        return await self._answer()

    async def _answer(self) -> Look:
        if self.last and self._recovery:
            return self.last
        try:
            return await self._ask(self._deadline if self.last else self._first_deadline)
        except ProbeError as error:
            if self.last is None:
                raise
            self.last = replace(self.last, silent=DriverSilent(time.time(), str(error)))
            self._recovery = asyncio.create_task(self._recover())
            return self.last

    async def _ask(self, deadline: float | None) -> Look:
        """One call to the driver, or the one that hangs already. Raises ProbeError."""
        if self._call is None:
            self._asked_at = time.monotonic()
            self._call = self._thread.call(self._see)
        done, _ = await asyncio.wait({self._call}, timeout=deadline)
        if not done:
            raise ProbeError(f"no answer within {deadline:g} s")
        call, self._call = self._call, None
        gpus, usage = call.result()
        gpus = tuple(replace(gpu, usage=usage.get(gpu.uuid)) for gpu in self._peaks.apply(gpus))
        self.last = Look(gpus, self._asked_at)
        return self.last

    async def _recover(self) -> None:
        """Until the driver answers: first the call that hangs, then fresh ones, with growing pauses."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(ProbeError),
            wait=wait_exponential(multiplier=0.5, max=self._longest_pause),
            sleep=asyncio.sleep,
        )
        try:
            await retrying(self._ask, None)
        finally:
            self._recovery = None

    def _see(self) -> Seen:
        """In the driver's thread."""
        try:
            gpus = self._probe.look()
        except OSError as error:  # /proc, with no descriptor left for example
            raise ProbeError(f"the machine can't be read ({error})") from error
        return gpus, self._samples.means(time.monotonic())

    def _sample(self) -> None:
        """In the driver's thread."""
        samples = self._probe.sample()
        self._samples.add(time.monotonic(), samples)


def _begun(look: Coroutine[Any, Any, Look]) -> asyncio.Task[Look]:
    """Whoever waits for it is told how it failed; when all have given up, nobody needs to be."""
    task = asyncio.create_task(look)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
