"""The tables of `history` and `stats`."""

import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from app.commands.find import shown_path
from app.model.paths import Home
from app.model.state import Backoff, Failed, Held, Skipped, Status, TaskState, error_text, in_order
from app.past_rows import goes_on, how_ended
from app.store.figures import DeviceFigures, MemoryFigures, QueueFigures
from app.store.past import NO_END, PastAttempt, PastRun, PastTask
from app.view.look import PLAIN, QUIET, STATE, STRONG
from app.view.text import clean, count, duration, figure

R = TypeVar("R", QueueFigures, MemoryFigures)

LOOK = {
    **dict.fromkeys(("killed", "stopped", "lost"), STATE["cancelled"]),
    "completed": STATE["completed"],
    "failed": STATE["failed"],
    "timeout": STATE["failed"],
    "running": STATE["running"],
    NO_END: STATE["waiting"],
}
"""Of the ends of attempts."""

TITLE = 24
"""Characters of a script that stand for a task without a name."""


def print_runs(console: Console, found: Sequence[PastRun], going_on: Collection[str]) -> None:
    """`going_on`: the names of those whose scheduler lives."""
    table = _table("run", "file", "=began", ">took", "tasks", "")
    for run in found:
        table.add_row(
            str(run.id),
            shown_file(run.command_file),
            _when(run.started_at),
            duration((time.time() if run.name in going_on else run.last_at) - run.started_at),
            _counts(run),
            Text(how(run, going_on), STATE["running"] if run.name in going_on else PLAIN),
        )
    console.print(table)


def how(run: PastRun, going_on: Collection[str]) -> str:
    """Where a run stands, in few words."""
    if run.name in going_on:
        return "goes on"
    if run.finished_at is None:
        return "not finished"
    return "finished"


def print_run(console: Console, run: PastRun, going_on: Collection[str]) -> None:
    """Its head."""
    text = Text(f"run {run.id}  ", STRONG).append(clean(run.name))
    text.append("  ").append(shown_file(run.command_file)).append(f", {run.mode} mode", QUIET)
    text.append(", simulated GPUs" if run.simulated else "", QUIET)
    text.append(f"\nbegan {_when(run.started_at)}, {how(run, going_on)}: ", QUIET).append(_counts(run))
    console.print(text, soft_wrap=True)


def shown_file(path: str, style: Style = PLAIN) -> Text:
    """From here, or from this home, if it lies below that."""
    shown, home = shown_path(path), Home.find().root
    return Text(clean(str(Path(shown).relative_to(home)) if home in Path(shown).parents else shown), style)


def _counts(run: PastRun) -> Text:
    parts = [Text(f"{number:,} {status}", STATE[status]) for status, number in in_order(run.counts)]
    return Text(", ").join(parts)


def print_tasks(console: Console, found: Sequence[PastTask], of_one_run: bool) -> None:
    """Each as its last attempt went, with the earlier ones below it."""
    table = _table(
        *(() if of_one_run else (">run",)), "=task", "=", "=GPU", ">GB", ">peak", "=began", ">waited", ">ran"
    )
    table.add_column("", overflow="fold")
    for task in found:
        last = task.attempts[-1] if task.attempts else None
        waited = duration(task.waited) if last else ""
        head = [] if of_one_run else [str(task.run_id)]
        table.add_row(*head, _label(task), _status(task.state.status), *_facts(last, waited), _more(task))
        for attempt in task.attempts[:-1]:
            kind, style = ended(attempt)
            why = "" if attempt.cause is None else clean(error_text(attempt.cause))
            name = Text(f"  attempt {attempt.attempt}", QUIET)
            facts = _facts(attempt, "")
            table.add_row(*[""] * len(head), name, Text(kind, style), *facts, Text(why, QUIET))
    console.print(table)


def _label(task: PastTask) -> Text:
    title = task.name or task.commands.strip().partition("\n")[0]
    short = title if task.name or len(title) <= TITLE else title[: TITLE - 1] + "…"
    return Text(task.place, STRONG).append(f" {clean(short)}", PLAIN if task.name else QUIET)


def _status(status: Status) -> Text:
    return Text(status, STATE[status])


def _facts(attempt: PastAttempt | None, waited: str) -> tuple[str, ...]:
    if attempt is None:
        return ("",) * 6
    asked = "" if not attempt.gpu_ids else "all" if attempt.asked_gb is None else figure(attempt.asked_gb)
    peak = "" if attempt.peak_gb is None else figure(attempt.peak_gb)
    lasted = attempt.lasted if attempt.ended_at is not None else _so_far(attempt)
    ran = "" if lasted is None else duration(lasted)
    return ",".join(attempt.gpu_ids) or "CPU", asked, peak, _when(attempt.recorded_at), waited, ran


