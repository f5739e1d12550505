"""`wait`: until tasks or schedulers have ended, and how."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.commands.find import Place, Scheduler, shown_path
from app.commands.follow import LOOK_SECONDS, after
from app.execution.ends import EndsFile
from app.model.faults import BadInput
from app.model.paths import RunPaths
from app.model.state import FINISHED, RUN_DONE, Completed, Failed, Running, in_order
from app.model.state_file import Task

READ_SECONDS = 1.0
"""Between two reads of a state file, which may be large."""


@dataclass(frozen=True, slots=True)
class Waited:
    """How something that was waited for has ended."""

    what: dict[str, Any]  #: which it is, for programs
    status: str
    code: int  #: 0: well
    said: str | None = None  #: for people, where it is not as they would expect


def wait_for(places: list[Place]) -> list[Waited]:
    """Until all have ended, or those of them that a scheduler which has gone has left."""
    return [_ended(place) for place in places]


def _ended(place: Place) -> Waited:
    """Raises BadInput where an edit takes it out before it has run."""
    attempt = place.task.state if isinstance(place.task.state, Running) else None
    while True:
        task = _again(place, attempt)
        if task is None or task.state.status in FINISHED:
            break
        attempt = task.state if isinstance(task.state, Running) else None
        if not place.owner().alive() and not place.runs_on():
            break
        time.sleep(LOOK_SECONDS)
    what = {"task": place.place, "name": place.task.name, "key": place.task.key}
    match task.state if task else None:
        case Completed():
            return Waited(what, "completed", 0)
        case Failed(exit_code=code) as state:
            return Waited(what, "failed", code or 1, f"{place.label} is {after(state)}")
        case None | Running():
            return _by_its_supervisor(place, attempt, what)
        case state if state.status in FINISHED:
            return Waited(what, state.status, 1, f"{place.label} is {state.status}")
        case state:
            gone = f"its scheduler has gone; to go on: {place.scheduler.going_on()}"
            return Waited(what, state.status, 1, f"{place.label} is {state.status}, and {gone}")


def _again(place: Place, attempt: Running | None) -> Task | None:
    """As it is now. None: its scheduler shows it no more, as it ran on when its block was taken out of the
    file, and has ended. Raises BadInput where an edit took it out otherwise."""
    try:
        return place.again()
    except BadInput:
        if attempt is None:
            raise
        return None


def _by_its_supervisor(place: Place, attempt: Running | None, what: dict[str, Any]) -> Waited:
    """Of an attempt that has ended and of which no scheduler tells."""
    code = _status(attempt) if attempt else None
    if code is None:
        said = f"{place.label} has ended, and left no exit code; the next start on its file looks after it"
        return Waited(what, "running", 1, said)
    said = f"{place.label} ended with exit code {code}"
    if code:
        said += "; whether it is tried again, the next start on its file tells"
    return Waited(what, "completed" if code == 0 else "failed", code, said)


def _status(attempt: Running) -> int | None:
    ends = EndsFile(RunPaths(Path(attempt.log_path).parent).ends)
    try:
        ended = ends.lines(attempt.number).ended
    finally:
        ends.close()
    return ended.status if ended else None


def wait_for_schedulers(among: list[Scheduler]) -> list[Waited]:
    """Until they have ended, or stay (--watch) with no task left: well, where every task was completed or
    cancelled."""
    watching = any(map(_watches, among))
    while True:
        among = [one.at_last() for one in among]
        if not any(one.alive() and not _stays(one) for one in among):
            return [_over(one) for one in among]
        time.sleep(READ_SECONDS if watching else LOOK_SECONDS)


def _watches(one: Scheduler) -> bool:
    return one.seen.started_with is not None and one.seen.started_with.watch


def _stays(one: Scheduler) -> bool:
    return _watches(one) and not one.state().left


def _over(one: Scheduler) -> Waited:
    state = one.state()
    what = {"pid": one.pid, "command_file": state.command_file, "counts": dict(state.counts)}
    bad = any(number and status not in RUN_DONE for status, number in state.counts.items())
    counts = ", ".join(f"{number:,} {status}" for status, number in in_order(state.counts))
    said = f"{shown_path(state.command_file)}: {counts}"
    if state.left and state.status != "finished" and not one.alive():
        said += f"; its scheduler (pid {one.pid}) has gone; to go on: {one.going_on()}"
    return Waited(what, state.status, int(bad), said)
