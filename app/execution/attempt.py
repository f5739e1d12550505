"""Waiting for an attempt's supervisor, and finding it again after a restart. Contract 5."""

import asyncio
import contextlib
import os
from dataclasses import dataclass

from app import procfs
from app.execution.ends import Ended, EndsFile, Started
from app.execution.launcher import own
from app.execution.trees import has_marker, holds, identities
from app.model.problems import Problem, problem

START_LINE_WAIT = 5.0  #: seconds
LOOK_INTERVAL = 0.02  #: seconds


@dataclass(frozen=True, slots=True)
class Alive:
    """The attempt lock is held."""

    pid: int
    start: int
    session: int
    pidfd: int  #: the caller's, to wait on and to close


@dataclass(frozen=True, slots=True)
class Gone:
    """Neither an end line nor a supervisor."""

    reboot: bool


class Unseen(TimeoutError):
    """An attempt lives, and its process can't be seen from here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


async def locate(ends: EndsFile, number: int, log_path: str, boot_id: str) -> Alive | Ended | Gone:
    """What became of an attempt that an earlier scheduler recorded under `boot_id`.

    Raises Unseen when the lock is held by a process that can't be seen from
    here (another container, for one): such an attempt may not be started again.
    """
    deadline = asyncio.get_running_loop().time() + START_LINE_WAIT
    while True:
        # The lock is asked first: whoever writes an end line holds it until that is written.
        held = ends.is_held(number)
        lines = ends.lines(number)
        if lines.ended:
            return lines.ended
        if not held:
            if lines.started and _elsewhere(ends, lines.started, log_path):
                continue
            return Gone(reboot=boot_id != procfs.boot_id())
        if lines.started and (alive := _open(lines.started.pid, lines.started.start)):
            return alive
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(LOOK_INTERVAL)
    if alive := await asyncio.to_thread(_search, ends, log_path):
        return alive
    raise Unseen(problem("unseen_attempt", number=number, ends=str(ends.path)))


async def wait(pidfd: int) -> bool:
    """Until the supervisor has ended. Reaps it if it is our child: True. The descriptor stays open."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(pidfd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(pidfd)
    return reap(pidfd)


async def outlive(pid: int, start: int) -> None:
    """Until exactly this process has ended. Raises OSError when no descriptor is left to wait on."""
    found = _open(pid, start)
    if found is None:
        return
    try:
        await wait(found.pidfd)
    finally:
        os.close(found.pidfd)


def reap(pidfd: int) -> bool:
    """Take an ended child off the process table. False: an earlier scheduler, or tmux, started it."""
    try:
        return os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG) is not None
    except ChildProcessError:
        return False


def _open(pid: int, start: int) -> Alive | None:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    with contextlib.ExitStack() as ours:
        own(ours, pidfd)
        found = procfs.stat(pid)
        if found is None or not found.alive or found.start != start:
            return None
        ours.pop_all()
    return Alive(pid, start, found.session, pidfd)


def _elsewhere(ends: EndsFile, started: Started, log_path: str) -> bool:
    """Whether its supervisor lives and holds its lock on a file that was not read until now."""
    if procfs.start_time(started.pid) != started.start or not has_marker(started.pid, log_path):
        return False
    try:
        return ends.follow(started.pid)
    except OSError as error:
        procfs.raise_if_exhausted(error)
        return False


def _search(ends: EndsFile, log_path: str) -> Alive | None:
    """The supervisor by its marks: the attempt's log in its environment, and the run's `ends` open."""
    file = identities([str(ends.path)])
    for pid in procfs.pids():
        start = procfs.start_time(pid)
        if start is not None and has_marker(pid, log_path) and holds(pid, file):
            return _open(pid, start)
    return None
