"""What has run."""

import itertools
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.model.state import Status
from app.model.task import Mode
from app.store.past import Ended, Sort, Wanted
from control.src.console import Console, TheConsole
from control.src.past import history
from control.src.past.models import History
from control.src.schedulers.models import ConfigIndex, Time
from control.src.submitted.models import LARGEST

router = APIRouter(tags=["history"])

MOST, MOST_IN_A_SHEET = 1_000, 100_000
SORTED = (
    "attempts by when they ended, how long they ran, how long their task waited for GPUs, or the most memory "
    "in use on any one card; `-`: the most first. Equal ones come newest first, and last those of which it "
    "is not known. Each comes with its task: one that was tried again comes again"
)
Seconds = Annotated[float | None, Query(ge=0, le=1e11, allow_inf_nan=False, description="seconds")]


def wanted(
    console: TheConsole,
    command_file: Annotated[str | None, Query(max_length=4096, description="a path")] = None,
    mode: Annotated[Mode | None, Query(description="with config_index: the file of a configuration")] = None,
    config_index: Annotated[ConfigIndex, Query()] = 0,
    queue: Annotated[int | None, Query(ge=0, le=LARGEST, description="its id")] = None,
    task: Annotated[
        str | None, Query(max_length=500, description="queue/index, its name, or the start of its key")
    ] = None,
    run: Annotated[int | None, Query(ge=0, le=LARGEST, description="its id")] = None,
    status: Annotated[Status | None, Query(description="that its tasks have")] = None,
    failed: Annotated[bool, Query(description="only tasks that failed for good")] = False,
    gpu: Annotated[
        str | None, Query(max_length=20, description="its index: only tasks and attempts that it ran")
    ] = None,
    ended: Annotated[
        Ended | None,
        Query(description="only tasks with attempts that ended so, and of their attempts those"),
    ] = None,
    waited_from: Annotated[
        Seconds, Query(description="seconds for GPUs, all starts of a task together")
    ] = None,
    waited_below: Seconds = None,
    since: Time = None,
    until: Time = None,
    limit: Annotated[
        int | None,
        Query(ge=1, le=MOST_IN_A_SHEET, description=f"of `tasks`; else 100, and at most {MOST} as JSON"),
    ] = None,
    sort: Annotated[Sort | None, Query(description=SORTED)] = None,
    before: Annotated[str | None, Query(max_length=60, description="`next` of the page before")] = None,
) -> Wanted:
    """The filters of a query. Raises Refused, BadInput."""
    at, id_ = history.before(before, sort)
    return Wanted(
        run=run,
        command_file=_path(console, command_file, mode, config_index),
        task=task or None,
        queue=queue,
        failed=failed,
        status=status,
        gpu=gpu or None,
        ended=ended,
        waited_from=waited_from,
        waited_below=waited_below,
        since=since,
        until=until,
        sort=sort,
        before_at=at,
        before_id=id_,
        limit=limit or 0,
    )


def _path(console: Console, given: str | None, mode: Mode | None, index: int) -> str | None:
    """Raises BadInput."""
    home = console.home()
    if given:  # wherever the console was started
        return str(home.resolve(given if given.startswith(("/", "~")) else f"{home.root}/{given}").resolve())
    return str(console.command_file(mode, index)) if mode else None


@router.get(
    "/api/history",
    response_model=History,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def past_tasks(
    request: Request,
    console: TheConsole,
    which: Annotated[Wanted, Depends(wanted)],
    format: Annotated[Literal["json", "csv"] | None, Query(description="csv: a line an attempt")] = None,
    figures: Annotated[bool, Query(description="of queues, devices and memory, over all pages")] = False,
) -> Response | History:
    """Runs, tasks with their attempts, and how durations, waits and memory are spread; as CSV (also with
    `Accept: text/csv`) a line an attempt."""
    home = console.home()
    if format == "csv" or (format is None and request.headers.get("accept", "").startswith("text/csv")):
        sheet = history.sheet(home, which if which.limit else _at_most(which, MOST_IN_A_SHEET))
        parts = itertools.chain([next(sheet)], sheet)  # what is wrong is said before it begins
        name = {"Content-Disposition": 'attachment; filename="history.csv"'}
        return StreamingResponse(parts, media_type="text/csv; charset=utf-8", headers=name)
    return history.page(home, console.states.all, _at_most(which, min(which.limit or 100, MOST)), figures)


def _at_most(which: Wanted, limit: int) -> Wanted:
    return replace(which, limit=limit)
