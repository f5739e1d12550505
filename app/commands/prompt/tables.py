"""`ls` and `task` of the prompt, as FlowLine's people know them."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from app.model.state import FINISHED, Backoff, Held, Running, Waiting
from app.model.state_file import StateFile, Task
from app.view.look import QUIET, STATE
from app.view.text import clean, count

MOST_TASKS = 50
"""Lines of `task`."""


def running(state: StateFile) -> Iterator[tuple[int, Task, Running]]:
    """What runs, with its queue, by the number of the attempt: the process id that is shown. An attempt keeps
    it for life, also over a restart of its scheduler, and no other of its run ever gets it."""
    found = [
        (queue.queue_id, task, task.state)
        for queue in state.queues
        for task in queue.tasks
        if isinstance(task.state, Running)
    ]
    yield from sorted(found, key=lambda one: one[2].number)


def processes(state: StateFile) -> Table:
    """What runs: process id, pid, task, GPUs, state, command."""
    table = _table("id", "pid", "task", "GPU", "state", "command")
    for queue, task, now in running(state):
        table.add_row(
            str(now.number),
            str(now.pid or "-"),
            _name(queue, task),
            ",".join(now.gpu_ids) or "cpu",
            Text(f"asked to end ({now.stopping})" if now.stopping else "running", STATE["running"]),
            Text(_first_line(now.command or task.commands)),
        )
    return table


def waiting(state: StateFile, tasks: Sequence[tuple[int, Task]]) -> Table:
    """What has not run yet, of these: task, name, attempts made, state and why."""
    table = _table("task", "name", "runs", "state", "command")
    for queue, task in tasks:
        status = task.state.status
        table.add_row(
            f"{queue}/{task.index}",
            Text(clean(task.name or "")),
            str(task.attempts),
            Text(status, STATE[status]),
            _what(task, state.updated_at),
        )
    return table


def to_come(state: StateFile) -> tuple[list[tuple[int, Task]], str]:
    """The first of the tasks that have not run yet, and how many more there are."""
    left = [
        (queue.queue_id, task)
        for queue in state.queues
        for task in queue.tasks
        if task.state.status not in FINISHED and task.state.status != "running"
    ]
    total = sum(number for status, number in state.counts.items() if status not in FINISHED | {"running"})
    more = total - len(left[:MOST_TASKS])
    return left[:MOST_TASKS], f"and {count(more, 'more task')}" if more > 0 else ""


def _table(*headings: str) -> Table:
    return Table(*headings, box=None, pad_edge=False, header_style=QUIET)


def _name(queue: int, task: Task) -> Text:
    return Text(clean(f"{queue}/{task.index}" + (f" {task.name}" if task.name else "")))


def _first_line(commands: str) -> str:
    return clean(next((line for line in commands.splitlines() if line.strip()), ""))


def _what(task: Task, now: float) -> Text:
    text, why = Text(_first_line(task.commands)), clean(_why(task, now))
    return text.append(f"\n{why}", QUIET) if why else text


def _why(task: Task, now: float) -> str:
    match task.state:
        case Waiting(reason=reason):
            return reason
        case Backoff() as state:
            return f"retry in {max(0, state.until - now):.0f} s after: {state.error}"
        case Held(by=by):
            return "by the command file" if by == "file" else f"by {by}"
        case _:
            return ""
