"""Looking at everybody's leases: hostile input, in which what can't be read counts as a whole card."""

import itertools
import os
import stat
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app import ofd, procfs
from app.lease import locks, record
from app.lease.errors import LeaseError
from app.lease.publish import UNFINISHED
from app.model.lease import Lease
from app.model.problems import Problem, problem

FILES_PER_USER = 256
ENTRIES = 20_000
_UNFINISHED_FOR = 60.0  #: seconds after which a dead unfinished file was left by a crash
_READ_AGAIN = 3  #: times; a reader may meet the one pwrite that rewrites a record
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Look:
    """All living leases of everybody, and what is odd in the directory."""

    leases: tuple[Lease, ...]
    problems: tuple[Problem, ...] = ()


Known = Callable[[str, int], Lease | None]
"""Name and inode -> a living lease that need not be looked into."""


class Scan:
    """One look at a directory. Removes the dead files of `uid`."""

    def __init__(
        self, folder: int, where: Path, uid: int, known: Known, vouched: Callable[[str], bool]
    ) -> None:
        """`vouched` is asked of leases without a lock: whether one of this name lives all the same."""
        self._folder = folder
        self._known, self._vouched = known, vouched
        self._where = where
        self._uid = uid
        self._leases: list[Lease] = []
        self._files: Counter[int] = Counter()  #: by uid
        self._unread: list[tuple[str, str, os.stat_result]] = []
        self._odd: dict[int, str] = {}  #: uid -> one of its files that are no leases
        self._invalid: dict[int, str] = {}  #: uid -> GPU of a living lease that can't be read

    def run(self) -> Look:
        """Raises LeaseError when there are too many files to look at: one of them might be a lease."""
        with os.scandir(self._folder) as entries:
            files = [(entry.name, entry.inode()) for entry in itertools.islice(entries, ENTRIES + 1)]
        for name, inode in files:
            gpu = record.gpu_of(name)
            if (lease := self._known(name, inode)) is not None:
                self._leases.append(lease)
            elif gpu is not None:
                self._candidate(name, gpu)
            elif name.startswith("."):
                self._hidden(name)
            else:
                self._note_odd(name)
        if len(files) > ENTRIES:
            raise LeaseError(self._say_crowded([name for name, _ in files]))
        self._count_unread()
        return Look(tuple(self._leases), self._problems())

    def _candidate(self, name: str, gpu: str) -> None:
        try:
            fd = os.open(name, _FLAGS, dir_fd=self._folder)
        except FileNotFoundError:
            return
        except OSError:
            self._closed(name, gpu)
            return
        try:
            self._opened(fd, name, gpu)
        finally:
            os.close(fd)

    def _opened(self, fd: int, name: str, gpu: str) -> None:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            self._odd.setdefault(info.st_uid, name)
            return
        self._files[info.st_uid] += 1
        if self._files[info.st_uid] > FILES_PER_USER and info.st_uid != self._uid:
            self._unread.append((name, gpu, info))
        elif ofd.is_locked(fd) or self._vouched(name):
            self._leases.append(self._read(fd, name, gpu, info))
        elif info.st_uid == self._uid:
            # Dead for good: a lease is locked before it has a name, and no name is used again.
            self._remove(name)

    def _read(self, fd: int, name: str, gpu: str, info: os.stat_result) -> Lease:
        if info.st_size <= record.READ_AT_MOST:
            for _ in range(_READ_AGAIN):
                lease = record.to_lease(os.pread(fd, record.READ_AT_MOST + 1, 0), name, info.st_uid)
                if lease is not None:
                    return lease
        self._invalid.setdefault(info.st_uid, gpu)
        return record.whole_card(gpu, name, info.st_uid)

    def _closed(self, name: str, gpu: str) -> None:
        """A file that could not be opened."""
        info = self._stat(name)
        if info is not None and stat.S_ISREG(info.st_mode):
            self._unread.append((name, gpu, info))
        elif info is not None:
            self._odd.setdefault(info.st_uid, name)

    def _count_unread(self) -> None:
        """Files we may not open, or of which there are too many: the kernel's list tells which are locked."""
        if not self._unread:
            return
        locked = locks.write_locked_inodes()
        cards: dict[tuple[int, str], Lease] = {}
        for name, gpu, info in self._unread:
            if locked is None or info.st_ino in locked:
                cards.setdefault((info.st_uid, gpu), record.whole_card(gpu, name, info.st_uid))
                self._invalid.setdefault(info.st_uid, gpu)
        self._leases.extend(cards.values())

    def _note_odd(self, name: str) -> None:
        info = self._stat(name)
        if info is not None:
            self._odd.setdefault(info.st_uid, name)

    def _hidden(self, name: str) -> None:
        """Remove what a crash of ours left behind where the file system has no anonymous files."""
        info = self._stat(name) if name.startswith(UNFINISHED) else None
        if info is not None and info.st_uid == self._uid and time.time() - info.st_mtime > _UNFINISHED_FOR:
            self._remove(name)

    def _stat(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError:
            return None

    def _remove(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._folder)
        except OSError:
            return  # another program of this user was faster, or it can't be: it counts as nothing anyway

    def _problems(self) -> tuple[Problem, ...]:
        found = []
        for uid, name in self._odd.items():
            such = ascii(name[:60])
            found.append(problem("lease_odd_files", owner=_who(uid), path=str(self._where), name=such))
        for uid, gpu in self._invalid.items():
            found.append(problem("lease_unreadable", owner=_who(uid), gpu=ascii(gpu[:60])))
        for uid, number in self._files.items():
            if number > FILES_PER_USER and uid != self._uid:
                found.append(self._flood(uid, number))
        return tuple(found)

    def _flood(self, uid: int, number: int) -> Problem:
        where = str(self._where)
        return problem("lease_flood", owner=_who(uid), files=number, path=where, read=FILES_PER_USER)

    def _say_crowded(self, names: list[str]) -> str:
        owners = Counter(info.st_uid for info in map(self._stat, names) if info is not None)
        most = ", ".join(_who(uid) for uid, _ in owners.most_common(1))
        return (
            f"more than {ENTRIES} files lie in the lease directory {self._where}, most of them of {most}; "
            "nothing can be leased until they are removed"
        )


def _who(uid: int) -> str:
    name = procfs.user_name(uid)
    return f"user {uid}" if name == str(uid) else f"{name} (uid {uid})"
