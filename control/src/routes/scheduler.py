"""Schedulers: what they say, starting, stopping, and every verb of their control socket."""

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from control.src import settings as console_settings
from control.src.console import Console, TheConsole
from control.src.schedulers import starting
from control.src.schedulers.asking import nobody
from control.src.schedulers.dismissal import dismiss as dismiss_
from control.src.schedulers.masking import mask_options, mask_state
from control.src.schedulers.models import (
    ConfigIndex,
    PathMode,
    Said,
    Scheduler,
    Schedulers,
    SchedulerSettings,
    Started,
    Tasks,
    Why,
    Word,
)
from control.src.schedulers.starting import Asked, Begun
from control.src.schedulers.states import Seen
from control.src.web.problems import Refused

router = APIRouter(tags=["scheduler"])

Pid = Annotated[int, Path(ge=1, le=2**31 - 1, description="of the scheduler")]
Index = Annotated[ConfigIndex, Query()]


@router.get("/api/scheduler/running", response_model=Schedulers)
async def running_schedulers(console: TheConsole) -> Response:
    """All schedulers with their queues and tasks: those that run, and those that have left something."""
    bodies = [one.body for one in console.states.all]
    parts = [b'{"now":' + to_json(time.time()) + b',"schedulers":[']
    for at, body in enumerate(bodies):
        parts += [b",", body] if at else [body]
    parts.append(b"]}")
    # Megabytes: a part at a time, as the whole of it would be copied again and again while it is sent.
    headers = {"Content-Length": str(sum(map(len, parts)))}
    return StreamingResponse(_each(parts), media_type="application/json", headers=headers)


@router.get("/api/scheduler/{mode}/state", response_model=Scheduler)
async def scheduler_state(mode: PathMode, console: TheConsole, config_index: Index = 0) -> Response:
    """Of the scheduler that runs a configuration, or has run it last."""
    path = console.command_file(mode, config_index)
    seen = _of_configuration(console.states.last(str(path)), path.name, config_index)
    return Response(seen.body, media_type="application/json")


@router.post("/api/scheduler/{mode}/start")
async def start_scheduler(
    mode: PathMode,
    console: TheConsole,
    config_index: Index = 0,
    simulate: Annotated[str | None, Query(max_length=40, description="4x24: simulated GPUs")] = None,
    watch: Annotated[bool, Query(description="stay when all is done, and wait for edits")] = False,
    fresh: Annotated[bool, Query(description="start over, whatever was left undone")] = False,
    paused: Annotated[bool, Query(description="start nothing until it is resumed")] = False,
) -> Started:
    """Start a configuration's scheduler in its own session, which outlives the console. One that has died
    is gone on with, as it was started, if nothing else is asked for."""
    await console.states.look()  # one may have died just now
    home, asked = console.home(), Asked(simulate, watch, fresh, paused)
    config = console_settings.yaml_path(home, console.settings)
    last = console.states.last(str(console.command_file(mode, config_index)))
    begun = await run_in_threadpool(
        starting.start_configuration, home, mode, config_index, config, asked, last
    )
    return await _begun(console, begun)


@router.post("/api/scheduler/{pid:int}/stop")
async def stop_verb(pid: Pid, console: TheConsole) -> Said:
    """End the running tasks and the scheduler; they run again from the start next time."""
    return await _stop(console, pid)


@router.post("/api/scheduler/{mode}/stop")
async def stop_scheduler(mode: PathMode, console: TheConsole, config_index: Index = 0) -> Said:
    """Stop now: the running tasks of a configuration's scheduler end, and run again at its next start."""
    await console.states.look()
    path = console.command_file(mode, config_index)
    seen = _of_configuration(console.states.living(str(path)), path.name, config_index)
    return await _stop(console, seen.pid)


@router.post("/api/scheduler/stop/{pid}")
async def stop_by_pid(pid: Pid, console: TheConsole) -> Said:
    """The same by pid, for a process whose state file, start time and owner match."""
    return await _stop(console, pid)


@router.get("/api/scheduler/{pid:int}", response_model=Scheduler)
async def one_scheduler(pid: Pid, console: TheConsole) -> Response:
    """One scheduler, as /api/scheduler/running has it."""
    return Response(_seen(console, pid).body, media_type="application/json")


@router.get("/api/scheduler/{pid:int}/tasks")
def scheduler_tasks(
    pid: Pid,
    console: TheConsole,
    queue: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="only this one's")] = None,
    task: Annotated[str | None, Query(max_length=500, description="those that it may mean")] = None,
    first: Annotated[int, Query(alias="from", ge=0, le=10**9, description="how many to leave out")] = 0,
    count: Annotated[int, Query(ge=0, le=1000, description="at most so many")] = 1000,
) -> Tasks:
    """All of its tasks, a part at a time: the state names those near the heads of the queues."""
    which = {"queue": queue, "task": task}
    asked = {name: value for name, value in which.items() if value is not None}
    answer = console.asking.ask(pid, "tasks", **{"from": first}, count=count, **asked)
    for each in answer["tasks"]:
        mask_options(each["options"])
    return Tasks.model_validate(answer)


