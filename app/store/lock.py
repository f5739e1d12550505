"""A lock file held for life: whoever holds it lives, whatever its pid says.

Open-file-description locks: the kernel drops them when the holder's last descriptor goes, and life can be
asked without taking the lock.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from app import ofd


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that this process holds."""

    path: Path
    fd: int

    def release(self) -> None:
        """Give it up, and remove its file first: who opens the path from now on makes a new one."""
        self.path.unlink(missing_ok=True)
        os.close(self.fd)


def take(path: Path) -> Lock | None:
    """Hold the lock of this file, making it (0600) if need be. None: another process does. Raises OSError."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            ofd.lock(fd)
        except (BlockingIOError, PermissionError):
            os.close(fd)
            return None
        if os.fstat(fd).st_nlink:
            return Lock(path, fd)
        os.close(fd)  # its last holder removed it between our opening and our locking


def is_alive(path: Path) -> bool:
    """Whether somebody holds the lock. Asks, and never takes; False where there is no file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        return ofd.is_locked(fd)
    finally:
        os.close(fd)
