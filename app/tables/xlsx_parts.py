"""The parts of a workbook's zip: where its first worksheet lies, and how one of them is changed."""

import copy
import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from xml.etree import ElementTree

from app.tables.xlsx_cells import has_formulas

_CALCULATION = re.compile(rb"(<(?:[\w.-]+:)?calcPr)(?![^>]*\sfullCalcOnLoad)(?=[\s/>])")


def first_sheet(data: bytes) -> tuple[str, bytes]:
    """Name and XML of the part that holds the first worksheet. Raises LookupError, ValueError,
    ParseError, BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        name = _sheets(book)[0]
        return name, book.read(name)


def with_sheet(data: bytes, name: str, xml: bytes) -> bytes:
    """The workbook with another XML of this sheet; all other parts and their order stay. Only where there are
    formulas it asks for them to be worked out anew, as they may count on what has changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(out, "w") as new:
        changed: dict[str, bytes] = {name: xml}
        if any(has_formulas(changed.get(each) or book.read(each)) for each in _sheets(book)):
            workbook = _workbook(book)
            changed[workbook] = _CALCULATION.sub(rb'\1 fullCalcOnLoad="1"', book.read(workbook), count=1)
        for info in book.infolist():
            new.writestr(copy.copy(info), changed.get(info.filename) or book.read(info))
        new.comment = book.comment
    return out.getvalue()


def _workbook(book: zipfile.ZipFile) -> str:
    found = [target for kind, target in _relations(book, "").values() if kind == "officeDocument"]
    return found[0]


def _sheets(book: zipfile.ZipFile) -> list[str]:
    """The parts of the worksheets, in their order."""
    workbook = _workbook(book)
    relations = _relations(book, workbook)
    found = []
    for sheet in ElementTree.fromstring(book.read(workbook)).iterfind("{*}sheets/{*}sheet"):
        (key,) = [value for name, value in sheet.attrib.items() if name.endswith("/relationships}id")]
        kind, target = relations[key]
        if kind == "worksheet" and target in book.namelist():
            found.append(target)
    if not found:
        raise ValueError("it has no worksheet")
    return found


def _relations(book: zipfile.ZipFile, part: str) -> Mapping[str, tuple[str, str]]:
    """Kind and part of what a part refers to."""
    folder, name = posixpath.split(part)
    found = {}
    for each in ElementTree.fromstring(book.read(posixpath.join(folder, "_rels", f"{name}.rels"))):
        target = posixpath.normpath(posixpath.join("/", folder, each.attrib["Target"])).lstrip("/")
        found[each.attrib["Id"]] = (each.attrib["Type"].rpartition("/")[2], target)
    return found
