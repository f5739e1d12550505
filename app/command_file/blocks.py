"""One block to one task, or to everything that is wrong with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from app.command_file import values
from app.command_file.lane import NO_WISHES, Report, Wishes, place_of, wishes
from app.command_file.lines import FENCE, Chunk, indent, script_lines
from app.command_file.shell import background_end
from app.command_file.values import Misread, bare, clip, is_amount, is_number, looks_numeric
from app.model.task import Mode, TaskSpec

BLOCK_SHAPE = {
    "single": "a block is a queue id, commands and the memory in GB, one a line",
    "multi": "a block is a queue id, commands, the GPU count and the memory in GB, one a line",
}
T = TypeVar("T")
FENCE_HINT = f"if they are meant, put a line of {FENCE} before and after the commands"
VERBATIM_HINT = f"if a blank line cut the commands, put a line of {FENCE} before and after them"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which line is which, as line indexes from 0; None for what is not there."""

    queue: int | None
    commands: list[int]  #: content lines between, a verbatim part by its opening line
    count: int | None
    memory: int | None


def task_of(
    chunk: Chunk, lines: Sequence[str], mode: Mode, report: Report, tmux_available: bool
) -> tuple[TaskSpec, int] | None:
    """The task of a chunk that has content, and how often it is repeated; None after a report."""
    return _Reader(chunk, lines, mode, report).task(tmux_available)


def doubtful_of(chunk: Chunk, lines: Sequence[str], mode: Mode) -> TaskSpec | None:
    """What a block with faults comes to without them, as far as that can be told: more may be wrong there."""
    reader = _Reader(chunk, lines, mode, lambda *_: None)
    return reader.doubtful()


def layout_of(chunk: Chunk, lines: Sequence[str], mode: Mode) -> Layout | None:
    """Which line of a block is which; None where that can't be told."""
    reader = _Reader(chunk, lines, mode, lambda *_: None)
    return reader.layout() if reader.doubtful() else None


