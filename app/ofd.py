"""Open-file-description locks: they pass to children, and the kernel drops them with the last descriptor.

A leaf: imports nothing of ours. Life is asked, never tested by taking the lock.
"""

import fcntl
import os
import struct

_FLOCK = struct.Struct("hhqqi4x")  #: struct flock of 64-bit Linux: type, whence, start, length, pid


def lock(fd: int, start: int = 0, length: int = 0) -> None:
    """Write-lock bytes (length 0: to the end) for this open file description and whoever inherits it.

    Raises OSError: BlockingIOError or PermissionError when another one has them.
    """
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, start, length, 0))


def is_locked(fd: int, start: int = 0, length: int = 0) -> bool:
    """Whether another open file description holds a write lock there.

    Asked with F_RDLCK, so that a stranger's read lock on a dead file does not make it look alive.
    """
    question = _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, start, length, 0)
    answer: tuple[int, ...] = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_OFD_GETLK, question))
    return answer[0] != fcntl.F_UNLCK
