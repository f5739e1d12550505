"""`--check`: everything a start would look at, and what it would run; nothing is started or written."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app import fitting, preparation
from app.command_file.parse import Parsed
from app.earlier import count_living, filled_in, unfinished_run
from app.engine import now
from app.gpu.probe import NoDriver
from app.gpu.watch import GpuWatch
from app.local.backend import preview_leases
from app.model.blockers import gb
from app.model.paths import RunPaths
from app.model.task import TaskSpec, in_words
from app.narrate import counted
from app.notify.notifier import missing
from app.options import RunOptions
from app.preparation import Files
from app.resume import Resumed, progress, resume
from app.store import paused
from app.store.plan_lock import plan_holder
from app.store.resume import SavedRun
from app.view.table import whole_lines

SHOWN_TASKS = 200

COLUMNS: dict[str, Callable[[TaskSpec], str]] = {
    "queue": lambda task: str(task.queue_id),
    "line": lambda task: str(task.line),
    "name": lambda task: task.options.name or "",
    "GPUs": lambda task: str(task.gpus),
    "devices": lambda task: ",".join(task.options.devices or ()),
    "model": lambda task: task.options.model or "",
    "memory each": lambda task: "" if task.gpus == 0 else gb(task.memory_gb),
    "held": lambda task: "held" if task.options.hold else "",
    "commands": lambda task: in_words(task.script).strip().split("\n", 1)[0],
}
IF_ANY = ("devices", "model")
"""Columns that are shown where a task has something there."""


async def check(options: RunOptions) -> int:
    """Print the plan and answer 0. Raises GpulaneError with every fault."""
    if options.metrics_port is not None:
        from app.metrics.port import address_of

        address_of(options.metrics_port)
    with preparation.refused():
        files = preparation.find_files(options)
        parsed = preparation.read_command_file(files, {})
        runs_in = plan_holder(files.home.state, files.command)
        saved = None if parsed.faults or runs_in else _unfinished(files, options)
        resumed = resume(saved, parsed.tasks, now()) if saved else None
    watch = GpuWatch(fitting.make_probe(options))
    unseen: list[str] = []
    try:
        if resumed is None:
            _, problems = await fitting.fit(files, parsed, watch)
        else:  # a card that is missing at a resume is a reason to wait
            gpus = await fitting.cards_within(watch, fitting.SHORT_LOOK_SECONDS)
            rules, problems = fitting.rules_here(files, gpus)
            if gpus:
                never = fitting.never_fitting(resumed.anew, parsed.document, gpus, rules, files.shown)
                preparation.refuse(never)
    except NoDriver as none:
        problems = ()
        unseen = [f"not checked against this machine's GPUs: {none}"]
    finally:
        await watch.close()
    with preparation.refused():
        leases = preview_leases(files.home, files.settings)
    of_settings = (*missing(files.settings.notify), *files.loaded.problems)
    problems = (*of_settings, *files.problems, *parsed.problems, *problems, *leases)
    first = []
    if runs_in is not None:
        first = [f"the scheduler with pid {runs_in} runs this file; beside it a start would be refused"]
    elif saved is not None and resumed is not None:
        first = [_would_resume(files, saved, resumed)]
    notes = [*unseen, *(problem.text for problem in problems), *_missing_folders(files, parsed)]
    if options.as_json:
        sys.stdout.write(json.dumps(_for_programs(files, parsed, first + notes)) + "\n")
    else:
        _show(files, parsed, [*first, *(f"note: {note}" for note in notes)])
    return 0


def _for_programs(files: Files, parsed: Parsed, notes: Sequence[str]) -> dict[str, Any]:
    tasks = [
        {
            "queue": task.queue_id,
            "line": task.line,
            "name": task.options.name,
            "gpus": task.gpus,
            "memory_gb": task.memory_gb,
            "devices": task.options.devices,
            "model": task.options.model,
            "hold": task.options.hold,
            "commands": in_words(task.script),
        }
        for task in parsed.tasks
    ]
    return {"ok": True, "file": str(files.command), "mode": files.mode, "tasks": tasks, "notes": notes}


def _show(files: Files, parsed: Parsed, notes: Sequence[str]) -> None:
    console = whole_lines(Console())
    if parsed.tasks:
        _show_plan(console, parsed.tasks)
    held = sum(task.options.hold for task in parsed.tasks)
    queues = len({task.queue_id for task in parsed.tasks})
    size = f"{counted(len(parsed.tasks), 'task')} in {counted(queues, 'queue')}, {held} held"
    console.print(Text(f"{files.shown}: {size}; no faults"))
    for note in notes:
        console.print(Text(note), soft_wrap=True)


def _show_plan(console: Console, tasks: Sequence[TaskSpec]) -> None:
    shown = tasks[:SHOWN_TASKS]
    columns = [name for name in COLUMNS if name not in IF_ANY or any(COLUMNS[name](task) for task in shown)]
    table = Table(*columns, box=None)
    for task in shown:
        cells = (COLUMNS[name](task) for name in columns)
        table.add_row(*(Text(cell, overflow="ellipsis", no_wrap=True) for cell in cells))
    console.print(table)
    if len(tasks) > SHOWN_TASKS:
        console.print(Text(f"and {len(tasks) - SHOWN_TASKS} more"))


def _missing_folders(files: Files, parsed: Parsed) -> Iterator[str]:
    """Working directories that are not there: no fault, as a task before may make them."""
    seen: set[str] = set()
    for task in parsed.tasks:
        if task.options.cwd is None:
            continue
        folder = task.folder(files.work_dir)
        if folder not in seen and not os.path.isdir(folder):  # noqa: PTH112 - raises for nothing
            place = "{}:{}".format(*parsed.document.place(task.line, "cwd"))
            yield f"{files.shown}:{place}: there is no folder {folder} yet, and without it the task will fail"
        seen.add(folder)


def _unfinished(files: Files, options: RunOptions) -> SavedRun | None:
    """What a start would go on with; None: it would begin a run. Raises what that start would raise."""
    saved = unfinished_run(files.home, files.command, options)
    if saved is None or options.start == "fresh":
        return None
    return filled_in(files.home, saved, now())[0]


def _would_resume(files: Files, saved: SavedRun, resumed: Resumed) -> str:
    tasks = [task for task in resumed.tasks if task.in_file]
    living = count_living(files.home, saved)
    more = f", {living} of them running now" if living else " (start over with --fresh)"
    stands = ", paused as it was left" if paused.is_kept(RunPaths(files.home.runs / saved.name)) else ""
    return f"a start would resume run {saved.name}: {progress(tasks)}{stands}{more}"
