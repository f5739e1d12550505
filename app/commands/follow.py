"""`logs`: the end of a task's log, and what comes."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import typer

from app.commands.find import Place
from app.execution.ends import is_written
from app.model.faults import BadInput
from app.model.state import FINISHED, Backoff, Failed, Running, TaskState
from app.model.task import TaskKey
from app.view.text import count

LOOK_SECONDS = 0.2
"""Between two looks at a task, and at its log."""

TAIL_LINES = 40
CHUNK = 64 * 1024


def log_of(place: Place, attempt: int | None) -> Path:
    """The log of a task's last attempt, or of its N-th, counted from 1. Raises BadInput."""
    task = place.task
    if task.log_path is None:
        raise BadInput(f"{place.label} has no log: it is {after(task.state)}")
    last = Path(task.log_path)
    if attempt is None:
        return last
    from app.store.lasting import logs_of  # it loads what reads history

    found = logs_of(place.scheduler.home.history, last.parent.name, TaskKey.of(task.key))
    if not 1 <= attempt <= len(found):
        raise BadInput(f"{place.label} has had {count(len(found), 'attempt')}, and no number {attempt}")
    return Path(found[attempt - 1])


def described(place: Place, log: Path) -> dict[str, Any]:
    """For programs: whose log it is, and its last lines. Raises BadInput."""
    with _opened(log) as file:
        _seek_tail(file.fileno())
        lines = file.read().decode("utf-8", "replace").splitlines()
    task = place.task
    facts = {"task": place.place, "name": task.name, "key": task.key, "status": task.state.status}
    return {"ok": True, **facts, "log_path": str(log), "lines": lines}


def follow_log(place: Place, attempt: int | None) -> None:
    """The end of a task's log and what comes: of this attempt, or of one after the other until the task has
    ended. What happens between is said beside, for people. Raises BadInput."""
    log = log_of(_begun(place), attempt)
    while True:
        show_log(place, log, follow=True)
        state = _known_end(place, log)
        if attempt is not None or state is None or state.status in FINISHED or not place.owner().alive():
            typer.echo(f"gpulane: {place.label} {_stands(state)}", err=True)
            return
        typer.echo(f"gpulane: {place.label} is {after(state)}; its next attempt follows", err=True)
        log = _next_log(place, log)


def _begun(place: Place) -> Place:
    """Once it has had an attempt, if one comes."""
    told = False
    while place.task.log_path is None and place.task.state.status not in FINISHED and place.owner().alive():
        if not told:
            typer.echo(f"gpulane: {place.label} is {after(place.task.state)}; its log follows", err=True)
            told = True
        time.sleep(LOOK_SECONDS)
        place = replace(place, task=place.again())
    return place


def _stands(state: TaskState | None) -> str:
    match state:
        case None:
            return "has ended, and is no longer in its file"
        case Running():
            return "has ended, and so had its scheduler"
        case _:
            return f"is {after(state)}"


def _known_end(place: Place, log: Path) -> TaskState | None:
    """Once its scheduler, if it has one, knows that the attempt with this log is over. None: that shows it no
    more, as its block was taken out of the file."""
    while True:
        try:
            state = place.again().state
        except BadInput:
            return None
        if not isinstance(state, Running) or state.log_path != str(log) or not place.owner().alive():
            return state
        time.sleep(LOOK_SECONDS)


def after(state: TaskState) -> str:
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
    with _opened(log) as file:
        _seek_tail(file.fileno())
        while True:
            over = not follow or not is_written(log)  # asked before what is left is read
            for chunk in iter(lambda: file.read(CHUNK), b""):
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            if over:
                return
            time.sleep(LOOK_SECONDS)


def _opened(log: Path) -> BinaryIO:
    """Raises BadInput."""
    try:
        return log.open("rb")
    except OSError as error:
        raise BadInput(f"{log} can't be read: {error.strerror}") from error


def _seek_tail(fd: int) -> None:
    """To the start of its last lines."""
    size = os.fstat(fd).st_size
    start = max(0, size - CHUNK)
    end = os.pread(fd, CHUNK, start)
    lines = end.splitlines(keepends=True)[-TAIL_LINES:]
    os.lseek(fd, start + len(end) - sum(map(len, lines)), os.SEEK_SET)
