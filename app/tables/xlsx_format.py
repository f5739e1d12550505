"""Excel workbooks: the first sheet, whose first row names the columns."""

import contextlib
import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl.reader.excel import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.tables.rows import RUN
from app.tables.sheet import Row, Sheet, Unreadable, Wrong, checked
from app.tables.xlsx_cells import Formula, Place, formulas, has_formulas, is_simple, with_values
from app.tables.xlsx_parts import first_sheet, with_sheet

_DECIMALS = re.compile(r"#?,?#*0\.(0+)")
_FAULTS = (
    *(InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, OSError, EOFError),
    *(
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
    ),  # of what openpyxl did not expect
)
_PADDED = re.compile("0{2,}")


class Xlsx:
    """See `sheet.Format`. Read through openpyxl, and written without it: see `xlsx_cells`."""

    def read(self, data: bytes) -> Sheet:
        _, xml = _part(data)
        known = {formula.place: formula for formula in formulas(xml)} if has_formulas(xml) else {}
        header: tuple[str, ...] = ()
        first, made, wrong = 1, [], Wrong()
        for number, cells in enumerate(_cells(data), 1):
            texts: list[str] = []
            with wrong:
                texts = [_text(cell, number, at, known) for at, cell in enumerate(cells, 1)]
            if not header and wrong.found:
                raise wrong.found[0]
            if not any(text.strip() for text in texts):
                continue
            if not header:
                header, first = checked([text.strip() for text in texts[: _last(texts)]], number), number
                continue
            if _last(texts) > len(header):
                problem = f"the row has {_last(texts)} cells, and there are {len(header)} columns"
                hint = "name the column in the first row"
                wrong.found.append(Unreadable(number, len(header) + 1, problem, hint))
                continue
            named = zip(header, texts, strict=False)
            made.append(Row(number, {name: text for name, text in named if text.strip()}))
        if RUN in header:
            with wrong:
                _refuse_counted(known, header.index(RUN) + 1)
        return Sheet(header, tuple(made), first, tuple(wrong.found))

    def write(self, data: bytes, sheet: Sheet, column: str, values: Mapping[int, str]) -> bytes:
        name, xml = _part(data)
        new = column not in sheet.columns
        at = len(sheet.columns) + 1 if new else sheet.columns.index(column) + 1
        cells: dict[Place, int | str] = {
            (each.line, at): int(values.get(row, "0"))
            for row, each in enumerate(sheet.rows)
            if row in values or new
        }
        if new:
            cells[sheet.header, at] = column
        return with_sheet(data, name, with_values(xml, cells))


def _cells(data: bytes) -> list[Any]:
    """By row. Raises Unreadable."""
    with _workbook_faults():
        return list(_rows(load_workbook(io.BytesIO(data), read_only=True, data_only=True)))


def _part(data: bytes) -> tuple[str, bytes]:
    """The first sheet's name in the zip, and its XML. Raises Unreadable."""
    with _workbook_faults():
        name, xml = first_sheet(data)
    if not is_simple(xml):
        raise Unreadable(0, 0, f"{name} in it is no plain XML", "save it anew with Excel or LibreOffice")
    return name, xml


@contextlib.contextmanager
def _workbook_faults() -> Iterator[None]:
    """Raises Unreadable."""
    try:
        yield
    except _FAULTS as bad:
        raise Unreadable(0, 0, f"it is no Excel workbook ({bad})", "save it as .xlsx, or as .csv") from None


def _refuse_counted(known: Mapping[Place, Formula], column: int) -> None:
    """Raises Unreadable: a number in its place would be the end of the formula."""
    for (row, at), formula in known.items():
        if at == column:
            problem = f"{RUN} is the formula {formula.text}, and it is counted up here"
            raise Unreadable(row, at, problem, "write a number")


def _rows(book: Any) -> Iterator[Any]:
    if not book.worksheets:
        raise Unreadable(0, 0, "the workbook has no sheet", "write the table into its first one")
    page = book.worksheets[0]
    page.reset_dimensions()  # some programs write wrong ones, and cells beyond them would not be seen
    yield from page.iter_rows()


def _last(texts: list[str]) -> int:
    return max((at for at, text in enumerate(texts, 1) if text.strip()), default=0)


def _shown(value: float, number_format: str) -> str | None:
    if decimals := _DECIMALS.fullmatch(number_format):
        return f"{value:.{len(decimals[1])}f}"
    if _PADDED.fullmatch(number_format):
        return f"{value:0{len(number_format)}.0f}"
    return None


def _text(cell: Any, row: int, column: int, known: Mapping[Place, Formula]) -> str:
    """As the sheet shows it, as far as that can be told: 0.010 stays 0.010. `known`: the sheet's formulas."""
    value = cell.value
    if (formula := known.get((row, column))) and not formula.worked_out:
        problem = f"the cell holds the formula {formula.text}, and the file does not have what it comes to"
        raise Unreadable(row, column, problem, "save it with Excel or LibreOffice, or write a value")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int | float):
        shown = _shown(value, str(cell.number_format))
        if shown is not None and float(shown) == value:  # a format may add zeros, and take no digit away
            return shown
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        day = value.time() == datetime.time.min and "h" not in str(cell.number_format).lower()
        return value.date().isoformat() if day else value.isoformat(" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    text = str(value)
    if cell.data_type == "e":
        raise Unreadable(row, column, f"the cell shows {text}", "write a value")
    return text
