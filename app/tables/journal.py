"""Which runs of a table's rows are over and not counted in it yet: each is counted once, whatever dies."""

import contextlib
import errno
import json
import os
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.tables.rows import Identity

Number = tuple[str, int | str]
"""A run of the plan, and an attempt's number in it; a text, where that was not noted in time."""


@dataclass(frozen=True, slots=True)
class Due:
    """An attempt that went well, to be counted at its row."""

    number: Number
    identity: Identity
    names: frozenset[str | None] = frozenset()  #: of the rows with the same command
    gone: bool = False  #: its row was seen to be in the file no more; it may come back


@dataclass(frozen=True, slots=True)
class Attempted:
    """A count that was about to be written when the writer died."""

    due: Due
    at: int  #: the row's place, from 0
    value: str  #: of `run_num`, as it was to become


@dataclass(slots=True)
class _Account:
    due: dict[Number, Due] = field(default_factory=dict)
    tried: dict[Number, tuple[int, str]] = field(default_factory=dict)
    done: set[Number] = field(default_factory=set)
    names: dict[str, frozenset[str | None]] = field(default_factory=dict)  #: as last noted, by digest


class Journal:
    """Lines of JSON, appended: `due` when a run is over (`names` before it: of the rows with its command, if
    others have it), `gone` if its row is in the file no more, `try` before its count is written, `done` after
    or `untry` where that failed, `undo` when somebody has saved an older copy over it. A torn last line is of
    a writer that died, and counts as not written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.table = threading.Lock()
        """Held while the table is read together with what is counted in it, and while that changes."""
        self._lock = threading.RLock()  #: of the account: briefly, also by the loop's thread
        self._account = _Account()
        with contextlib.suppress(FileNotFoundError):
            for line in path.read_bytes().split(b"\n"):
                self._take(line)

    def due(
        self,
        run: str,
        number: int | str,
        identity: Identity,
        names: Collection[str | None] = (),
        gone: bool = False,
    ) -> None:
        """Note that an attempt went well, once; `names`: of the rows with its command; `gone`: its own was
        taken out. Raises OSError."""
        digest, name = identity
        with self._lock:
            if (run, number) in self._account.due:
                return
            entries: list[dict[str, Any]] = [{"due": number, "run": run, "row": list(identity)}]
            known = self._account.names.get(digest, frozenset())
            if known - {name} != {*names} - {name}:
                entries.insert(0, {"names": sorted(map(str, names)), "run": run, "of": digest})
            if gone:
                entries.append({"gone": number, "run": run})
            self._append(entries)

    def gone(self, dues: Iterable[Due]) -> None:
        """Their rows are not there. Raises OSError."""
        self._append([{"gone": due.number[1], "run": due.number[0]} for due in dues if not due.gone])

    def trying(self, values: Mapping[Number, tuple[int, str]]) -> None:
        """What is about to be written: the row's place from 0, and its new value. Raises OSError."""
        self._append(
            [{"try": number, "run": run, "at": at, "to": to} for (run, number), (at, to) in values.items()]
        )

    def not_written(self, numbers: Collection[Number]) -> None:
        """It came to nothing, as its writer knows. Raises OSError."""
        self._append([{"untry": number, "run": run} for run, number in numbers])

    def counted(self, numbers: Collection[Number]) -> None:
        """They are in the file now. Raises OSError."""
        self._append([{"done": number, "run": run} for run, number in numbers])

    def undone(self, numbers: Collection[Number]) -> None:
        """They are in the file no more: they are pending again. Raises OSError."""
        self._append([{"undo": number, "run": run} for run, number in numbers])

    def written(self) -> Sequence[tuple[Due, int]]:
        """Each count that is in the file, and what `run_num` of its row became by it."""
        with self._lock:
            due, tried = self._account.due, self._account.tried
            return [(due[number], int(tried[number][1])) for number in self._account.done & tried.keys()]

    def pending(self) -> Sequence[Due]:
        with self._lock:
            return [due for number, due in self._account.due.items() if number not in self._account.done]

    def attempted(self) -> Sequence[Attempted]:
        """Those of which nobody knows yet whether they were written."""
        with self._lock:
            tried = self._account.tried
            return [Attempted(due, *tried[due.number]) for due in self.pending() if due.number in tried]

    def counts(self, run: str) -> Counter[Identity]:
        """Runs of a run of the plan that are in the file."""
        with self._lock:
            due, done = self._account.due, self._account.done
            return Counter(due[number].identity for number in done if number[0] == run and number in due)

    def noted(self, run: str) -> Counter[str]:
        """Runs of a run of the plan that it knows of, by their tasks' digests."""
        with self._lock:
            known = self._account.due.values()
            return Counter(due.identity[0] for due in known if due.number[0] == run)

    def forget(self) -> None:
        """Nothing is pending and a new run begins: what was is of no use any more. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self._account = _Account()

    def _append(self, entries: list[dict[str, Any]]) -> None:
        if not entries:
            return
        data = b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)
        with self._lock:
            self._write(data)
            for line in data.split(b"\n"):
                self._take(line)

    def _write(self, data: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            data = (b"\n" if _torn(self._path) else b"") + data
            if os.write(fd, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        finally:
            os.close(fd)

    def _take(self, line: bytes) -> None:
        for entry in _entries(line):
            run = entry["run"]
            if "due" in entry:
                number = (run, entry["due"])
                digest, name = entry["row"]
                names = self._account.names.get(digest, frozenset())
                self._account.due[number] = Due(number, (digest, name), names)
            elif "gone" in entry and (run, entry["gone"]) in self._account.due:
                number = (run, entry["gone"])
                self._account.due[number] = replace(self._account.due[number], gone=True)
            elif "names" in entry:
                self._account.names[entry["of"]] = frozenset(entry["names"])
            elif "try" in entry:
                self._account.tried[(run, entry["try"])] = (entry["at"], entry["to"])
            elif "untry" in entry:
                self._account.tried.pop((run, entry["untry"]), None)
            elif "done" in entry:
                self._account.done.add((run, entry["done"]))
            elif "undo" in entry:
                self._account.done.discard((run, entry["undo"]))
                self._account.tried.pop((run, entry["undo"]), None)


def _entries(line: bytes) -> Iterator[dict[str, Any]]:
    with contextlib.suppress(ValueError):
        entry = json.loads(line)
        if isinstance(entry, dict) and isinstance(entry.get("run"), str):
            yield entry


def _torn(path: Path) -> bool:
    """Did the last writer die in the middle of a line?"""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return False
        file.seek(size - 1)
        return file.read(1) != b"\n"
