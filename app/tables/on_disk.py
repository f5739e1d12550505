"""A table's file beside programs that write it: read whole, replaced while nobody has it open for writing."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from app.atomic import prepared
from app.model.faults import BadInput, Fault
from app.signature import Signature, signature
from app.tables.read import LARGEST_BYTES
from app.trust import read_trusted_bytes, why_not_opened
from app.writers import BeingWritten, Hold, unwritten

QUIET_SECONDS = 1.0
"""For which others must not have changed it: a save in two steps may close it in between."""

UNSURE_SECONDS = 3.0
"""The same where the kernel can't tell whether somebody has it open for writing; watched by ourselves, as the
clock of a file server may be another one."""

SURELY_SECONDS = 60.0
"""A change so long ago is none of these, by any clock."""


class TableBusy(Exception):
    """Somebody has it open, or saves it: later."""


class BeingSaved(TableBusy):
    """For a moment, as a rule."""


class OnDisk:
    """One table's file. For one thread at a time; everything here may block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ours: Signature | None = None  #: as we have left it
        self._first_seen: tuple[Signature | None, float] = (None, 0.0)  #: a version of others', and when

    def glance(self) -> bytes:
        """As it is now, be it half written. Raises BadInput."""
        return read_trusted_bytes(self._path, LARGEST_BYTES, str(self._path))[0]

    def read(self) -> tuple[bytes, Signature | None]:
        """A whole version. Raises TableBusy, BadInput."""
        try:
            with self._unwritten() as hold:
                now = signature(self._path)
                self._refuse_fresh(now, hold.sure)
                data = self.glance()
                if signature(self._path) != now:
                    raise self._saving()
        except OSError as error:
            raise BadInput([Fault(str(self._path), 0, 0, *why_not_opened(self._path, error))]) from None
        return data, now

    def replace(self, data: bytes, before: Signature | None) -> Signature | None:
        """A version that was read, by this one; its signature, None where others have saved theirs since.
        Raises TableBusy when nothing was changed, OSError."""
        mode = self._path.stat().st_mode & 0o777
        with prepared(self._path, data, mode) as (temporary, info), self._unwritten() as hold:
            if signature(self._path) != before or not hold.lasts():
                raise self._saving()
            self._rename(temporary, hold)
        after = signature(self._path)
        if after is None or (after[0], after[2]) != (info.st_mtime_ns, info.st_ino):
            return None
        self._ours = after
        return after

    def _rename(self, temporary: Path, hold: Hold) -> None:
        """Who has come to the old file just before waits to write what nobody would see: it is put back then.
        Raises TableBusy, OSError."""
        spare = temporary.with_name(f"{temporary.name}.old")
        with contextlib.suppress(OSError):  # some file systems have no links
            spare.hardlink_to(self._path)
        try:
            temporary.replace(self._path)
            if not hold.lasts() and spare.exists():
                spare.replace(self._path)
                raise self._saving()
        finally:
            spare.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _unwritten(self) -> Iterator[Hold]:
        try:
            with unwritten(self._path) as hold:
                yield hold
        except BeingWritten:
            raise BeingSaved(f"{self._path} is open for writing in another program") from None

    def _refuse_fresh(self, now: Signature | None, sure: bool) -> None:
        if now is None or now == self._ours:
            return
        if self._first_seen[0] != now:
            self._first_seen = now, time.monotonic()
        watched, age = time.monotonic() - self._first_seen[1], time.time() - now[1] / 1e9
        enough = (QUIET_SECONDS, QUIET_SECONDS) if sure else (UNSURE_SECONDS, SURELY_SECONDS)
        if watched < enough[0] and age < enough[1]:
            raise self._saving()

    def _saving(self) -> BeingSaved:
        return BeingSaved(f"{self._path} is being saved")
