"""Past runs, tasks and attempts for programs and spreadsheets."""

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from pydantic import TypeAdapter

from app.execution.ends import is_written
from app.model.state import STATUSES, error_text
from app.model.task import in_words
from app.store.past import NO_END, PastAttempt, PastRun, PastTask, end_word

Row = dict[str, Any]

RUN_COLUMNS = (
    *("run", "name", "command_file", "mode", "simulated", "host", "began", "last", "finished", "exit"),
    *("goes_on", "attempts", *STATUSES),
)
ATTEMPT_COLUMNS = (
    *("run", "command_file", "queue", "index", "key", "name", "state", "attempt", "ended_how", "error"),
    *("exit", "gpus", "asked_gb", "declared_gb", "peak_gb", "began", "ended", "seconds"),
    *("task_waited_seconds", "log", "commands"),
)

_RUNS = TypeAdapter(list[PastRun])
_TASKS = TypeAdapter(list[PastTask])


def goes_on(attempt: PastAttempt) -> bool:
    """Whether its supervisor is there, on this machine."""
    return attempt.ended_at is None and is_running(attempt.log_path)


def is_running(log_path: str) -> bool:
    """The same of the attempt that has this log."""
    return is_written(Path(log_path))


def how_ended(attempt: PastAttempt) -> str:
    """In a word."""
    if attempt.ended_at is None:
        return "running" if goes_on(attempt) else NO_END
    return end_word(attempt.cause)


def runs(found: Sequence[PastRun], going_on: Collection[str]) -> list[Row]:
    """For JSON. `going_on`: the names of those whose scheduler lives."""
    rows = _RUNS.dump_python(list(found), mode="json")
    return [row | {"goes_on": row["name"] in going_on} for row in rows]


def flat_runs(found: Iterable[PastRun], going_on: Collection[str]) -> Iterator[Row]:
    """A line a run; its tasks are counted by status."""
    for run in found:
        yield {
            "run": run.id,
            "name": run.name,
            "command_file": run.command_file,
            "mode": run.mode,
            "simulated": run.simulated,
            "host": run.host,
            "began": _time(run.started_at),
            "last": _time(run.last_at),
            "finished": _time(run.finished_at),
            "exit": run.exit,
            "goes_on": run.name in going_on,
            "attempts": run.attempts,
            **{str(status): number for status, number in run.counts.items()},
        }


def tasks(found: Sequence[PastTask]) -> list[Row]:
    """For JSON, with their attempts."""
    rows: list[Row] = _TASKS.dump_python(list(found), mode="json")
    return rows


def flat_attempts(found: Iterable[PastTask]) -> Iterator[Row]:
    """A line an attempt, and one for a task that had none."""
    for task in found:
        head = {
            "run": task.run_id,
            "command_file": task.command_file,
            "queue": task.queue_id,
            "index": task.index,
            "key": task.key,
            "name": task.name,
            "state": task.state.status,
            "declared_gb": "all" if task.declared_gb is None else task.declared_gb,
            "task_waited_seconds": round(task.waited, 3),
            "commands": in_words(task.commands),
        }
        yield from (head | _attempt(attempt) for attempt in task.attempts)
        if not task.attempts:
            yield head


def _attempt(attempt: PastAttempt) -> Row:
    return {
        "attempt": attempt.attempt,
        "ended_how": how_ended(attempt),
        "error": "" if attempt.cause is None else error_text(attempt.cause),
        "exit": attempt.status,
        "gpus": " ".join(attempt.gpu_ids),
        "asked_gb": "all" if attempt.asked_gb is None else attempt.asked_gb,
        "peak_gb": attempt.peak_gb,
        "began": _time(attempt.started_at or attempt.recorded_at),
        "ended": _time(attempt.ended_at),
        "seconds": None if attempt.lasted is None else round(attempt.lasted, 3),
        "log": attempt.log_path,
    }


def _time(at: float | None) -> str | None:
    """With the zone, so that a spreadsheet from elsewhere still means it."""
    return None if at is None else datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def write_csv(rows: Iterable[Row], columns: Sequence[str], to: TextIO, *, header: bool = True) -> None:
    writer = csv.DictWriter(to, columns, restval="", lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
