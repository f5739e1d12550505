"""Counting in a workbook: one cell changes, and whatever else it holds stays as it was."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from app.tables.sheet import Unreadable, of_suffix
from app.tables.xlsx_cells import with_values

LIBREOFFICE = Path(__file__).parents[1] / "data" / "libreoffice.xlsx"
"""As LibreOffice 7.4 saves it: formulas with what they come to, a chart, a comment, a second sheet."""

FORMAT = of_suffix(Path("x.xlsx"))


def of_openpyxl() -> bytes:
    book = Workbook()
    page = book.worksheets[0]
    page.append(["name", "lr", "run_num", "cmd"])
    page.append(["a", 0.01, "0", "run"])
    page.append(["b", 0.1, None, "run"])
    page["C2"].fill = PatternFill("solid", fgColor="FFFF00")
    page["A2"].comment = Comment("mine", "me")
    chart = BarChart()
    chart.add_data(Reference(page, min_col=2, min_row=1, max_row=3))
    page.add_chart(chart, "H2")
    book.create_chartsheet().add_chart(BarChart())
    book.create_sheet("sums")["A1"] = "=SUM(Sheet!C2:C3)"
    book.move_sheet("Sheet", 2)
    book.move_sheet("sums", 2)
    return saved(book)


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parts(data: bytes) -> dict[str, tuple[bytes, int]]:
    """By name and in their order: what they hold, and how they are compressed."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {info.filename: (book.read(info), info.compress_type) for info in book.infolist()}


def counted(data: bytes, values: dict[int, str], column: str = "run_num") -> bytes:
    return FORMAT.write(data, FORMAT.read(data), column, values)


@pytest.mark.parametrize("before", [LIBREOFFICE.read_bytes(), of_openpyxl()], ids=["libreoffice", "openpyxl"])
@pytest.mark.parametrize("values", [{0: "1"}, {1: "7"}, {0: "12", 1: "3"}])
def test_nothing_else_changes(before: bytes, values: dict[int, str]) -> None:
    after = counted(before, values)
    old, new = parts(before), parts(after)
    assert list(old) == list(new)
    changed = {name for name in old if old[name] != new[name]}
    assert changed - {"xl/workbook.xml"} == {"xl/worksheets/sheet1.xml"}
    for cached in (False, True):
        pages = [load_workbook(io.BytesIO(data), data_only=cached).worksheets for data in (before, after)]
        for page_before, page_after in zip(*pages, strict=True):
            cells = {cell.coordinate: cell for row in page_after.iter_rows() for cell in row}
            for row in page_before.iter_rows():
                for cell in row:
                    is_count = page_before is pages[0][0] and cell.coordinate in ("C2", "C3", "E2", "E3")
                    if not is_count:
                        assert cells[cell.coordinate].value == cell.value
                    if cell.has_style:
                        assert cells[cell.coordinate].style_id == cell.style_id
    sheets = [FORMAT.read(data) for data in (before, after)]
    for at, (row_before, row_after) in enumerate(zip(sheets[0].rows, sheets[1].rows, strict=True)):
        given = {"run_num": values[at]} if at in values else {}
        assert row_after.cells == {**row_before.cells, **given}


def test_formulas_count_by_what_they_come_to_and_are_worked_out_anew_after_a_count() -> None:
    data = LIBREOFFICE.read_bytes()
    first, second = FORMAT.read(data).rows
    assert first.cells == {
        "name": "a",
        "lr": "0.010",
        "total": "0.02",
        "need_run_num": "2",
        "run_num": "0",
        "cmd": "./train",
    }
    assert "total" not in second.cells, "it comes to an empty text"
    assert b"fullCalcOnLoad" not in parts(data)["xl/workbook.xml"][0]
    assert b'<calcPr fullCalcOnLoad="1" iterateCount' in parts(counted(data, {0: "1"}))["xl/workbook.xml"][0]


