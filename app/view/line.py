"""Lines of a terminal: styled pieces, measured in cells (a Chinese character takes two)."""

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
    return sum(cell_len(segment.text) for segment in line)


def cut(line: Line, width: int, ellipsis: str) -> Line:
    """At most `width` cells of it; what was cut ends in the ellipsis."""
    if cells(line) <= width:
        return line
    short: Line = []
    room = width - 1
    for text, style, _ in line:
        size = cell_len(text)
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
    return put(" " * (width - cell_len(text)) + text, style)


def ends(left: Line, last: Line, width: int, ellipsis: str) -> Line:
    """The one at the left edge, the other at the right; the left one gives way."""
    room = width - cells(last) - 2
    if room < 8:
        return cut(left, width, ellipsis)
    return [*padded(left, room, ellipsis), put("  "), *last]


def wrapped(text: str, first: int, rest: int, most: int, ellipsis: str) -> list[str]:
    """At most `most` pieces, broken between words: the first of `first` cells, the others of `rest`."""
    pieces: list[str] = []
    words = clean(text).split()
    line = ""
    while words:
        width = first if not pieces else rest
        word = words.pop(0)
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= width:
            line = longer
        elif len(pieces) == most - 1:
            pieces.append(set_cell_size(longer, max(width - 1, 0)).rstrip() + ellipsis)
            return pieces
        elif line or (not pieces and width < rest):
            pieces.append(line)
            line = ""
            words.insert(0, word)
        else:
            head = set_cell_size(word, max(width, 2)).rstrip()
            pieces.append(head)
            words.insert(0, word[len(head) :])
    return [*pieces, line] if line else pieces
