"""What a scheduler needs to go on with a run that was not finished."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from app.model.backend import AttemptRecord
from app.model.state import TaskState
from app.model.task import Mode, Options, TaskKey, TaskSpec
from app.store.schema import BUSY_SECONDS, SCHEMA, HistoryError, explained, refuse_newer
from app.store.write import OPTIONS, STATE


@dataclass(frozen=True, slots=True)
class SavedTask:
    """A task as history knows it."""

    key: TaskKey
    queue_id: int
    index: int | None  #: in its queue; None: gone from the file
    state: TaskState
    failures: int  #: of its retry budget
    memory_gb: float | None  #: as the file declared it
    options: Options
    held_by: str | None  #: who wants it held
    ask_gb: float | None
    avoid: frozenset[str]
    attempts: int  #: made so far
    log_path: str | None  #: of the last attempt


@dataclass(frozen=True, slots=True)
class LeftRun:
    """A run that was not finished: what may still run of it."""

    run_id: int
    name: str
    boot_id: str  #: of its last scheduler
    open_attempts: tuple[AttemptRecord, ...]  #: without an end, by number


@dataclass(frozen=True, slots=True)
class SavedRun(LeftRun):
    """The same, with all that it takes to go on with it."""

    tasks: tuple[SavedTask, ...]  #: every task it ever had, by queue and index, those that are gone last
    specs: Mapping[TaskKey, TaskSpec]  #: of the tasks with open attempts, as they were planned
    last_number: int  #: of the run's attempts, 0: none


def load_unfinished(path: Path, command_file: str, uid: int, mode: Mode, simulated: bool) -> SavedRun | None:
    """The newest run of this file (real path), user, mode and kind; None: it is finished, or there is none.

    Reads only. Raises HistoryError, NewerHistory.
    """
    return _load(path, (command_file, uid, mode, simulated), _saved)


def load_left(path: Path, command_file: str, uid: int, mode: Mode, simulated: bool) -> LeftRun | None:
    """The same without its tasks, which may be many. Raises HistoryError, NewerHistory."""
    return _load(path, (command_file, uid, mode, simulated), _left)


R = TypeVar("R")
Which = tuple[str, int, Mode, bool]
Row = tuple[Any, ...]


def _load(path: Path, which: Which, read: Callable[[sqlite3.Connection, Which], R | None]) -> R | None:
    return look(path, lambda connection: read(connection, which))


def look(path: Path, read: Callable[[sqlite3.Connection], R | None]) -> R | None:
    """What `read` makes of one view of everything; None: there is no history yet. Reads only. Raises
    HistoryError, NewerHistory."""
    if not path.exists():
        return None
    try:
        uri = f"file:{quote(str(path))}?mode=rw"  # a reader of a WAL database writes its -shm
        with closing(
            sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            if refuse_newer(path, connection) < SCHEMA:
                return None  # its maker was killed before there were tables
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")  # one view of everything
            return read(connection)
    except sqlite3.Error as error:
        raise explained(path, error) from error
    except ValueError as error:
        raise HistoryError(f"{path}: a row can't be read ({error}); start afresh with --fresh") from error


RUN = """SELECT id, name, boot_id, finished_at FROM runs
    WHERE command_file = ? AND uid = ? AND mode = ? AND simulated = ? ORDER BY id DESC LIMIT 1"""
LAST = "SELECT task_id, max(attempt) AS attempt, log_path FROM attempts WHERE run_id = ? GROUP BY task_id"
TASKS = f"""SELECT digest, occurrence, queue_id, idx, state, failures,
        tasks.memory_gb, options, held_by, ask_gb, avoid, last.attempt, last.log_path
    FROM tasks LEFT JOIN ({LAST}) AS last ON last.task_id = tasks.id
    WHERE run_id = ? ORDER BY idx IS NULL, queue_id, idx, id"""
OPEN = """SELECT digest, occurrence, number, attempt, gpu_ids, gpu_uuids, leases, attempts.memory_gb,
        log_path, terminal, session_name, recorded_at, boot_id,
        queue_id, commands, gpus, tasks.memory_gb, options
    FROM attempts JOIN tasks ON tasks.id = task_id
    WHERE attempts.run_id = ? AND ended_at IS NULL ORDER BY number"""


def _newest(connection: sqlite3.Connection, which: Which) -> tuple[tuple[int, str, str], list[Row]] | None:
    """Its id, name and boot id, and the rows of its open attempts; None: it is finished, or there is none."""
    found = connection.execute(RUN, which).fetchone()
    if found is None or found[3] is not None:
        return None
    return found[:3], connection.execute(OPEN, (found[0],)).fetchall()


def _left(connection: sqlite3.Connection, which: Which) -> LeftRun | None:
    found = _newest(connection, which)
    return found and LeftRun(*found[0], tuple(map(_attempt, found[1])))


def _saved(connection: sqlite3.Connection, which: Which) -> SavedRun | None:
    found = _newest(connection, which)
    if found is None:
        return None
    run, rows = found
    last = connection.execute("SELECT max(number) FROM attempts WHERE run_id = ?", run[:1]).fetchone()[0]
    return SavedRun(
        *run,
        open_attempts=tuple(map(_attempt, rows)),
        tasks=tuple(map(_task, connection.execute(TASKS, (run[0], run[0])))),
        specs={TaskKey(row[0], row[1]): _spec(row) for row in rows},
        last_number=last or 0,
    )


_NO_CARDS: frozenset[str] = frozenset()


def _task(row: tuple[Any, ...]) -> SavedTask:
    digest, occurrence, queue_id, index, state, *rest, attempt, log_path = row
    failures, memory_gb, options, held_by, ask_gb, avoid = rest
    return SavedTask(
        TaskKey(digest, occurrence),
        queue_id,
        index,
        STATE.validate_json(state),
        failures,
        memory_gb,
        _options(options),
        held_by,
        ask_gb,
        _NO_CARDS if avoid == "[]" else frozenset(json.loads(avoid)),
        attempt or 0,
        log_path,
    )


@lru_cache
def _options(text: str) -> Options:
    """Thousands of tasks have the same."""
    return OPTIONS.validate_json(text)


def _attempt(row: tuple[Any, ...]) -> AttemptRecord:
    key, (number, attempt, *cards, memory_gb), rest = TaskKey(row[0], row[1]), row[2:8], row[8:13]
    gpu_ids, gpu_uuids, leases = (tuple(json.loads(text)) for text in cards)
    return AttemptRecord(key, number, attempt, gpu_ids, gpu_uuids, leases, memory_gb, *rest)


def _spec(row: tuple[Any, ...]) -> TaskSpec:
    queue_id, commands, gpus, memory_gb, options = row[13:]
    return TaskSpec(queue_id, commands, gpus, memory_gb, _options(options))