@pytest.mark.parametrize(
    ("cell", "formula", "says"),
    [
        ("B2", "=1+1", "the cell holds the formula =1\\+1, and the file does not have what it comes to"),
        ("C2", "=A2", "run_num is the formula =A2, and it is counted up here"),
    ],
)
def test_a_formula_that_cannot_be_read_or_would_be_lost_is_refused(
    cell: str, formula: str, says: str
) -> None:
    book = load_workbook(io.BytesIO(of_openpyxl()))
    book.worksheets[0][cell] = formula
    data = saved(book)
    if cell == "C2":  # as a program saves it that has worked it out
        name = "xl/worksheets/sheet1.xml"
        data = with_part(data, name, parts(data)[name][0].replace(b"<f>A2</f><v />", b"<f>A2</f><v>3</v>"))
    (wrong,) = FORMAT.read(data).wrong
    assert re.search(says, str(wrong))
    assert (wrong.line, wrong.column) == (2, "ABC".index(cell[0]) + 1)


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for each, (old, how) in parts(data).items():
            new.writestr(each, content if each == name else old, how)
    return out.getvalue()


def test_a_new_column_is_added_behind_the_last_one() -> None:
    after = counted(of_openpyxl(), {1: "7"}, "count")
    rows = [
        [cell.value for cell in row] for row in load_workbook(io.BytesIO(after)).worksheets[0].iter_rows()
    ]
    assert [row[-1] for row in rows] == ["count", 0, 7]
    assert b'<dimension ref="A1:E3"' in parts(after)["xl/worksheets/sheet1.xml"][0]


SHEET = "<{0}worksheet><{0}sheetData>{1}</{0}sheetData></{0}worksheet>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<row r="3" spans="1:2"><c r="B3" s="4" t="s"><v>9</v></c></row>',) * 2,
        (
            '<row r="2"><c r="B2" s="4" t="s"><v>9</v></c></row>',
            '<row r="2"><c r="B2" s="4"><v>7</v></c></row>',
        ),
        ('<row r="2"><c r="B2" t="str"><v>9</v></c></row>', '<row r="2"><c r="B2"><v>7</v></c></row>'),
        (
            "<row r='2'><c t='inlineStr' r='B2' s='>'><is><t>0</t></is></c></row>",
            "<row r='2'><c r='B2' s='>'><v>7</v></c></row>",
        ),
        ('<row r="2"><c r="B2" s="1"/></row>', '<row r="2"><c r="B2" s="1"><v>7</v></c></row>'),
        ("<row/><row/><row/>", '<row/><row><c r="B2"><v>7</v></c></row><row/>'),
        (
            '<row r="2" spans="3:3" ht="9"><c r="C2"><v>1</v></c></row>',
            '<row r="2" ht="9"><c r="B2"><v>7</v></c><c r="C2"><v>1</v></c></row>',
        ),
        ("<row><c/></row><row><c/><c/><c/></row>", "<row><c/></row><row><c/><c><v>7</v></c><c/></row>"),
        ("<row/><row><c><v>1</v></c></row>", '<row/><row><c><v>1</v></c><c r="B2"><v>7</v></c></row>'),
        ('<row r="2"><c r="AB2"/></row>', '<row r="2"><c r="B2"><v>7</v></c><c r="AB2"/></row>'),
    ],
)
@pytest.mark.parametrize("prefix", ["", "x:"])
def test_cells_as_programs_write_them(before: str, after: str, prefix: str) -> None:
    made = []
    for rows in (before, after):
        text = (
            rows if not prefix else rows.replace("</", "</\0").replace("<", "<x:").replace("<x:/\0", "</x:")
        )
        made.append(SHEET.format(prefix, text).encode())
    assert with_values(made[0], {(2, 2): 7}) == made[1]


def test_a_dimension_that_is_wrong_hides_no_cell() -> None:
    name = "xl/worksheets/sheet1.xml"
    data = of_openpyxl()
    wrong = with_part(data, name, parts(data)[name][0].replace(b'ref="A1:D3"', b'ref="A1"'))
    assert FORMAT.read(wrong) == FORMAT.read(data)


def test_xml_that_no_spreadsheet_program_writes_is_refused() -> None:
    name = "xl/worksheets/sheet1.xml"
    data = of_openpyxl()
    with pytest.raises(Unreadable, match="no plain XML"):
        FORMAT.read(with_part(data, name, parts(data)[name][0].replace(b"<row", b"<!-- </row> --><row", 1)))
