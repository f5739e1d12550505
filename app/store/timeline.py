"""What ran, waited and was held in a span of time: as bars, for a picture. Reads only; see `past`."""

import functools
import json
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from app.model.state import Cause, error_text
from app.store.past import LAST, NO_END, end_word, rows
from app.store.waits import OPEN_RUNS
from app.store.write import CAUSE

SHOWN = ("waiting", "held", "backoff")
"""The states that a queue's lane shows beside its attempts."""

IDLE = ", ".join(f"'{status}'" for status in SHOWN)
BEGAN = "coalesce(started_at, recorded_at)"
WITHIN = f"{BEGAN} < :until AND coalesce(ended_at, 1e12) > :since"
COUNT = f"SELECT count(*) FROM attempts WHERE {WITHIN}"
# The shortest are those that no picture shows. Of one that has no end, and does not run, nobody knows where
# it would lie but its begin.
CHOSEN = f"""SELECT id, task_id FROM attempts
    WHERE {WITHIN} AND (ended_at IS NOT NULL OR {BEGAN} >= :since OR runs(log_path))
    ORDER BY min(coalesce(ended_at, 1e12), :until) - max({BEGAN}, :since) DESC, id DESC LIMIT :most"""
THESE = "SELECT value FROM json_each(?)"
BARS = f"""SELECT json_group_array(json_object('task', task_id, 'attempt', attempt, 'number', number,
        'start', began, 'end', ended_at, 'how', how(ended_at, cause, log_path), 'exit_code', status,
        'error', error(cause), 'cause', json(cause), 'gpu_ids', json(gpu_ids), 'gpu_uuids', json(gpu_uuids),
        'asked_gb', memory_gb, 'peak_gb', peak_memory_gb, 'log_path', log_path))
    FROM (SELECT *, {BEGAN} AS began FROM attempts WHERE id IN ({THESE}) ORDER BY began)"""
CARDS = f"SELECT DISTINCT gpu_uuids, gpu_ids FROM attempts WHERE id IN ({THESE})"
LENGTH = "min(coalesce(ended, :until), :until) - max(began, :since)"
# Of a run that nobody runs what waits waits no more: its scheduler was last seen then, or did something last.
OVER = f"""CASE WHEN lives(name) THEN NULL ELSE coalesce(last_seen(name), max({LAST}, coalesce((SELECT max(at)
    FROM transitions JOIN tasks ON tasks.id = task_id WHERE run_id = runs.id), 0))) END"""
# What was left within the window or after it, since it was entered or planned; and what is still so.
SPANS = f"""FROM (SELECT task_id, "from" AS state, at AS ended, coalesce((SELECT at FROM transitions AS entry
            WHERE entry.task_id = moved.task_id AND entry.id < moved.id ORDER BY entry.id DESC LIMIT 1),
            planned_at) AS began
        FROM transitions AS moved JOIN tasks ON tasks.id = task_id WHERE "from" IN ({IDLE}) AND at > :since
        UNION ALL SELECT tasks.id, status, over, coalesce((SELECT at FROM transitions AS entry
            WHERE entry.task_id = tasks.id ORDER BY entry.id DESC LIMIT 1), planned_at)
        FROM tasks JOIN going ON going.id = run_id WHERE status IN ({IDLE}))
    WHERE began < :until AND {LENGTH} >= :shortest"""
GOING = f"WITH going AS MATERIALIZED (SELECT id, {OVER} AS over FROM runs WHERE id IN ({OPEN_RUNS}))"
LONGEST = f"{GOING} SELECT task_id, state, began, ended {SPANS} ORDER BY {LENGTH} DESC LIMIT :most"
OWNERS = f"""SELECT json_group_array(json_object('id', tasks.id, 'name', tasks.name,
        'key', digest || '-' || occurrence, 'run', runs.name, 'status', status,
        'task', queue_id || '/' || coalesce(idx, '-'), 'command_file', command_file, 'mode', mode,
        'configuration', config_index, 'queue_id', queue_id,
        'queue_name', json_extract(options, '$.queue_name'), 'gpu_count', gpus, 'memory_gb', memory_gb,
        'scheduler', pid(runs.name)))
    FROM tasks JOIN runs ON runs.id = run_id WHERE tasks.id IN ({THESE})"""
