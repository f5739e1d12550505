"""How long tasks take, as far as history has seen it."""

import sqlite3
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.store.resume import look

LEAST = 3
"""Attempts that went well, before anything is said of the next."""

LIKE = """SELECT ended_at - started_at FROM attempts JOIN tasks ON tasks.id = attempts.task_id
    WHERE digest = ? AND attempts.status = 0 AND started_at IS NOT NULL ORDER BY attempts.id DESC LIMIT 20"""


def usual_seconds(history: Path, digests: Iterable[str]) -> Mapping[str, float]:
    """The median of the last attempts that went well with the same script, environment and GPU count, by
    digest; of those of which there were enough. Raises HistoryError, NewerHistory."""

    def read(connection: sqlite3.Connection) -> dict[str, float]:
        lasted = {digest: [row[0] for row in connection.execute(LIKE, (digest,))] for digest in digests}
        return {digest: statistics.median(times) for digest, times in lasted.items() if len(times) >= LEAST}

    return look(history, read) or {}
