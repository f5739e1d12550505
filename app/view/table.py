"""Printing once, not live: tables, and whole lines to a file or a pipe."""

import re
from typing import IO, Any, cast

from rich.console import Console

WHOLE_LINES = 100_000
"""Cells, of a file or a pipe."""


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
