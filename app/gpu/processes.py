"""The processes on a card: what the driver lists, and whose they are."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pynvml

from app import procfs
from app.gpu.driver_calls import CardUnreadable, NoSuchCall, NotSupported, ask
from app.model.gpu import GpuProcess

GB = 1024**3
LARGEST_PID = 1 << 22  # the kernel's PID_MAX_LIMIT; beyond it the driver's struct was misread
GRAPHICS_EVERY = 5.0  # seconds; the graphics list takes 4 ms on some machines, the compute list 10 us
MPS_PROGRAM = "nvidia-cuda-mps"  # server and control daemon: /proc cuts names at 15 characters
MPS_OWN_GB = 1.0  # what an MPS server itself needs at most

Versions = tuple[Callable[..., Any], ...]
# Not the unversioned names: on an old driver those raise an exception that is no NVMLError.
COMPUTE: Versions = (
    pynvml.nvmlDeviceGetComputeRunningProcesses_v3,
    pynvml.nvmlDeviceGetComputeRunningProcesses_v2,
)
MPS_CLIENTS: Versions = (
    pynvml.nvmlDeviceGetMPSComputeRunningProcesses_v3,
    pynvml.nvmlDeviceGetMPSComputeRunningProcesses_v2,
)
GRAPHICS: Versions = (
    pynvml.nvmlDeviceGetGraphicsRunningProcesses_v3,
    pynvml.nvmlDeviceGetGraphicsRunningProcesses_v2,
)

Listed = dict[int, float | None]
"""pid -> used GB; None: the driver does not say."""


@dataclass(slots=True)
class ProcessLists:
    """Reads the lists of one driver session."""

    _newest: dict[Versions, int] = field(default_factory=dict)  # place of the newest this driver has
    _graphics: dict[str, tuple[float, Listed]] = field(default_factory=dict)

    def read(self, handle: Any, uuid: str, total_gb: float) -> tuple[GpuProcess, ...]:
        """Those of one card or MIG device, by pid. Raises ProbeError, CardLost, CardUnreadable.

        Without the list of compute processes nobody knows whether a card is free, so that one must be
        readable; a driver without the other two has no such processes.
        """
        compute = self._list(COMPUTE, handle, total_gb)
        clients = self._list_if_there(MPS_CLIENTS, handle, total_gb)
        graphics = self._graphics_list(handle, uuid, total_gb)
        used = {**graphics, **clients, **compute}
        found = (describe(pid, used[pid], pid in compute or pid in clients) for pid in sorted(used))
        return tuple(found)

    def _graphics_list(self, handle: Any, uuid: str, total_gb: float) -> Listed:
        read_at, listed = self._graphics.get(uuid, (-GRAPHICS_EVERY, {}))
        now = time.monotonic()
        if now - read_at >= GRAPHICS_EVERY:
            listed = self._list_if_there(GRAPHICS, handle, total_gb)
            self._graphics[uuid] = now, listed
        return listed

    def _list_if_there(self, versions: Versions, handle: Any, total_gb: float) -> Listed:
        try:
            return self._list(versions, handle, total_gb)
        except CardUnreadable:
            return {}

    def _list(self, versions: Versions, handle: Any, total_gb: float) -> Listed:
        try:
            listed = self._ask(versions, handle)
        except NotSupported:
            return {}
        return {
            entry.pid: _plausible(entry.usedGpuMemory, total_gb)
            for entry in listed
            if 0 < entry.pid <= LARGEST_PID
        }

    def _ask(self, versions: Versions, handle: Any) -> Any:
        """By the newest version that this driver has, found out once."""
        place = self._newest.get(versions, 0)
        try:
            return ask(versions[place], handle)
        except NoSuchCall:
            if place + 1 == len(versions):
                raise
        self._newest[versions] = place + 1
        return self._ask(versions, handle)


def _plausible(used: int | None, total_gb: float) -> float | None:
    """In GB. Drivers write huge numbers for "not known" (WSL, MIG, no permission)."""
    if used is None or used / GB > total_gb:
        return None
    return used / GB


def describe(pid: int, used_gb: float | None, compute: bool) -> GpuProcess:
    """Whose process this is, as far as /proc says: another PID namespace or hidepid leaves it unknown."""
    try:
        found = procfs.stat(pid)
        lineage = procfs.lineage(pid) if found else ()
    except OSError:  # no descriptor left to look
        found, lineage = None, ()
    uid = procfs.owner(pid) if found else None
    command = found.command if found else ""
    # An MPS server sits on every card it serves and computes nothing itself; its clients are listed apart.
    serves = command.startswith(MPS_PROGRAM) and (used_gb or 0.0) <= MPS_OWN_GB
    return GpuProcess(
        pid=pid,
        start=found.start if found else None,
        uid=uid,
        user=None if uid is None else procfs.user_name(uid),
        command=command,
        used_gb=used_gb,
        peak_gb=used_gb or 0.0,
        compute=compute and not serves,
        session=found.session if found else None,
        lineage=lineage,
    )
