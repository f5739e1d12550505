"""Who waits, since when, and how long those waited that have started: of the runs that are not finished."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.model.state import Status
from app.store.resume import Row, look
from app.store.write import OPTIONS

# The newest run of each kind of each file, if it is not over.
OPEN_RUNS = """SELECT id FROM runs AS r WHERE uid = :uid AND finished_at IS NULL AND id =
    (SELECT max(id) FROM runs AS s WHERE (s.command_file, s.uid, s.mode, s.simulated)
        = (r.command_file, r.uid, r.mode, r.simulated))"""
# In the queue since it was created, released, or had its last attempt.
SINCE = """coalesce((SELECT max(at) FROM transitions WHERE task_id = tasks.id
    AND "from" IN ('held', 'running', 'completed', 'failed', 'cancelled', 'skipped')), planned_at)"""
UNFINISHED = f"""SELECT tasks.id, runs.name, command_file, queue_id, idx, tasks.name, status, planned_at,
        {SINCE}, gpus, options
    FROM tasks JOIN runs ON runs.id = run_id
    WHERE run_id IN ({OPEN_RUNS}) AND idx IS NOT NULL
        AND status IN ('held', 'pending', 'waiting', 'backoff', 'running') ORDER BY tasks.id"""
STARTED = f"""SELECT command_file, queue_id, gpus, options, count(*), sum(max(0, recorded_at - coalesce(
        (SELECT max(at) FROM transitions WHERE task_id = tasks.id AND "from" = 'held' AND at < recorded_at),
        planned_at)))
    FROM attempts JOIN tasks ON tasks.id = task_id JOIN runs ON runs.id = tasks.run_id
    WHERE attempt = 1 AND tasks.run_id IN ({OPEN_RUNS})
    GROUP BY command_file, queue_id, gpus, options"""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A task that has not ended."""

    group: str  #: its cards: "0", "0,1", "auto", "cpu"
    id: int
    run: str  #: its name
    command_file: str  #: real path
    queue_id: int
    index: int
    name: str | None
    status: Status
    created: float  #: wall time
    since: float  #: in the queue; wall time


@dataclass(frozen=True, slots=True)
class Started:
    """Tasks of a queue, on the same cards, that have started."""

    command_file: str
    queue_id: int
    group: str
    count: int
    waited: float  #: seconds, all of them together, each until its first attempt


def unfinished(history: Path, uid: int) -> list[Unfinished]:
    """In the order they were created. Raises HistoryError."""
    rows = _rows(history, UNFINISHED, uid)
    return [Unfinished(_group(gpus, options), *row) for *row, gpus, options in rows]


def started(history: Path, uid: int) -> list[Started]:
    """Raises HistoryError."""
    rows = _rows(history, STARTED, uid)
    return [Started(row[0], row[1], _group(row[2], row[3]), row[4], row[5]) for row in rows]


def _rows(history: Path, statement: str, uid: int) -> list[Row]:
    def read(connection: sqlite3.Connection) -> list[Any]:
        return connection.execute(statement, {"uid": uid}).fetchall()

    return look(history, read) or []


def _group(gpus: int, options: str) -> str:
    if gpus == 0:
        return "cpu"
    devices = OPTIONS.validate_json(options).devices if '"devices":[' in options else None
    return ",".join(devices) if devices else "auto"
