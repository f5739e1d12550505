"""What a run came to, for the end of it: on the terminal, or as plain text."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from app.model.state import (
    RUN_DONE,
    Completed,
    Failed,
    OutOfMemory,
    Signalled,
    Status,
    in_order,
    interest,
    signal_name,
)
from app.model.state_file import Queue, StateFile, Task
from app.view.look import PLAIN, QUIET, STATE, STRONG
from app.view.running import title
from app.view.table import whole_lines
from app.view.text import clean, count, duration

MOST_QUEUES = 40
MOST_FAILED = 50
ENDS: tuple[Status, ...] = ("completed", "failed", "cancelled", "skipped")
ALWAYS: tuple[Status, ...] = ("completed", "failed")  #: in the table, also where there is none
REST: tuple[Status, ...] = ("held", "pending", "waiting", "running", "backoff")


def summary(state: StateFile) -> RenderableType:
    """Queues, every failed task with its error, exit and log, and totals.

    `print_summary` prints it so that the path of a log is never broken, and can be copied.
    """
    parts: list[RenderableType] = [_queues(state), ""] if state.queues else []
    failed = list(_failed(state.queues))
    if failed:
        parts += [_failure(*item) for item in failed[:MOST_FAILED]]
        left_out = max(state.counts.get("failed", 0), len(failed)) - len(failed[:MOST_FAILED])
        if left_out:
            parts.append(_text(f"and {count(left_out, 'more failed task')}", QUIET))
        parts.append("")
    parts.append(_totals(state))
    parts += [_text(f"{problem.text}", STATE["waiting"]) for problem in state.problems]
    return Group(*parts)


def print_summary(state: StateFile, console: Console) -> None:
    """To a terminal, or in whole lines to a file or a pipe."""
    whole_lines(console).print(summary(state), crop=False)


def _text(text: str, style: Style = PLAIN) -> Text:
    return Text(clean(text), style)


def _queues(state: StateFile) -> RenderableType:
    unfinished = any(state.counts.get(status) for status in REST)
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style=QUIET
    )
    table.add_column("queue")  # on a narrow terminal names give way, and not figures
    statuses = [status for status in ENDS if state.counts.get(status) or status in ALWAYS]
    for status in statuses:
        table.add_column(status, justify="right", no_wrap=True)
    if unfinished:
        table.add_column("left", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    shown = _most_interesting(state.queues)
    for queue in shown:
        table.add_row(*_row(queue, statuses, unfinished))
    left_out = len(state.queues) - len(shown) + state.more_queues.queues
    if not left_out:
        return table
    return Group(table, _text(f"and {count(left_out, 'more queue')}", QUIET))


def _most_interesting(queues: tuple[Queue, ...]) -> list[Queue]:
    """All of them, or as many as fit, those with failures first, in the file's order."""

    def dull(at: int) -> tuple[bool, int, int]:
        return not queues[at].counts.get("failed"), interest(queues[at].status), at

    return [queues[at] for at in sorted(sorted(range(len(queues)), key=dull)[:MOST_QUEUES])]


def _row(queue: Queue, statuses: Sequence[Status], unfinished: bool) -> Iterator[Text]:
    name = f" {queue.queue_name}" if queue.queue_name else ""
    yield _text(f"{queue.queue_id}{name}")
    for status in statuses:
        number = queue.counts.get(status, 0)
        yield _text(f"{number:,}", STATE[status] if number else QUIET)
    if unfinished:
        left = sum(queue.counts.get(status, 0) for status in REST)
        yield _text(f"{left:,}", STATE["waiting"] if left else QUIET)
    yield _text(_time(queue), PLAIN)


def _time(queue: Queue) -> str:
    """Of the last attempts of its tasks; "over" when not all of them are listed."""
    spent = [
        task.state.ended_at - task.state.started_at
        for task in queue.tasks
        if isinstance(task.state, Completed | Failed)
    ]
    ended = queue.counts.get("completed", 0) + queue.counts.get("failed", 0)
    if not spent:
        return "-"
    return ("" if len(spent) >= ended else "over ") + duration(sum(spent))


def _failed(queues: tuple[Queue, ...]) -> Iterator[tuple[Queue, Task, Failed]]:
    for queue in queues:
        for task in queue.tasks:
            if isinstance(task.state, Failed):
                yield queue, task, task.state


def _failure(queue: Queue, task: Task, state: Failed) -> RenderableType:
    head = Text()
    head.append("failed ", STATE["failed"])
    head.append(f"{queue.queue_id}/{task.index} ", STRONG)
    head.append(clean(title(task)))
    attempts = f"  after {count(task.attempts, 'attempt')}" if task.attempts > 1 else ""
    head.append(f"{attempts}, ran {duration(state.ended_at - state.started_at)}", QUIET)
    error = _text(f"{state.error}{_exit(state)}")
    parts: list[RenderableType] = [head, Padding(error, (0, 0, 0, 4), expand=False)]
    if task.log_path:
        parts.append(Text(f"    log: {clean(task.log_path)}", QUIET, no_wrap=True, overflow="ignore"))
    return Group(*parts)


def _exit(state: Failed) -> str:
    """The exit status, where the error does not say it."""
    code = state.exit_code
    if code is None or f"exit {code}" in state.error or isinstance(state.cause, Signalled):
        return ""
    if isinstance(state.cause, OutOfMemory) or code <= 128:
        return f" (exit {code})"
    return f" ({signal_name(code - 128)})"


def _totals(state: StateFile) -> Text:
    counts: Counter[Status] = Counter(state.counts)
    total = sum(counts.values())
    text = Text()
    text.append(count(total, "task"), STRONG)
    for at, (status, number) in enumerate(in_order(counts)):
        text.append(", " if at else ": ")
        text.append(f"{number:,} {status}", STATE[status])
    text.append(f", in {duration(state.updated_at - state.started_at)}", QUIET)
    left = sum(number for status, number in counts.items() if status not in RUN_DONE)
    if left:
        text.append("; the next start on this file goes on with what is left", QUIET)
    return text
