"""Where a console is, and how others find it: control/logs/console.json, and a lock held for life that names
its process."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from app import procfs
from app.atomic import write_atomically
from app.store.lock import Lock, is_alive, take
from app.store.own_file import read_own


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    process_start: int  #: /proc/PID/stat field 22

    def is_it(self) -> bool:
        """Whether that process is still the one that is meant."""
        return procfs.start_time(self.pid) == self.process_start


@dataclass(frozen=True, slots=True)
class Where(Process):
    url: str | None  #: None: a Unix socket
    uds: str | None
    started_at: float
    taken: int | None  #: the port that it was to have, where another program has that

    def write(self, path: Path, token: str) -> None:
        """With the token of a login link, for who has started it. Raises OSError."""
        write_atomically(path, json.dumps({**asdict(self), "token": token}).encode())


def where_path(folder: Path) -> Path:
    return folder / "console.json"


def lock_path(folder: Path) -> Path:
    return folder / "console.lock"


def hold(folder: Path) -> Lock | None:
    """Be the console of this folder; None: another process is. Raises OSError."""
    lock = take(lock_path(folder))
    if lock is not None:
        try:
            os.pwrite(lock.fd, f"{os.getpid()} {procfs.start_time(os.getpid()) or 0}\n".encode(), 0)
        except OSError:
            lock.release()
            raise
    return lock


def holder(folder: Path) -> Process | None:
    """The console that runs, whether it answers yet or not."""
    path = lock_path(folder)
    if not is_alive(path):
        return None
    try:
        pid, start = map(int, read_own(path).split())
    except (OSError, ValueError):
        return None
    found = Process(pid, start)
    return found if found.is_it() else None


def find(folder: Path) -> tuple[Where, str] | None:
    """The console that runs, and its login token; None: none runs, or it does not answer yet."""
    if not is_alive(lock_path(folder)):
        return None
    try:
        found = json.loads(read_own(where_path(folder)))
        token = found.pop("token")
        where = Where(**found)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return (where, token) if where.is_it() else None
