"""A log as a request names it: by its path, or as a task's."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from app.model.task import Mode
from control.src.console import Console
from control.src.logs import models as log_models
from control.src.logs import tasks as log_tasks
from control.src.logs.opening import LogFile, open_log, shown
from control.src.logs.tasks import Tasks, logs_of_task, task_at
from control.src.schedulers.models import ConfigIndex
from control.src.web.problems import Refused
from control.src.web.sessions import Login

ModeQuery = Annotated[Mode | None, Query(description="of the task's configuration")]
IndexQuery = Annotated[ConfigIndex | None, Query(description="the N of configuration N")]
QueueQuery = Annotated[log_models.QueueId | None, Query(description="of the task")]
ProcessQuery = Annotated[
    log_models.ProcessIndex | None, Query(description="of the task in its queue, from 0")
]
PathQuery = Annotated[log_models.LogPath | None, Query(description="absolute, or from work_dir")]


@dataclass(frozen=True, slots=True)
class Which:
    """A log: by its path, or a task's."""

    mode: Mode | None
    config_index: int | None
    queue_id: int | None
    process_index: int | None
    attempt: int | None
    log_path: str | None


def _which(
    mode: ModeQuery = None,
    config_index: IndexQuery = None,
    queue_id: QueueQuery = None,
    process_index: ProcessQuery = None,
    attempt: Annotated[
        int | None, Query(ge=1, le=10**9, description="of the task, from 1; its log, whatever was bound")
    ] = None,
    log_path: PathQuery = None,
) -> Which:
    return Which(mode, config_index, queue_id, process_index, attempt, log_path)


TheLog = Annotated[Which, Depends(_which)]


@dataclass(frozen=True, slots=True)
class Its:
    """A task's log, and why it is that."""

    log_path: str
    key: str
    bound: bool
    attempt: int | None
    attempts: int


def tasks_of(console: Console, mode: Mode, index: int) -> Tasks:
    """Of a configuration, as its file stands. Raises BadInput, HistoryError."""
    path = console.command_file(mode, index)
    return log_tasks.tasks_of(console.home(), path, mode, console.states.living(str(path)) is not None)


def of_task(console: Console, which: Which) -> Its:
    """Raises Refused, HistoryError."""
    mode, index, place = place_of(which.mode, which.config_index, which.queue_id, which.process_index)
    tasks = tasks_of(console, mode, index)
    key = task_at(tasks, place)
    logs = logs_of_task(console.home(), tasks, key)
    binding = console.bindings.all().get((mode, index, str(key)))
    if binding and which.attempt is None:
        return Its(binding.log_path, str(key), True, None, len(logs))
    number = len(logs) if which.attempt is None else which.attempt
    if not 1 <= number <= len(logs):
        ran = f"has had {len(logs)} attempts" if logs else "has not run yet"
        raise Refused(404, "no-log", f"task {place[0]}/{place[1]} {ran}")
    return Its(logs[number - 1], str(key), False, number, len(logs))


def path_of(console: Console, which: Which) -> str:
    return which.log_path if which.log_path is not None else of_task(console, which).log_path


def place_of(
    mode: Mode | None, index: int | None, queue: int | None, process: int | None
) -> tuple[Mode, int, tuple[int, int]]:
    """Raises Refused."""
    if mode is None or queue is None or process is None:
        raise Refused(
            422, "invalid-request", "which task? mode, config_index, queue_id and process_index name one"
        )
    return mode, index or 0, (queue, process)


def bound_paths(console: Console) -> frozenset[str]:
    """What may be read since it was bound, wherever work_dir and log-roots are now."""
    return frozenset(each.log_path for each in console.bindings.all().values())


def open_at(console: Console, path: str, who: Login) -> LogFile:
    """As home, settings and bindings are now. Raises Refused."""
    return open_log(console.reach(), path, who.role, bound_paths(console))


@contextlib.contextmanager
def reading(console: Console, path: str, who: Login) -> Iterator[LogFile]:
    """Raises Refused, also for what goes wrong while it is read."""
    with open_at(console, path, who) as file:
        try:
            yield file
        except OSError as error:
            raise Refused(
                503, "not-now", f"{shown(file.path)} can't be read now: {error.strerror}"
            ) from error
