"""What has run: runs, tasks and attempts, read from history.db as it stands.

The connection can't write, and begins no transaction that a scheduler would wait for (WAL). Times are
wall-clock seconds, memory is GB of 1,024 MiB per GPU.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from app.model.faults import BadInput
from app.model.state import Cause, Status, TaskState, error_text
from app.model.task import Mode
from app.store.schema import BUSY_SECONDS, SCHEMA, HistoryError, explained, refuse_newer
from app.store.write import CAUSE, STATE

SHORTEST_KEY = 4
"""Characters of a task's key that name it."""

NO_END = "no end known"
"""How an attempt has ended that does not run and has none."""

ALL = -1
"""As a limit."""


Ended = Literal["completed", "failed", "cancelled"]
"""How an attempt has ended, in one word of three."""

Sort = Literal["ended", "-ended", "ran", "-ran", "waited", "-waited", "peak", "-peak"]
"""Of attempts: when they ended, how long they ran, how long their task waited for GPUs, the most memory seen
in use on any one card; "-": the most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of them. What is None or False leaves all in."""

    run: int | None = None  #: its id
    command_file: str | None = None  #: real path
    task: str | None = None  #: queue/index, name, or the start of its key
    queue: int | None = None
    failed: bool = False
    attempted: bool = False  #: tasks that have begun at least once
    status: Status | None = None  #: of its tasks
    gpu: str | None = None  #: index: tasks that had attempts there, and of their attempts those
    ended: Ended | None = None  #: tasks with attempts that ended so, and of their attempts those
    waited_from: float | None = None  #: seconds for GPUs, all starts of a task together
    waited_below: float | None = None  #: and less than so many
    since: float | None = None  #: something of it happened since then
    until: float | None = None  #: it had begun by then
    newest_first: bool = False  #: tasks of one run, too
    sort: Sort | None = None  #: of attempts; the order that `sorting` reads them in
    before_at: float | None = None  #: and `before_id`: what comes after this one; by what is sorted
    before_id: int | None = None
    limit: int = ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    id: int
    name: str  #: of its folder under logs/runs/
    command_file: str
    mode: Mode
    simulated: bool
    host: str
    started_at: float
    last_at: float  #: of the last that is known of it
    finished_at: float | None  #: None: it was not finished, or goes on
    exit: int | None
    counts: Mapping[Status, int]  #: its tasks, by status
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAttempt:
    number: int  #: of the run; names its log
    attempt: int  #: of the task
    gpu_ids: tuple[str, ...]
    gpu_uuids: tuple[str, ...]
    asked_gb: float | None  #: None: whole cards
    peak_gb: float | None  #: the most seen in use on any one card
    recorded_at: float
    started_at: float | None
    ended_at: float | None  #: None: it runs, or nobody knows
    status: int | None  #: as the shell gives it
    cause: Cause | None  #: None: it was completed, or has no end
    log_path: str
    boot_id: str
    pid: int | None  #: of its supervisor
    start: int | None  #: /proc/PID/stat field 22

    @property
    def lasted(self) -> float | None:
        """Seconds; None where begin or end are not known. Of a lost one only its discovery is."""
        if self.started_at is None or self.ended_at is None or (self.cause and self.cause.kind == "lost"):
            return None
        return self.ended_at - self.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTask:
    id: int
    run_id: int
    run: str
    command_file: str
    queue_id: int
    index: int | None  #: None: gone from the file
    key: str
    name: str | None
    commands: str
    gpus: int
    declared_gb: float | None  #: None: whole cards
    planned_at: float
    waited: float  #: seconds for GPUs, all its starts together
    state: TaskState
    attempts: tuple[PastAttempt, ...]

    @property
    def begun(self) -> float:
        """Its last attempt; where it had none: when it was planned."""
        return max((each.recorded_at for each in self.attempts), default=self.planned_at)

    @property
    def place(self) -> str:
        return f"{self.queue_id}/{'-' if self.index is None else self.index}"


def end_word(cause: Cause | None) -> str:
    """Of an attempt that has ended."""
    if cause is None:
        return "completed"
    return cause.kind if cause.kind in ("killed", "stopped", "lost", "timeout") else "failed"


