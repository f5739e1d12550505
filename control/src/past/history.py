"""What has run: a page of tasks with their attempts, charts and figures, or a spreadsheet of them."""

import io
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app import past_rows
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state import error_text
from app.store import figures, past, sorting
from app.store.past import PastAttempt, PastRun, PastTask, Sort, Wanted
from app.store.sorting import Placed
from app.store.spread import spread
from control.src.past.histograms import PERCENT, SECONDS, histogram
from control.src.past.models import Charts, Figures, History, HistoryAttempt, HistoryRun, HistoryTask
from control.src.schedulers.states import Seen
from control.src.web.problems import Refused

MOST_FIGURES = 500
ROWS_IN_A_PART = 1_000
FORMULA = re.compile(r"[=+\-@\t\r]")
"""What a spreadsheet takes for one, at the start of a cell."""

NOTHING = History(runs=[], tasks=[], next=None, charts=None, figures=None, command_files=[])


def page(home: Home, seen: Sequence[Seen], wanted: Wanted, with_figures: bool) -> History:
    """Raises HistoryError, Refused."""
    more = replace(wanted, limit=wanted.limit + 1)
    first = wanted.before_id is None and wanted.sort is None
    try:
        with past.open_past(home.history) as connection:
            rows = _in_order(connection, more)
            runs = past.runs(connection, wanted) if first else []
            charts = _charts(connection, wanted) if first else None
            found = _figures(connection, wanted, seen) if with_figures else None
            files = past.known(connection, "command_file")
    except BadInput:  # there is no history yet
        return NOTHING
    shown = rows[: wanted.limit]
    return History(
        runs=_runs(runs, seen),
        tasks=[_task(row.task) for row in shown],
        next=cursor(shown[-1]) if len(rows) > len(shown) else None,
        charts=charts,
        figures=found,
        command_files=files,
    )


def sheet(home: Home, wanted: Wanted) -> Iterator[str]:
    """A line an attempt, as CSV: a part at a time, as histories are long. Raises HistoryError."""
    left, header = wanted.limit, True
    while left > 0:
        part = replace(wanted, limit=min(left, ROWS_IN_A_PART))
        try:
            with past.open_past(home.history) as connection:
                rows = _in_order(connection, part)
        except BadInput:
            rows = []
        lines, to = map(_guarded, past_rows.flat_attempts(row.task for row in rows)), io.StringIO()
        past_rows.write_csv(lines, past_rows.ATTEMPT_COLUMNS, to, header=header)
        yield to.getvalue()
        if len(rows) < part.limit:
            return
        left, header = left - len(rows), False
        wanted = replace(wanted, before_at=rows[-1].value, before_id=rows[-1].id)


def _in_order(connection: sqlite3.Connection, wanted: Wanted) -> list[Placed]:
    """Tasks, those that began last first; where attempts are sorted, each with its task."""
    if wanted.sort is not None:
        return sorting.attempts(connection, wanted, wanted.sort)
    tasks = past.tasks(connection, replace(wanted, newest_first=True))
    return [Placed(task.id, task.begun, task) for task in tasks]


def _guarded(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a task is called must not be worked out by whoever opens it."""
    return {
        name: f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value
        for name, value in row.items()
    }


def cursor(row: Placed) -> str:
    return f"{row.value!r}:{row.id}"


def before(text: str | None, sort: Sort | None = None) -> tuple[float | None, int | None]:
    """What `cursor` has written. Raises Refused."""
    if text is None:
        return None, None
    found = re.fullmatch(r"(None|-?\d{1,12}(?:\.\d{1,20})?(?:e-\d{1,3})?):(\d{1,18})", text, re.ASCII)
    if not found or (found[1] == "None" and sort is None):
        raise Refused(422, "invalid-request", "before is what `next` of the page before says")
    return None if found[1] == "None" else float(found[1]), int(found[2])


def _runs(found: Iterable[PastRun], seen: Sequence[Seen]) -> list[HistoryRun]:
    living = {one.top["run"] for one in seen if one.alive and one.top}
    return [HistoryRun(run=run, goes_on=run.name in living) for run in found]


def _task(task: PastTask) -> HistoryTask:
    return HistoryTask(
        id=task.id,
        run_id=task.run_id,
        run=task.run,
        command_file=task.command_file,
        queue_id=task.queue_id,
        index=task.index,
        task=task.place,
        key=task.key,
        name=task.name,
        commands=task.commands,
        gpu_count=task.gpus,
        declared_gb=task.declared_gb,
        planned_at=task.planned_at,
        waited=task.waited,
        status=task.state.status,
        state=task.state,
        attempts=list(map(_attempt, task.attempts)),
    )


def _attempt(one: PastAttempt) -> HistoryAttempt:
    return HistoryAttempt(
        number=one.number,
        attempt=one.attempt,
        gpu_ids=list(one.gpu_ids),
        gpu_uuids=list(one.gpu_uuids),
        asked_gb=one.asked_gb,
        peak_gb=one.peak_gb,
        recorded_at=one.recorded_at,
        started_at=one.started_at,
        ended_at=one.ended_at,
        seconds=one.lasted,
        exit_code=one.status,
        how=past_rows.how_ended(one),
        error=None if one.cause is None else error_text(one.cause),
        cause=one.cause,
        log_path=one.log_path,
    )


def _charts(connection: sqlite3.Connection, wanted: Wanted) -> Charts:
    found = spread(connection, wanted)
    percent = [100 * used / declared for declared, used in found.used if declared]
    return Charts(
        seconds=histogram(found.ran, SECONDS),
        waited=histogram(found.waited, SECONDS),
        memory=histogram(percent, PERCENT),
        whole_cards=sum(not declared for declared, _ in found.used),
    )


def _figures(connection: sqlite3.Connection, wanted: Wanted, seen: Sequence[Seen]) -> Figures:
    sizes = {card["uuid"]: card["total_gb"] for one in seen if one.top for card in one.top["gpus"]}
    return Figures(
        queues=figures.queues(connection, wanted, past_rows.is_running)[:MOST_FIGURES],
        devices=figures.devices(connection, wanted)[:MOST_FIGURES],
        memory=figures.memory(connection, wanted, sizes)[:MOST_FIGURES],
    )
