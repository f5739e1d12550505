"""Tasks to the text of a command file: the parser's twin."""

import operator
from collections.abc import Iterable

from app.command_file.blocks import task_of
from app.command_file.lane import directive
from app.command_file.lines import FENCE, chunks
from app.command_file.values import bare, clip, is_amount, memory_text
from app.model.faults import BadInput
from app.model.task import Mode, TaskSpec


def render(tasks: Iterable[TaskSpec], mode: Mode) -> str:
    """A command file with a block for each task: `parse(render(tasks, mode), ...).tasks == tasks`.

    Raises BadInput for a task that no block can say.
    """
    return "\n".join("".join(f"{line}\n" for line in block_lines(task, mode)) for task in tasks)


def block_lines(task: TaskSpec, mode: Mode, repeat: int = 1) -> list[str]:
    """The lines of a task's block, without their ends.

    Raises BadInput when they would not read back as the task.
    """
    options = directive(task, repeat)
    lines = [str(task.queue_id), *([options] if options else []), *command_lines(task.script)]
    if mode == "multi":
        lines.append(str(task.gpus))
    lines.append(memory_text(task.memory_gb))
    _check(task, mode, repeat, lines)
    return lines


def command_lines(script: str) -> list[str]:
    """The script's lines as they stand in a block, in a verbatim part where they would be misread."""
    lines = script.split("\n")
    plain = all(line.strip() and not line.lstrip().startswith(("#", FENCE)) for line in lines)
    numeric = [is_amount(bare(line)) for line in lines]
    if plain and not numeric[-1] and not any(map(operator.and_, numeric, numeric[1:])):
        return lines
    return [FENCE, *lines, FENCE]


def _check(task: TaskSpec, mode: Mode, repeat: int, lines: list[str]) -> None:
    problems: list[str] = []
    text = "\n".join(lines)
    try:
        text.encode()
    except UnicodeEncodeError:
        problems.append("a character that no encoding holds")
    if "\0" in text or "\r" in text:
        problems.append("a NUL or a carriage return")
    found = list(chunks(text.split("\n")))
    back = None
    if len(found) == 1 and found[0].unclosed is None:
        back = task_of(
            found[0],
            text.split("\n"),
            mode,
            lambda *fault: problems.append("; ".join(filter(None, fault[2:]))),
            True,
        )
    if problems or back != (task, repeat):
        why = problems[0] if problems else "it would be read back as something else"
        raise BadInput(f"{clip(task.script)} can't be a task of a command file: {why}")
