"""The last lines of a file, read from its end."""

import os
import stat
from pathlib import Path

BLOCK = 64 * 1024
MOST_BYTES = 8 * 1024 * 1024


def tail(path: Path, lines: int) -> tuple[list[str], bool]:
    """And whether there is more before them. Raises OSError; one that is no regular file is no log."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise OSError("it is no regular file")
        at, found = info.st_size, b""
        while at > 0 and found.count(b"\n") <= lines and len(found) < MOST_BYTES:
            size = min(BLOCK, at)
            at -= size
            found = os.pread(fd, size, at) + found
    finally:
        os.close(fd)
    every = found.removesuffix(b"\n").split(b"\n") if found else []
    last = every[-lines:]
    return [each.decode("utf-8", "replace") for each in last], at > 0 or len(last) < len(every)
