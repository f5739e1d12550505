"""What a scheduler has left of a run: found, counted, filled in, given up; what may not start beside it."""

import contextlib
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from app import procfs
from app.core.align import OldTask, align
from app.core.outcome import cause_of
from app.execution.ends import NOTHING, Ended, EndsFile, Lines
from app.execution.strays import left_behind, supervisors_below
from app.execution.trees import Marks
from app.model import records
from app.model.backend import AttemptRecord, Exit, Now
from app.model.faults import BadInput
from app.model.paths import Home, LogName, RunPaths, run_stem
from app.model.problems import named
from app.model.records import Record
from app.model.state import (
    RUN_DONE,
    Completed,
    Pending,
    Running,
    TaskState,
    Vanished,
)
from app.model.state_file import StateFile
from app.model.task import MODES, Mode, TaskKey, TaskSpec
from app.narrate import counted
from app.options import RunOptions
from app.store.lasting import LastRun
from app.store.places import places_before
from app.store.resume import LeftRun, SavedRun, SavedTask, load_left, load_unfinished
from app.store.states import list_states


def unfinished_run(home: Home, command: Path, options: RunOptions) -> SavedRun | None:
    """The run of this file that was not finished, for such a start.

    Raises HistoryError; BadInput where there is none to resume, and where nothing may start beside it.
    """
    simulated = options.simulate is not None
    of_file = (home.history, str(command), os.getuid())
    saved = load_unfinished(*of_file, options.mode, simulated)
    left = left_of(home, command)
    others = {_how(*kind): run for kind, run in left.items() if kind != (options.mode, simulated)}
    _refuse_what_history_lost(home, command, options.mode, [run for run in (saved, *others.values()) if run])
    for how, run in others.items():
        _refuse_beside(home, run, f"this start would run the same twice; start {how}")
    if saved is None:
        for before in places_before(home):
            _refuse_what_lies_elsewhere(before, command, options)
    if options.start == "resume" and saved is None:
        there = (
            f"; there is one for a start {' or '.join(others)}" if others else "; start it without --resume"
        )
        raise BadInput(f"there is no unfinished run of {command} to resume{there}")
    if options.start == "fresh" and saved:
        _refuse_beside(home, saved, "a fresh start would run the same twice; start with --resume")
    return saved


def left_of(home: Home, command: Path) -> dict[tuple[Mode, bool], LeftRun]:
    """The runs of this file (real path) that are not finished, by mode and whether on simulated cards.

    Raises HistoryError."""
    kinds = itertools.product(MODES, (False, True))
    found = {kind: load_left(home.history, str(command), os.getuid(), *kind) for kind in kinds}
    return {kind: run for kind, run in found.items() if run}


def _refuse_what_lies_elsewhere(before: Home, command: Path, options: RunOptions) -> None:
    """`state_dir` may have been set in the middle of a run. Raises BadInput."""
    left = load_left(before.history, str(command), os.getuid(), options.mode, options.simulate is not None)
    if left is not None and (options.start != "fresh" or count_living(before, left)):
        raise BadInput(
            f"the run {left.name} of {command} lies in {before.data} and is not finished, and state_dir was "
            "set since; set it back until that run has ended, or end what runs of it and start with --fresh"
        )


def _how(mode: Mode, simulated: bool) -> str:
    """Which start goes on with such a run."""
    return f"{'with' if simulated else 'without'} --simulate by main_gpu{'s' if mode == 'multi' else ''}.py"


def _refuse_beside(home: Home, run: LeftRun, why: str) -> None:
    """Raises BadInput if tasks of this run still run."""
    if living := count_living(home, run):
        raise BadInput(
            f"{counted(living, 'task')} of the unfinished run {run.name} can still run, and {why} to go on "
            "with them (Ctrl-C twice ends them)"
        )


def keys_in(run: LastRun | None, specs: Sequence[TaskSpec]) -> tuple[TaskKey, ...]:
    """Which task of a file's newest run each of these is, as the next start finds it."""
    tasks = run.tasks if run else ()
    old = [
        OldTask(one.key, one.queue_id, one.status in RUN_DONE, one.status == "running")
        for one in tasks
        if one.index is not None
    ]
    gone = [one.key for one in tasks if one.index is None and one.status in RUN_DONE]
    return align(old, specs, [one.key for one in tasks], gone)


def filled_in(home: Home, saved: SavedRun, now: Now) -> tuple[SavedRun, list[Record]]:
    """The run with what its `ends` knows and history does not, since a power cut took its last moments: the
    attempts' numbers, and which tasks were completed. And what history should be told of that."""
    told: list[Record] = []
    tasks = {task.key: task for task in saved.tasks}
    last = saved.last_number
    with _ends(home, saved.name) as ends:
        if ends is None:
            return saved, told
        logs = {log.number: log for log in RunPaths(home.runs / saved.name).logs()}
        for number in (each for each in ends.numbers() if each > saved.last_number):
            last, lines = number, ends.lines(number)
            log = logs.get(number)
            task = _task_of(log, tasks.values()) if log else None
            if log and task and lines.ended and lines.ended.status == 0 and lines.ended_for is None:
                tasks[task.key], more = _completed(saved, task, number, str(log.path), lines.ended)
                told += more
        # An earlier attempt of the same task, which history still takes to be running, has ended as well.
        done = [each for each in saved.open_attempts if not isinstance(tasks[each.key].state, Running)]
        told += [_end_of(each, ends.lines(each.number), saved.specs[each.key], now) for each in done]
    still = tuple(each for each in saved.open_attempts if each not in done)
    return replace(saved, tasks=tuple(tasks.values()), open_attempts=still, last_number=last), told


