"""A command file cut into the lines of its blocks, which are changed, moved, made and removed one by one: an
edit takes as long in a file of many blocks as in one of few."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile, pairwise

from app.command_file.lines import Chunk
from app.model.faults import BadInput

HEAD = -1
"""What stands before the first."""


class Row:
    """Numbers from 0 in a row, which are found at once."""

    def __init__(self, numbers: Iterable[int]) -> None:
        ring = [HEAD, *numbers, HEAD]
        self._after = dict(pairwise(ring))
        self._before = {after: number for number, after in self._after.items()}

    def __iter__(self) -> Iterator[int]:
        number = HEAD
        while (number := self._after[number]) != HEAD:
            yield number

    def __contains__(self, number: int) -> bool:
        return number in self._after

    def before(self, number: int) -> int:
        """HEAD: it is the first; of HEAD the last."""
        return self._before[number]

    def insert(self, number: int, behind: int) -> None:
        after = self._after[behind]
        self._after |= {behind: number, number: after}
        self._before |= {number: behind, after: number}

    def remove(self, number: int) -> None:
        before, after = self._before.pop(number), self._after.pop(number)
        self._after[before], self._before[after] = after, before


class Pieces:
    """Blocks keep their number wherever they stand; new ones get the next."""

    def __init__(self, raw: Sequence[str], blocks: Sequence[Chunk], end: str) -> None:
        """`raw`: lines as between line feeds; `end`: what new ones have before theirs."""
        starts = [*(chunk.start for chunk in blocks), len(raw)]
        self._end, self._row = end, Row(range(len(blocks)))
        self._lines = {n: list(raw[chunk.start : chunk.end]) for n, chunk in enumerate(blocks)}
        self._gaps = {n: list(raw[chunk.end : starts[n + 1]]) for n, chunk in enumerate(blocks)}
        self._gaps[HEAD] = list(raw[: starts[0]])
        self._next = len(blocks)
        self._open = {n for n, chunk in enumerate(blocks) if chunk.unclosed is not None}

    @property
    def raw(self) -> list[str]:
        lines = [*self._gaps[HEAD]]
        for number in self._row:
            lines += self._lines[number]
            lines += self._gaps[number]
        return lines

    def before(self, block: int) -> int:
        """The block before this one, or HEAD; of HEAD the last one."""
        return self._row.before(block)

    def replace(self, block: int, lines: Iterable[str]) -> None:
        """Lines have no ends."""
        self._open.discard(block)
        new = self._lines[block] = self._with_ends(lines)
        if not self._gaps[block]:  # no line feed ends the file
            new[-1] = new[-1].removesuffix("\r")

    def remove(self, block: int) -> None:
        """Without the blank lines after it; of the last one, without those before it, too."""
        before, last = self._row.before(block), self._row.before(HEAD) == block
        self._row.remove(block)
        rest, gap = list(dropwhile(_is_blank, self._gaps.pop(block))), self._gaps[before]
        if last and not rest:
            while gap and _is_blank(gap[-1]):
                gap.pop()
            rest = [""]
        gap += rest
        self._open.discard(block)
        del self._lines[block]

    def insert(self, lines: Iterable[str], behind: int) -> int:
        """Lines have no ends. The new block's number. Raises BadInput."""
        number = self._next
        self._next += 1
        self._place(number, self._with_ends(lines), behind)
        return number

    def move(self, block: int, behind: int) -> None:
        """With its comments."""
        lines = self._with_ends(line.removesuffix("\r") for line in self._lines[block])
        self.remove(block)
        self._place(block, lines, behind)

    def _place(self, block: int, lines: list[str], behind: int) -> None:
        gap = [self._end]
        if self._row.before(HEAD) == behind:
            self._end_file(behind)
            gap = [""]
        self._row.insert(block, behind)
        self._lines[block], self._gaps[block] = lines, gap

    def _end_file(self, last: int) -> None:
        """A blank line stands behind all that there is."""
        if last in self._open:
            raise BadInput("the last verbatim part of the file has no end; close it before adding a block")
        gap = self._gaps[last]
        lines = gap or self._lines[last]
        if lines[-1]:
            lines[-1] += self._end
        else:
            lines.pop()
        if (gap and not _is_blank(gap[-1])) or (not gap and last != HEAD):
            gap.append(self._end)

    def _with_ends(self, lines: Iterable[str]) -> list[str]:
        return [line + self._end for line in lines]


def _is_blank(line: str) -> bool:
    return not line.strip()
