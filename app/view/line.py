"""Lines of a terminal: styled pieces, measured in cells (a Chinese character takes two)."""

import functools
from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from app.view.look import PLAIN
from app.view.text import clean

Line = list[Segment]


def put(text: str, style: Style = PLAIN) -> Segment:
    """Any text, made harmless."""
    return Segment(clean(text), style)


def cells(line: Iterable[Segment]) -> int:
    return sum([text_cells(text) for text, _, _ in line])


def text_cells(text: str) -> int:
    """Of clean text. This is what a picture mostly costs, and most text is ASCII."""
    return len(text) if text.isascii() else cell_len(text)


def cut(line: Line, width: int, ellipsis: str) -> Line:
    """At most `width` cells of it; what was cut ends in the ellipsis."""
    if cells(line) <= width:
        return line
    short: Line = []
    room = width - 1
    for text, style, _ in line:
        size = text_cells(text)
        if size >= room:
            short.append(Segment(set_cell_size(text, room).rstrip() + ellipsis, style))
            break
        short.append(Segment(text, style))
        room -= size
    return short if width > 0 else []


def padded(line: Line, width: int, ellipsis: str) -> Line:
    """Exactly `width` cells."""
    short = cut(line, width, ellipsis)
    return [*short, Segment(" " * (width - cells(short)), PLAIN)]


def right(text: str, width: int, style: Style = PLAIN) -> Segment:
    """Numbers stand at the right of their column."""
    return put(" " * (width - text_cells(text)) + text, style)


def ends(left: Line, last: Line, width: int, ellipsis: str) -> Line:
    """The one at the left edge, the other at the right; the left one gives way."""
    room = width - cells(last) - 2
    if room < 8:
        return cut(left, width, ellipsis)
    return [*padded(left, room, ellipsis), put("  "), *last]


@functools.lru_cache(maxsize=2_000)
def wrapped(text: str, first: int, rest: int, most: int, ellipsis: str) -> tuple[str, ...]:
    """At most `most` pieces, broken between words: the first of `first` cells, the others of `rest`.
    Kept, since clocks tick while sentences stay."""
    pieces: list[str] = []
    words = clean(text).split()
    line = ""
    while words:
        width = first if not pieces else rest
        word = words.pop(0)
        longer = f"{line} {word}" if line else word
        if text_cells(longer) <= width:
            line = longer
        elif len(pieces) == most - 1:
            pieces.append(set_cell_size(longer, max(width - 1, 0)).rstrip() + ellipsis)
            return tuple(pieces)
        elif line or (not pieces and width < rest):
            pieces.append(line)
            line = ""
            words.insert(0, word)
        else:
            head = set_cell_size(word, max(width, 2)).rstrip()
            pieces.append(head)
            words.insert(0, word[len(head) :])
    return (*pieces, line) if line else tuple(pieces)
