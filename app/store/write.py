"""Records into rows: one transaction each time, all or nothing."""

import functools
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter

from app.model.records import (
    AttemptEnded,
    AttemptLaunched,
    AttemptRecorded,
    HeldBy,
    Moved,
    Record,
    RunFinished,
    RunResumed,
    RunStarted,
    TasksPlanned,
)
from app.model.state import Cause, Held, Pending, TaskState
from app.model.task import Options, Planned
from app.store.schema import HistoryError, connect, explained

STATE: TypeAdapter[TaskState] = TypeAdapter(TaskState)
CAUSE: TypeAdapter[Cause] = TypeAdapter(Cause)
OPTIONS: TypeAdapter[Options] = TypeAdapter(Options)

_TASK = "run_id = ? AND digest = ? AND occurrence = ?"

RUN_STARTED = """INSERT INTO runs (name, command_file, mode, uid, config_index, host, boot_id, simulated,
    started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# Under SET a bare column is the row as it was. A new declaration outranks what a failure taught.
PLANNED = """INSERT INTO tasks (run_id, digest, occurrence, queue_id, idx, name, commands, gpus, memory_gb,
        options, planned_at, status, state, ask_gb, held_by)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET queue_id = excluded.queue_id, idx = excluded.idx, name = excluded.name,
        memory_gb = excluded.memory_gb, options = excluded.options,
        ask_gb = CASE WHEN memory_gb IS excluded.memory_gb THEN ask_gb ELSE excluded.memory_gb END,
        avoid = CASE WHEN memory_gb IS excluded.memory_gb THEN avoid ELSE '[]' END"""
LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = 'tasks'"
LAST_ID_IS = """UPDATE sqlite_sequence SET seq = max(?, coalesce((SELECT max(id) FROM tasks), 0))
    WHERE name = 'tasks'"""
REMOVED = f"UPDATE tasks SET idx = NULL WHERE {_TASK}"
MOVED = f"UPDATE tasks SET status = ?, state = ?, failures = ?, ask_gb = ?, avoid = ? WHERE {_TASK}"
HELD_BY = f"UPDATE tasks SET held_by = ? WHERE {_TASK}"
TRANSITION = f"""INSERT INTO transitions (task_id, at, "from", "to", cause)
    SELECT id, ?, ?, ?, ? FROM tasks WHERE {_TASK}"""
ATTEMPT = f"""INSERT INTO attempts (run_id, task_id, number, attempt, memory_gb, gpu_ids, gpu_uuids, leases,
        log_path, terminal, session_name, boot_id, recorded_at)
    SELECT run_id, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM tasks WHERE {_TASK}"""
LAUNCHED = "UPDATE attempts SET pid = ?, start = ?, started_at = ? WHERE run_id = ? AND number = ?"
ENDED = """UPDATE attempts SET started_at = coalesce(?, started_at), ended_at = ?, status = ?,
    peak_memory_gb = ?, cause = ? WHERE run_id = ? AND number = ?"""
FINISHED = "UPDATE runs SET finished_at = ?, exit = ? WHERE id = ?"


class Writer:
    """The writing connection. Belongs to the thread that makes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path)
        self._file = _identity(path)
        self._execute = self._connection.execute
        self._run_id: int | None = None  #: the run that records belong to

    def write(self, records: Sequence[Record]) -> None:
        """Commit all or nothing. Raises HistoryError; LookupError for a task or attempt that was never
        planned or recorded."""
        before = self._run_id
        if _identity(self._path) != self._file:  # SQLite would go on writing to a file that nobody can read
            raise HistoryError(f"{self._path} was removed or replaced while its scheduler runs; put it back")
        try:
            self._execute("BEGIN IMMEDIATE")
            for record in records:
                self._one(record)
            self._execute("COMMIT")
        except BaseException as error:
            self._run_id = before
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):
                    self._execute("ROLLBACK")
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
                raise explained(self._path, error) from error
            raise

    def close(self) -> None:
        self._connection.close()

    def _one(self, record: Record) -> None:
        match record:
            case Moved():
                self._moved(record)
            case AttemptRecorded():
                self._recorded(record)
            case AttemptLaunched(number, pid, start, at):
                self._change(LAUNCHED, (pid, start, at, self._run_id, number), record)
            case AttemptEnded(number, started_at, ended_at, status, peak, cause):
                facts = (started_at, ended_at, status, peak, _cause(cause), self._run_id, number)
                self._change(ENDED, facts, record)
            case HeldBy(key, by):
                self._change(HELD_BY, (by, self._run_id, key.digest, key.occurrence), record)
            case TasksPlanned():
                self._planned(record)
            case RunStarted():
                self._started(record)
            case RunResumed(run_id, boot_id):
                self._run_id = run_id
                self._change("UPDATE runs SET boot_id = ? WHERE id = ?", (boot_id, run_id), record)
            case RunFinished(at, code):
                self._change(FINISHED, (at, code, self._run_id), record)

    def _change(self, statement: str, values: tuple[object, ...], record: Record) -> None:
        """A statement that has to change exactly one row."""
        if self._execute(statement, values).rowcount != 1:
            raise LookupError(f"history knows nothing that this could be about: {record}")

    def _started(self, record: RunStarted) -> None:
        values = (record.name, record.command_file, record.mode, record.uid, record.config_index)
        where = (record.host, record.boot_id, record.simulated)
        cursor = self._execute(RUN_STARTED, (*values, *where, record.started_at))
        self._run_id = cursor.lastrowid

    def _planned(self, record: TasksPlanned) -> None:
        last = self._connection.execute(LAST_ID).fetchone()
        self._connection.executemany(PLANNED, self._rows(record))
        # Those that were there already (they come last) took new ids for nothing, and users type them: each
        # resume would cost as many as the file has tasks.
        self._connection.execute(LAST_ID_IS, last or (0,))
        gone = ((self._run_id, key.digest, key.occurrence) for key in record.removed)
        self._connection.executemany(REMOVED, gone)

    def _rows(self, record: TasksPlanned) -> Iterator[tuple[object, ...]]:
        pending, held = (_state(Pending(record.at)), _state(Held(record.at, "file")))
        for task in record.tasks:
            status, state = ("held", held) if task.spec.options.hold else ("pending", pending)
            held_by = "file" if task.spec.options.hold else None
            yield (self._run_id, *_place(task), record.at, status, state, task.spec.memory_gb, held_by)

    def _moved(self, record: Moved) -> None:
        task = (self._run_id, record.key.digest, record.key.occurrence)
        state, avoid = _state(record.state), json.dumps(sorted(record.avoid))
        facts = (record.state.status, state, record.failures, record.ask_gb, avoid)
        self._change(MOVED, (*facts, *task), record)
        step = (record.at, record.old, record.state.status, _cause(record.cause))
        self._change(TRANSITION, (*step, *task), record)

    def _recorded(self, record: AttemptRecorded) -> None:
        made = record.record
        cards = map(json.dumps, (made.gpu_ids, made.gpu_uuids, made.leases))
        place = (made.log_path, made.terminal, made.session_name, made.boot_id, made.started_at)
        values = (made.number, made.attempt, made.memory_gb, *cards, *place)
        self._change(ATTEMPT, (*values, self._run_id, made.key.digest, made.key.occurrence), record)


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file there; None: there is none."""
    try:
        info = os.stat(path)  # noqa: PTH116 - at every commit
    except OSError:
        return None
    return info.st_dev, info.st_ino


def _place(task: Planned) -> tuple[object, ...]:
    spec = task.spec
    name, options = spec.options.name, _options(spec.options)
    place = (task.key.digest, task.key.occurrence, spec.queue_id, task.index)
    return (*place, name, spec.script, spec.gpus, spec.memory_gb, options)


@functools.lru_cache(maxsize=1024)
def _options(options: Options) -> str:
    return OPTIONS.dump_json(options).decode()


def _state(state: TaskState) -> str:
    return STATE.dump_json(state).decode()


def _cause(cause: Cause | None) -> str | None:
    return None if cause is None else CAUSE.dump_json(cause).decode()
