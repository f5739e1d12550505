"""Attempts of all tasks in the order that is asked for, a page at a time. Reads only; see `past`."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.store.past import (
    ATTEMPT,
    ENDED_SO,
    ITS_WAIT,
    ON_GPU,
    TASK,
    WAITED,
    WAITED_IN_ALL,
    WHICH,
    PastTask,
    Sort,
    Wanted,
    ids,
    read_attempt,
    read_task,
    rows,
)

BY: dict[str, str] = {
    "ended": "coalesce(ended_at, recorded_at)",
    "ran": """CASE WHEN json_extract(cause, '$.kind') IS NOT 'lost'
        THEN ended_at - attempts.started_at END""",
    "waited": "coalesce(waits.waited, 0.0)",
    "peak": "CASE WHEN gpus > 0 THEN peak_memory_gb END",
}
"""None comes last either way."""
JOINED_WAITS = f"""LEFT JOIN (SELECT task_id, {WAITED_IN_ALL} GROUP BY task_id) AS waits
    ON waits.task_id = tasks.id"""
OF = WHICH.replace("run_id =", "tasks.run_id =")
HAS = "tasks.id IN (SELECT task_id FROM attempts WHERE"
SORTED = f"""SELECT attempts.id, attempts.task_id, {{value}} AS value
    FROM attempts JOIN tasks ON tasks.id = attempts.task_id JOIN runs ON runs.id = tasks.run_id {{more}}
    WHERE {OF} AND {ENDED_SO} AND {ON_GPU}
        AND (:since IS NULL OR {HAS} coalesce(ended_at, 1e12) >= :since))
        AND (:until IS NULL OR {HAS} recorded_at <= :until))
        AND (:waited_from IS NULL OR {ITS_WAIT} >= :waited_from)
        AND (:waited_below IS NULL OR {ITS_WAIT} < :waited_below)
        AND (:before_id IS NULL OR CASE WHEN :before_at IS NULL THEN value IS NULL
            ELSE value IS NULL OR value {{past}} :before_at OR value = :before_at END
            AND (value IS NOT :before_at OR attempts.id < :before_id))
    ORDER BY value IS NULL, value {{direction}}, attempts.id DESC LIMIT :limit"""
TASKS = f"SELECT {TASK} WHERE tasks.id IN (SELECT value FROM json_each(?))"
ATTEMPTS = f"SELECT id, {ATTEMPT} WHERE id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of a list in order."""

    id: int  #: of the attempt, or of the task where those are listed
    value: float | None  #: that it stands there by
    task: PastTask  #: with the attempts that are listed here


def attempts(past: sqlite3.Connection, wanted: Wanted, sort: Sort) -> list[Placed]:
    """Of the tasks that are `wanted` those attempts that are; equal ones the newest first, and last those of
    which nothing is known."""
    by, most = sort.removeprefix("-"), sort.startswith("-")
    query = SORTED.format(
        value=BY[by],
        more=JOINED_WAITS if by == "waited" else "",
        past="<" if most else ">",
        direction="DESC" if most else "ASC",
    )
    found = past.execute(query, asdict(wanted)).fetchall()
    return _whole(past, found)


def _whole(past: sqlite3.Connection, found: Sequence[tuple[int, int, float | None]]) -> list[Placed]:
    """Attempt, task, value: with all that is known of them."""
    of_attempts, of_tasks = ids(id_ for id_, _, _ in found), ids({task for _, task, _ in found})
    attempts: dict[int, dict[str, Any]] = {row.pop("id"): row for row in rows(past, ATTEMPTS, (of_attempts,))}
    tasks = {row["id"]: row for row in rows(past, TASKS, (of_tasks,))}
    waited = dict(past.execute(WAITED, (of_tasks,)).fetchall())
    return [
        Placed(id_, value, read_task(dict(tasks[task]), waited[task], (read_attempt(attempts[id_]),)))
        for id_, task, value in found
    ]
