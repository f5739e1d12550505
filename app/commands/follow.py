"""`logs` and `wait`: looking at a task until it has ended."""

import os
import sys
import time
from pathlib import Path

import typer

from app.commands.find import Place, Scheduler
from app.model.faults import BadInput
from app.model.paths import RunPaths
from app.model.state import FINISHED, RUN_DONE, Backoff, Failed, Running, TaskState

LOOK_SECONDS = 0.2
"""Between two looks at a task, and at its log."""

TAIL_LINES = 40
CHUNK = 64 * 1024


def log_of(place: Place, attempt: int | None) -> Path:
    """The log of a task's last attempt, or of its N-th, counted from 1. Raises BadInput."""
    task = place.task
    if task.log_path is None:
        raise BadInput(f"{place.label} has not run yet: it is {task.state.status}")
    last = Path(task.log_path)
    if attempt is None:
        return last
    of_task = last.name.split(".")[0]  # while its block stood in the same place
    logs = sorted(RunPaths(last.parent).logs(), key=lambda log: log.number)
    found = [log.path for log in logs if log.path.name.startswith(f"{of_task}.")]
    if not 1 <= attempt <= len(found):
        raise BadInput(f"{place.label} has had {len(found)} attempts, and no number {attempt}")
    return found[attempt - 1]


def follow_log(place: Place, attempt: int | None) -> None:
    """The end of a task's log and what comes: of this attempt, or of one after the other until the task has
    ended. What happens between is said beside, for people. Raises BadInput."""
    log = log_of(place, attempt)
    while True:
        show_log(place, log, follow=True)
        task = place.again()
        if attempt is not None or task.state.status in FINISHED or not place.owner().alive():
            typer.echo(f"gpulane: {place.label} is {_after(task.state)}", err=True)
            return
        typer.echo(f"gpulane: {place.label} is {_after(task.state)}; its next attempt follows", err=True)
        log = _next_log(place, log)


def _after(state: TaskState) -> str:
    match state:
        case Backoff() | Failed():
            return f"{state.status}: {state.error}"
        case _:
            return state.status


def _next_log(place: Place, before: Path) -> Path:
    """That of the attempt which comes after; the same where none comes."""
    while True:
        task = place.again()
        if task.log_path != str(before) and task.log_path is not None:
            return Path(task.log_path)
        if task.state.status in FINISHED or not place.owner().alive():
            return before
        time.sleep(LOOK_SECONDS)


def show_log(place: Place, log: Path, follow: bool) -> None:
    """Its last lines; then what comes, until the attempt that writes it has ended. Raises BadInput."""
    try:
        with log.open("rb") as file:
            _seek_tail(file.fileno())
            while True:
                over = not follow or not _writes(place, log)  # asked before what is left is read
                for chunk in iter(lambda: file.read(CHUNK), b""):
                    sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
                if over:
                    return
                time.sleep(LOOK_SECONDS)
    except OSError as error:
        raise BadInput(f"{log} can't be read: {error.strerror}") from error


def _seek_tail(fd: int) -> None:
    """To the start of its last lines."""
    size = os.fstat(fd).st_size
    start = max(0, size - CHUNK)
    end = os.pread(fd, CHUNK, start)
    lines = end.splitlines(keepends=True)[-TAIL_LINES:]
    os.lseek(fd, start + len(end) - sum(map(len, lines)), os.SEEK_SET)


def _writes(place: Place, log: Path) -> bool:
    """Whether an attempt runs that has this log."""
    if not place.owner().alive():
        return False
    now = place.again()
    return isinstance(now.state, Running) and now.state.log_path == str(log)


def wait_for(places: list[Place]) -> int:
    """Until all have ended, or their schedulers; 0, or the exit code of the first that did not end well."""
    codes = [_code(state) for state in (_ended(place) for place in places)]
    return next((code for code in codes if code), 0)


def _ended(place: Place) -> TaskState:
    while True:
        state = place.again().state
        if state.status in FINISHED:
            return state
        if not place.owner().alive():
            typer.echo(f"gpulane: its scheduler has ended, and {place.label} is {state.status}", err=True)
            return state
        time.sleep(LOOK_SECONDS)


def _code(state: TaskState) -> int:
    match state:
        case Failed(exit_code=code):
            return code or 1
        case _:
            return 0 if state.status in RUN_DONE else 1


def wait_for_schedulers(among: list[Scheduler]) -> int:
    """Until they have ended; 0 where every task was completed or cancelled, else 1."""
    for one in among:
        while one.alive():
            time.sleep(LOOK_SECONDS)
    counts = [one.state().counts.items() for one in among]
    return int(any(number and status not in RUN_DONE for each in counts for status, number in each))
