"""The directory's mutex: one taker at a time, as long as everybody behaves.

It makes takes fast and lets nobody withdraw in vain. Safety does not lean on it: a taker that can't
have it goes on without.
"""

import asyncio
import contextlib
import fcntl
import os
import stat
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from app import procfs
from app.lease import locks
from app.lease.directory import Folder
from app.lease.errors import LeaseDirectoryError
from app.lease.publish import publish
from app.model.problems import Problem, problem
from app.procfs import user_name

NAME = ".mutex"
PATIENCE = 2.0  #: seconds

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class _Stuck:
    inode: int
    pid: int | None
    waited: float


class Mutex:
    """A flock, because /proc/locks names the holder of one (and of no OFD lock)."""

    def __init__(self, folder: Folder, patience: float = PATIENCE) -> None:
        self._folder = folder
        self._patience = patience
        self._stuck: _Stuck | None = None
        self._unusable: Problem | None = None

    @contextlib.asynccontextmanager
    async def hold(self) -> AsyncIterator[bool]:
        """Within it: whether we have the mutex. Raises what `Folder.descriptor` raises."""
        fd = await self._acquire()
        try:
            yield fd is not None
        finally:
            if fd is not None:
                os.close(fd)

    def problems(self) -> tuple[Problem, ...]:
        """Why takes go on without it, as far as that is still so."""
        if self._unusable is not None:
            self._look_again()
        if self._unusable is not None:
            return (self._unusable,)
        if self._stuck is None:
            return ()
        if locks.flock_holder(self._stuck.inode) != self._stuck.pid:
            self._stuck = None
            return ()
        return (self._say_stuck(self._stuck),)

    def _look_again(self) -> None:
        with contextlib.suppress(LeaseDirectoryError):
            fd = self._open()
            if fd is not None:
                os.close(fd)

    async def _acquire(self) -> int | None:
        began = time.monotonic()
        pause = 0.001
        while True:
            fd = self._open()
            if fd is None:
                return None
            inode = os.fstat(fd).st_ino
            if self._try(fd):
                self._stuck = None
                return fd
            waited = time.monotonic() - began
            if self._give_up(inode, waited):
                return None
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.02)

    def _try(self, fd: int) -> bool:
        """Lock it, or close it."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        return True

    def _give_up(self, inode: int, waited: float) -> bool:
        """After the deadline; at once for a holder for whom a whole deadline was waited already."""
        if self._stuck is not None and self._stuck.inode == inode:
            if locks.flock_holder(inode) == self._stuck.pid:
                return True
            self._stuck = None
        if waited < self._patience:
            return False
        self._stuck = _Stuck(inode, locks.flock_holder(inode), waited)
        return True

    def _open(self) -> int | None:
        """The mutex file, made if missing; None when what lies there can't be one."""
        folder = self._folder.descriptor()
        try:
            with contextlib.suppress(FileNotFoundError):
                return self._checked(os.open(NAME, _FLAGS, dir_fd=folder))
            with contextlib.suppress(FileExistsError):
                os.close(publish(folder, NAME, b""))
            # Never O_CREAT on what may be another's file: fs.protected_regular refuses that.
            return self._checked(os.open(NAME, _FLAGS, dir_fd=folder))
        except OSError as error:
            self._unusable = self._say_unusable(error.strerror or str(error))
            return None

    def _checked(self, fd: int) -> int | None:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            self._unusable = None
            return fd
        os.close(fd)
        self._unusable = self._say_unusable("not a plain file")
        return None

    def _say_unusable(self, why: str) -> Problem:
        path = self._folder.path / NAME
        try:
            owner = user_name(path.lstat().st_uid)
        except OSError:
            owner = "nobody"
        return problem("lease_mutex_unusable", path=str(path), owner=owner, error=why)

    def _say_stuck(self, stuck: _Stuck) -> Problem:
        path, seconds = str(self._folder.path / NAME), round(stuck.waited)
        found = None
        with contextlib.suppress(OSError):  # no descriptor left to look
            found = procfs.stat(stuck.pid) if stuck.pid else None
        if found is None:
            return problem("lease_mutex_unseen", path=path, seconds=seconds)
        uid = procfs.owner(found.pid)
        return problem(
            "lease_mutex_stopped" if found.stopped else "lease_mutex_held",
            path=path,
            pid=found.pid,
            command=found.command,
            owner="nobody" if uid is None else user_name(uid),
            seconds=seconds,
        )
