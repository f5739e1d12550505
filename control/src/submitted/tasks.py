"""Submitted tasks as they are shown, by the ids that last."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pydantic_core import from_json

from app.command_file.values import duration_text
from app.model.paths import Home
from app.model.state import (
    FINISHED,
    Backoff,
    Failed,
    Held,
    Pending,
    Skipped,
    Status,
    TaskState,
    Waiting,
    error_text,
)
from app.model.state import holder as held_by
from app.store.lasting import KeptAttempt, KeptTask, Listed, attempts_of, list_tasks, task_by_id, tasks_by_id
from app.store.write import STATE
from control.src.schedulers.masking import masked
from control.src.schedulers.states import States
from control.src.submitted.models import COARSE, Raw, TaskStatus
from control.src.web.problems import Refused


@dataclass(frozen=True, slots=True)
class Now:
    """A task as its scheduler shows it at the moment."""

    pid: int
    simulate: str | None
    task: Raw | None  #: None: the scheduler's state has no room for it

    @property
    def status(self) -> Status | None:
        found: Status | None = self.task["state"]["status"] if self.task else None
        return found

    @property
    def state(self) -> TaskState | None:
        return STATE.validate_python(self.task["state"]) if self.task else None

    @property
    def estimate(self) -> Raw | None:
        return self.task.get("estimate") if self.task else None


class Live:
    """What living schedulers say of tasks; history may lag behind."""

    def __init__(self, states: States) -> None:
        self._runs = {one.top["run"]: one for one in states.all if one.alive and one.top}
        self._tasks: dict[str, dict[str, bytes]] = {}

    def __call__(self, run: str, key: str) -> Now | None:
        """None: its scheduler does not run."""
        seen = self._runs.get(run)
        if seen is None or seen.top is None:
            return None
        if run not in self._tasks:
            self._tasks[run] = {
                key: task for queue in seen.queues.values() for key, task in queue.tasks.items()
            }
        how, task = seen.top["started_with"], self._tasks[run].get(key)
        return Now(seen.pid, how["simulate"] if how else None, from_json(task) if task else None)


Sort = Literal["id", "-id", "created", "-created", "took", "-took", "memory", "-memory"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the submitted tasks."""

    status: TaskStatus | None = None
    state: str | None = None
    search: str | None = None
    sort: Sort = "-id"
    before: int | None = None  #: an id: what comes after that one
    limit: int = 100


def listed(home: Home, live: Live, wanted: Wanted) -> tuple[list[Raw], int]:
    """A page of summaries, and how many there are on all pages."""
    rows = _in_order(list(_states(home, live, wanted.search, wanted.sort)), wanted.sort)
    found = [
        (one.id, at)
        for at, (one, state) in enumerate(rows)
        if wanted.status in (None, COARSE[state]) and wanted.state in (None, state)
    ]
    begin = _begin([one.id for one, _ in rows], wanted)
    page = [id_ for id_, at in found if at >= begin][: wanted.limit]
    shown = tasks_by_id(home.history, page)
    return [summary(task, last, live(task.run, str(task.key))) for task, last in shown], len(found)


def _begin(ids: list[int], wanted: Wanted) -> int:
    """Where in the order the page begins. The last task of the page before may be filtered out by now, and in
    the order of ids it need not be there any more."""
    before = wanted.before
    if before is None:
        return 0
    is_past = {"-id": before.__gt__, "id": before.__lt__}.get(wanted.sort)
    if is_past:
        return next((at for at, id_ in enumerate(ids) if is_past(id_)), len(ids))
    return ids.index(before) + 1 if before in ids else len(ids)


def _in_order(rows: list[tuple[Listed, Status]], sort: Sort) -> list[tuple[Listed, Status]]:
    """Equal ones newest first, and last those that have nothing to be sorted by."""
    known = [row for row in rows if row[0].value is not None]
    known.sort(key=lambda row: row[0].value or 0.0, reverse=sort.startswith("-"))
    return known + [row for row in rows if row[0].value is None]


def counts(home: Home, live: Live) -> Raw:
    states = Counter(state for _, state in _states(home, live, None, "-id"))
    coarse: Counter[TaskStatus] = Counter()
    for state, number in states.items():
        coarse[COARSE[state]] += number
    return {"total": states.total(), "by_state": states, "by_status": coarse}


