"""The attempts of one scheduler on this machine: started or found again, waited for, ended, cleaned up after."""

import asyncio
import errno
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app import procfs
from app.execution import trees
from app.execution.attempt import Alive, Gone, locate, wait
from app.execution.ends import Ended, EndsFile
from app.execution.environment import header, task_environment
from app.execution.launcher import Launcher, Launches
from app.execution.script import failed_command
from app.execution.tmux import TmuxLauncher, server_name
from app.execution.trees import Marks, ticks_now
from app.lease.errors import LeaseError
from app.lease.store import Held, LeaseStore
from app.model.backend import (
    AttemptRecord,
    Exit,
    Grant,
    LaunchFailed,
    LaunchSpec,
    Lost,
    Running,
    Stop,
)
from app.model.faults import Problem
from app.model.paths import RunPaths
from app.model.settings import Settings
from app.model.task import Terminal

LOG_TAIL_BYTES = 32_768
"""How much of a log's end is looked at to tell why an attempt failed."""


@dataclass(slots=True)
class Living:
    """An attempt that runs, and what is needed to end it cleanly."""

    number: int
    pidfd: int
    marks: Marks
    leases: tuple[str, ...]
    on_cpu: bool
    log_path: str
    peak_gb: float | None = None
    used_gb: float | None = None


class Attempts:
    """Starts, finds, waits for and ends attempts. Leases end with them."""

    def __init__(self, run: RunPaths, leases: LeaseStore, settings: Settings) -> None:
        run.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ends = EndsFile(run.ends)
        self._leases, self._settings, self._run = leases, settings, run
        self._launchers: dict[Terminal, Launches] = {
            "direct": Launcher(self._ends),
            "tmux": TmuxLauncher(self._ends, run.folder.name),
        }
        self._inherited = dict(os.environ)
        self._host = socket.gethostname()
        self._scans: set[asyncio.Task[None]] = set()
        self.living: dict[int, Living] = {}
        self.problems: dict[int, Problem] = {}  #: by attempt: what of it could not be ended or was spared
        self.freed_at: float | None = None  #: monotonic, when cards were last given back

    def close(self) -> None:
        """Let go of all descriptors; what runs, runs on."""
        for living in self.living.values():
            os.close(living.pidfd)
        self._ends.close()

    def launch(
        self, grant: Grant, held: Held | None, spec: LaunchSpec, visible: str
    ) -> Running | LaunchFailed:
        """Start one. On failure its leases are released."""
        env = task_environment(self._inherited, spec, grant.gpu_ids, visible)
        head = header(spec, env, grant.gpu_ids, self._host, time.time())
        try:
            spawned = self._launchers[spec.terminal].launch(spec, env, held.fds if held else (), head)
        except OSError as error:
            self._leases.release(grant.leases)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return LaunchFailed(error.strerror or str(error), disk_full=full)
        if held:
            self._identify(held, spawned.pid, spawned.start)
        tmux = server_name(self._run.folder.name, spec) if spec.terminal == "tmux" else None
        marks = self._marks(spec.log_path, grant.leases, spawned.pid, spawned.start, tmux)
        self._add(spec.number, spawned.pidfd, marks, grant.leases, not grant.gpu_uuids, spec.log_path)
        return Running(spec.key, spec.number, spawned.pid, spawned.start, time.time())

    async def adopt(self, record: AttemptRecord) -> Running | Exit | Lost:
        """Find an attempt of an earlier scheduler again; one that has ended is cleaned up after."""
        found = await locate(self._ends, record.number, record.log_path, record.boot_id)
        leases = tuple(self._leases.adopt(record.leases))
        lines = self._ends.lines(record.number)
        pid, start = (lines.started.pid, lines.started.start) if lines.started else (None, 0)
        if isinstance(found, Alive):
            pid, start = found.pid, found.start
        marks = self._marks(record.log_path, record.leases, pid, start, record.session_name)
        if isinstance(found, Alive):
            self._add(record.number, found.pidfd, marks, leases, not record.gpu_uuids, record.log_path)
            began = lines.started.at if lines.started else record.started_at
            return Running(record.key, record.number, found.pid, found.start, began)
        await self._end_leftovers(record.number, marks)
        self._leases.release(record.leases)
        if isinstance(found, Gone):
            return Lost(found.reboot, time.time(), began=lines.started is not None)
        return self._exit(found, record.log_path, None)

    async def wait(self, running: Running) -> Exit | Lost:
        """Until it has ended, its tree is gone and its leases are released."""
        living = self.living[running.number]
        await wait(living.pidfd)
        await self._clean_up(living)
        del self.living[running.number]
        os.close(living.pidfd)
        ended = self._ends.lines(running.number).ended
        if ended is None:
            return Lost(False, time.time())
        return self._exit(ended, living.log_path, living.peak_gb)

    async def signal(self, running: Running, stop: Stop, grace: float) -> None:
        """End the whole tree: asked first, after `grace` seconds made to."""
        living = self.living.get(running.number)
        if living is None:
            return
        if stop == "terminate":
            await asyncio.to_thread(trees.terminate, living.marks)
            if await self._ends_within(living, grace):
                return
        await asyncio.to_thread(trees.kill, living.marks)