LANES = f"""SELECT command_file, mode, max(config_index) AS configuration, queue_id,
        max(json_extract(options, '$.queue_name')) AS queue_name
    FROM tasks JOIN runs ON runs.id = run_id WHERE tasks.id IN ({THESE})
    GROUP BY command_file, mode, queue_id ORDER BY command_file, queue_id"""
UNFINISHED = f"""SELECT runs.name, digest || '-' || occurrence, tasks.id
    FROM tasks JOIN runs ON runs.id = run_id
    WHERE run_id IN ({OPEN_RUNS}) AND status NOT IN ('completed', 'failed', 'cancelled', 'skipped')"""


class Span(NamedTuple):
    """A task that did not run."""

    task: int  #: its id
    state: str
    start: float
    end: float | None  #: None: it is still so


@dataclass(frozen=True, slots=True)
class Window:
    since: float
    until: float
    most: int  #: of bars, and of spans
    shortest: float  #: seconds; what is shorter of the spans is left out
    uid: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Attempts, the longest of the window."""

    ids: list[int]
    tasks: set[int]
    total: int  #: that there are in it


@dataclass(frozen=True, slots=True)
class Runs:
    """What their schedulers say, by the run's name."""

    pids: Mapping[str, int]
    living: Collection[str]  #: those that may go on
    last_seen: Mapping[str, float]  #: when, of the others


def teach(past: sqlite3.Connection, is_running: Callable[[str], bool], runs: Runs) -> None:
    """What the statements ask: whether the attempt with this log runs, and of a run its scheduler."""

    def how(ended_at: float | None, cause: str | None, log_path: str) -> str:
        if ended_at is None:
            return "running" if is_running(log_path) else NO_END
        return end_word(cause_of(cause) if cause else None)

    past.create_function("runs", 1, is_running)
    past.create_function("how", 3, how)
    past.create_function("error", 1, lambda cause: error_text(cause_of(cause)) if cause else None)
    past.create_function("pid", 1, runs.pids.get)
    past.create_function("lives", 1, runs.living.__contains__)
    past.create_function("last_seen", 1, runs.last_seen.get)


def bars(past: sqlite3.Connection, window: Window) -> Bars:
    values = asdict(window)
    found = past.execute(CHOSEN, values).fetchall()
    total = len(found) if len(found) < window.most else past.execute(COUNT, values).fetchone()[0]
    return Bars([id_ for id_, _ in found], {task for _, task in found}, total)


def bars_json(past: sqlite3.Connection, found: Bars) -> str:
    """By their begin."""
    return _text(past, BARS, found.ids)


def owners_json(past: sqlite3.Connection, tasks: Collection[int]) -> str:
    """Whose bars they are."""
    return _text(past, OWNERS, tasks)


def cards(past: sqlite3.Connection, found: Bars) -> dict[str, str]:
    """On which they ran: uuid to index."""
    rows = past.execute(CARDS, (json.dumps(found.ids),))
    return {
        uuid: index
        for uuids, indices in rows
        for uuid, index in zip(json.loads(uuids), json.loads(indices), strict=False)
    }


def lanes(past: sqlite3.Connection, tasks: Collection[int]) -> list[dict[str, Any]]:
    """Their queues."""
    return list(rows(past, LANES, (json.dumps(sorted(tasks)),)))


def spans(past: sqlite3.Connection, window: Window) -> tuple[list[Span], int]:
    """The longest of what waited, was held, or had a backoff, and how many are no shorter than asked."""
    values = asdict(window)
    found = sorted(map(Span._make, past.execute(LONGEST, values)), key=lambda span: span.start)
    if len(found) < window.most:
        return found, len(found)
    return found, past.execute(f"{GOING} SELECT count(*) {SPANS}", values).fetchone()[0]


def unfinished(past: sqlite3.Connection, uid: int) -> dict[tuple[str, str], int]:
    """Run and key to id."""
    return {(run, key): id_ for run, key, id_ in past.execute(UNFINISHED, {"uid": uid})}


@functools.lru_cache(maxsize=4096)
def cause_of(text: str) -> Cause:
    """Of a bar."""
    return CAUSE.validate_json(text)


def _text(past: sqlite3.Connection, query: str, ids: Collection[int]) -> str:
    text: str = past.execute(query, (json.dumps(sorted(ids)),)).fetchone()[0]
    return text
