"""Which task stands where in a command file, and which logs are its."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.command_file.read import read
from app.earlier import keys_in
from app.model.paths import Home, log_number
from app.model.task import Mode, TaskKey, TaskSpec
from app.store.lasting import LastRun, has_ended, last_run, logs_of
from control.src.latest import Latest
from control.src.web.problems import Refused

Place = tuple[int, int]
"""Queue, and index in it."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """Of a configuration, as its file stands."""

    run: str | None  #: its newest one
    keys: Mapping[Place, TaskKey]


def tasks_of(home: Home, path: Path, mode: Mode, living: bool) -> Tasks:
    """Of a file (real path). A living scheduler has taken up what it says; else it is matched with the run
    that was left, as the next start does. Raises HistoryError."""
    run = last_run(home.history, str(path), os.getuid())
    parsed = None if run and living else _read(path, mode)
    if parsed is not None and not parsed.faults:
        return Tasks(run.name if run else None, _matched(run, parsed.tasks))
    placed = run.tasks if run else ()
    keys = {(one.queue_id, one.index): one.key for one in placed if one.index is not None}
    return Tasks(run.name if run else None, keys)


def task_at(tasks: Tasks, place: Place) -> TaskKey:
    """Raises Refused."""
    key = tasks.keys.get(place)
    if key is None:
        raise Refused(404, "no-task", f"there is no task {place[0]}/{place[1]} in this configuration")
    return key


def logs_of_task(home: Home, tasks: Tasks, key: TaskKey) -> list[str]:
    """Of its attempts in the newest run, the first one first. Raises HistoryError."""
    return logs_of(home.history, tasks.run, key) if tasks.run else []


def writer_has_ended(home: Home, log: str) -> bool:
    """Whether a path is the log of an attempt that has ended. Raises HistoryError."""
    path = Path(log)
    number = log_number(path)
    return number is not None and has_ended(home.history, path.parent.name, number)


_read = Latest(read)
"""The command files that were asked for last, parsed."""


def _matched(run: LastRun | None, specs: tuple[TaskSpec, ...]) -> dict[Place, TaskKey]:
    places: dict[Place, TaskKey] = {}
    counts: dict[int, int] = {}
    for spec, key in zip(specs, keys_in(run, specs), strict=True):
        at = counts[spec.queue_id] = counts.get(spec.queue_id, -1) + 1
        places[spec.queue_id, at] = key
    return places
