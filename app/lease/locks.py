"""Locks as the kernel keeps them: open-file-description locks, and what /proc/locks shows."""

import fcntl
import os
import struct
from pathlib import Path

_FLOCK = struct.Struct("hhqqi4x")  #: struct flock of 64-bit Linux: type, whence, start, length, pid


def lock(fd: int) -> None:
    """Write-lock the whole file for this open file description and whoever inherits it. Raises OSError."""
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))


def living(fd: int) -> bool:
    """Whether another open file description holds a write lock. Asks, and never takes.

    Asked with F_RDLCK, so that a stranger's read lock on a dead file does not make it look alive.
    """
    question = _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
    answer: tuple[int, ...] = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_OFD_GETLK, question))
    return answer[0] != fcntl.F_UNLCK


def _table() -> list[list[str]] | None:
    """The fields of /proc/locks, one list a lock, waiters left out; None where it can't be read."""
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    return [fields for fields in map(str.split, lines) if len(fields) >= 8 and fields[1] != "->"]


def write_locked_inodes() -> frozenset[int] | None:
    """Inode numbers of all write-locked files, for those we may not open. None: nobody knows.

    The device is left out: some file systems show another one here than stat does, and taking a
    file of another disk for this one only errs towards "locked".
    """
    table = _table()
    if table is None:
        return None
    ranges = (fields for fields in table if fields[1] in ("OFDLCK", "POSIX") and fields[3] == "WRITE")
    return frozenset(int(fields[5].rpartition(":")[2]) for fields in ranges)


def flock_holder(inode: int) -> int | None:
    """The pid that took the flock on a file; None where it is not shown (another pid namespace)."""
    for fields in _table() or ():
        if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}") and int(fields[4]) > 0:
            return int(fields[4])
    return None
