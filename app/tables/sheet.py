"""A table as a file holds it: columns, rows of text, and where each cell stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SUFFIXES = (".csv", ".tsv", ".xlsx", ".json", ".jsonl")
OTHERS = (".xls", ".xlsm", ".xlsb", ".ods", ".parquet", ".feather")
"""Of tables that are not read."""


class Unreadable(Exception):
    """The file is no such table: what is wrong, at a line and column from 1 (0: the file as a whole)."""

    def __init__(self, line: int, column: int, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.line, self.column, self.problem, self.hint = line, column, problem, hint


class Wrong:
    """What is wrong with single rows: `with` it each is looked at, and then all is said at once."""

    def __init__(self) -> None:
        self.found: list[Unreadable] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if isinstance(error, Unreadable):
            self.found.append(error)
        return isinstance(error, Unreadable)


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells as text, by column; empty ones are left out."""

    line: int  #: in the file, as an editor or a spreadsheet counts it, from 1; of columns in JSON: the row
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    header: int = 1  #: its line
    wrong: tuple[Unreadable, ...] = ()  #: rows that are not among `rows`

    def place(self, line: int, column: str) -> tuple[int, int]:
        """Line and column, from 1, of a cell; of the row where there is no such column."""
        return line, self.columns.index(column) + 1 if column in self.columns else 1


class Format(Protocol):
    """How one kind of file holds a table."""

    def read(self, data: bytes) -> Sheet:
        """Raises Unreadable."""

    def write(self, data: bytes, sheet: Sheet, column: str, values: Mapping[int, str]) -> bytes:
        """The file, which was read as this sheet, with these texts in a column, by row from 0; all else stays
        as it is. A column that is not there yet is added. Raises Unreadable."""


def of_suffix(path: Path) -> Format:
    """For a path with one of SUFFIXES."""
    from app.tables import csv_format, json_format, xlsx_format  # each loads what it takes

    formats: Mapping[str, Format] = {
        ".csv": csv_format.Csv(),
        ".tsv": csv_format.Csv(),
        ".xlsx": xlsx_format.Xlsx(),
        ".json": json_format.Json(),
        ".jsonl": json_format.JsonLines(),
    }
    return formats[path.suffix.lower()]


Edit = tuple[int, int, str]
"""Of a text: start, end, and what is to stand there."""


def spliced(text: str, edits: Iterable[Edit]) -> str:
    """With these in it; every other character stays."""
    parts, last = [], 0
    for start, end, new in sorted(edits):
        parts += [text[last:start], new]
        last = end
    return "".join([*parts, text[last:]])


def checked(columns: Sequence[str], line: int = 1) -> tuple[str, ...]:
    """Raises Unreadable for names that are empty or given twice."""
    for at, name in enumerate(columns):
        if not name:
            raise Unreadable(line, at + 1, "this column has no name", "name it, or take the column out")
        if name in columns[:at]:
            raise Unreadable(line, at + 1, f"there are two columns {name!r}", "rename one of them")
    return tuple(columns)
