"""What the console remembers: control/logs/console.db, its own. Nothing a scheduler needs is in it."""

import contextlib
import errno
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.model.faults import GpulaneError

SCHEMA = 2

TABLES = """
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,      -- of what the cookie holds
    role TEXT NOT NULL,
    name TEXT NOT NULL,           -- as the audit calls it
    created_at REAL NOT NULL,
    seen_at REAL NOT NULL
);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    login TEXT NOT NULL,
    address TEXT NOT NULL,        -- of the sender
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    what TEXT NOT NULL,
    status INTEGER NOT NULL
);
CREATE TABLE samples (
    uuid TEXT NOT NULL,
    at REAL NOT NULL,
    span REAL NOT NULL,           -- seconds it stands for
    used_gb REAL NOT NULL,        -- means; of what stands for a minute `most` are the maxima in it
    used_most_gb REAL NOT NULL,
    own_gb REAL NOT NULL,         -- by our tasks
    others_gb REAL NOT NULL,      -- by other people
    stray_gb REAL NOT NULL DEFAULT 0, -- by processes of this user that are no task's
    use REAL,
    use_most REAL,
    power_w REAL,
    temperature_c REAL,
    PRIMARY KEY (uuid, at)
) WITHOUT ROWID;
CREATE TABLE cards (
    uuid TEXT PRIMARY KEY,
    idx TEXT NOT NULL,
    name TEXT NOT NULL,
    total_gb REAL NOT NULL,
    simulated INTEGER NOT NULL
);
"""

SINCE_1 = "ALTER TABLE samples ADD COLUMN stray_gb REAL NOT NULL DEFAULT 0;"
"""What a database of schema 1 lacks."""


log = logging.getLogger("gpulane.console")


class DatabaseError(GpulaneError):
    """console.db can't be read or written now."""


class Database:
    """One connection for all threads, one statement at a time: they are small, and few."""

    def __init__(self, path: Path) -> None:
        """Raises DatabaseError."""
        self._path, self._lock = path, threading.Lock()
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._explained(error) from error
            aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
            log.warning("%s is damaged (%s), and was moved to %s", path, error, aside.name)
            self._start_over(aside)

    def _start_over(self, aside: Path) -> None:
        """Raises DatabaseError."""
        try:
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._path.replace(aside)
            self._open()
        except (sqlite3.Error, OSError) as error:
            raise self._explained(error) from error

    def _open(self) -> None:
        """Raises DatabaseError, sqlite3.DatabaseError."""
        path = self._path
        try:
            _make_file(path)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=4)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._make()
        except OSError as error:
            raise self._explained(error) from error

    def _make(self) -> None:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            raise DatabaseError(f"{self._path} was made by a newer gpulane; move it away, or update this one")
        if version < SCHEMA:
            lacking = SINCE_1 if version else TABLES
            self._connection.executescript(f"BEGIN;{lacking}PRAGMA user_version = {SCHEMA};COMMIT;")

    def rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Raises DatabaseError."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._explained(error) from error

    def write(self, *statements: tuple[str, Iterable[Sequence[Any]]]) -> None:
        """All of them or none. Raises DatabaseError."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    for statement, values in statements:
                        self._connection.executemany(statement, values)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._explained(error) from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _explained(self, error: sqlite3.Error | OSError) -> DatabaseError:
        text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        return DatabaseError(f"{self._path}: {text}")


def _make_file(path: Path) -> None:
    """For nobody else to read, if it is not there. Raises OSError.

    One that is there is not opened: closing it again would drop the locks of all connections that this
    process has to it, and whoever else closes it last would remove the -wal that we go on writing to."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    if path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link", str(path))
