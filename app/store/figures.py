"""What the past comes to: waits, durations, GPU hours of queues; what tasks declared, and what they used."""

import json
import math
import sqlite3
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.store.past import ENDED_SO, WAITS, Wanted, rows

HEADROOM = 1.1
STEP_GB = 0.5
MARGIN_GB = 0.5
"""What is kept free on a card, unless the settings say otherwise."""

NOTHING_KNOWN: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """A queue of one command file over all its runs. Times in seconds; None: nothing tells it."""

    command_file: str
    queue_id: int
    queue_name: str | None
    tasks: int  #: that have had an attempt
    attempts: int  #: those that run left out
    failed: int  #: attempts; not those that a user killed or a stop ended
    wait_median: float | None  #: for GPUs, of one start
    wait_longest: float | None
    ran_median: float | None  #: of one attempt that has ended
    ran_longest: float | None
    gpu_hours: float  #: of the attempts that have ended, cards times hours


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFigures:
    """Waits for the same cards, of all queues. In seconds, of one start."""

    devices: str  #: indices "0,1"; "auto": any, "cpu": none
    starts: int
    wait_median: float
    wait_longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFigures:
    """A task (equal scripts of one queue are one) over all its runs on real cards. GB per GPU."""

    command_file: str
    queue_id: int
    key: str  #: the digest that equal tasks share
    name: str | None
    commands: str
    declared_gb: float | None  #: by the newest of them; None: whole cards
    measured: int  #: attempts of which the driver told something
    completed: int  #: of these
    peak_median_gb: float
    peak_gb: float
    needed_gb: float  #: the most; of one that ran out of memory: what it had, and what it asked for on top
    suggested_gb: float | None  #: None: whole cards


class _Median:
    def __init__(self) -> None:
        self._values: list[float] = []

    def step(self, value: float | None) -> None:
        if value is not None:
            self._values.append(value)

    def finalize(self) -> float | None:
        return statistics.median(self._values) if self._values else None


WANTED = """(:command_file IS NULL OR command_file = :command_file)
    AND (:run IS NULL OR runs.id = :run) AND (:queue IS NULL OR queue_id = :queue)"""
KIND = "json_extract(cause, '$.kind')"
SINCE = f"(:since IS NULL OR coalesce(ended_at, 1e12) >= :since) AND {ENDED_SO}"
ATTEMPTS = f"""SELECT command_file, queue_id, max(json_extract(options, '$.queue_name')) AS queue_name,
        count(DISTINCT task_id) AS tasks, count(*) - total(runs) AS attempts,
        total(coalesce({KIND} NOT IN ('stopped', 'killed'), 0)) AS failed,
        median(lasted) AS ran_median, max(lasted) AS ran_longest, total(lasted * cards) / 3600 AS gpu_hours
    FROM (SELECT task_id, run_id, cause, json_array_length(gpu_ids) AS cards,
            CASE WHEN {KIND} IS NOT 'lost' THEN ended_at - started_at END AS lasted,
            CASE WHEN ended_at IS NULL THEN runs(log_path) ELSE 0 END AS runs
        FROM attempts WHERE {SINCE})
    JOIN tasks ON tasks.id = task_id JOIN runs ON runs.id = tasks.run_id
    WHERE {WANTED} GROUP BY command_file, queue_id ORDER BY command_file, queue_id"""
RECENT = f"(:since IS NULL OR at >= :since) AND {ENDED_SO}"
ALL = "1"  # a wait that ended lately may have begun before
QUEUE_WAITS = f"""SELECT command_file, queue_id, median(waited) AS wait_median, max(waited) AS wait_longest
    FROM ({WAITS.format(which=ALL)})
    JOIN tasks ON tasks.id = task_id JOIN runs ON runs.id = run_id
    WHERE {RECENT} AND {WANTED} GROUP BY command_file, queue_id"""
