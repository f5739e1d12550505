"""A command file's text to tasks and faults, in one pass."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from app.command_file.blocks import BLOCK_SHAPE, doubtful_of, task_of
from app.command_file.document import Document
from app.command_file.lane import Report, misspelt
from app.command_file.lines import FENCE, Chunk, chunks, indent, split_lines
from app.model.faults import Fault
from app.model.problems import Problem
from app.model.task import Mode, TaskSpec, Value

MOST_TASKS = 1_000_000

_UNUSABLE = re.compile("[\x00\r\ud800-\udfff]")


class Source(Protocol):
    """Where a task's values stand in its file."""

    @property
    def text(self) -> str:
        """The same for the same content."""

    def place(self, line: int, value: Value) -> tuple[int, int]:
        """Line and column of a value of the task that `TaskSpec.line` places there."""

    def block_at(self, line: int) -> int: ...

    def script_lines(self, block: int) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command file read: its tasks in order, everything wrong with it, what its user should know."""

    document: Source
    tasks: tuple[TaskSpec, ...]
    faults: tuple[Fault, ...]
    problems: tuple[Problem, ...] = field(default=())
    doubtful: tuple[TaskSpec, ...] = field(default=())  #: of blocks with faults: more may be wrong with them

    @property
    def text(self) -> str:
        return self.document.text


def parse(text: str, mode: Mode, file: str, *, tmux_available: bool = True) -> Parsed:
    """All tasks of sound blocks, and all faults of the others, by line and column. Never raises."""
    faults: list[Fault] = []

    def report(line: int, column: int, problem: str, hint: str) -> None:
        faults.append(Fault(file, line + 1, column, problem, hint))

    lines = split_lines(text)
    _unusable_characters(lines, text, report)
    tasks: list[TaskSpec] = []
    doubtful: list[TaskSpec] = []
    blocks = 0
    for chunk in chunks(lines):
        blocks += bool(chunk.content)
        found = _chunk(chunk, lines, mode, report, tmux_available)
        if found is None:
            if chunk.content and chunk.unclosed is None and (half := doubtful_of(chunk, lines, mode)):
                doubtful.append(half)
            continue
        task, repeat = found
        tasks.extend([task] * repeat)
        if len(tasks) > MOST_TASKS:
            report(
                task.line - 1, 1, f"the file holds more than {MOST_TASKS} tasks", "split it, or lower repeat="
            )
            break
    if not blocks and not faults:
        faults.append(Fault(file, 0, 0, "there is no task in it", BLOCK_SHAPE[mode]))
    bound = tuple(_bound(tasks, report))
    return Parsed(Document(text, mode), bound, tuple(sorted(faults)), doubtful=tuple(doubtful))


def _bound(tasks: Sequence[TaskSpec], report: Report) -> Sequence[TaskSpec]:
    """On the cards that a block names for its queue (`queue_devices`), where they name none themselves."""
    cards: dict[int, tuple[str, ...]] = {}
    for task in dict.fromkeys(task for task in tasks if task.options.queue_devices):
        its = task.options.queue_devices or ()
        if cards.setdefault(task.queue_id, its) != its:
            there = ",".join(cards[task.queue_id])
            report(
                task.line - 1, 1, f"queue {task.queue_id} is bound to {there} already", "say it once a queue"
            )
    if not cards:
        return tasks
    return [
        replace(task, options=replace(task.options, devices=cards[task.queue_id]))
        if task.queue_id in cards and task.gpus and task.options.devices is None
        else task
        for task in tasks
    ]


def _chunk(
    chunk: Chunk, lines: Sequence[str], mode: Mode, report: Report, tmux_available: bool
) -> tuple[TaskSpec, int] | None:
    if len(chunk.comments) > len(chunk.directives) or not chunk.content:
        _comment_faults(chunk, lines, report)
    for number in chunk.odd_fences:
        report(
            number,
            indent(lines[number]),
            f"a verbatim part is opened by {FENCE} alone",
            f"write only {FENCE}",
        )
    if chunk.unclosed is not None:
        report(
            chunk.unclosed,
            indent(lines[chunk.unclosed]),
            "the verbatim part that begins here has no end",
            f"close it with a line of {FENCE}",
        )
        return None  # it swallowed the rest of the file: nothing true can be said of this block
    if not chunk.content:
        return None
    found = task_of(chunk, lines, mode, report, tmux_available)
    return None if chunk.odd_fences else found


def _comment_faults(chunk: Chunk, lines: Sequence[str], report: Report) -> None:
    directives = set(chunk.directives)
    for number in chunk.comments:
        word = None if number in directives else misspelt(lines[number])
        if word:
            problem = f"options are not read from a comment that begins with {word!r}"
            report(number, indent(lines[number]), problem, "begin it with #LANE")
    for number in () if chunk.content else chunk.directives:
        report(
            number,
            indent(lines[number]),
            "this #LANE stands in a block of comments and has no task",
            "put it into the task's block, with no blank line between",
        )


def _unusable_characters(lines: Sequence[str], text: str, report: Report) -> None:
    """NUL and lone surrogates can't reach bash, and a carriage return inside a line never means anything."""
    if not _UNUSABLE.search(text.replace("\r\n", "\n") if "\r" in text else text):
        return
    for number, line in enumerate(lines):
        found = _UNUSABLE.search(line)
        if found and found[0] == "\r":
            report(
                number,
                found.start() + 1,
                "there is a carriage return inside the line",
                "save with LF line ends",
            )
        elif found:
            report(
                number,
                found.start() + 1,
                f"the character {found[0]!r} can't stand in a script",
                "take it out",
            )
