"""JSON: a list of objects or an object of columns, and JSON lines. Numbers keep their text."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.tables.sheet import Edit, Row, Sheet, Unreadable, Wrong, checked, spliced

_BLANK = re.compile(r"[ \t\r\n]*")


class _Twice(NamedTuple):
    """An object that has a name more than once."""

    name: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Twice:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        return _Twice(next(name for name in names if names.count(name) > 1))
    return made


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=str, parse_int=str, parse_constant=str)


class _Span(NamedTuple):
    """A value, and where its text stands."""

    start: int
    end: int
    value: Any


class Json:
    """See `sheet.Format`. `[{"name": "a", "lr": 0.010}, ...]`, or pandas' `{"name": {"0": "a"}, ...}`."""

    def read(self, data: bytes) -> Sheet:
        text = data.decode("utf-8-sig")
        if not text.strip():
            return Sheet((), ())
        whole = _value(text, _skip(text, 0))
        if _skip(text, whole.end) != len(text):
            raise _bad(text, whole.end, "something stands behind the table")
        if isinstance(whole.value, list):
            return _sheet(whole.value, _line_numbers(text, whole.start))
        if isinstance(whole.value, dict) and all(
            isinstance(each, dict | list) for each in whole.value.values()
        ):
            return _sheet(_from_columns(whole.value), itertools.count(1))
        if isinstance(whole.value, _Twice):
            raise Unreadable(0, 0, f"the object has {whole.value.name} twice", "keep one of them")
        raise Unreadable(0, 0, "it is no table", 'write [{"name": "a", "lr": 0.01}, ...]')

    def write(self, data: bytes, sheet: Sheet, column: str, values: Mapping[int, str]) -> bytes:
        text = data.decode("utf-8-sig")
        start = _skip(text, 0)
        if text[start] == "[":
            changes = [
                _change(text, span.start, column, values[row])
                for row, span in enumerate(_items(text, start))
                if row in values
            ]
        else:
            changes = _in_columns(text, start, column, values)
        return _marked(data, spliced(text, changes))


class JsonLines:
    """See `sheet.Format`. An object a line; blank lines are skipped."""

    def read(self, data: bytes) -> Sheet:
        text = data.decode("utf-8-sig")
        found = list(_lines(text))
        return _sheet([_value(text, start).value for _, start in found], (line for line, _ in found))

    def write(self, data: bytes, sheet: Sheet, column: str, values: Mapping[int, str]) -> bytes:
        text = data.decode("utf-8-sig")
        changes = [
            _change(text, start, column, values[row])
            for row, (_, start) in enumerate(_lines(text))
            if row in values
        ]
        return _marked(data, spliced(text, changes))


def _line_numbers(text: str, start: int) -> Iterator[int]:
    """Of the items of a list."""
    line, last = 1, 0
    for item in _items(text, start):
        line, last = line + text.count("\n", last, item.start), item.start
        yield line


def _sheet(rows: list[Any], lines: Iterable[int]) -> Sheet:
    """`lines`: where they begin, from 1."""
    columns: dict[str, None] = {}
    made, wrong = [], Wrong()
    for number, row in zip(lines, rows, strict=False):
        with wrong:
            if isinstance(row, _Twice):
                raise Unreadable(number, 1, f"the object has {row.name} twice", "keep one of them")
            if not isinstance(row, dict):
                raise Unreadable(number, 1, "the row is no object", 'write {"name": "a", "lr": 0.01}')
            columns |= dict.fromkeys(row)
            cells = {name: _text(value, number, name) for name, value in row.items()}
            made.append(Row(number, {name: text for name, text in cells.items() if text.strip()}))
    return Sheet(checked(list(columns)), tuple(made), wrong=tuple(wrong.found))


def _text(value: Any, row: int, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"  # as FlowLine shows Python's
    if isinstance(value, str):
        return value
    raise Unreadable(row, 1, f"{column} holds a list or an object", "write a text, a number or null")


def _from_columns(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows, from a list of values a column, or values by the row's index."""
    return list(_by_index(columns).values())


def _by_index(columns: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for name, values in columns.items():
        found = values.items() if isinstance(values, dict) else enumerate(values)
        for index, value in found:
            rows.setdefault(str(index), {})[name] = value
    return rows


def _in_columns(text: str, start: int, column: str, values: Mapping[int, str]) -> list[Edit]:
    members = dict(_members(text, start))
    columns = {name: span.value for name, span in members.items()}
    indices = list(_by_index(columns))
    new = {indices[row]: value for row, value in values.items()}
    if column not in members:
        written = json.dumps({index: int(new.get(index, "0")) for index in indices})
        return [_inserted(text, start, column, written)]
    span = members[column]
    had = {str(at): value for at, value in enumerate(span.value)} if text[span.start] == "[" else span.value
    if not new.keys() <= had.keys():  # the column has gaps: it is written whole
        whole = {index: new.get(index) or had.get(index) or "0" for index in indices}
        written = ", ".join(f"{json.dumps(index)}: {value}" for index, value in whole.items())
        return [(span.start, span.end, f"{{{written}}}")]
    if text[span.start] == "[":
        spans = list(_items(text, span.start))
        return [(spans[int(index)].start, spans[int(index)].end, value) for index, value in new.items()]
    return [_change(text, span.start, index, value) for index, value in new.items()]


def _change(text: str, start: int, key: str, value: str) -> Edit:
    """A member of the object at `start` gets a value."""
    for name, span in _members(text, start):
        if name == key:
            return span.start, span.end, value
    return _inserted(text, start, key, value)


def _inserted(text: str, start: int, key: str, value: str) -> Edit:
    last = [span.end for _, span in _members(text, start)]
    at = last[-1] if last else start + 1
    return at, at, f"{', ' if last else ''}{json.dumps(key)}: {value}"


def _marked(before: bytes, text: str) -> bytes:
    mark = b"\xef\xbb\xbf"
    return (mark if before.startswith(mark) else b"") + text.encode()


def _members(text: str, start: int) -> Iterator[tuple[str, _Span]]:
    at = _skip(text, start + 1)
    while text[at] != "}":
        key = _value(text, at)
        value = _value(text, _skip(text, _skip(text, key.end) + 1))
        yield key.value, value
        at = _skip(text, value.end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _items(text: str, start: int) -> Iterator[_Span]:
    at = _skip(text, start + 1)
    while text[at] != "]":
        span = _value(text, at)
        yield span
        at = _skip(text, span.end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Number, and where it begins, of each line that holds something. Raises Unreadable."""
    hint = 'write an object a line, {"name": "a", "lr": 0.01}'
    at = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            start = _skip(line, 0)
            try:
                end = _value(line, start).end
            except Unreadable as wrong:
                raise Unreadable(number, wrong.column or 1, wrong.problem, hint) from None
            if line[end:].strip():
                raise Unreadable(number, end + 1, "something stands behind the object", hint)
            yield number, at + start
        at += len(line) + 1


def _value(text: str, at: int) -> _Span:
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _bad(text, error.pos, f"it is no JSON: {error.msg}") from None
    except RecursionError:
        raise Unreadable(0, 0, "it is nested too deeply", "write a list of objects") from None
    return _Span(at, end, value)


def _bad(text: str, at: int, problem: str) -> Unreadable:
    line = text.count("\n", 0, at) + 1
    return Unreadable(line, at - text.rfind("\n", 0, at), problem, 'write [{"name": "a", "lr": 0.01}, ...]')


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    assert found
    return found.end()
