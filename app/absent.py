"""A user's word about a task whose scheduler is gone: it stands in history, and the next start heeds it."""

import contextlib
import os
import shlex
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app import procfs
from app.execution import trees
from app.execution.ends import EndsFile
from app.execution.noted import noted
from app.execution.trees import Marks
from app.model.backend import AttemptRecord
from app.model.faults import BadInput
from app.model.paths import Home, RunPaths
from app.model.records import AttemptEnded, HeldBy, Moved, Record, RunResumed
from app.model.state import FINISHED, Cancelled, Held, Killed, Pending
from app.store import left_state
from app.store.lasting import KeptTask, task_by_id
from app.store.plan_lock import take_plan
from app.store.resume import LeftRun, load_left
from app.store.write import Writer

SUPERVISOR_SECONDS = 2.0
"""What a supervisor gets to write its task's end."""

LOOK_SECONDS = 0.05


def cancel(home: Home, id_: int, grace: float) -> KeptTask:
    """It will not run any more; what runs of it is asked to end, and made to after `grace` seconds.

    Raises BadInput: it has ended otherwise, or its scheduler is not gone."""
    task = _task(home, id_)
    by = procfs.user_name(os.getuid())
    if task.state.status == "cancelled":
        return task
    if task.state.status in FINISHED:
        raise BadInput(f"task {id_} is {task.state.status} already")

    def cancelled(left: LeftRun) -> list[Record]:
        running = [record for record in left.open_attempts if record.key == task.key]
        told = [_end(home, task, record, by, grace) for record in running]
        now = time.time()
        cause = Killed(by) if told else None
        moved = Moved(task.key, now, task.state.status, Cancelled(now, by), *_budget(task), cause=cause)
        return [*told, moved]

    return _write(home, task, cancelled)


def _end(home: Home, task: KeptTask, record: AttemptRecord, by: str, grace: float) -> AttemptEnded:
    """End an attempt with its whole tree, as its scheduler would."""
    path = RunPaths(home.runs / task.run).ends
    if not path.exists():
        raise BadInput(f"{path} was removed, without which nobody can tell what runs of task {task.id}")
    with contextlib.closing(EndsFile(path)) as ends:
        if ends.lines(record.number).ended:
            raise _over(task)
        if record.terminal == "tmux":
            raise BadInput(
                f"task {task.id} runs in tmux; end it there (tmux -L {record.session_name} attach), or start "
                f"its scheduler again: ./gpulane scheduler start {shlex.quote(task.command_file)}"
            )
        _end_tree(ends, record, grace)
        lines = ends.lines(record.number)
    ended = lines.ended
    if ended and lines.ended_for is None:
        raise _over(task)
    return AttemptEnded(
        record.number,
        ended.started_at if ended else None,
        ended.ended_at if ended else time.time(),
        ended.status if ended else None,
        None,
        Killed(by),
    )


def _over(task: KeptTask) -> BadInput:
    return BadInput(f"task {task.id} has ended by itself; how, is told once its scheduler is started again")


def _end_tree(ends: EndsFile, record: AttemptRecord, grace: float) -> None:
    number, started = record.number, ends.lines(record.number).started
    marks = Marks(record.log_path)
    if started:
        marks = Marks(record.log_path, (), started.pid, started.start, started.session)
    asked: set[trees.Process] = set()
    deadline = time.monotonic() + grace
    while ends.is_held(number) and time.monotonic() < deadline:
        found = trees.find(marks, asked)
        if not asked.issuperset(found):
            with noted(ends, number, "killed") as reached:
                reached += trees.ask(found, asked)
        time.sleep(LOOK_SECONDS)
    with noted(ends, number, "killed") as reached:
        reached += trees.kill_tree(marks, known=asked).ended
    deadline = time.monotonic() + SUPERVISOR_SECONDS
    while ends.is_held(number) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    if started and ends.is_held(number):  # somebody has stopped it
        trees.send(trees.Process(started.pid, started.start, ""), signal.SIGKILL)


def release(home: Home, id_: int) -> KeptTask:
    """It may run at the next start. Raises BadInput: nobody holds it, or its scheduler is not gone."""
    task = _task(home, id_)
    now = time.time()
    if not isinstance(task.state, Held):
        raise BadInput(f"task {id_} is not held but {task.state.status}")
    moved = Moved(task.key, now, task.state.status, Pending(now), *_budget(task))
    return _write(home, task, lambda _: [HeldBy(task.key, None), moved])


def _budget(task: KeptTask) -> tuple[int, float | None, frozenset[str]]:
    return task.failures, task.ask_gb, task.avoid


def _task(home: Home, id_: int) -> KeptTask:
    task = task_by_id(home.history, id_)
    if task is None:
        raise BadInput(f"there is no task {id_}; ./gpulane tasks lists those that were submitted")
    return task


def _write(home: Home, task: KeptTask, said: Callable[[LeftRun], Sequence[Record]]) -> KeptTask:
    """While no scheduler can start on the file."""
    held = take_plan(home.state, Path(task.command_file), briefly=True)
    try:
        left = load_left(home.history, task.command_file, os.getuid(), task.mode, task.simulated)
        if left is None or left.run_id != task.run_id:
            raise BadInput(f"task {task.id} is of a run that is over; it will not run any more")
        records = said(left)
        writer = Writer(home.history)
        try:
            writer.write([RunResumed(task.run_id, task.boot_id), *records])
        finally:
            writer.close()
        found = _task(home, task.id)
        with contextlib.suppress(OSError):  # history has it, and that is what counts
            left_state.note(home, found, task.state.status, time.time())
    finally:
        held.release()
    return found
