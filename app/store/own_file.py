"""Reading a small file that a scheduler of ours has written, whatever lies in its place by now."""

import errno
import os
import stat
from pathlib import Path

LARGEST = 16 * 1024 * 1024
"""Bytes; what schedulers write is far smaller (model/state_dump)."""


def read_own(path: Path) -> bytes:
    """A regular file, and no more than LARGEST of it: a pipe would be waited for, a device have no end.
    Raises OSError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # ENXIO: a socket
            raise OSError(error.errno, "it is a link or a socket, and no file", str(path)) from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        with open(fd, "rb", closefd=False) as file:
            data = file.read(LARGEST + 1)
    finally:
        os.close(fd)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MiB", str(path))
    return data
