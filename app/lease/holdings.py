"""The leases of this process: whose locks it carries, and those it only watches over."""

import contextlib
import os
from collections.abc import Collection
from dataclasses import dataclass, replace

from app import ofd
from app.lease import record
from app.lease.directory import Folder
from app.lease.errors import LeaseDirectoryError, LeaseError
from app.lease.record import Record
from app.model.lease import Lease
from app.procfs import raise_if_exhausted

Identity = tuple[int, int]  #: device and inode


@dataclass(slots=True)
class _Ours:
    """A lease of ours. Without `content` the descriptor only watches, until `hold`."""

    fd: int
    identity: Identity
    content: Record | None
    lease: Lease | None = None  #: what `content` says, as others read it
    over: bool = False  #: its attempt is, or may be: it lives as long as somebody holds its lock

    @property
    def lives(self) -> bool:
        return not self.over or ofd.is_locked(self.fd)


class Holdings:
    """Leases taken or adopted and not released yet, by file name."""

    def __init__(self, folder: Folder, uid: int) -> None:
        self._folder = folder
        self._uid = uid
        self._ours: dict[str, _Ours] = {}
        self._missed: set[str] = set()  #: names; their attempts live, and their files don't

    def add(self, name: str, fd: int, content: Record) -> None:
        """A lease just published; `fd` carries its lock and is ours from now on."""
        lease = record.lease_of(content, name, self._uid)
        self._ours[name] = _Ours(fd, _identity(os.fstat(fd)), content, lease)

    def descriptor(self, name: str) -> int:
        return self._ours[name].fd

    def lease(self, name: str, inode: int) -> Lease | None:
        """The lease in this very file, if we carry its lock: then it lives, and nobody need look into it."""
        ours = self._ours.get(name)
        return ours.lease if ours is not None and ours.identity[1] == inode else None

    def identify(self, name: str, supervisor: int, start: int, session: int) -> None:
        """Rewrite the record of a lease whose lock we carry. Raises LeaseError."""
        ours = self._ours[name]
        if ours.content is None:
            return
        content = replace(ours.content, supervisor=supervisor, start=start, session=session)
        try:
            os.pwrite(ours.fd, record.encode(content), 0)
        except OSError as error:
            raise LeaseError(
                f"can't write to the lease {self._folder.path / name}: {error.strerror}"
            ) from error
        ours.content, ours.lease = content, record.lease_of(content, name, self._uid)

    def relabel(self, name: str, label: str) -> None:
        """Rewrite what a lease says of itself, whoever carries its lock. See LeaseStore."""
        ours = self._ours.get(name)
        if ours is None:
            return
        with contextlib.suppress(OSError, LeaseError):  # what it says is for people, and decides nothing
            data = os.pread(ours.fd, record.READ_AT_MOST, 0)
            content = ours.content or record.decode(data, record.gpu_of(name))
            if content is None or content.label == label[: record.LABEL_LENGTH]:
                return
            content = replace(content, label=label)
            os.pwrite(ours.fd, record.encode(content), 0)
            if ours.content is not None:
                ours.content, ours.lease = content, record.lease_of(content, name, self._uid)

    def let_go(self, names: Collection[str]) -> frozenset[str]:
        """Close our own hold; returns those whose lock another process still carries. See LeaseStore."""
        held = {name for name in names if name in self._ours and self._let_go(name)}
        return frozenset(held | self._missed.intersection(names))  # of those without a file nobody can say

    def release(self, names: Collection[str]) -> None:
        """Remove the files, then close our descriptors. See LeaseStore."""
        try:
            folder = self._folder.descriptor()
        except LeaseDirectoryError:
            folder = None
        self._missed.difference_update(names)
        for name in names:
            # The file first: with the lock gone and the name there, it would look like a dead one.
            if folder is not None and record.gpu_of(name) is not None:
                self._unlink(folder, name)
            ours = self._ours.pop(name, None)
            if ours is not None:
                os.close(ours.fd)  # closed and never unlocked: that would end it for the children, too

    def adopt(self, names: Collection[str]) -> None:
        """Those of an earlier process of this user: watched, and held where nobody does. See LeaseStore."""
        for name in names:
            if name not in self._ours and (found := self._open(name)):
                self._ours[name] = found
        self.hold(names)

    def vouch(self, names: Collection[str]) -> None:
        """Their attempt lives, so those that were not adopted count as vanished. See LeaseStore."""
        for name in names:
            if name in self._ours:
                self._ours[name].over = False
            else:
                self._missed.add(name)

    def vouches(self, name: str) -> bool:
        """Whether its attempt is known to live; then its lock is ours from now on, if nobody has it."""
        lives = name in self._ours and not self._ours[name].over
        if lives:
            self.hold([name])
        return lives

    def hold(self, names: Collection[str]) -> None:
        """Take the locks of adopted ones that nobody has any more. See LeaseStore."""
        for ours in (self._ours[name] for name in names if name in self._ours):
            if ours.content is None:
                with contextlib.suppress(OSError):  # a process of the attempt has it still
                    ofd.lock(ours.fd)

    def vanished(self) -> frozenset[str]:
        """Those that live but have no file in the directory as it is now. See LeaseStore."""
        missed = frozenset(self._missed)
        if not self._ours:
            return missed
        try:
            folder = self._folder.descriptor()
        except LeaseDirectoryError:
            return missed.union(name for name, ours in self._ours.items() if ours.lives)
        return missed.union(
            name
            for name, ours in self._ours.items()
            if not _linked(folder, name, ours.identity) and ours.lives
        )

    def close(self) -> None:
        for ours in self._ours.values():
            os.close(ours.fd)
        self._ours.clear()

    def _let_go(self, name: str) -> bool:
        ours = self._ours[name]
        if ours.content is not None:
            try:
                # A new open file description, which has no part in the lock.
                watching = os.open(f"/proc/self/fd/{ours.fd}", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return True  # out of descriptors: nobody can say, so let the caller look for strays
            os.close(ours.fd)
            ours.fd, ours.content, ours.lease = watching, None, None
        ours.over = True
        return ours.lives

    def _open(self, name: str) -> _Ours | None:
        """One that this process did not take, watched; None: there is no such file of this user's."""
        if record.gpu_of(name) is None:
            return None
        try:
            folder = self._folder.descriptor()
            fd = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except LeaseDirectoryError:
            return None
        except OSError as error:
            raise_if_exhausted(error)  # it would seem to have been deleted
            return None
        info = os.fstat(fd)
        if info.st_uid != self._uid:
            os.close(fd)
            return None
        return _Ours(fd, _identity(info), None, over=True)

    def _unlink(self, folder: int, name: str) -> None:
        try:
            if os.stat(name, dir_fd=folder, follow_symlinks=False).st_uid == self._uid:
                os.unlink(name, dir_fd=folder)
        except OSError:
            return  # gone already, or in the hands of who replaced the directory


def _identity(info: os.stat_result) -> Identity:
    return info.st_dev, info.st_ino


def _linked(folder: int, name: str, identity: Identity) -> bool:
    try:
        return _identity(os.stat(name, dir_fd=folder, follow_symlinks=False)) == identity
    except OSError:
        return False