class _Reader:
    """Takes the special lines of a block from both ends; what is left between them is the script."""

    def __init__(self, chunk: Chunk, lines: Sequence[str], mode: Mode, report: Report) -> None:
        self.chunk, self.lines, self.mode = chunk, lines, mode
        self._report = report
        self.sound = True
        self.first, self.last = 0, len(chunk.content)  #: the command lines, as a range of chunk.content
        self.queue_at: int | None = None
        self.count_at: int | None = None
        self.memory_at: int | None = None

    def report(self, line: int, column: int, problem: str, hint: str) -> None:
        self.sound = False
        self._report(line, column, problem, hint)

    def layout(self) -> Layout:
        return Layout(
            self.queue_at, self.chunk.content[self.first : self.last], self.count_at, self.memory_at
        )

    def task(self, tmux_available: bool) -> tuple[TaskSpec, int] | None:
        asked = self._wishes(tmux_available)
        queue = self._queue()
        memory = self._memory()
        gpus = self._gpus(asked.cpu)
        script = self._script()
        if not self.sound or queue is None or gpus is None:
            return None
        self._enough_devices(asked, gpus)
        line = self.chunk.start if self.queue_at is None else self.queue_at
        return (
            (TaskSpec(queue, script, gpus, memory, asked.options, line + 1), asked.repeat)
            if self.sound
            else None
        )

    def doubtful(self) -> TaskSpec | None:
        """What could be read, if the block has its queue id, commands and memory line."""
        asked = self._wishes(tmux_available=True)
        self._queue()
        memory = self._memory()
        gpus = self._gpus(asked.cpu)
        script = self._script()
        if self.queue_at is None or self.memory_at is None or self.first >= self.last:
            return None
        options, devices = asked.options, asked.options.devices
        if devices is not None and len(devices) < (gpus or 0):
            options = replace(options, devices=None)  # which is said already
        return TaskSpec(0, script, gpus or 0, memory, options, self.queue_at + 1)

    def _wishes(self, tmux_available: bool) -> Wishes:
        if not self.chunk.directives:
            return NO_WISHES
        asked = wishes(self.lines, self.chunk.directives, self.report)
        if asked.options.terminal == "tmux" and not tmux_available:
            place = place_of("terminal", self.lines, self.chunk.directives)
            self.report(
                *place, "terminal=tmux, but there is no tmux on PATH", "install tmux, or leave it out"
            )
        return asked

    def _line(self, position: int) -> tuple[int, str] | None:
        """Index and text of a content line; None for a verbatim part, or where no line is left."""
        if not self.first <= position < self.last:
            return None
        number = self.chunk.content[position]
        return None if number in self.chunk.parts else (number, bare(self.lines[number]))

    def _read(self, number: int, text: str, read: Callable[[str], T]) -> T | None:
        """A line's value; None after a report."""
        try:
            return read(text)
        except Misread as wrong:
            self.report(number, indent(self.lines[number]), wrong.problem, wrong.hint)
            return None

    def _queue(self) -> int | None:
        found = self._line(0)
        if found and looks_numeric(found[1]):
            self.queue_at = found[0]
            self.first = 1
            return self._read(*found, values.queue_id)
        number = self.chunk.content[0]
        shown = "a verbatim part" if found is None else clip(self.lines[number].strip())
        self.report(
            number,
            indent(self.lines[number]),
            f"the block begins with {shown}, not with its queue id",
            f"begin it with a number, e.g. 1; {VERBATIM_HINT}",
        )
        return None

    def _memory(self) -> float | None:
        found = self._line(self.last - 1)
        if found and (looks_numeric(found[1]) or found[1].lower() == "all"):
            self.memory_at = found[0]
            self.last -= 1
            return self._read(*found, values.memory)
        number = self.chunk.content[-1]
        if self.last - self.first > 0:
            shown = "a verbatim part" if number in self.chunk.parts else clip(self.lines[number].strip())
            problem = f"the block ends with {shown}, which is no memory in GB"
        else:
            problem = "the block is only a queue id"
        hint = f"end it with a number of GB, e.g. 20; {VERBATIM_HINT}"
        self.report(number, indent(self.lines[number]), problem, hint)
        return None

    def _gpus(self, cpu: bool) -> int | None:
        if self.memory_at is None:
            return None  # what stands before it can't be told
        found = self._line(self.last - 1)
        if self.mode == "single":
            self._no_count(found)
            return 0 if cpu else 1
        # A task without GPU may have no such line, and `. job.sh` or `2to3 x.py` is a command.
        if found and (is_number(found[1]) if cpu else looks_numeric(found[1])):
            self.count_at = found[0]
            self.last -= 1
            return self._count(*found, cpu)
        if not cpu and self.first < self.last:
            number = self.chunk.content[self.last - 1]
            self.report(
                number,
                indent(self.lines[number]),
                f"{clip(self.lines[number].strip())} stands where the GPU count belongs",
                "write how many GPUs between commands and memory; a file for single GPUs runs by main_gpu.py",
            )
        return 0 if cpu else None

    def _count(self, number: int, text: str, cpu: bool) -> int | None:
        count = self._read(number, text, values.gpu_count)
        if count == 0 and not cpu:
            self.report(
                number,
                indent(self.lines[number]),
                "the GPU count is 0",
                "write 1 or more, or #LANE gpus=0 in the block for a task without GPU",
            )
            return None
        return 0 if cpu else count

    def _no_count(self, found: tuple[int, str] | None) -> None:
        """A bare number is no command, unless it continues one: it is a multi-mode file's GPU count."""
        if found is None or not is_number(found[1]) or self._continues():
            return
        self.report(
            found[0],
            indent(self.lines[found[0]]),
            f"{clip(found[1])} before the memory is no command; it looks like a GPU count",
            "run a multi-GPU file by main_gpus.py, or take the line out",
        )

    def _continues(self) -> bool:
        """Whether the command line before ends in a backslash that is not itself escaped."""
        position = self.last - 2
        before = self.lines[self.chunk.content[position]] if position >= self.first else ""
        return (
            self.chunk.content[position] not in self.chunk.parts
            and (len(before) - len(before.rstrip("\\"))) % 2 == 1
        )

    def _script(self) -> str:
        numbers = script_lines(self.chunk, self.chunk.content[self.first : self.last])
        script = "\n".join([self.lines[number] for number in numbers])
        self._whole()
        if not numbers or (self.chunk.parts and not any(map(self._says_something, numbers))):
            self._no_commands()
            return script
        offset = background_end(script)
        if offset is not None:
            self.report(
                numbers[script.count("\n", 0, offset)],
                offset - script.rfind("\n", 0, offset),
                "the last command ends in & and runs in the background, so the task would be over at once",
                "take the & away; queues run beside one another anyway",
            )
        return script

    def _whole(self) -> None:
        """Numbers alone are no commands: where as many stand together as end a block and begin the next, with
        commands before and behind them, a blank line was forgotten, and the next task would be lost."""
        together = 2 if self.mode == "single" else 3
        for at in range(self.first + 1, self.last - together):
            before = self.lines[self.chunk.content[at - 1]].rstrip()
            if "<<" in before:
                return  # what follows may be text
            if before.endswith(("\\", "(")):
                continue  # and this a word of a longer command
            if all(map(self._is_numeric, range(at, at + together))):
                number = self.chunk.content[at + together - 1]
                shown = clip(self.lines[number].strip())
                self.report(
                    number,
                    indent(self.lines[number]),
                    f"{together} numbers stand among the commands as between two blocks",
                    f"put a blank line before {shown} if a block begins there; {FENCE_HINT}",
                )
                return

    def _is_numeric(self, position: int) -> bool:
        line = self._line(position)
        return line is not None and is_amount(line[1])

    def _no_commands(self) -> None:
        if self.queue_at is not None and self.memory_at is not None:  # otherwise it is said already
            column = indent(self.lines[self.queue_at])
            self.report(self.queue_at, column, "the block has no commands", BLOCK_SHAPE[self.mode])

    def _says_something(self, number: int) -> bool:
        text = self.lines[number].strip()
        return bool(text) and text[0] != "#"

    def _enough_devices(self, asked: Wishes, gpus: int) -> None:
        devices = asked.options.devices
        if devices is not None and self.count_at is not None and len(devices) < gpus:
            self.report(
                self.count_at,
                indent(self.lines[self.count_at]),
                f"the task needs {gpus} GPUs, and devices={','.join(devices)} allows {len(devices)}",
                "name more devices, or ask for fewer GPUs",
            )