def _so_far(attempt: PastAttempt) -> float | None:
    if attempt.started_at is None or not goes_on(attempt):
        return None
    return time.time() - attempt.started_at


def ended(attempt: PastAttempt) -> tuple[str, Style]:
    """How an attempt ended, in a word."""
    word = how_ended(attempt)
    return word, LOOK[word]


def _more(task: PastTask) -> Text:
    gone = "no longer in the file" if task.index is None else ""
    return Text(clean("; ".join(filter(None, (_detail(task.state), gone)))))


def _detail(state: TaskState) -> str:
    match state:
        case Failed(error=error):
            return error
        case Backoff(error=error):
            return f"to be tried again after: {error}"
        case Skipped(because=because):
            return because
        case Held(by=by):
            return "by the command file" if by == "file" else f"by {by}"
        case _:
            return ""


def print_queues(console: Console, found: Sequence[QueueFigures]) -> None:
    """Waits, durations and GPU hours, a table a command file."""
    for file, rows in _by_file(found):
        console.print(shown_file(file, STRONG), soft_wrap=True)
        table = _table(
            "queue", ">tasks", ">attempts", ">failed", ">waited", ">at most", ">ran", ">at most", ">GPU hours"
        )
        for row in rows:
            table.add_row(
                Text(clean(f"{row.queue_id} {row.queue_name or ''}".strip())),
                *(f"{number:,}" for number in (row.tasks, row.attempts, row.failed)),
                *map(_time, (row.wait_median, row.wait_longest, row.ran_median, row.ran_longest)),
                f"{row.gpu_hours:,.1f}",
            )
        console.print(table)


def print_devices(console: Console, found: Sequence[DeviceFigures]) -> None:
    """Waits by the cards that tasks may have."""
    table = _table("waits for", ">starts", ">waited", ">at most")
    for row in found:
        where = {"auto": "any card", "cpu": "the CPU"}.get(row.devices, f"GPU {row.devices}")
        table.add_row(where, f"{row.starts:,}", _time(row.wait_median), _time(row.wait_longest))
    console.print(table)


def print_memory(console: Console, found: Sequence[MemoryFigures], limit: int | None) -> None:
    """What to declare; those first whose declaration is furthest off."""
    shown = sorted(found, key=_off, reverse=True)[:limit]
    for file, rows in _by_file(shown):
        console.print(shown_file(file, STRONG), soft_wrap=True)
        table = _table("queue", "task", ">measured", ">median", ">peak", ">declared", ">suggested")
        for row in rows:
            title = row.name or row.commands.strip().partition("\n")[0]
            table.add_row(
                str(row.queue_id),
                Text(clean(title if len(title) <= TITLE else title[: TITLE - 1] + "…")),
                *(f"{row.measured:,}", figure(row.peak_median_gb), figure(row.peak_gb)),
                "all" if row.declared_gb is None else figure(row.declared_gb),
                _suggestion(row),
            )
        console.print(table)
    if len(shown) < len(found):
        console.print(Text(f"and {count(len(found) - len(shown), 'more task')}; --limit 0 shows all", QUIET))


def _off(row: MemoryFigures) -> float:
    if row.declared_gb is None or row.suggested_gb is None:
        return 0.0 if row.declared_gb == row.suggested_gb else float("inf")
    return abs(row.declared_gb - row.suggested_gb)


def _suggestion(row: MemoryFigures) -> Text:
    if row.declared_gb == row.suggested_gb:
        return Text("as it is", QUIET)
    short = row.declared_gb is not None and row.declared_gb < row.needed_gb
    style = STATE["failed"] if short else STATE["completed"]
    if row.suggested_gb is None:
        return Text("all", style)
    return Text(("" if row.completed else "at least ") + figure(row.suggested_gb), style)


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def _by_file(found: Iterable[R]) -> Iterable[tuple[str, list[R]]]:
    groups: dict[str, list[R]] = {}
    for row in found:
        groups.setdefault(row.command_file, []).append(row)
    return groups.items()


def _when(at: float) -> str:
    return time.strftime("%m-%d %H:%M" if time.time() - at < 300 * 86_400 else "%Y-%m-%d", time.localtime(at))


def _table(*headings: str) -> Table:
    """`>`: figures, set right; `=`: whole on one line, as long as there is room."""
    table = Table(box=None, pad_edge=False, header_style=QUIET)
    for heading in headings:
        right, whole = heading.startswith(">"), heading.startswith((">", "="))
        table.add_column(heading.lstrip(">="), justify="right" if right else "left", no_wrap=whole)
    return table
