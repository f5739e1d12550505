"""What ran, waited and was held in a span of time: as bars, for a picture. Reads only; see `past`."""

import functools
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.model.state import Cause
from app.store.waits import OPEN_RUNS
from app.store.write import CAUSE

SHOWN = ("waiting", "held", "backoff")
"""The states that a queue's lane shows beside its attempts."""

IDLE = ", ".join(f"'{status}'" for status in SHOWN)
BEGAN = "coalesce(started_at, recorded_at)"
WITHIN = f"{BEGAN} < :until AND coalesce(ended_at, 1e12) > :since"
COUNT = f"SELECT count(*) FROM attempts WHERE {WITHIN}"
# The shortest are those that no picture shows.
BARS = f"""SELECT task_id, number, attempt, {BEGAN}, ended_at, status, cause, gpu_ids, gpu_uuids, log_path,
        memory_gb, peak_memory_gb
    FROM attempts WHERE {WITHIN}
    ORDER BY min(coalesce(ended_at, 1e12), :until) - max({BEGAN}, :since) DESC, id DESC LIMIT :most"""
# Whoever waited then has gone on since, or waits still.
MOVES = f"""SELECT task_id, at, "from", "to" FROM transitions
    WHERE ("from" IN ({IDLE}) OR "to" IN ({IDLE})) AND task_id IN (
        SELECT task_id FROM transitions WHERE at >= :since
        UNION SELECT id FROM tasks WHERE status IN ({IDLE}) AND run_id IN ({OPEN_RUNS}))
    ORDER BY task_id, id"""
FIRST = f"""SELECT id, planned_at, status FROM tasks
    WHERE status IN ({IDLE}) AND run_id IN ({OPEN_RUNS}) AND planned_at < :until
        AND NOT EXISTS (SELECT 1 FROM transitions WHERE task_id = tasks.id)"""
THESE = "SELECT value FROM json_each(?)"
PLANNED = f"SELECT id, planned_at FROM tasks WHERE id IN ({THESE})"
TASKS = f"""SELECT tasks.id, runs.name, command_file, mode, config_index, simulated, queue_id, idx,
        digest || '-' || occurrence, tasks.name, json_extract(options, '$.queue_name'), gpus, memory_gb,
        status
    FROM tasks JOIN runs ON runs.id = run_id WHERE tasks.id IN ({THESE}) ORDER BY tasks.id"""
UNFINISHED = f"""SELECT runs.name, digest || '-' || occurrence, tasks.id
    FROM tasks JOIN runs ON runs.id = run_id
    WHERE run_id IN ({OPEN_RUNS}) AND status NOT IN ('completed', 'failed', 'cancelled', 'skipped')"""


class Bar(NamedTuple):
    """An attempt."""

    task: int  #: its id
    number: int
    attempt: int
    start: float
    end: float | None  #: None: it runs, or nobody knows
    status: int | None
    cause: str | None  #: JSON
    gpu_ids: str  #: JSON
    gpu_uuids: str
    log_path: str
    asked_gb: float | None
    peak_gb: float | None


class Span(NamedTuple):
    """A task that did not run."""

    task: int  #: its id
    state: str
    start: float
    end: float | None  #: None: it is still so


class Owner(NamedTuple):
    """Whose bars they are."""

    id: int
    run: str  #: its name
    command_file: str
    mode: str
    config_index: int | None
    simulated: int
    queue_id: int
    place: int | None  #: in its queue
    key: str
    name: str | None
    queue_name: str | None
    gpus: int
    memory_gb: float | None
    status: str


@dataclass(frozen=True, slots=True)
class Window:
    since: float
    until: float
    most: int  #: of bars, and of spans
    shortest: float  #: seconds; what is shorter of the spans is left out
    uid: int


def bars(past: sqlite3.Connection, window: Window) -> tuple[list[Bar], int]:
    """The longest of them, by their begin, and how many there are."""
    values = _values(window)
    found = list(map(Bar._make, past.execute(BARS, values)))
    total = len(found) if len(found) < window.most else past.execute(COUNT, values).fetchone()[0]
    return sorted(found, key=lambda bar: bar.start), total


def spans(past: sqlite3.Connection, window: Window) -> tuple[list[Span], int]:
    """The same of what waited, was held, or had a backoff."""
    found = [
        *_moved(past, window),
        *(Span(id_, status, at, None) for id_, at, status in _first(past, window)),
    ]
    shown = [span for span in found if _seconds(span, window) >= window.shortest]
    if len(shown) > window.most:
        shown.sort(key=lambda span: -_seconds(span, window))
    return sorted(shown[: window.most], key=lambda span: span.start), len(found)


def owners(past: sqlite3.Connection, ids: Iterable[int]) -> list[Owner]:
    return list(map(Owner._make, past.execute(TASKS, (json.dumps(sorted(ids)),))))


def unfinished(past: sqlite3.Connection, uid: int) -> dict[tuple[str, str], int]:
    """Run and key to id."""
    return {(run, key): id_ for run, key, id_ in past.execute(UNFINISHED, {"uid": uid})}


@functools.lru_cache(maxsize=4096)
def cause_of(text: str) -> Cause:
    """Of a bar."""
    return CAUSE.validate_json(text)


def _values(window: Window) -> dict[str, Any]:
    return {"since": window.since, "until": window.until, "most": window.most, "uid": window.uid}


def _seconds(span: Span, window: Window) -> float:
    """That are in the window; below 0: none."""
    end = window.until if span.end is None else span.end
    return min(end, window.until) - max(span.start, window.since)


def _first(past: sqlite3.Connection, window: Window) -> list[tuple[int, float, str]]:
    """Those that are still as they were planned."""
    return past.execute(FIRST, _values(window)).fetchall()


def _moved(past: sqlite3.Connection, window: Window) -> Iterator[Span]:
    moves = past.execute(MOVES, _values(window)).fetchall()
    planned = dict(past.execute(PLANNED, (json.dumps(sorted({move[0] for move in moves})),)).fetchall())
    task, since = None, 0.0
    state: str | None = None
    for task_id, at, was, to in moves:
        if task_id != task:
            if task is not None and state in SHOWN:
                yield Span(task, state, since, None)
            task, since, state = task_id, planned[task_id], was
        if state in SHOWN:
            yield Span(task_id, was, since, at)
        since, state = at, to
    if task is not None and state in SHOWN:
        yield Span(task, state, since, None)
