"""Excel workbooks, through openpyxl: the first sheet, whose first row names the columns."""

import datetime
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from openpyxl.reader.excel import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.tables.sheet import Row, Sheet, Unreadable, checked

_DECIMALS = re.compile(r"#?,?#*0\.(0+)")
_PADDED = re.compile("0{2,}")


class Xlsx:
    """See `sheet.Format`."""

    def read(self, data: bytes) -> Sheet:
        rows = _rows(_open(data, read_only=True))
        header: tuple[str, ...] = ()
        made = []
        for number, cells in enumerate(rows, 1):
            texts = [_text(cell, number, at) for at, cell in enumerate(cells, 1)]
            if not any(text.strip() for text in texts):
                continue
            if not header:
                header = checked([text.strip() for text in texts[: _last(texts)]], number)
                continue
            if _last(texts) > len(header):
                problem = f"the row has {_last(texts)} cells, and there are {len(header)} columns"
                raise Unreadable(number, len(header) + 1, problem, "name the column in the first row")
            named = zip(header, texts, strict=False)
            made.append(Row(number, {name: text for name, text in named if text.strip()}))
        return Sheet(header, tuple(made))

    def write(self, data: bytes, column: str, values: Mapping[int, str]) -> bytes:
        sheet = self.read(data)
        book = _open(data)
        page = book.worksheets[0]
        first = next(
            number for number, row in enumerate(page.iter_rows(), 1) if any(_filled(cell) for cell in row)
        )
        new = column not in sheet.columns
        at = len(sheet.columns) + 1 if new else sheet.columns.index(column) + 1
        if new:
            page.cell(first, at, column)
        for row, line in enumerate(each.line for each in sheet.rows):
            if row in values or new:
                page.cell(line, at).value = int(values.get(row, "0"))
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


def _open(data: bytes, **how: bool) -> Any:
    try:
        return load_workbook(io.BytesIO(data), **how)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise Unreadable(0, 0, f"it is no Excel workbook ({error})", "save it as .xlsx, or as .csv") from None


def _rows(book: Any) -> Iterator[Any]:
    if not book.worksheets:
        raise Unreadable(0, 0, "the workbook has no sheet", "write the table into its first one")
    yield from book.worksheets[0].iter_rows()


def _filled(cell: Any) -> bool:
    return cell.value is not None and str(cell.value).strip() != ""


def _last(texts: list[str]) -> int:
    return max((at for at, text in enumerate(texts, 1) if text.strip()), default=0)


def _shown(value: float, number_format: str) -> str | None:
    if decimals := _DECIMALS.fullmatch(number_format):
        return f"{value:.{len(decimals[1])}f}"
    if _PADDED.fullmatch(number_format):
        return f"{value:0{len(number_format)}.0f}"
    return None


def _text(cell: Any, row: int, column: int) -> str:
    """As the sheet shows it, as far as that can be told: 0.010 stays 0.010."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int | float):
        shown = _shown(value, str(cell.number_format))
        if shown is not None and float(shown) == value:  # a format may add zeros, and take no digit away
            return shown
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    text = str(value)
    if cell.data_type == "f":  # what openpyxl saves has lost what Excel had worked out
        hint = "paste it as a value (a count in the file would lose what the formula comes to)"
        raise Unreadable(row, column, f"the cell holds the formula {text}", hint)
    if cell.data_type == "e":
        raise Unreadable(row, column, f"the cell shows {text}", "write a value")
    return text
