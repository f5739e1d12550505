"""Tasks by the id that lasts: what history knows of one, whatever became of its scheduler and its block."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.model.state import Cause, Status, TaskState
from app.model.task import Mode, TaskKey, TaskSpec
from app.store.resume import Row, look
from app.store.write import CAUSE, OPTIONS, STATE


@dataclass(frozen=True, slots=True)
class KeptTask:
    """One task of one run."""

    id: int
    run_id: int
    run: str  #: its name
    boot_id: str  #: of the run's last scheduler
    command_file: str  #: real path
    mode: Mode
    simulated: bool
    key: TaskKey
    index: int | None  #: in its queue; None: gone from the file
    spec: TaskSpec
    created: float  #: wall time at which a scheduler first took it up
    state: TaskState
    failures: int
    ask_gb: float | None
    avoid: frozenset[str]
    held_by: str | None

    @property
    def label(self) -> str:
        """ "3/0", or "3/-" where the file has it no more."""
        return f"{self.spec.queue_id}/{'-' if self.index is None else self.index}"


@dataclass(frozen=True, slots=True)
class KeptAttempt:
    attempt: int  #: of its task, from 1
    gpu_ids: tuple[str, ...]
    log_path: str
    session_name: str | None  #: of its tmux server
    pid: int | None
    started_at: float
    ended_at: float | None  #: None: it runs, as far as history knows
    status: int | None  #: as the shell gives it
    peak_memory_gb: float | None
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A task of a run, and where it stands."""

    key: TaskKey
    queue_id: int
    index: int | None  #: None: gone from the file
    status: Status


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a file."""

    name: str
    tasks: tuple[Placed, ...]  #: by queue and index, those that are gone last


NEWEST_RUN = "SELECT id, name FROM runs WHERE command_file = ? AND uid = ? ORDER BY id DESC LIMIT 1"
TASK = """SELECT tasks.id, runs.id, runs.name, boot_id, command_file, mode, simulated, digest, occurrence,
        idx, queue_id, commands, gpus, memory_gb, options, planned_at, state, failures, ask_gb, avoid, held_by
    FROM tasks JOIN runs ON runs.id = run_id"""
ATTEMPTS = """SELECT attempt, gpu_ids, log_path, session_name, pid, coalesce(started_at, recorded_at),
        ended_at, status, peak_memory_gb, cause
    FROM attempts WHERE task_id = ? ORDER BY number"""


def task_by_id(history: Path, id_: int) -> KeptTask | None:
    """Raises HistoryError."""
    rows = look(history, lambda c: c.execute(f"{TASK} WHERE tasks.id = ?", (id_,)).fetchall())
    return _task(rows[0]) if rows else None


def tasks_of_file(history: Path, command_file: str, uid: int) -> list[KeptTask]:
    """All that its runs have had, oldest first. Raises HistoryError."""

    def read(connection: sqlite3.Connection) -> list[Any]:
        which = "WHERE command_file = ? AND uid = ? ORDER BY tasks.id"
        return connection.execute(f"{TASK} {which}", (command_file, uid)).fetchall()

    return [_task(row) for row in look(history, read) or ()]


def task_of_queue(history: Path, command_file: str, uid: int, queue_id: int) -> KeptTask | None:
    """The newest one of a queue. Raises HistoryError."""

    def read(connection: sqlite3.Connection) -> list[Any]:
        which = "WHERE command_file = ? AND uid = ? AND queue_id = ? ORDER BY tasks.id DESC LIMIT 1"
        return connection.execute(f"{TASK} {which}", (command_file, uid, queue_id)).fetchall()

    rows = look(history, read)
    return _task(rows[0]) if rows else None


def largest_queue(history: Path, command_file: str, uid: int) -> int:
    """The largest queue id that a file has ever had; 0: none. Raises HistoryError."""

    def read(connection: sqlite3.Connection) -> int:
        which = (
            "SELECT max(queue_id) FROM tasks JOIN runs ON runs.id = run_id WHERE command_file = ? AND uid = ?"
        )
        return connection.execute(which, (command_file, uid)).fetchone()[0] or 0

    return look(history, read) or 0


@dataclass(frozen=True, slots=True)
class Listed:
    """One of many, with what tells whether it is wanted."""

    id: int
    run: str  #: its name
    key: str
    status: Status
    value: float | None  #: that they are sorted by


SORTED_BY: Mapping[str, str] = {
    "id": "tasks.id",
    "created": "planned_at",
    "memory": "CASE WHEN gpus > 0 THEN memory_gb END",
    "took": """CASE WHEN status IN ('completed', 'failed')
            THEN json_extract(state, '$.ended_at') - json_extract(state, '$.started_at')
        WHEN status IN ('cancelled', 'skipped') THEN json_extract(state, '$.since') - began END""",
}
BEGAN = """LEFT JOIN (SELECT task_id, max(number), coalesce(started_at, recorded_at) AS began
    FROM attempts GROUP BY task_id) AS last ON last.task_id = tasks.id"""
LISTED = """SELECT max(tasks.id), runs.name, digest || '-' || occurrence, status, {value}
    FROM tasks JOIN runs ON runs.id = run_id {more} WHERE command_file = :file AND uid = :uid
        AND (:search IS NULL OR tasks.id = :search OR instr(
            lower(coalesce(tasks.name, '') || char(10) || commands), lower(:search)) > 0)
    GROUP BY queue_id, digest, occurrence ORDER BY 1 DESC"""
THESE = "IN (SELECT value FROM json_each(?))"
LAST = ATTEMPTS.replace("SELECT", "SELECT task_id, max(number),").replace(
    "task_id = ? ORDER BY number", f"task_id {THESE} GROUP BY task_id"
)


def list_tasks(
    history: Path, command_file: str, uid: int, search: str | None = None, by: str = "id"
) -> list[Listed]:
    """All of a file, newest first; of one that a new run has had again, the newest. `search`: an id, or a
    part of name or commands; `by`: what of SORTED_BY their values are. Raises HistoryError."""
    values = {"file": command_file, "uid": uid, "search": search}
    query = LISTED.format(value=SORTED_BY[by], more=BEGAN if by == "took" else "")
    rows = look(history, lambda c: c.execute(query, values).fetchall())
    return [Listed(*row) for row in rows or ()]


def tasks_by_id(history: Path, ids: Sequence[int]) -> list[tuple[KeptTask, KeptAttempt | None]]:
    """Those that are there, as they are named, each with its last attempt. Raises HistoryError."""
    these = (json.dumps(ids),)

    def read(connection: sqlite3.Connection) -> tuple[list[Any], list[Any]]:
        tasks = connection.execute(f"{TASK} WHERE tasks.id {THESE}", these).fetchall()
        return tasks, connection.execute(LAST, these).fetchall()

    tasks, attempts = look(history, read) or ((), ())
    last = {id_: _attempt(tuple(row)) for id_, _, *row in attempts}
    found = {task.id: task for task in map(_task, tasks)}
    return [(found[id_], last.get(id_)) for id_ in ids if id_ in found]


def attempts_of(history: Path, id_: int) -> list[KeptAttempt]:
    """Of a task, the first one first. Raises HistoryError."""
    rows = look(history, lambda c: c.execute(ATTEMPTS, (id_,)).fetchall())
    return list(map(_attempt, rows or ()))


def logs_of(history: Path, run: str, key: TaskKey) -> list[str]:
    """Paths of the logs of all attempts of a task of a run (its name), the first one first. Raises
    HistoryError."""
    query = """SELECT log_path FROM attempts
        JOIN tasks ON tasks.id = task_id JOIN runs ON runs.id = tasks.run_id
        WHERE runs.name = ? AND digest = ? AND occurrence = ? ORDER BY number"""
    rows = look(history, lambda c: c.execute(query, (run, *key)).fetchall())
    return [path for (path,) in rows or ()]


def last_run(history: Path, command_file: str, uid: int) -> LastRun | None:
    """Of a file (real path); None: it has had none. Raises HistoryError."""

    def read(connection: sqlite3.Connection) -> LastRun | None:
        run = connection.execute(NEWEST_RUN, (command_file, uid)).fetchone()
        if run is None:
            return None
        which = """SELECT digest, occurrence, queue_id, idx, status FROM tasks WHERE run_id = ?
            ORDER BY idx IS NULL, queue_id, idx, id"""
        rows = connection.execute(which, (run[0],))
        return LastRun(run[1], tuple(Placed(TaskKey(*row[:2]), *row[2:]) for row in rows))

    return look(history, read)


def last_run_name(history: Path, command_file: str, uid: int) -> str | None:
    """The same without its tasks, of which there may be many. Raises HistoryError."""
    row = look(history, lambda c: c.execute(NEWEST_RUN, (command_file, uid)).fetchone())
    return row[1] if row else None


def has_ended(history: Path, run: str, number: int) -> bool:
    """Whether an attempt of a run (its name) has, as far as history knows. Raises HistoryError."""
    query = """SELECT ended_at IS NOT NULL FROM attempts JOIN runs ON runs.id = run_id
        WHERE runs.name = ? AND number = ?"""
    rows = look(history, lambda c: c.execute(query, (run, number)).fetchall())
    return bool(rows and rows[0][0])


def _attempt(row: Row) -> KeptAttempt:
    attempt, gpu_ids, log_path, session_name, pid, started_at, ended_at, status, peak, cause = row
    cards = tuple(json.loads(gpu_ids))
    why = cause and CAUSE.validate_json(cause)
    return KeptAttempt(
        attempt, cards, log_path, session_name, pid, started_at, ended_at, status, peak, why or None
    )


def _task(row: Row) -> KeptTask:
    id_, run_id, run, boot_id, command_file, mode, simulated, digest, occurrence, index = row[:10]
    queue_id, commands, gpus, memory_gb, options = row[10:15]
    created, state, failures, ask_gb, avoid, held_by = row[15:]
    return KeptTask(
        id=id_,
        run_id=run_id,
        run=run,
        boot_id=boot_id,
        command_file=command_file,
        mode=mode,
        simulated=bool(simulated),
        key=TaskKey(digest, occurrence),
        index=index,
        spec=TaskSpec(queue_id, commands, gpus, memory_gb, OPTIONS.validate_json(options)),
        created=created,
        state=STATE.validate_json(state),
        failures=failures,
        ask_gb=ask_gb,
        avoid=frozenset(json.loads(avoid)),
        held_by=held_by,
    )
