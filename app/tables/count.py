"""Counting `run_num` up in a table, beside people who edit it."""

import fcntl
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from app.atomic import write_atomically
from app.model.faults import BadInput, Fault
from app.model.task import Mode
from app.signature import Signature, signature
from app.tables.journal import Due, Journal, Number
from app.tables.read import LARGEST_BYTES, Identity, RowTask, parse_sheet, row_tasks
from app.tables.rows import RUN, Commands
from app.tables.sheet import of_suffix
from app.trust import read_trusted_bytes

ROUNDS = 20
"""Tries at once while somebody else saves the file under us."""


Rewritten = Callable[[Signature | None, Signature], None]


class TableBusy(Exception):
    """Somebody has it open, or saves it: later."""


class Counts:
    """Counts the runs of one table's rows. For one thread at a time; everything here may block."""

    def __init__(self, path: Path, mode: Mode, how: Commands, journal: Journal, lock: Path) -> None:
        self.rewritten: Rewritten = lambda before, after: None  #: of what the file was and is
        self._path, self._mode, self._how = path, mode, how
        self._journal, self._lock = journal, lock

    def settle(self, last: bool = False) -> list[Due]:
        """Count what is pending, and tell `rewritten`; what is left, as its row is not there. That may come
        back in the middle of an edit, so it stays pending, unless this is the `last` time.

        Raises TableBusy, BadInput, OSError: nothing was counted then."""
        if not self._journal.pending():
            return []
        _refuse_open(self._path)
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for _ in range(ROUNDS):
                with self._journal.table:
                    lost = self._try(self._journal.pending())
                    if lost is not None and last:
                        self._journal.counted([due.number for due in lost])
                if lost is not None:
                    return lost
            raise TableBusy(f"{self._path} is being saved again and again")
        finally:
            os.close(lock)

    def _try(self, pending: Sequence[Due]) -> list[Due] | None:
        """None: somebody has saved the file meanwhile."""
        before = signature(self._path)
        data, _ = read_trusted_bytes(self._path, LARGEST_BYTES, str(self._path))
        rows = self._rows(data)
        written = self._written_already(rows)
        plan, lost = _plan([due for due in pending if due.number not in written], rows)
        if plan.rows and not self._write(data, before, plan):
            return None
        self._journal.counted([*written, *plan.rows])
        return lost

    def _write(self, data: bytes, before: Signature | None, plan: "_Plan") -> bool:
        """False: somebody has saved the file meanwhile."""
        values = {row: str(value) for row, value in plan.values.items()}
        self._journal.trying({number: (row, values[row]) for number, row in plan.rows.items()})
        done = False
        try:
            new = of_suffix(self._path).write(data, RUN, values)
            if signature(self._path) == before:
                mtime, inode = write_atomically(self._path, new, self._path.stat().st_mode & 0o777)
                done = True
        finally:
            if not done:
                self._journal.not_written(list(plan.rows))
        after = signature(self._path) if done else None
        if after is not None and (after[0], after[2]) == (mtime, inode):  # else others have saved it again
            self.rewritten(before, after)
        return done

    def _rows(self, data: bytes) -> dict[Identity, list[RowTask]]:
        faults: list[Fault] = []
        rows: dict[Identity, list[RowTask]] = defaultdict(list)
        sheet = parse_sheet(self._path, data, str(self._path))
        for row in row_tasks(sheet, self._mode, str(self._path), self._how, faults):
            rows[row.identity].append(row)
        if faults:  # somebody is in the middle of an edit
            raise BadInput(faults)
        return rows

    def _written_already(self, rows: dict[Identity, list[RowTask]]) -> set[Number]:
        """Counts that an earlier writer had written when it died before it could say so."""
        written = set()
        for tried in self._journal.attempted():
            found = rows.get(tried.due.identity, [])
            there = [row for row in found if row.at == tried.at] or (found if len(found) == 1 else [])
            if any(str(row.done) == tried.value for row in there):
                written.add(tried.due.number)
        return written


class _Plan:
    """New values of `run_num` by row, and which attempt is counted in which."""

    def __init__(self) -> None:
        self.values: dict[int, int] = {}
        self.rows: dict[Number, int] = {}


def _plan(pending: Sequence[Due], rows: dict[Identity, list[RowTask]]) -> tuple[_Plan, list[Due]]:
    """Each is counted at its row; of twins, at the first that is not done. A row that was changed meanwhile
    is another one, and those of the old one are lost."""
    plan, lost = _Plan(), []
    more: Counter[int] = Counter()
    for due in pending:
        found = rows.get(due.identity) or _same_command(due.identity, rows)
        if not found:
            lost.append(due)
            continue
        row = next((each for each in found if each.done + more[each.at] < each.need), found[-1])
        more[row.at] += 1
        plan.values[row.at] = row.done + more[row.at]
        plan.rows[due.number] = row.at
    return plan, lost


def _same_command(identity: Identity, rows: dict[Identity, list[RowTask]]) -> list[RowTask]:
    """Rows that were renamed, or have moved and are called after their place."""
    return [row for (digest, _), found in rows.items() if digest == identity[0] for row in found]


def _refuse_open(path: Path) -> None:
    """Raises TableBusy. LibreOffice and Excel tell so; what we wrote now, their next save would undo."""
    if path.is_symlink():
        raise TableBusy(f"{path} is a link now, and what is written would take its place")
    for other in (path.with_name(f".~lock.{path.name}#"), path.with_name(f"~${path.name}")):
        if other.exists():
            raise TableBusy(f"{path} is open in a spreadsheet program ({other.name} says so)")
