"""From text to lines, and from lines to chunks: what stands between blank lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

FENCE = "```"
BOM = "\ufeff"
DIRECTIVE = "#LANE"


@dataclass(slots=True)
class Chunk:
    """Lines without a blank one between them, verbatim parts aside. Line indexes count from 0."""

    start: int
    end: int = 0  #: one past its last line
    content: list[int] = field(default_factory=list)  #: no comments; a verbatim part by its opening line
    comments: list[int] = field(default_factory=list)
    directives: list[int] = field(default_factory=list)  #: the `#LANE` comments among them
    parts: dict[int, int] = field(default_factory=dict)  #: verbatim: opening line -> closing line
    unclosed: int | None = None  #: opening line of a verbatim part without end
    odd_fences: list[int] = field(
        default_factory=list
    )  #: opening lines with more than three backticks on them


def split_lines(text: str) -> list[str]:
    """Lines without their ends (LF or CRLF) and without a byte order mark."""
    lines = text.removeprefix(BOM).split("\n")
    if "\r" in text:
        return [line[:-1] if line.endswith("\r") else line for line in lines]
    return lines


def chunks(lines: Sequence[str]) -> Iterator[Chunk]:
    """The chunks of a file in order, those of comments alone included."""
    chunk: Chunk | None = None
    for number, line in enumerate(lines):
        text = line.strip()
        if chunk is not None and chunk.unclosed is not None:
            if text == FENCE:
                chunk.parts[chunk.unclosed] = number
                chunk.unclosed = None
        elif text:
            if chunk is None:
                chunk = Chunk(number)
            _sort_in(chunk, number, text)
        elif chunk is not None:
            chunk.end = number
            yield chunk
            chunk = None
    if chunk is not None:
        chunk.end = len(lines)
        if chunk.unclosed is not None:
            chunk.parts[chunk.unclosed] = len(lines)
        yield chunk


def _sort_in(chunk: Chunk, number: int, text: str) -> None:
    if text[0] == "#":
        chunk.comments.append(number)
        if text.startswith(DIRECTIVE) and not text[len(DIRECTIVE) : len(DIRECTIVE) + 1].strip():
            chunk.directives.append(number)
        return
    chunk.content.append(number)
    if text[0] == "`" and text.startswith(FENCE):
        chunk.unclosed = number
        if text != FENCE:
            chunk.odd_fences.append(number)


def script_lines(chunk: Chunk, content: Sequence[int]) -> list[int]:
    """Line indexes of the script that these content lines make, in order."""
    if not chunk.parts:
        return list(content)
    numbers: list[int] = []
    for number in content:
        closing = chunk.parts.get(number)
        if closing is None:
            numbers.append(number)
        else:
            numbers.extend(range(number + 1, closing))
    return numbers


def indent(line: str) -> int:
    """Column, from 1, of a line's first character that is no blank."""
    return len(line) - len(line.lstrip()) + 1