def _task_of(log: LogName, tasks: Iterable[SavedTask]) -> SavedTask | None:
    """The one that had this log and is not done."""
    for task in tasks:
        place = (task.queue_id, task.index, task.key.digest[: len(log.digest)])
        if place == (log.queue_id, log.index, log.digest) and task.state.status not in RUN_DONE:
            return task
    return None


def _completed(
    saved: SavedRun, task: SavedTask, number: int, log: str, ended: Ended
) -> tuple[SavedTask, list[Record]]:
    attempt, begun, over = task.attempts + 1, ended.started_at, ended.ended_at
    record = AttemptRecord(
        *(task.key, number, attempt, (), (), (), task.ask_gb, log, "direct", None, begun, saved.boot_id)
    )
    state = Completed((), begun, over, 0, None)
    return replace(task, state=state, attempts=attempt, log_path=log), [
        records.AttemptRecorded(record),
        records.AttemptEnded(number, begun, over, 0, None, None),
        records.Moved(task.key, over, task.state.status, state, task.failures, task.ask_gb, task.avoid),
    ]


def count_living(home: Home, run: LeftRun) -> int:
    """How many attempts of an unfinished run still run, also without their supervisors."""
    held, unknown = 0, []
    with _ends(home, run.name) as ends:
        for record in run.open_attempts:
            if ends and ends.is_held(record.number):
                held += 1
            elif not (ends and ends.lines(record.number).ended):
                unknown.append(Marks(record.log_path))
    return held + len(left_behind(unknown) if unknown else ())


def give_up(home: Home, saved: SavedRun, now: Now) -> list[Record]:
    """What history should be told of a run that a fresh start leaves behind: none of its attempts is open."""
    told: list[Record] = [records.RunResumed(saved.run_id, procfs.boot_id())]
    failures = {task.key: task.failures for task in saved.tasks}
    with _ends(home, saved.name) as ends:
        for record in saved.open_attempts:
            lines = ends.lines(record.number) if ends else NOTHING
            end = _end_of(record, lines, saved.specs[record.key], now)
            state: TaskState = Pending(now.wall)
            if end.cause is None and lines.ended:
                state = Completed(record.gpu_ids, lines.ended.started_at, lines.ended.ended_at, 0, None)
            failed = failures[record.key]
            told += [end, records.Moved(record.key, now.wall, "running", state, failed, cause=end.cause)]
    return told


def _end_of(record: AttemptRecord, lines: Lines, spec: TaskSpec, now: Now) -> records.AttemptEnded:
    """How an attempt has ended; without a cause it completed."""
    if lines.ended is None:
        lost = Vanished(reboot=record.boot_id != procfs.boot_id())
        return records.AttemptEnded(record.number, None, now.wall, None, None, lost)
    end = Exit(lines.ended.status, lines.ended.started_at, lines.ended.ended_at, None, "")
    cause = cause_of(end, spec.script, spec.options.timeout, lines.ended_for)
    return records.AttemptEnded(record.number, end.started_at, end.ended_at, end.status, None, cause)


def _refuse_what_history_lost(home: Home, command: Path, mode: Mode, runs: Sequence[LeftRun]) -> None:
    """Living attempts that could neither be adopted nor be told from lost ones: never run their tasks again.

    So it is where history.db, the run's folder or all of logs/ was removed under them. Raises BadInput.
    """
    if not runs:
        for run, pids in _running(home, command).items():
            lost = "what history.db had of it" if (home.runs / run).exists() else f"its folder in {home.runs}"
            _refuse(f"processes ({named([str(pid) for pid in pids])})", run, lost)
        for found in list_states(home):
            state = found.state
            if isinstance(state, StateFile) and (state.command_file, state.mode) == (str(command), mode):
                _refuse_tasks(_held(home, state.run, _numbers(state)), state.run, "history.db")
    for left in runs:
        known = {record.number for record in left.open_attempts}
        with _ends(home, left.name) as ends:
            if ends is None:
                _refuse_tasks(count_living(home, left), left.name, "its folder under runs/")
            else:  # an older history.db was put back, or one without its -wal
                unknown = [
                    number for number in ends.numbers() if number not in known and ends.is_held(number)
                ]
                _refuse_tasks(len(unknown), left.name, "what history.db had of them")


def _running(home: Home, command: Path) -> dict[str, list[int]]:
    """Runs of this file, by their name, and their supervisors that live."""
    found: dict[str, list[int]] = {}
    of_file = re.compile(rf"\d{{8}}-\d{{6}}-{re.escape(run_stem(command))}[0-9a-f]{{4}}")
    for pid, log in supervisors_below(home.runs):
        run = log.relative_to(home.runs).parts[0]
        if of_file.fullmatch(run):
            found.setdefault(run, []).append(pid)
    return found


def _refuse_tasks(living: int, run: str, removed: str) -> None:
    if living:
        _refuse(f"{living} of the tasks", run, removed)


def _refuse(living: str, run: str, removed: str) -> NoReturn:
    raise BadInput(
        f"{living} of run {run} still run, but {removed} was removed, so that they can't be "
        "adopted, and a start would run the same twice; put it back, or end them first"
    )


def _numbers(state: StateFile) -> list[int]:
    states = [task.state for queue in state.queues for task in queue.tasks]
    return [each.number for each in states if isinstance(each, Running)]


def _held(home: Home, run: str, numbers: Sequence[int]) -> int:
    """How many of these attempts have a living supervisor."""
    with _ends(home, run) as ends:
        return sum(map(ends.is_held, numbers)) if ends else 0


@contextlib.contextmanager
def _ends(home: Home, run: str) -> Iterator[EndsFile | None]:
    """A run's `ends`; None if there is none, and none is made."""
    path = RunPaths(home.runs / run).ends
    if not path.exists():
        yield None
        return
    ends = EndsFile(path)
    try:
        yield ends
    finally:
        ends.close()