@router.get("/api/scheduler/{pid:int}/why")
def why_get(
    pid: Pid,
    console: TheConsole,
    task: Annotated[str, Query(max_length=500, description="queue/index, its name, or the start of its key")],
    key: Annotated[str | None, Query(description="the task's as it was seen")] = None,
) -> Why:
    """Why a task does not run, and what would start it."""
    return Why.model_validate(console.asking.ask(pid, "why", **_named(task, key)))


@router.get("/api/scheduler/{pid:int}/settings")
def scheduler_settings(pid: Pid, console: TheConsole) -> SchedulerSettings:
    """Its settings as they are now, with what `set` has changed."""
    return SchedulerSettings.model_validate(console.asking.ask(pid, "set"))


@router.get("/api/scheduler/{pid:int}/status", response_model=dict[str, Any])
def scheduler_status(pid: Pid, console: TheConsole) -> dict[str, Any]:
    """Its state as it is this moment, by its own word."""
    answer = console.asking.ask(pid, "status")
    mask_state(answer["state"])
    return answer


@router.post("/api/scheduler/{pid:int}/why")
def why_post(pid: Pid, console: TheConsole, word: Word) -> Why:
    """The same as GET."""
    return Why.model_validate(console.asking.ask(pid, "why", **_named(word.task, word.key)))


@router.post("/api/scheduler/{pid:int}/resume")
async def resume_scheduler(pid: Pid, console: TheConsole) -> Said | Started:
    """Lift a pause; one that has died is started again from what is left, adopting what still runs."""
    await console.states.look()
    seen = _seen(console, pid)
    if seen.ended == "finished":
        raise Refused(409, "finished", "all of it is done; a start begins a new run")
    if seen.ended is not None:
        return await _begun(console, await run_in_threadpool(starting.go_on, console.home(), seen))
    return Said.model_validate(await run_in_threadpool(console.asking.ask, pid, "resume"))


@router.post("/api/scheduler/{pid:int}/dismiss")
async def dismiss_scheduler(pid: Pid, console: TheConsole) -> Said:
    """Forget the state of one that is gone. Its run stays in history, and a start can go on with it."""
    said = await run_in_threadpool(dismiss_, console.home(), pid)
    await console.states.look()
    return Said(changed=True, said=said)


@router.post("/api/scheduler/{pid:int}/{verb}")
def scheduler_verb(
    request: Request,
    pid: Pid,
    verb: Annotated[
        Literal["pause", "drain", "kill", "retry", "hold", "release", "gpu", "set"],
        Path(description="what to do"),
    ],
    console: TheConsole,
    word: Word | None = None,
) -> Said:
    """`pause`: running tasks run on, nothing new starts · `drain`: finish what runs, start nothing, end ·
    `kill` a task, or all on a `gpu` · `retry`, `hold`, `release` a task · `gpu`: turn the card `id` off or on
    for us · `set` a setting."""
    word = word or Word()
    arguments = _arguments(verb, word)
    # What a setting is set to may be an address with a password.
    shown = {name: value for name, value in arguments.items() if name != "value"}
    request.state.what = ", ".join(f"{name}={value}" for name, value in shown.items())
    return Said.model_validate(console.asking.ask(pid, verb, **arguments))


async def _each(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def _stop(console: Console, pid: int) -> Said:
    await console.states.look()
    return Said.model_validate(await run_in_threadpool(starting.stop, console.asking, pid))


async def _begun(console: Console, begun: Begun) -> Started:
    console.children.add(begun.pid)
    console.home.forget()
    await console.states.look()
    seen, how = console.states.of(begun.pid), begun.how
    ended = seen is None or not seen.alive
    resumed = seen is not None and seen.top is not None and seen.top["run"] == begun.run_before
    word = "goes on with what was left" if resumed else "has started"
    return Started(
        pid=begun.pid,
        log_file=str(how.log),
        command_file=how.command_file,
        mode=how.mode,
        config_index=seen.head["configuration"] if seen else None,
        resumed=resumed,
        ended=ended,
        said=f"the scheduler with pid {begun.pid} {word}" + (", and has ended already" if ended else ""),
    )


def _arguments(verb: str, word: Word) -> dict[str, Any]:
    """As the control socket wants them. Raises Refused."""
    if verb in ("pause", "drain"):
        return {}
    if verb == "gpu":
        if not word.id:
            raise Refused(422, "invalid-request", 'id: which card? {"id": "3", "state": "off"}')
        return {"id": word.id, "state": word.state}
    if verb == "set":
        if word.name is None or word.value is None:
            raise Refused(
                422, "invalid-request", 'which setting, and what? {"name": "max_tasks", "value": 4}'
            )
        return {"key": word.name, "value": word.value}
    if verb == "kill" and word.gpu is not None:
        return {"gpu": word.gpu}
    if verb == "release" and word.held_by is not None:
        return {"held_by": word.held_by}
    return _named(word.task, word.key)


def _named(task: str | None, key: str | None) -> dict[str, Any]:
    if not task:
        raise Refused(
            422, "invalid-request", 'which task? {"task": "3/1"}, its name, or the start of its key'
        )
    return {"task": task} | ({} if key is None else {"key": key})


def _of_configuration(seen: Seen | None, name: str, index: int) -> Seen:
    if seen is None:
        raise Refused(404, "no-scheduler", f"no scheduler runs configuration {index} ({name})")
    return seen


def _seen(console: Console, pid: int) -> Seen:
    seen = console.states.of(pid)
    if seen is None:
        raise nobody(pid)
    return seen
