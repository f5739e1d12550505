"""Tables that are drawn fast, and whole lines to a file or a pipe."""

import re
from collections.abc import Iterable
from typing import IO, Any, cast

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

WHOLE_LINES = 100_000
"""Cells, of a file or a pipe."""

GAP = 2
"""Cells between two columns."""


def whole_lines(console: Console) -> Console:
    """The same, which breaks, cuts and fills no lines where they go to a file or a pipe."""
    if not console.is_terminal:
        console.width = WHOLE_LINES
        console.file = cast(IO[str], _Unfilled(console.file))
    return console


class _Unfilled:
    """A file without the blanks with which rich fills the lines of a table."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(re.sub(r" +(?=\n)", "", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Rows(Table):
    """A table of texts of one line each, whose columns stand at the left and have no frame.

    rich measures, wraps and pads each cell on its own, for 250 rows 0.1 s. Where the last column alone has to
    wrap, if any, that is all that is done here; else rich draws it. To the eye it is the same.
    """

    def __init__(self, *headings: str, header_style: Style) -> None:
        super().__init__(*headings, box=None, pad_edge=False, header_style=header_style)

    def add(self, *cells: Text) -> None:
        """A row; what `add_row` takes beside texts is not for this table."""
        self.add_row(*cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cells = [
            [Text(str(each.header), self.header_style), *cast(Iterable[Text], each.cells)]
            for each in self.columns
        ]
        *widths, last = (max(text.cell_len for text in column) for column in cells)
        room = options.max_width - sum(widths) - GAP * len(widths)
        if last > room <= max(widths, default=0) + GAP:  # rich takes from several columns
            yield from super().__rich_console__(console, options)
            return
        between = Text("\n" + " " * (options.max_width - room))
        for *row, text in zip(*cells, strict=True):
            for cell, width in zip(row, widths, strict=True):
                blanks = " " * (width + GAP - cell.cell_len)
                yield Segment(cell.plain + blanks, console.get_style(cell.style))
            if text.cell_len <= room and not text.spans:
                yield Segment(f"{text.plain}\n", console.get_style(text.style))
            else:
                lines = text.wrap(console, room, justify="default", overflow="ellipsis")
                yield from between.join(lines).render(console, "\n")
