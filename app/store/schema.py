"""The tables of history.db, and opening it."""

import os
import sqlite3
import time
from pathlib import Path

from app.model.faults import GpulaneError

SCHEMA = 1  #: in user_version
BUSY_SECONDS = 4.0  #: how long another scheduler's transaction is waited for; one takes about 1 ms

TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    command_file TEXT NOT NULL,
    mode TEXT NOT NULL,
    uid INTEGER NOT NULL,
    config_index INTEGER,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    simulated INTEGER NOT NULL,   -- 1: on simulated GPUs
    started_at REAL NOT NULL,
    finished_at REAL,
    exit INTEGER
);
CREATE INDEX runs_by_file ON runs (command_file, uid, mode, simulated);

CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES runs,
    digest TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    queue_id INTEGER NOT NULL,
    idx INTEGER,                  -- place in its queue; NULL: gone from the file
    name TEXT,
    commands TEXT NOT NULL,
    gpus INTEGER NOT NULL,
    memory_gb REAL,               -- as the file says; NULL: whole cards
    options TEXT NOT NULL,        -- JSON, as the tasks' other JSON columns
    planned_at REAL NOT NULL,
    status TEXT NOT NULL,
    state TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    ask_gb REAL,
    avoid TEXT NOT NULL DEFAULT '[]',
    held_by TEXT,                 -- who wants it held: file, or a user
    UNIQUE (run_id, digest, occurrence)
);

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES runs,
    task_id INTEGER NOT NULL REFERENCES tasks,
    number INTEGER NOT NULL,      -- of the run
    attempt INTEGER NOT NULL,     -- of the task
    memory_gb REAL,               -- asked, per GPU
    peak_memory_gb REAL,          -- per GPU: the most seen in use on any one card
    gpu_ids TEXT NOT NULL,
    gpu_uuids TEXT NOT NULL,
    leases TEXT NOT NULL,
    log_path TEXT NOT NULL,
    terminal TEXT NOT NULL,
    session_name TEXT,
    boot_id TEXT NOT NULL,
    recorded_at REAL NOT NULL,
    pid INTEGER,
    start INTEGER,
    started_at REAL,
    ended_at REAL,
    status INTEGER,
    cause TEXT,
    UNIQUE (run_id, number)
);
CREATE INDEX attempts_open ON attempts (run_id) WHERE ended_at IS NULL;

CREATE TABLE transitions (
    id INTEGER PRIMARY KEY,
    task_id INTEGER NOT NULL REFERENCES tasks,
    at REAL NOT NULL,
    "from" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    cause TEXT
);
CREATE INDEX transitions_by_task ON transitions (task_id);
"""


class HistoryError(GpulaneError):
    """History can't be read or written now. Nothing was half-written; trying again may help."""


class NewerHistory(GpulaneError):
    """history.db was written by a newer gpulane."""

    def __init__(self, path: Path, version: int) -> None:
        super().__init__(
            f"{path} has version {version}, and this gpulane knows versions up to {SCHEMA}: "
            "it was written by a newer one; update this checkout, or set GPULANE_HOME to another folder"
        )


def explained(path: Path, error: sqlite3.Error | OSError) -> HistoryError:
    """The sentence for what went wrong with the database at `path`."""
    text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    hints = {
        "disk is full": "free some space there",
        "locked": "another process has kept it locked; is a scheduler stopped with SIGSTOP?",
        "readonly": "it has to be yours and writable, and so have its -wal and -shm files and its folder",
        "unable to open": "its folder has to be yours and writable",
        "not a database": "move it away, and a new one is made",
        "malformed": "it is damaged: move it away, and a new one is made",
        "no such column": "it is of a version that was never released: move it away, and a new one is made",
    }
    hint = next((hint for word, hint in hints.items() if word in text), "")
    return HistoryError(f"{path}: {text}" + (f"; {hint}" if hint else ""))


def connect(path: Path) -> sqlite3.Connection:
    """Open the database for writing, and make it (0600) if need be. Raises HistoryError, NewerHistory."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The -wal and -shm take its mode. Where it is there already, closing it would drop the locks of this
        # process's other connections.
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise explained(path, error) from error
    try:
        refuse_newer(path, connection)
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        _make_tables(connection)
    except sqlite3.Error as error:
        connection.close()
        raise explained(path, error) from error
    except NewerHistory:
        connection.close()
        raise
    return connection


def refuse_newer(path: Path, connection: sqlite3.Connection) -> int:
    """The database's version. Raises NewerHistory, sqlite3.Error."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA:
        raise NewerHistory(path, version)
    return version


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switching to WAL needs the file alone; while others open it, it fails at once whatever the timeout."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _make_tables(connection: sqlite3.Connection) -> None:
    """In one transaction, and once, however many schedulers start now."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
