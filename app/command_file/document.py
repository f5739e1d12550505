"""A command file's text, and edits of it that leave every other block byte for byte."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

from app.command_file.blocks import Layout, layout_of, task_of
from app.command_file.lane import directive, option_words, place_of, reworded
from app.command_file.lines import BOM, Chunk, chunks, indent, script_lines, split_lines
from app.command_file.pieces import HEAD, Pieces
from app.command_file.render import block_lines, command_lines
from app.command_file.values import bare, memory_text
from app.model.task import Mode, TaskSpec, Value


class Document:
    """Blocks count from 0, those with faults included; blocks of comments alone are none.

    Edits return a new document: comments, spacing and line ends of all other blocks stay as they are.
    """

    def __init__(self, text: str, mode: Mode) -> None:
        self.text = text
        self.mode: Mode = mode

    def __len__(self) -> int:
        return len(self._blocks)

    def block_at(self, line: int) -> int:
        """The block that holds a line (from 1), e.g. a task's. Raises LookupError."""
        position = bisect_right(self._starts, line - 1) - 1
        if position < 0 or line > self._blocks[position].end:
            raise LookupError(f"line {line} is in no block")
        return position

    def span(self, block: int) -> tuple[int, int]:
        """First and last line of a block, from 1."""
        chunk = self._blocks[block]
        return chunk.start + 1, chunk.end

    def task(self, block: int) -> tuple[TaskSpec, int] | None:
        """What a block says by itself, and how often it is repeated; None: it has a fault. (The parser may
        have bound its task to cards that another block names for the queue.)"""
        return self._task(self._blocks[block], self._lines)

    def script_lines(self, block: int) -> list[int]:
        """For each line of a sound block's script its line in the file, from 1."""
        chunk = self._blocks[block]
        layout = layout_of(chunk, self._lines, self.mode)
        return [number + 1 for number in script_lines(chunk, layout.commands)] if layout else []

    def place(self, line: int, value: Value) -> tuple[int, int]:
        """Line and column, from 1, of what a sound block says of this; the block holds `line`.

        Where it does not say it (a file of single GPUs has no count), of the block's queue id.
        """
        chunk = self._blocks[self.block_at(line)]
        layout = layout_of(chunk, self._lines, self.mode)
        number = {"gpus": layout.count, "memory": layout.memory}.get(value) if layout else None
        if number is not None:
            return number + 1, indent(self._lines[number])
        try:
            number, column = place_of(value, self._lines, chunk.directives)
        except LookupError:
            return line, indent(self._lines[line - 1])
        return number + 1, column

    def replace(self, block: int, task: TaskSpec, repeat: int | None = None) -> "Document":
        """The block says `task` now, `repeat` times (None: as often as before). Its comments stay.

        Raises BadInput when no block can say the task.
        """
        pieces = self.pieces()
        pieces.replace(block, self.replaced(block, task, repeat))
        return self.of(pieces)

    def replaced(self, block: int, task: TaskSpec, repeat: int | None = None) -> list[str]:
        """The lines of the block as they then are. Raises BadInput."""
        chunk = self._blocks[block]
        before = self._task(chunk, self._lines)
        times = repeat or (before[1] if before else 1)
        whole = block_lines(task, self.mode, times)
        new = self._patched(chunk, before, task, times)
        if new is None or self._read_back(new) != (task, times):
            kept = set(chunk.comments) - set(chunk.directives)
            comments = [self._lines[number] for number in sorted(kept) if number < chunk.content[0]]
            new = [*comments, *whole]
        return new

    def insert(self, block: int, task: TaskSpec, repeat: int = 1) -> "Document":
        """A new block before the given one; at the end for `len(document)`. Raises BadInput."""
        lines, pieces = block_lines(task, self.mode, repeat), self.pieces()
        pieces.insert(lines, pieces.before(block if block < len(self) else HEAD))
        return self.of(pieces)

    def remove(self, block: int) -> "Document":
        """Without the block and the blank lines after it."""
        pieces = self.pieces()
        pieces.remove(block)
        return self.of(pieces)

    def move(self, block: int, to: int) -> "Document":
        """The block stands at place `to` of the result, with its comments."""
        others = [each for each in range(len(self)) if each != block]
        pieces = self.pieces()
        pieces.move(block, [HEAD, *others][to])
        return self.of(pieces)

    def pieces(self) -> Pieces:
        """For many edits at once."""
        raw = self.text.removeprefix(BOM).split("\n")
        return Pieces(raw, self._blocks, "\r" if raw[0].endswith("\r") else "")

    def of(self, pieces: Pieces) -> "Document":
        """What has become of it."""
        mark = BOM if self.text.startswith(BOM) else ""
        return Document(mark + "\n".join(pieces.raw), self.mode)

    def _patched(
        self, chunk: Chunk, before: tuple[TaskSpec, int] | None, task: TaskSpec, times: int
    ) -> list[str] | None:
        """The block's lines with only what differs replaced; None for a block with a fault."""
        layout = layout_of(chunk, self._lines, self.mode)
        if before is None or layout is None or layout.queue is None or layout.memory is None:
            return None
        old, old_times = before
        new: dict[int, list[str]] = {}
        new[layout.queue] = [
            _revalued(self._lines[layout.queue], str(task.queue_id), old.queue_id != task.queue_id)
        ]
        new[layout.memory] = [
            _revalued(
                self._lines[layout.memory], memory_text(task.memory_gb), old.memory_gb != task.memory_gb
            )
        ]
        if layout.count is not None:
            new[layout.count] = [_revalued(self._lines[layout.count], str(task.gpus), old.gpus != task.gpus)]
        elif self.mode == "multi" and task.gpus:
            new[layout.memory].insert(0, str(task.gpus))
        options, old_options = option_words(task, times), option_words(old, old_times)
        if options != old_options and chunk.directives:
            new.update(reworded(self._lines, chunk.directives, old_options, options))
        elif options != old_options and (line := directive(task, times)):
            new[layout.queue].append(line)
        if old.script != task.script:
            self._replace_commands(chunk, layout, task.script, new)
        return [line for n in range(chunk.start, chunk.end) for line in new.get(n, [self._lines[n]])]

    def _replace_commands(self, chunk: Chunk, layout: Layout, script: str, new: dict[int, list[str]]) -> None:
        """Comments between the old commands stay, above the new ones."""
        for number in layout.commands:
            last = chunk.parts.get(number, number)
            new.update({covered: [] for covered in range(number, last + 1)})
        new[last] = command_lines(script)

    def _read_back(self, lines: list[str]) -> tuple[TaskSpec, int] | None:
        found = list(chunks(lines))
        return self._task(found[0], lines) if len(found) == 1 else None

    def _task(self, chunk: Chunk, lines: Sequence[str]) -> tuple[TaskSpec, int] | None:
        return task_of(chunk, lines, self.mode, lambda *_: None, tmux_available=True)

    @cached_property
    def _lines(self) -> list[str]:
        return split_lines(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [chunk.start for chunk in self._blocks]

    @cached_property
    def _blocks(self) -> list[Chunk]:
        return [chunk for chunk in chunks(self._lines) if chunk.content]


def _revalued(line: str, value: str, differs: bool) -> str:
    """A line of one value with another one; indent and trailing comment stay."""
    return line.replace(bare(line), value, 1) if differs else line