@contextlib.contextmanager
def open_past(path: Path) -> Iterator[sqlite3.Connection]:
    """For the calls below: one view of everything, and nothing can be written through it.

    Raises BadInput where there is no history yet, HistoryError, NewerHistory.
    """
    if not path.exists():
        raise BadInput(f"there is no history yet: {path} is made by the first run")
    try:
        uri = f"file:{quote(str(path))}?mode=ro"
        with contextlib.closing(
            sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            if refuse_newer(path, connection) < SCHEMA:
                raise BadInput(f"there is no history yet: {path} is empty")
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        raise explained(path, error) from error
    except ValueError as error:
        raise HistoryError(f"{path}: a row can't be read ({error}); was it edited by hand?") from error


ENDED = """CASE WHEN cause IS NULL THEN 'completed'
    WHEN json_extract(cause, '$.kind') IN ('killed', 'stopped') THEN 'cancelled' ELSE 'failed' END"""
ENDED_SO = f"(:ended IS NULL OR ended_at NOT NULL AND {ENDED} = :ended)"
"""Of attempts, and of the starts in WAITS."""
LAST = """max(started_at, coalesce(finished_at, 0),
    coalesce((SELECT max(coalesce(ended_at, recorded_at)) FROM attempts WHERE run_id = runs.id), 0))"""
RUNS = f"""SELECT id, name, command_file, mode, simulated, host, started_at, {LAST} AS last_at,
        finished_at, exit, (SELECT count(*) FROM attempts WHERE run_id = runs.id) AS attempts
    FROM runs
    WHERE (:run IS NULL OR id = :run) AND (:command_file IS NULL OR command_file = :command_file)
        AND (:since IS NULL OR {LAST} >= :since) AND (:until IS NULL OR started_at <= :until)
        AND (:ended IS NULL OR id IN (SELECT run_id FROM attempts WHERE {ENDED_SO}))
    ORDER BY id DESC LIMIT :limit"""
COUNTS = """SELECT run_id, status, count(*) FROM tasks
    WHERE run_id IN (SELECT value FROM json_each(?)) GROUP BY run_id, status"""
IS_MEANT = f"""(queue_id || '/' || idx = :task OR tasks.name = :task OR (length(:task) >= {SHORTEST_KEY}
    AND substr(digest || '-' || occurrence, 1, length(:task)) = :task))"""
WHICH = f"""(:run IS NULL OR run_id = :run) AND (:command_file IS NULL OR command_file = :command_file)
    AND (:queue IS NULL OR queue_id = :queue) AND (NOT :failed OR tasks.status = 'failed')
    AND (:status IS NULL OR tasks.status = :status) AND (:task IS NULL OR {IS_MEANT})"""
WAITS = """SELECT task_id, at, at - before AS waited, ended_at, cause FROM (
        SELECT task_id, at, "to", lag(at) OVER moves AS before, lag("to") OVER moves AS was,
            lead(at) OVER moves AS ended_at, lead(cause) OVER moves AS cause FROM transitions
        WHERE {which} WINDOW moves AS (PARTITION BY task_id ORDER BY id))
    WHERE "to" = 'running' AND was = 'waiting'"""
# Of a task all that WAITS has, added up: without a window it takes a fourth of the time.
WAITED_IN_ALL = """sum(at - (SELECT CASE "to" WHEN 'waiting' THEN at END FROM transitions AS earlier
    WHERE earlier.task_id = transitions.task_id AND earlier.id < transitions.id ORDER BY id DESC LIMIT 1))
    AS waited FROM transitions WHERE "to" = 'running'"""
ITS_WAIT = f"coalesce((SELECT {WAITED_IN_ALL} AND transitions.task_id = tasks.id), 0.0)"
WAITED = f"SELECT id, {ITS_WAIT} FROM tasks WHERE id IN (SELECT value FROM json_each(?))"
TASK = """tasks.id, run_id, runs.name AS run, command_file, queue_id, idx,
        digest || '-' || occurrence AS key, tasks.name, commands, gpus, memory_gb, planned_at, state
    FROM tasks JOIN runs ON runs.id = run_id"""
ON_GPU = "(:gpu IS NULL OR EXISTS (SELECT 1 FROM json_each(gpu_ids) WHERE value = :gpu))"
"""Of attempts."""
TASKS = f"""SELECT {TASK}
    LEFT JOIN (SELECT task_id, min(recorded_at) AS first, max(recorded_at) AS begun,
            max(coalesce(ended_at, 1e12)) AS ended
        FROM attempts WHERE :run IS NULL OR run_id = :run GROUP BY task_id) AS last ON last.task_id = tasks.id
    WHERE {WHICH} AND (:since IS NULL OR coalesce(ended, planned_at) >= :since)
        AND (:until IS NULL OR coalesce(first, planned_at) <= :until) AND (NOT :attempted OR begun NOT NULL)
        AND (:gpu IS NULL OR tasks.id IN (SELECT task_id FROM attempts WHERE {ON_GPU}))
        AND (:ended IS NULL OR tasks.id IN (SELECT task_id FROM attempts WHERE {ENDED_SO}))
        AND (:waited_from IS NULL OR {ITS_WAIT} >= :waited_from)
        AND (:waited_below IS NULL OR {ITS_WAIT} < :waited_below)
        AND (:before_at IS NULL OR (coalesce(begun, planned_at), tasks.id) < (:before_at, :before_id))
    ORDER BY CASE WHEN :run IS NULL OR :newest_first THEN -coalesce(begun, planned_at) END,
        CASE WHEN :newest_first THEN -tasks.id END, queue_id, idx IS NULL, idx, tasks.id
    LIMIT :limit"""
ATTEMPT = """number, attempt, gpu_ids, gpu_uuids, memory_gb AS asked_gb, peak_memory_gb AS peak_gb,
        recorded_at, started_at, ended_at, status, cause, log_path, boot_id, pid, start FROM attempts"""
ATTEMPTS = f"""SELECT task_id, {ATTEMPT}
    WHERE task_id IN (SELECT value FROM json_each(:ids)) AND {ON_GPU} AND {ENDED_SO}
    ORDER BY run_id, number"""


def runs(past: sqlite3.Connection, wanted: Wanted) -> list[PastRun]:
    """Newest first; of attempts is asked how they ended, and what is `wanted` of tasks is not looked at."""
    found = list(rows(past, RUNS, wanted))
    of_these = ids(row["id"] for row in found)
    counts: dict[int, dict[Status, int]] = {}
    for run_id, status, number in past.execute(COUNTS, (of_these,)):
        counts.setdefault(run_id, {})[status] = number
    return [
        PastRun(**{**row, "simulated": bool(row["simulated"]), "counts": counts.get(row["id"], {})})
        for row in found
    ]


def tasks(past: sqlite3.Connection, wanted: Wanted) -> list[PastTask]:
    """With their attempts: of one run in the file's order, of all those that began last first."""
    found = list(rows(past, TASKS, wanted))
    of_these = ids(row["id"] for row in found)
    attempts: dict[int, list[PastAttempt]] = {}
    for row in rows(past, ATTEMPTS, {"ids": of_these, "gpu": wanted.gpu, "ended": wanted.ended}):
        attempts.setdefault(row.pop("task_id"), []).append(read_attempt(row))
    waited = dict(past.execute(WAITED, (of_these,)).fetchall())
    return [read_task(row, waited[row["id"]], tuple(attempts.get(row["id"], ()))) for row in found]


STARTS = """SELECT queue_id || '/' || coalesce(idx, '-') || coalesce(' (' || tasks.name || ')', ''),
        cause, ended_at
    FROM attempts JOIN tasks ON tasks.id = task_id
    WHERE ended_at >= :since AND tasks.status NOT IN ('completed', 'cancelled', 'failed')
        AND (json_extract(cause, '$.kind') = 'not_launched' OR attempts.status IN (126, 127))
    ORDER BY ended_at DESC LIMIT :limit"""


def start_failures(past: sqlite3.Connection, wanted: Wanted) -> list[tuple[str, str, float]]:
    """Of tasks not done: attempts that could not begin, or whose command was not found. Label, error,
    when; newest first."""
    found = past.execute(STARTS, asdict(wanted))
    return [(label, error_text(CAUSE.validate_json(cause)), at) for label, cause, at in found]


def latest(past: sqlite3.Connection) -> float | None:
    """The latest time that stands anywhere in it; None: nothing does."""
    times = past.execute(
        """SELECT max(at) FROM (SELECT max(max(started_at), max(coalesce(finished_at, 0))) AS at FROM runs
        UNION ALL SELECT max(max(recorded_at), max(coalesce(ended_at, 0))) FROM attempts
        UNION ALL SELECT max(at) FROM transitions)"""
    )
    found: float | None = times.fetchone()[0]
    return found


def known(past: sqlite3.Connection, column: str) -> list[Any]:
    """What there is to choose from: every "command_file", "queue_id" or "tasks.name", newest first."""
    rows = past.execute(
        f"SELECT {column} FROM tasks JOIN runs ON runs.id = run_id WHERE {column} IS NOT NULL "
        "GROUP BY 1 ORDER BY max(tasks.id) DESC"
    )
    return [value for (value,) in rows]


def rows(
    past: sqlite3.Connection, query: str, values: Wanted | tuple[object, ...] | Mapping[str, object]
) -> Iterator[dict[str, Any]]:
    """By the names of the query's columns."""
    cursor = past.execute(query, asdict(values) if isinstance(values, Wanted) else values)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


def ids(found: Iterable[int]) -> str:
    """As json_each takes them."""
    return json.dumps(list(found))


def read_task(row: dict[str, Any], waited: float, attempts: tuple[PastAttempt, ...]) -> PastTask:
    index, declared, state = row.pop("idx"), row.pop("memory_gb"), STATE.validate_json(row.pop("state"))
    return PastTask(**row, index=index, declared_gb=declared, state=state, waited=waited, attempts=attempts)


def read_attempt(row: dict[str, Any]) -> PastAttempt:
    for name in ("gpu_ids", "gpu_uuids"):
        row[name] = tuple(json.loads(row[name]))
    if row["cause"] is not None:
        row["cause"] = CAUSE.validate_json(row["cause"])
    return PastAttempt(**row)
