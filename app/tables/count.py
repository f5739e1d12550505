"""Counting `run_num` up in a table, beside people who edit it."""

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.model.faults import BadInput, Fault
from app.model.task import Mode
from app.signature import Signature, signature
from app.tables.journal import Due, Journal, Number
from app.tables.on_disk import OnDisk, TableBusy
from app.tables.read import parse_sheet, row_tasks
from app.tables.rows import RUN, Commands
from app.tables.sheet import Sheet, of_suffix
from app.tables.whose import Rows
from app.writers import spreadsheet_lock

Rewritten = Callable[[Signature | None, Signature], None]


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of it."""

    lost: tuple[Due, ...] = ()  #: as their rows are not there
    again: int = 0  #: as an older copy was saved over them


class Counts:
    """Counts the runs of one table's rows. For one thread at a time; everything here may block."""

    def __init__(self, path: Path, mode: Mode, how: Commands, journal: Journal, lock: Path) -> None:
        self.rewritten: Rewritten = lambda before, after: None  #: of what the file was and is
        self._path, self._mode, self._how = path, mode, how
        self._file = OnDisk(path)
        self._journal, self._lock = journal, lock
        self._seen: Signature | None = None  #: the file in which nothing is to be counted any more

    def settle(self, last: bool = False) -> Settled:
        """Count what is pending, and tell `rewritten`. A row that is not there may come back in the middle of
        an edit, so its run stays pending, unless this is the `last` time.

        Raises TableBusy, BadInput, OSError: nothing was counted then."""
        if not self._journal.pending() and not self._is_older():
            return Settled()
        _refuse_open(self._path)
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self._journal.table:
                settled = self._try()
                if last:
                    self._journal.counted([due.number for due in settled.lost])
            return settled
        finally:
            os.close(lock)

    def _is_older(self) -> bool:
        """Has somebody saved a copy that lacks what was counted? One with faults says nothing."""
        before = signature(self._path)
        if before == self._seen:
            return False
        try:
            undone = self._undone(self._rows(self._file.glance()))
        except (BadInput, OSError):
            return False
        if not undone:
            self._seen = before
        return bool(undone)

    def _try(self) -> Settled:
        data, before = self._file.read()
        rows = self._rows(data)
        written = self._written_already(rows)
        undone = self._undone(rows)
        self._journal.undone(undone)
        plan, lost = _plan([due for due in self._journal.pending() if due.number not in written], rows)
        self._journal.gone(lost)
        if plan.rows:
            self._write(data, rows.sheet, before, plan)
        self._journal.counted([*written, *plan.rows])
        return Settled(tuple(lost), len(undone))

    def _write(self, data: bytes, sheet: Sheet, before: Signature | None, plan: "_Plan") -> None:
        values = {row: str(value) for row, value in plan.values.items()}
        self._journal.trying({number: (row, values[row]) for number, row in plan.rows.items()})
        done = False
        try:
            new = of_suffix(self._path).write(data, sheet, RUN, values)
            after = self._file.replace(new, before)
            done = True
        finally:
            if not done:
                self._journal.not_written(list(plan.rows))
        if after is not None:  # else others have saved it again
            self._seen = after
            self.rewritten(before, after)

    def _rows(self, data: bytes) -> Rows:
        faults: list[Fault] = []
        sheet = parse_sheet(self._path, data, str(self._path), faults)
        rows = Rows(sheet, row_tasks(sheet, self._mode, str(self._path), self._how, faults))
        if faults:  # somebody is in the middle of an edit
            raise BadInput(faults)
        return rows

    def _undone(self, rows: Rows) -> list[Number]:
        """Counts that were in the file and are not any more: somebody has saved a copy over it that they had
        read before."""
        written = ((due, value, rows.surely_of(due)) for due, value in self._journal.written())
        return [due.number for due, value, row in written if row is not None and row.done < value]

    def _written_already(self, rows: Rows) -> set[Number]:
        """Counts that an earlier writer had written when it died before it could say so."""
        written = set()
        for tried in self._journal.attempted():
            found = rows.exactly(tried.due.identity)
            there = [row for row in found if row.at == tried.at] or (found if len(found) == 1 else [])
            if any(str(row.done) == tried.value for row in there):
                written.add(tried.due.number)
        return written


class _Plan:
    """New values of `run_num` by row, and which attempt is counted in which."""

    def __init__(self) -> None:
        self.values: dict[int, int] = {}
        self.rows: dict[Number, int] = {}


def _plan(pending: Sequence[Due], rows: Rows) -> tuple[_Plan, list[Due]]:
    """Each is counted at its row; of twins, at the first that is not done. A row that was changed meanwhile
    is another one, and those of the old one are lost."""
    plan, lost = _Plan(), []
    more: Counter[int] = Counter()
    for due in pending:
        found = rows.of(due)
        if not found:
            lost.append(due)
            continue
        row = next((each for each in found if each.done + more[each.at] < each.need), found[-1])
        more[row.at] += 1
        plan.values[row.at] = row.done + more[row.at]
        plan.rows[due.number] = row.at
    return plan, lost


def _refuse_open(path: Path) -> None:
    """Raises TableBusy: what we wrote now, a spreadsheet program's next save would undo."""
    if path.is_symlink():
        raise TableBusy(f"{path} is a link now, and what is written would take its place")
    if (lock := spreadsheet_lock(path)) is not None:
        raise TableBusy(f"{path} is open in a spreadsheet program ({lock.name} says so)")