DEVICE_WAITS = f"""SELECT CASE WHEN gpus = 0 THEN '"cpu"'
            ELSE coalesce(json_extract(options, '$.devices'), '"auto"') END AS devices,
        count(*) AS starts, median(waited) AS wait_median, max(waited) AS wait_longest
    FROM ({WAITS.format(which=ALL)})
    JOIN tasks ON tasks.id = task_id JOIN runs ON runs.id = run_id
    WHERE {RECENT} AND {WANTED} GROUP BY 1 ORDER BY 1"""
NEEDED = f"""CASE WHEN {KIND} IS 'out_of_memory'
    THEN max(peak_memory_gb, coalesce(json_extract(cause, '$.peak_gb'), 0))
        + coalesce(json_extract(cause, '$.tried_gb'), 0)
    ELSE peak_memory_gb END"""
MEMORY = f"""SELECT used.command_file, used.queue_id, tasks.digest AS key, name, commands,
        memory_gb AS declared_gb, measured, completed, peak_median_gb, peak_gb, needed_gb, ran_on
    FROM (SELECT command_file, queue_id, digest, max(task_id) AS newest, count(*) AS measured,
            total(cause IS NULL AND ended_at IS NOT NULL) AS completed,
            median(peak_memory_gb) AS peak_median_gb, max(peak_memory_gb) AS peak_gb,
            max({NEEDED}) AS needed_gb, max(gpu_uuids) AS ran_on
        FROM attempts JOIN tasks ON tasks.id = task_id JOIN runs ON runs.id = tasks.run_id
        WHERE NOT simulated AND peak_memory_gb > 0 AND gpus > 0 AND {SINCE} AND {WANTED}
        GROUP BY command_file, queue_id, digest) AS used
    JOIN tasks ON tasks.id = newest ORDER BY used.command_file, used.queue_id, idx IS NULL, idx"""


def queues(past: sqlite3.Connection, wanted: Wanted, is_running: Callable[[str], bool]) -> list[QueueFigures]:
    """By command file and queue. `is_running`: of the attempt with this log."""
    _teach_median(past)
    past.create_function("runs", 1, is_running)
    waits = {(row["command_file"], row["queue_id"]): row for row in rows(past, QUEUE_WAITS, wanted)}
    none: dict[str, Any] = {"wait_median": None, "wait_longest": None}
    return [
        QueueFigures(**none | waits.get((row["command_file"], row["queue_id"]), {}) | row)
        for row in map(_whole, rows(past, ATTEMPTS, wanted))
    ]


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    """SQLite's total() gives no whole numbers."""
    return {**row, "attempts": int(row["attempts"]), "failed": int(row["failed"])}


def devices(past: sqlite3.Connection, wanted: Wanted) -> list[DeviceFigures]:
    """By the cards that tasks may have."""
    _teach_median(past)
    return [
        DeviceFigures(**{**row, "devices": _devices(json.loads(row["devices"]))})
        for row in rows(past, DEVICE_WAITS, wanted)
    ]


def _devices(said: str | list[str]) -> str:
    return said if isinstance(said, str) else ",".join(said)


def memory(
    past: sqlite3.Connection, wanted: Wanted, card_gb: Mapping[str, float] = NOTHING_KNOWN
) -> list[MemoryFigures]:
    """By command file, queue and place. Simulated cards tell nothing: a task there uses what it declares.

    `card_gb`: the sizes of the cards that are known, by uuid."""
    _teach_median(past)
    found = []
    for row in rows(past, MEMORY, wanted):
        sizes = [card_gb[uuid] for uuid in json.loads(row.pop("ran_on")) if uuid in card_gb]
        row["completed"] = int(row["completed"])
        found.append(MemoryFigures(**row, suggested_gb=suggested(row["needed_gb"], min(sizes, default=None))))
    return found


def suggested(needed_gb: float, card_gb: float | None = None) -> float | None:
    """What to declare: the most that was needed, a tenth on top, rounded up to half a GB. None: the card,
    the whole of it, as it has no more."""
    gb = math.ceil(round(needed_gb * HEADROOM / STEP_GB, 6)) * STEP_GB
    return None if card_gb is not None and gb > card_gb - MARGIN_GB else gb


def _teach_median(past: sqlite3.Connection) -> None:
    past.create_aggregate("median", 1, _Median)  # type: ignore[arg-type]
