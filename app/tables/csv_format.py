"""CSV: read with the place of each field, so that one cell can be changed and every other byte stays."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from app.tables.sheet import Edit, Row, Sheet, Unreadable, Wrong, checked, spliced

BOM = "\ufeff"
DELIMITERS = ",;\t|"


class _Field(NamedTuple):
    start: int
    end: int
    text: str


class _Record(NamedTuple):
    line: int
    fields: list[_Field]


class Csv:
    """See `sheet.Format`. The delimiter is that of `,;` tab and `|` which the first line has most of."""

    def read(self, data: bytes) -> Sheet:
        records = _records(_decoded(data))
        if not records:
            return Sheet((), ())
        columns = checked(_names(records[0]), records[0].line)
        rows, wrong = [], Wrong()
        for record in records[1:]:
            with wrong:
                rows.append(_row(record, columns))
        return Sheet(columns, tuple(rows), wrong=tuple(wrong.found))

    def write(self, data: bytes, sheet: Sheet, column: str, values: Mapping[int, str]) -> bytes:
        text = _decoded(data)
        header, *rows = _records(text)
        names = _names(header)
        delimiter = _delimiter(text)
        changes: list[Edit] = []
        if column in names:
            at = names.index(column)
            changes = [_cell(rows[row], at, value, delimiter) for row, value in values.items()]
        else:
            changes = [_cell(header, len(names), column, delimiter)]
            changes += [
                _cell(record, len(names), values.get(row, "0"), delimiter) for row, record in enumerate(rows)
            ]
        return spliced(text, changes).encode()


def _decoded(data: bytes) -> str:
    return data.decode("utf-8")  # that it is UTF-8 was seen when the file was opened


def _names(header: _Record) -> list[str]:
    return [field.text.strip() for field in header.fields[: _last(header)]]


def _last(record: _Record) -> int:
    """Of its cells, as Excel may leave empty ones behind it."""
    return max((at for at, field in enumerate(record.fields, 1) if field.text.strip()), default=0)


def _row(record: _Record, columns: tuple[str, ...]) -> Row:
    if len(record.fields) > len(columns) and (last := _last(record)) > len(columns):
        raise Unreadable(
            record.line,
            len(columns) + 1,
            f"the row has {last} cells, and there are {len(columns)} columns",
            "name the column, or quote a cell that holds the delimiter",
        )
    texts = (field.text for field in record.fields)
    return Row(record.line, {name: text for name, text in zip(columns, texts, strict=False) if text.strip()})


def _cell(record: _Record, at: int, value: str, delimiter: str) -> Edit:
    """Where a value goes; a row that is too short is filled up."""
    if at < len(record.fields):
        return (*record.fields[at][:2], value)
    end = record.fields[-1].end
    return end, end, delimiter * (at - len(record.fields) + 1) + value


def _delimiter(text: str) -> str:
    first = text.lstrip(BOM + "\r\n").split("\n", 1)[0]
    outside = re.sub(r'"(?:[^"]|"")*"', "", first)
    return max(DELIMITERS, key=outside.count)


def _records(text: str) -> list[_Record]:
    """All but blank lines. Raises Unreadable for a quoted cell that does not end, or goes on behind it."""
    delimiter = re.escape(_delimiter(text))
    field = re.compile(
        rf'("(?:[^"]|"")*"|[^"{delimiter}\r\n][^{delimiter}\r\n]*|)({delimiter}|\r\n|\n|\r|\Z)'
    )
    records: list[_Record] = []
    fields: list[_Field] = []
    at, line, first = len(BOM) if text.startswith(BOM) else 0, 1, 1
    while at < len(text) or fields:
        found = field.match(text, at)
        if found is None:
            problem = "a quoted cell does not end, or goes on after its closing quote"
            raise Unreadable(line, len(fields) + 1, problem, 'write a quote inside a quoted cell as ""')
        raw, end = found.groups()
        quoted = raw.startswith('"')
        fields.append(_Field(found.start(1), found.end(1), raw[1:-1].replace('""', '"') if quoted else raw))
        line += raw.count("\n")
        at = found.end()
        if end in ("\r\n", "\n", "\r", ""):
            if any(each.text.strip() for each in fields):
                records.append(_Record(first, fields))
            fields, line = [], line + 1
            first = line
    return records
