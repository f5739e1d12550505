"""What a user's own hooks say: a row's command on its cards, and which cards are better."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.hooks.calls import Built, Hooks
from app.hooks.child import HookFailed
from app.model.backend import Grant, LaunchSpec
from app.model.gpu import Gpu
from app.model.problems import Problem, problem
from app.model.task import hooked_row, substitute

MB_PER_GB = 1024

FIRST_SECONDS = 10.0
"""What the first decision waits for a comparator: it may give out every card."""

COMPARE_SECONDS = 0.5
"""What a comparator gets before looks at the cards go on beside it."""


class Advice:
    """Asks the hooks of one scheduler."""

    def __init__(self, hooks: Hooks | None, work_dir: str) -> None:
        self._hooks, self._work_dir = hooks, work_dir
        self.order: tuple[str, ...] = ()  #: uuids, the best first; empty: nobody has said
        self._problem: Problem | None = None
        self._building: dict[int, asyncio.Future[Built]] = {}  #: by attempt
        self._comparing: asyncio.Task[None] | None = None
        self._compares = hooks is not None and "compare_gpus" in hooks.names
        self._compared = False  #: at least once
        self._patient_until: float | None = None  #: monotonic

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (self._problem,) if self._problem else ()

    def settle(self, limit: float) -> None:
        """Another limit for calls that come, in seconds."""
        if self._hooks:
            self._hooks.limit = limit

    async def close(self) -> None:
        if self._comparing:
            self._comparing.cancel()
            await asyncio.wait({self._comparing})
        if self._hooks:
            await self._hooks.close()

    async def built(self, spec: LaunchSpec, grant: Grant, gpus: Sequence[Gpu]) -> LaunchSpec:
        """With the command that a hook builds, where one does. Raises HookFailed."""
        row = hooked_row(spec.script)
        if row is None:
            return spec
        if self._hooks is None:
            raise HookFailed("its row wants a hook, and the settings name none any more")
        places = {uuid: place for place, uuid in enumerate(self.order)}
        best = sorted(gpus, key=lambda gpu: places.get(gpu.uuid, len(places)))
        built = await self._build(spec.number, row, grant, [gpu.index for gpu in best])
        script, shown = (substitute(text, self._work_dir) for text in (built.command, built.shown))
        return replace(spec, script=script, built=shown, printed=built.printed)

    def call_off(self, number: int) -> None:
        """An attempt whose command is being built shall not start."""
        if number in self._building:
            self._building[number].cancel()

    async def _build(self, number: int, row: Mapping[str, str], grant: Grant, best: Sequence[str]) -> Built:
        assert self._hooks
        building = asyncio.ensure_future(self._hooks.build(row, grant.gpu_ids, best))
        self._building[number] = building
        try:
            await asyncio.wait({building})
        finally:
            building.cancel()
            del self._building[number]
        if building.cancelled():
            raise HookFailed("it shall not start any more", called_off=True)
        return building.result()

    async def compare(self, gpus: Sequence[Gpu]) -> None:
        """Ask again which are better, unless that is still being asked: one that takes long holds nobody up
        and counts later. Where the comparator fails, the order of the settings holds."""
        if self._hooks is None or not self._compares or len(gpus) < 2:
            self._compared |= bool(gpus)
            return
        if self._comparing is None or self._comparing.done():
            self._comparing = asyncio.ensure_future(self._compare(self._hooks, gpus))
        await asyncio.wait({self._comparing}, timeout=COMPARE_SECONDS)
        if self._comparing.done():
            self._comparing.result()

    def is_to_come(self) -> bool:
        """Whether the first order is worth a wait: soon there will be one."""
        if self._compared or not self._compares:
            return False
        self._patient_until = self._patient_until or time.monotonic() + FIRST_SECONDS
        return time.monotonic() < self._patient_until

    async def _compare(self, hooks: Hooks, gpus: Sequence[Gpu]) -> None:
        try:
            places = await hooks.order([_facts(gpu) for gpu in gpus])
        except HookFailed as failed:
            self.order = ()
            self._problem = problem("hook_failed", error=str(failed))
        else:
            self.order = tuple(gpus[place].uuid for place in places or ())
            self._problem = None
        self._compared = True


def _facts(gpu: Gpu) -> dict[str, Any]:
    """FlowLine's ten fields; memory in MB, what is not known as 0."""
    mine = sum(process.uid == os.getuid() for process in gpu.processes)
    return {
        "free_memory": round(gpu.free_gb * MB_PER_GB),
        "total_memory": round(gpu.total_gb * MB_PER_GB),
        "utilization": gpu.utilization or 0,
        "user_process_num": mine,
        "all_process_num": len(gpu.processes),
        "time": time.time(),
        "name": gpu.name,
        "temperature": gpu.temperature_c or 0,
        "power": gpu.power_w or 0,
        "max_power": gpu.power_limit_w or 0,
        "id": gpu.index,
    }