def _states(home: Home, live: Live, search: str | None, sort: Sort) -> Iterator[tuple[Listed, Status]]:
    """Newest first."""
    by = sort.removeprefix("-")
    for one in list_tasks(home.history, str(home.submitted), os.getuid(), search, by):
        now = live(one.run, one.key)
        status = (now.status if now else None) or one.status
        if by == "took" and status == "running" and now and now.task:
            yield replace(one, value=time.time() - now.task["state"]["since"]), status
        else:
            yield one, status


def kept(home: Home, id_: int) -> KeptTask:
    """Raises Refused."""
    task = task_by_id(home.history, id_)
    if task is None:
        raise Refused(404, "no-task", f"history knows no task {id_}")
    return task


def summary(task: KeptTask, last: KeptAttempt | None, now: Now | None) -> Raw:
    state = (now.state if now else None) or task.state
    began, ended = _times(state, last)
    return {
        "id": task.id,
        "name": task.spec.options.name,
        "status": COARSE[state.status],
        "state": state.status,
        "reason": reason(state, now is not None),
        "gpu_type": task.spec.options.model,
        "gpu_count": task.spec.gpus,
        "memory_gb": task.spec.memory_gb,
        "created_at": task.created,
        "started_at": began,
        "finished_at": ended,
        "assigned_gpus": getattr(state, "gpu_ids", None) or (last.gpu_ids if last else ()),
        "task": task.label,
        "key": str(task.key),
        "estimate": now.estimate if now else None,
    }


def _times(state: TaskState, last: KeptAttempt | None) -> tuple[float | None, float | None]:
    if state.status == "running":
        return state.since, None
    began = last.started_at if last else None
    if state.status in ("completed", "failed"):
        return state.started_at, state.ended_at
    return began, state.since if state.status in ("cancelled", "skipped") else None


def reason(state: TaskState, lives: bool) -> str | None:
    """Why it does not run, or will not; None: it does, or is done."""
    gone = "" if lives or state.status in FINISHED else "; its scheduler does not run"
    match state:
        case Waiting(reason=why):
            return why if lives else "its scheduler does not run"
        case Pending():
            return "behind others in its queue" if lives else "its scheduler does not run"
        case Held(by=by):
            return f"held by {held_by(by)}{gone}"
        case Backoff(error=error, retry=retry):
            return f"waits for retry {retry} after: {error}{gone}"
        case Failed(error=error):
            return error
        case Skipped(because=because):
            return because
        case _:
            return gone.removeprefix("; ") or None


def detail(home: Home, task: KeptTask, now: Now | None) -> Raw:
    """All about one: what a copy takes, under the same names, and how it went."""
    attempts = attempts_of(home.history, task.id)
    last = attempts[-1] if attempts else None
    state = (now.state if now else None) or task.state
    options = task.spec.options
    error = getattr(state, "error", None) or (error_text(last.cause) if last and last.cause else None)
    return {
        **summary(task, last, now),
        "command": task.spec.script,
        "cwd": options.cwd,
        "retries": options.retries,
        "timeout": None if options.timeout is None else duration_text(options.timeout),
        "priority": options.priority,
        "hold": options.hold,
        "env": masked(options.env),
        "devices": None if options.devices is None else ",".join(options.devices),
        "tmux": options.terminal == "tmux",
        "simulate": now.simulate if now else None,
        "detail": state,
        "exit_code": last.status if last and state.status != "running" else None,
        "error": error,
        "tmux_session": last.session_name if last and state.status == "running" else None,
        "log_path": last.log_path if last else None,
        "attempts": list(map(_attempt, attempts)),
        "run": task.run,
        "command_file": task.command_file,
        "simulated": task.simulated,
        "scheduler": now.pid if now else None,
    }


def _attempt(one: KeptAttempt) -> Raw:
    return {
        "attempt": one.attempt,
        "gpu_ids": one.gpu_ids,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "exit_code": one.status,
        "error": None if one.cause is None else error_text(one.cause),
        "cause": one.cause,
        "peak_memory_gb": one.peak_memory_gb,
        "log_path": one.log_path,
        "tmux_session": one.session_name,
    }
