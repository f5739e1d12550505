"""Whether somebody has a file open for writing, which the kernel tells who asks for a lease on it.

The words are those of fcntl(2), "Leases"; they have nothing to do with those on GPUs.
"""

import contextlib
import errno
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from app import procfs


class BeingWritten(Exception):
    """Somebody has the file open for writing."""


class Hold:
    """Nobody has the file open for writing; who opens it so waits in open(2) until this is let go."""

    def __init__(self, fd: int, sure: bool) -> None:
        self._fd, self.sure = fd, sure
        """`sure`: the kernel can tell, for this file and file system."""

    def lasts(self) -> bool:
        """Nobody waits to write."""
        return not self.sure or fcntl.fcntl(self._fd, fcntl.F_GETLEASE) == fcntl.F_RDLCK

    def let_go(self) -> None:
        """A child that is just being made may have a copy of the descriptor: to close it is not enough."""
        with contextlib.suppress(OSError):  # it was let go already, or taken away
            fcntl.fcntl(self._fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)


@contextlib.contextmanager
def unwritten(path: Path) -> Iterator[Hold]:
    """Hold it for a moment: a kernel gives a waiting writer the file after /proc/sys/fs/lease-break-time.
    Raises BeingWritten, OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        hold = Hold(fd, _lease(fd, path))
        try:
            yield hold
        finally:
            hold.let_go()
    finally:
        os.close(fd)


def is_being_written(path: Path) -> bool:
    """Whether somebody is known to have it open for writing."""
    try:
        with unwritten(path):
            return False
    except BeingWritten:
        return True
    except OSError:
        return False


def spreadsheet_lock(path: Path) -> Path | None:
    """The file by which LibreOffice or Excel tells that it has this one open."""
    beside = (path.with_name(f".~lock.{path.name}#"), path.with_name(f"~${path.name}"))
    return next((each for each in beside if each.exists()), None)


def _lease(fd: int, path: Path) -> bool:
    """False: it can't be told. Raises BeingWritten."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)  # who waits to write sends it; SIGIO would end us
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        # Network file systems give none while their server gives none.
        if error.errno == errno.EAGAIN and procfs.file_system(path) not in procfs.NETWORK_FILE_SYSTEMS:
            raise BeingWritten from None
        return False
    return True
