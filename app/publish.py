"""Keeping the state file in step with the scheduler, at a rate that its cost allows."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.events import Action, Event
from app.core.machine import Core
from app.model.backend import Backend
from app.model.problems import Problem
from app.model.state_dump import Dumper
from app.model.state_file import SchedulerStatus, StateFile
from app.report import Report
from app.store.state_file import Pace, StateWriter


class Publisher:
    """A listener of the engine's that writes the state file, and the source of what the view shows."""

    def __init__(
        self,
        report: Report,
        writer: StateWriter,
        core: Core,
        backend: Backend,
        problems: Callable[[], Sequence[Problem]],
        tell: Sequence[Callable[[Sequence[Problem]], None]],
    ) -> None:
        """`problems`: those that are not the backend's; `tell`: whom to tell of all at each write."""
        self._report, self._writer, self._core, self._backend = report, writer, core, backend
        self._problems, self._tell = problems, tell
        self._changed = asyncio.Event()
        self._pace = Pace()
        self._dumper = Dumper()
        self._machine_down = False
        self._written: tuple[StateFile, ...] = ()

    def __call__(self, event: Event | None, actions: Sequence[Action]) -> None:
        self._changed.set()

    def look_again(self) -> None:
        """Something has changed that no event tells of."""
        self._changed.set()

    def machine_goes_down(self) -> None:
        """Our machine is being shut down, and that is why we stop."""
        self._machine_down = True
        self._changed.set()

    def state(self, last: bool = False) -> StateFile:
        """The scheduler now; `last`: as it leaves."""
        problems = tuple(self._problems())
        if self._writer.problem:
            problems += (self._writer.problem,)
        state = self._report.state(self._backend.survey(), problems, self._status(last))
        return replace(state, machine_down=self._machine_down)

    def written(self) -> tuple[StateFile, ...]:
        """The one it wrote last, once it has. Other threads may ask."""
        return self._written

    def content(self) -> bytes:
        """What the state file would say now."""
        return self._dumper.dump(self.state())

    def write(self, last: bool = False) -> None:
        """Write it now, whatever the pace."""
        self._changed.clear()
        with self._pace.measured():
            state = self.state(last)
            self._written = (state,)
            for tell in self._tell:
                tell(state.problems)
            self._writer.write(self._dumper.dump(state))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.write()
            try:
                await asyncio.wait_for(self._changed.wait(), self._core.settings.heartbeat)
            except asyncio.TimeoutError:
                continue
            await asyncio.sleep(max(0.0, self._pace.next_at - time.monotonic()))

    def _status(self, last: bool) -> SchedulerStatus:
        """One that was stopped with tasks left is never "finished": its state stays until it is resumed."""
        if last and self._core.nothing_left:
            return "finished"
        if self._core.ending is not None:
            return "draining" if self._core.ending == "drain" else "stopping"
        return "paused" if self._core.paused else "running"
