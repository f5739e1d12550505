"""Logs that are bound to tasks by hand."""

import os
from typing import Annotated

import anyio.from_thread
from fastapi import APIRouter, Query, Request

from app.model.task import Mode
from control.src.console import Console, TheConsole, TheLogin
from control.src.logs.bindings import Binding, now_bound
from control.src.logs.models import Bind, BindingList, Bound
from control.src.logs.opening import Reach, open_log, shown
from control.src.logs.tasks import Tasks, task_at
from control.src.schedulers.models import Said
from control.src.web.problems import Refused
from control.src.web.sessions import Login
from control.src.which_log import IndexQuery, ModeQuery, TheLog, Which, place_of, tasks_of

router = APIRouter(tags=["logs"])


@router.get("/api/log/bindings")
def log_bindings(
    console: TheConsole, who: TheLogin, mode: ModeQuery = None, config_index: IndexQuery = None
) -> BindingList:
    """All logs that were bound to tasks, or those of a mode or a configuration."""
    where, bound = console.reach(), console.bindings.all()
    wanted = [
        each
        for each in bound.values()
        if mode in (None, each.mode) and config_index in (None, each.config_index)
    ]
    paths = frozenset(each.log_path for each in bound.values())
    places = {each: _places(console, *each) for each in {(one.mode, one.config_index) for one in wanted}}
    found = [
        _shown(each, places[each.mode, each.config_index].get(each.key), where, who, paths) for each in wanted
    ]
    found.sort(key=lambda one: (one.mode, one.config_index, one.queue_id, one.process_index, one.key))
    return BindingList(bindings=found, damaged=console.bindings.damaged)


@router.post("/api/log/bind")
def bind_log(
    request: Request,
    which: TheLog,
    console: TheConsole,
    who: TheLogin,
    body: Bind | None = None,
    key: Annotated[str | None, Query(max_length=100, description="the task's as it was seen")] = None,
) -> Said:
    """Bind a log file to a task, in the body or in the query. It need not be there yet, but its folder."""
    asked = _asked(which, body, key)
    path = asked.log_path
    if path is None:
        raise Refused(422, "invalid-request", "log_path: which file is to be bound?")
    mode, index, place = place_of(asked.mode, asked.config_index, asked.queue_id, asked.process_index)
    request.state.what = f"{mode} {index}, task {place[0]}/{place[1]}: {path}"
    found = task_at(tasks_of(console, mode, index), place)
    if asked.key not in (None, str(found)):
        raise Refused(409, "another-task", f"another task stands at {place[0]}/{place[1]} now; look again")
    where = console.reach()
    real = where.find(path, who.role)
    try:
        open_log(where, real, who.role).close()
        missing = ""
    except Refused as refused:
        if refused.kind != "no-log" or not os.path.isdir(real.rpartition("/")[0]):  # noqa: PTH112 - of text
            raise
        missing = ", which is not there yet"
    changed = console.bindings.bind(now_bound(mode, index, place, str(found), real))
    _tell(console, mode, index)
    said = f"the log of {place[0]}/{place[1]} is {shown(real)}{missing}"
    return Said(changed=changed, said=said)


@router.delete("/api/log/bind")
def unbind_log(
    request: Request,
    which: TheLog,
    console: TheConsole,
    body: Bind | None = None,
    key: Annotated[
        str | None, Query(max_length=100, description="the task's, of one that left the file")
    ] = None,
) -> Said:
    """Take a binding away: the task's log is that of its last attempt again. No file is touched."""
    asked = _asked(which, body, key)
    if asked.key is not None and asked.mode is not None:
        mode, index, task = asked.mode, asked.config_index or 0, asked.key
    else:
        mode, index, place = place_of(asked.mode, asked.config_index, asked.queue_id, asked.process_index)
        tasks = tasks_of(console, mode, index)
        task = str(tasks.keys.get(place) or _bound_there(console, mode, index, place, tasks))
    request.state.what = f"{mode} {index}, task {task}"
    changed = console.bindings.unbind((mode, index, task))
    _tell(console, mode, index)
    return Said(changed=changed, said="no log is bound to it now" if changed else "no log was bound to it")


def _asked(which: Which, body: Bind | None, key: str | None) -> Bind:
    """What the body says counts before the query."""
    given = body or Bind()
    names = ("mode", "config_index", "queue_id", "process_index", "log_path")
    query = {name: getattr(which, name) for name in names} | {"key": key}
    said = {name: value for name, value in given.model_dump().items() if value is not None}
    return Bind.model_validate(query | said)


def _bound_there(console: Console, mode: Mode, index: int, place: tuple[int, int], tasks: Tasks) -> str:
    """The key of a task that stood there when its log was bound, and has left the file. Raises Refused."""
    living = {str(key) for key in tasks.keys.values()}
    for each in console.bindings.all().values():
        stood = (each.mode, each.config_index, (each.queue_id, each.process_index))
        if stood == (mode, index, place) and each.key not in living:
            return each.key
    raise Refused(404, "no-task", f"there is no task {place[0]}/{place[1]} in this configuration")


def _places(console: Console, mode: Mode, index: int) -> dict[str, tuple[int, int]]:
    """Keys to where they stand now."""
    if not console.home().command_file(mode, index).exists():
        return {}
    return {str(key): place for place, key in tasks_of(console, mode, index).keys.items()}


def _shown(
    each: Binding, place: tuple[int, int] | None, where: Reach, who: Login, paths: frozenset[str]
) -> Bound:
    problem, size, mtime = None, None, None
    try:
        with open_log(where, each.log_path, who.role, paths) as file:
            size, mtime = file.size, file.mtime
    except Refused as refused:
        problem = refused.detail
    queue, process = place or (each.queue_id, each.process_index)
    return Bound(
        mode=each.mode,
        config_index=each.config_index,
        queue_id=queue,
        process_index=process,
        key=each.key,
        log_path=shown(each.log_path),
        bound_at=each.bound_at,
        present=place is not None,
        exists=size is not None,
        size=size,
        mtime=mtime,
        problem=problem,
    )


def _tell(console: Console, mode: Mode, index: int) -> None:
    anyio.from_thread.run_sync(console.hub.tell, "bindings", {"mode": mode, "config_index": index})
