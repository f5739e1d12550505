"""A user's word about a task whose scheduler is gone: it stands in history, and the next start heeds it."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from app import procfs
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.records import HeldBy, Moved, Record, RunResumed
from app.model.state import FINISHED, Cancelled, Held, Pending, Running
from app.store.lasting import KeptTask, task_by_id
from app.store.plan_lock import take_plan
from app.store.resume import load_left
from app.store.write import Writer


def cancel(home: Home, id_: int) -> KeptTask:
    """It will not run any more. Raises BadInput: it has ended, runs, or its scheduler is not gone."""
    task = _task(home, id_)
    now = time.time()
    if task.state.status in FINISHED:
        raise BadInput(f"task {id_} is {task.state.status} already")
    gone = Cancelled(now, procfs.user_name(os.getuid()))
    return _write(home, task, [Moved(task.key, now, task.state.status, gone, *_budget(task))])


def release(home: Home, id_: int) -> KeptTask:
    """It may run at the next start. Raises BadInput: nobody holds it, or its scheduler is not gone."""
    task = _task(home, id_)
    now = time.time()
    if not isinstance(task.state, Held):
        raise BadInput(f"task {id_} is not held but {task.state.status}")
    moved = Moved(task.key, now, task.state.status, Pending(now), *_budget(task))
    return _write(home, task, [HeldBy(task.key, None), moved])


def _budget(task: KeptTask) -> tuple[int, float | None, frozenset[str]]:
    return task.failures, task.ask_gb, task.avoid


def _task(home: Home, id_: int) -> KeptTask:
    task = task_by_id(home.history, id_)
    if task is None:
        raise BadInput(f"there is no task {id_}; ./gpulane tasks lists those that were submitted")
    return task


def _write(home: Home, task: KeptTask, said: Sequence[Record]) -> KeptTask:
    """While no scheduler can start on the file."""
    file = Path(task.command_file)
    held = take_plan(home.state, file)
    try:
        if isinstance(task.state, Running):
            raise BadInput(
                f"task {task.id} ran when its scheduler ended, and may run on; to get at it, start that one: "
                f"./gpulane scheduler start {task.command_file}"
            )
        left = load_left(home.history, task.command_file, os.getuid(), task.mode, task.simulated)
        if left is None or left.run_id != task.run_id:
            raise BadInput(f"task {task.id} is of a run that is over; it will not run any more")
        writer = Writer(home.history)
        try:
            writer.write([RunResumed(task.run_id, task.boot_id), *said])
        finally:
            writer.close()
    finally:
        held.release()
    again = task_by_id(home.history, task.id)
    assert again is not None
    return again
