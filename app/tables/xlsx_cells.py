"""A worksheet's XML, in which single cells are changed and every other byte stays.

openpyxl's own save would leave out what it does not know: pictures, text boxes, what formulas come to.
"""

import html
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from openpyxl.utils import column_index_from_string, get_column_letter

_INSIDE = rb"(?:[^>\"']|\"[^\"]*\"|'[^']*')*?"
"""Of a tag, behind its name."""

_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData\s*>(.*)</\1sheetData\s*>", re.DOTALL)
_ROW = re.compile(rb"<((?:[\w.-]+:)?)row((?:\s%b)?)(?:/>|>(.*?)</\1row\s*>)" % _INSIDE, re.DOTALL)
_CELL = re.compile(rb"<((?:[\w.-]+:)?)c((?:\s%b)?)(?:/>|>(.*?)</\1c\s*>)" % _INSIDE, re.DOTALL)
_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f(?:\s%b)?(?:/>|>([^<]*))" % _INSIDE)
_FILLED = re.compile(rb"<(?:[\w.-]+:)?(?:v|is)[^>]*>[^<]|<(?:[\w.-]+:)?t[\s>]")
_DIMENSION = re.compile(rb"(<(?:[\w.-]+:)?dimension\s[^>]*?\bref\s*=\s*[\"'][A-Z]+\d+:)([A-Z]+)(\d+)")
_UNLIKELY = re.compile(rb"<!--|<!\[CDATA\[|<!DOCTYPE")

Place = tuple[int, int]
"""Row and column, from 1."""


class _Found(NamedTuple):
    """A row or a cell in the text."""

    number: int
    start: int
    end: int
    prefix: bytes  #: of its name, with the colon
    attributes: bytes
    inner: bytes
    at: int  #: where its inner part begins


def is_simple(xml: bytes) -> bool:
    """Whether it is as spreadsheet programs write it: markup is told from text by its < alone."""
    return b"\0" not in xml and not _UNLIKELY.search(xml)


def has_formulas(xml: bytes) -> bool:
    return _FORMULA.search(xml) is not None


class Formula(NamedTuple):
    place: Place
    text: str  #: with the sign before it
    worked_out: bool  #: the file has what it comes to


def formulas(xml: bytes) -> Iterator[Formula]:
    for row in _rows(xml):
        for cell in _cells(row) if has_formulas(row.inner) else ():
            if found := _FORMULA.search(cell.inner):
                text = html.unescape((found[1] or b"").decode("utf-8", "replace"))
                a_text = _attribute(cell.attributes, b"t") == b"str"  # which may be empty
                worked_out = a_text or _FILLED.search(cell.inner) is not None
                yield Formula((row.number, cell.number), f"={text}", worked_out)


def with_values(xml: bytes, values: Mapping[Place, int | str]) -> bytes:
    """With these in the cells; styles stay. The rows must be there, and nothing of them hold a formula."""
    by_row: dict[int, dict[int, int | str]] = {}
    for (row_number, column), value in values.items():
        by_row.setdefault(row_number, {})[column] = value
    parts, last = [], 0
    for row in _rows(xml):
        if row.number in by_row:
            parts += [xml[last : row.start], _changed_row(row, by_row[row.number])]
            last = row.end
    widest = max(column for _, column in values)
    return _DIMENSION.sub(lambda found: _widened(found, widest), b"".join([*parts, xml[last:]]), count=1)


def _rows(xml: bytes) -> Iterator[_Found]:
    data = _DATA.search(xml)
    number = 0
    for found in _ROW.finditer(xml, data.start(2), data.end(2)) if data else ():
        given = _attribute(found[2], b"r")
        number = int(given) if given else number + 1
        yield _Found(number, *found.span(), found[1], found[2], found[3] or b"", found.start(3))


def _cells(row: _Found) -> Iterator[_Found]:
    number = 0
    for found in _CELL.finditer(row.inner):
        given = _attribute(found[2], b"r")
        letters = given.rstrip(b"0123456789").decode() if given else ""
        number = column_index_from_string(letters) if letters else number + 1
        yield _Found(number, *found.span(), found[1], found[2], found[3] or b"", found.start(3))


def _changed_row(row: _Found, values: Mapping[int, int | str]) -> bytes:
    edits: list[tuple[int, int, bytes]] = []
    cells = list(_cells(row))
    there = {cell.number: cell for cell in cells}
    for column, value in values.items():
        name = f"{get_column_letter(column)}{row.number}".encode()
        if column in there:
            cell = there[column]
            kept = re.sub(rb"\s(?:t|cm|vm)\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", cell.attributes)
            edits.append((cell.start, cell.end, _cell(row.prefix, kept.rstrip(), value)))
        else:
            at = next((cell.start for cell in cells if cell.number > column), len(row.inner))
            edits.append((at, at, _cell(row.prefix, b' r="%b"' % name, value)))
    parts, last = [], 0
    for start, end, new in sorted(edits):
        parts += [row.inner[last:start], new]
        last = end
    inner = b"".join([*parts, row.inner[last:]])
    kept = row.attributes.rstrip()
    if not values.keys() <= there.keys():  # a hint of how wide it is, which need not be there
        kept = re.sub(rb"\sspans\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", kept)
    return b"<%brow%b>%b</%brow>" % (row.prefix, kept, inner, row.prefix)


def _cell(prefix: bytes, attributes: bytes, value: int | str) -> bytes:
    if isinstance(value, int):
        return b"<%bc%b><%bv>%d</%bv></%bc>" % (prefix, attributes, prefix, value, prefix, prefix)
    text = b"<%bis><%bt>%b</%bt></%bis>" % (prefix, prefix, value.encode(), prefix, prefix)
    return b'<%bc%b t="inlineStr">%b</%bc>' % (prefix, attributes, text, prefix)


def _attribute(attributes: bytes, name: bytes) -> bytes | None:
    for found in re.finditer(rb"\s([\w.:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", attributes):
        if found[1] == name:
            return bytes(found[2] or found[3] or b"")
    return None


def _widened(found: re.Match[bytes], column: int) -> bytes:
    last = max(column, column_index_from_string(found[2].decode()))
    return b"%b%b%b" % (found[1], get_column_letter(last).encode(), found[3])
