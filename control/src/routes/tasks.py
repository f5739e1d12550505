"""Submitted tasks: commands without a command file of one's own."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.model.state import FINISHED, Status
from app.store.lasting import KeptTask, attempts_of
from control.src.console import Console, TheConsole, TheLogin
from control.src.logs.models import MOST_BYTES
from control.src.logs.parts import behind
from control.src.submitted import submitting, tasks
from control.src.submitted.models import (
    LARGEST,
    Health,
    Raw,
    TaskCancelled,
    TaskCounts,
    TaskCreate,
    TaskCreated,
    TaskDetail,
    TaskLogResponse,
    TaskStatus,
    TaskSummary,
)
from control.src.submitted.tasks import Live, Sort, Wanted
from control.src.web.problems import Refused
from control.src.which_log import reading

router = APIRouter(tags=["tasks"])

SOON = 2.0
"""Seconds that a cancelled task may take until its answer says so."""

SORTED = (
    "by id, when they were created, how long they took or what memory they declare; `-`: the most first. "
    "Equal ones come newest first, and last those that have none"
)

Id = Annotated[int, Path(ge=1, le=LARGEST, description="that history gives a task")]


@router.get("/api/health")
async def health() -> Health:
    """Whether the console answers who is logged in."""
    return Health()


@router.get("/api/tasks", response_model=list[TaskSummary])
def list_tasks(
    console: TheConsole,
    response: Response,
    status: Annotated[TaskStatus | None, Query(description="in one word")] = None,
    state: Annotated[Status | None, Query(description="more exactly")] = None,
    search: Annotated[
        str | None, Query(max_length=200, description="an id, or a part of name or commands")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="at most so many")] = 100,
    sort: Annotated[Sort, Query(description=SORTED)] = "-id",
    before: Annotated[
        int | None, Query(ge=1, le=LARGEST, description="an id: what comes after that one")
    ] = None,
) -> list[Raw]:
    """What was submitted. The header X-Total-Count says how many there are on all pages."""
    wanted = Wanted(status, state, search or None, sort, before, limit)
    found, total = tasks.listed(console.home(), Live(console.states), wanted)
    response.headers["X-Total-Count"] = str(total)
    return found


@router.get("/api/tasks/counts", response_model=TaskCounts)
def count_tasks(console: TheConsole) -> Raw:
    """How many of the submitted are in which state."""
    return tasks.counts(console.home(), Live(console.states))


@router.post("/api/tasks", status_code=201, response_model=TaskCreated)
async def create_task(request: Request, given: TaskCreate, console: TheConsole) -> Raw:
    """Submit a script to the line of those submitted before; its scheduler is started if it is not there."""
    request.state.what = f"submit {given.name or given.command[:100]}"
    done = await run_in_threadpool(submitting.make, console.home(), given)
    if done.started:
        console.children.add(done.pid)
    await console.states.look()
    found = await run_in_threadpool(_detail, console, done.task.id)
    how = f"; its scheduler was started (pid {done.pid})" if done.started else ""
    return {
        **found,
        "said": f"task {done.task.id} is submitted, {done.where}{how}",
        "scheduler_started": done.started,
    }


@router.get("/api/tasks/{id}", response_model=TaskDetail)
def task_detail(id: Id, console: TheConsole) -> Raw:
    """All about one of history's tasks: what it asks for, where it ran, how it ended."""
    return _detail(console, id)


@router.get("/api/tasks/{id}/logs")
def task_logs(
    id: Id,
    console: TheConsole,
    who: TheLogin,
    tail: Annotated[int, Query(ge=1, le=10_000, description="lines")] = 100,
    attempt: Annotated[int | None, Query(ge=1, le=LARGEST, description="else the last one")] = None,
) -> TaskLogResponse:
    """The end of the log of an attempt."""
    home = console.home()
    task = tasks.kept(home, id)
    attempts = attempts_of(home.history, id)
    found = [one for one in attempts if attempt in (None, one.attempt)]
    if attempt is not None and not found:
        raise Refused(404, "no-attempt", f"task {task.id} has no attempt {attempt}")
    if not found:
        return TaskLogResponse(task_id=id, lines=[], truncated=False, log_path=None, attempt=None)
    path = found[-1].log_path
    with reading(console, path, who) as file:
        part = behind(file.fd, file.size, MOST_BYTES, tail)
    return TaskLogResponse(
        task_id=id,
        lines=part.text.removesuffix("\n").split("\n") if part.text else [],
        truncated=part.start > 0,
        log_path=path,
        attempt=found[-1].attempt,
    )


@router.post("/api/tasks/{id}/cancel", response_model=TaskCancelled)
async def cancel_task(request: Request, id: Id, console: TheConsole) -> Raw:
    """It does not run any more: one that runs is ended with its whole process tree. The answer waits up to 2
    seconds for that; `task` is as it is then."""
    home = console.home()
    task = await run_in_threadpool(tasks.kept, home, id)
    request.state.what = f"cancel {_called(task)}"
    answer = await run_in_threadpool(submitting.cancel, home, console.states, console.asking, task)
    found = await _ended(console, id)
    return {"changed": answer["changed"], "said": answer["said"], "task": found}


async def _ended(console: Console, id_: int) -> Raw:
    """A cancelled task, once its scheduler's state says so; as it is, if that takes long."""
    until = time.monotonic() + SOON
    while True:
        await console.states.look()
        found = await run_in_threadpool(_detail, console, id_)
        if found["state"] in FINISHED or time.monotonic() > until:
            return found
        await asyncio.sleep(0.05)


def _called(task: KeptTask) -> str:
    name = task.spec.options.name
    return f"{task.label} ({name})" if name else task.label


def _detail(console: Console, id_: int) -> Raw:
    home = console.home()
    task = tasks.kept(home, id_)
    return tasks.detail(home, task, Live(console.states)(task.run, str(task.key)))
