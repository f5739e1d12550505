"""How long a task takes, as far as history has seen it."""

import contextlib
import sqlite3
import statistics
from pathlib import Path

LEAST = 3
"""Attempts that went well, before anything is said of the next."""

LIKE = """SELECT ended_at - started_at FROM attempts JOIN tasks ON tasks.id = attempts.task_id
    WHERE digest = ? AND attempts.status = 0 AND started_at IS NOT NULL ORDER BY attempts.id DESC LIMIT 20"""


def usual_seconds(history: Path, digest: str) -> float | None:
    """The median of the last attempts that went well with the same script, environment and GPU count; None:
    there were too few, or history can't be read."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_reading(history)) as connection:
        times = [row[0] for row in connection.execute(LIKE, (digest,))]
        return statistics.median(times) if len(times) >= LEAST else None
    return None


def _reading(history: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{history.as_uri()}?mode=ro", uri=True, timeout=1)
