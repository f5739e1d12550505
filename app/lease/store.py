"""Leases of this user's scheduler, and a look at everybody's.

A lease is a file in the shared directory whose write lock its scheduler and the attempt's processes
hold together. It ends when nobody holds that lock, or when its owner's program removes the file.
All calls are quick (some system calls a file) and are made on the event loop's thread.
"""

import asyncio
import os
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.lease import record
from app.lease.directory import Folder, make_shared_directory
from app.lease.errors import LeaseDirectoryGone, LeaseError
from app.lease.holdings import Holdings
from app.lease.mutex import PATIENCE, Mutex
from app.lease.publish import publish
from app.lease.record import Record
from app.lease.scan import Look, Scan
from app.model.lease import Lease
from app.model.problems import Problem, problem

_TRIES = 6
_PAUSE = 0.02  #: seconds, at most, before the second try; grows with each

Fits = Callable[[Sequence[Lease]], bool]


@dataclass(frozen=True, slots=True)
class Held:
    """Leases just taken. `fds` carry their locks: pass them on to the supervisor."""

    names: tuple[str, ...]
    fds: tuple[int, ...]
    gpus: tuple[str, ...]  #: uuids


@dataclass(frozen=True, slots=True)
class Conflict:
    """Nothing was taken. `leases` are the living ones that `fits` refused."""

    leases: tuple[Lease, ...]


class LeaseStore:
    """The lease directory as one scheduler sees it. `close` it, or let the process end."""

    def __init__(self, directory: Path, uid: int | None = None, patience: float = PATIENCE) -> None:
        """`uid`: of this process. `patience`: seconds to wait for the mutex before going on without it."""
        self._folder = Folder(directory)
        self._uid = os.getuid() if uid is None else uid
        self._mutex = Mutex(self._folder, patience)
        self._holdings = Holdings(self._folder, self._uid)

    def path(self, name: str) -> Path:
        return self._folder.path / name

    def look(self) -> Look:
        """All living leases, ours included. Removes this user's dead files. Raises LeaseError."""
        try:
            found = self._scan()
        except LeaseDirectoryGone:
            found = Look((), (problem("lease_directory_gone", path=str(self._folder.path)),))
        return Look(found.leases, found.problems + self._mutex.problems() + self._say_vanished())

    async def take(
        self, gpus: Sequence[str], memory_gb: float | None, exclusive: bool, label: str, fits: Fits
    ) -> Held | Conflict:
        """Lease all of `gpus` (uuids) or none.

        `fits` is asked once the new leases are visible to everybody, with all other living ones:
        of two takers that collide at least one sees the other. `memory_gb` is per GPU, None for the
        whole card. Raises LeaseError when the directory fails us.
        """
        whole = memory_gb is None
        records = [
            Record(
                gpu=gpu,
                declared_gb=memory_gb,
                exclusive=exclusive or whole,
                scheduler=os.getpid(),
                label=label,
            )
            for gpu in gpus
        ]
        for attempt in range(1, _TRIES):
            answer, alone = await self._take_once(records, fits)
            if isinstance(answer, Held) or alone:
                return answer
            # Without the mutex two takers may both publish and both withdraw. Each waits a time of
            # its own; the lease it met may have been such a try.
            await asyncio.sleep(random.uniform(0, _PAUSE * attempt))
            others = self._scan().leases
            if not fits(others):
                return Conflict(others)
        return (await self._take_once(records, fits))[0]

    def identify(self, held: Held, supervisor: int, start: int, session: int) -> None:
        """Write down whose leases these are, now that the attempt has started. Raises LeaseError.

        `supervisor` is a pid, `start` field 22 of its /proc/PID/stat, `session` its session id.
        """
        for name in held.names:
            self._holdings.identify(name, supervisor, start, session)

    def relabel(self, name: str, label: str) -> None:
        """Have it say that, where it can be had: its task was moved to another queue."""
        self._holdings.relabel(name, label)

    def let_go(self, names: Collection[str]) -> frozenset[str]:
        """Close our own hold, the attempt being over; returns those that a process it left still holds.

        The files stay until `release`.
        """
        return self._holdings.let_go(names)

    def release(self, names: Collection[str]) -> None:
        """End leases, whoever still holds their locks. Fine when they are gone; others' are left alone."""
        self._holdings.release(names)

    def adopt(self, names: Collection[str]) -> None:
        """Take over these leases of an earlier scheduler of this user. One whose lock is gone is held by us
        from now on: what its attempt has left may still use the card. Until `release`.

        Raises OSError where that can't be told now, for want of descriptors."""
        self._holdings.adopt(names)

    def vouch(self, names: Collection[str]) -> None:
        """The attempt these belong to lives: until `let_go` or `release` they count, held or not."""
        self._holdings.vouch(names)

    def hold(self, names: Collection[str]) -> None:
        """Carry the locks of those that were adopted: the main processes of their attempt have ended, and
        what is left of it need not have them. Until `release`."""
        self._holdings.hold(names)

    def vanished(self) -> frozenset[str]:
        """Leases of ours, not released, that live but that others can't see any more.

        Their files were deleted (RemoveIPC at a log-out, a cleaner), perhaps before we adopted them, or the
        directory was replaced: nobody else keeps off these cards now, so nothing more may start on them.
        """
        return self._holdings.vanished()

    def close(self) -> None:
        """Close our descriptors and leave the files: what children hold lives on, the rest is dead."""
        self._holdings.close()
        self._folder.close()

    async def _take_once(self, records: Sequence[Record], fits: Fits) -> tuple[Held | Conflict, bool]:
        """One try, and whether it was alone (under the mutex)."""
        try:
            async with self._mutex.hold() as alone:
                return self._publish_and_look(records, fits), alone
        except LeaseDirectoryGone:
            make_shared_directory(self._folder.path)
        async with self._mutex.hold() as alone:
            return self._publish_and_look(records, fits), alone

    def _publish_and_look(self, records: Sequence[Record], fits: Fits) -> Held | Conflict:
        names: list[str] = []
        kept = False
        try:
            for content in records:
                self._publish(name := record.new_name(content.gpu, self._uid), content)
                names.append(name)
            others = tuple(lease for lease in self._scan().leases if lease.name not in names)
            if self.vanished() & set(names):
                raise LeaseError(f"leases in {self._folder.path} are deleted as soon as they are written")
            kept = fits(others)
        finally:
            if not kept:
                self.release(names)
        if not kept:
            return Conflict(others)
        fds = tuple(self._holdings.descriptor(name) for name in names)
        return Held(tuple(names), fds, tuple(content.gpu for content in records))

    def _publish(self, name: str, content: Record) -> None:
        data = record.encode(content)
        folder = self._folder.descriptor()
        try:
            self._holdings.add(name, publish(folder, name, data), content)
        except FileNotFoundError as error:
            raise LeaseDirectoryGone(f"the lease directory {self._folder.path} was removed") from error
        except OSError as error:
            raise LeaseError(f"can't write a lease in {self._folder.path}: {error.strerror}") from error

    def _scan(self) -> Look:
        folder = self._folder.descriptor()
        try:
            holdings = self._holdings
            return Scan(folder, self._folder.path, self._uid, holdings.lease, holdings.vouches).run()
        except OSError as error:
            raise LeaseError(f"can't read the leases in {self._folder.path}: {error.strerror}") from error

    def _say_vanished(self) -> tuple[Problem, ...]:
        gpus = sorted({record.gpu_of(name) or name for name in self.vanished()})
        if not gpus:
            return ()
        return (problem("leases_vanished", path=str(self._folder.path), gpus=", ".join(gpus)),)
