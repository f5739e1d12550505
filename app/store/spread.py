"""How durations, waits and memory are spread, of the newest attempts. Reads only; see `past`."""

import sqlite3
from dataclasses import asdict, dataclass

from app.store.past import ENDED_SO, WAITS, WHICH, Wanted

MOST = 20_000
"""Of each that are looked at."""

OF = "FROM attempts JOIN tasks ON tasks.id = task_id JOIN runs ON runs.id = tasks.run_id"
THESE = WHICH.replace("run_id =", "tasks.run_id =")
WITHIN = f"""{THESE} AND (:since IS NULL OR ended_at >= :since)
    AND (:until IS NULL OR attempts.recorded_at <= :until) AND {ENDED_SO}"""
RAN = f"""SELECT ended_at - attempts.started_at {OF}
    WHERE {WITHIN} AND ended_at IS NOT NULL AND attempts.started_at IS NOT NULL
        AND (cause IS NULL OR json_extract(cause, '$.kind') != 'lost')
    ORDER BY attempts.id DESC LIMIT {MOST}"""
USED = f"""SELECT tasks.memory_gb, peak_memory_gb {OF}
    WHERE {WITHIN} AND NOT simulated AND peak_memory_gb > 0 AND gpus > 0
    ORDER BY attempts.id DESC LIMIT {MOST}"""
NEWEST = f"""task_id IN (SELECT tasks.id FROM tasks JOIN runs ON runs.id = run_id
    WHERE {THESE} ORDER BY tasks.id DESC LIMIT {MOST})"""
WAITED = f"""SELECT waited FROM ({WAITS.format(which=NEWEST)})
    WHERE (:since IS NULL OR at >= :since) AND (:until IS NULL OR at <= :until) AND {ENDED_SO}"""


@dataclass(frozen=True, slots=True)
class Spread:
    ran: list[float]  #: seconds, of attempts that have ended
    waited: list[float]  #: seconds for GPUs, of each start
    used: list[tuple[float | None, float]]  #: GB per GPU: declared (None: whole cards), and the peak


def spread(past: sqlite3.Connection, wanted: Wanted) -> Spread:
    """Of what is wanted, whatever page of it. On simulated cards a task uses what it declares: those tell
    nothing of memory."""
    values = asdict(wanted)
    return Spread(
        [row[0] for row in past.execute(RAN, values)],
        [row[0] for row in past.execute(WAITED, values)],
        past.execute(USED, values).fetchall(),
    )
