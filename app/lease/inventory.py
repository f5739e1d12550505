"""What lies in the lease directory, looked at and left as it is."""

import itertools
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from app import ofd
from app.lease import locks, record
from app.lease.directory import open_directory
from app.lease.errors import LeaseError
from app.lease.mutex import NAME
from app.model.lease import Lease

MOST = 20_000
"""Files."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of it. Who owns a file is as the file system says."""

    living: tuple[Lease, ...]
    dead: tuple[tuple[str, int], ...]  #: names and uids of files that nobody holds: they count as nothing
    mutex_pid: int | None  #: who holds the mutex right now; None: nobody, or it can't be seen


def take_inventory(path: Path) -> Inventory:
    """Unlike `LeaseStore.look` it removes nothing. Raises LeaseError."""
    folder = open_directory(path)
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in itertools.islice(entries, MOST)]
        locked = locks.write_locked_inodes() or frozenset()
        living, dead = [], []
        for name in names:
            found = _look(folder, name, locked) if record.gpu_of(name) else None
            if isinstance(found, Lease):
                living.append(found)
            elif found is not None:
                dead.append((name, found))
        return Inventory(tuple(living), tuple(dead), _mutex_pid(folder))
    except OSError as error:
        raise LeaseError(f"can't read the leases in {path}: {error.strerror}") from error
    finally:
        os.close(folder)


def _look(folder: int, name: str, locked: frozenset[int]) -> Lease | int | None:
    """A living lease; the owner's uid of a dead one; None: it is neither."""
    gpu = record.gpu_of(name) or ""
    try:
        info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(info.st_mode):
            return None
        fd = os.open(name, _FLAGS, dir_fd=folder)
    except FileNotFoundError:
        return None  # it has just ended
    except OSError:  # another user's, who lets nobody read it
        return record.whole_card(gpu, name, info.st_uid) if info.st_ino in locked else info.st_uid
    try:
        if not ofd.is_locked(fd):
            return info.st_uid
        data = os.pread(fd, record.READ_AT_MOST + 1, 0)
        return record.to_lease(data, name, info.st_uid) or record.whole_card(gpu, name, info.st_uid)
    finally:
        os.close(fd)


def _mutex_pid(folder: int) -> int | None:
    try:
        info = os.stat(NAME, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None
    return locks.flock_holder(info.st_ino)
