"""`--check`: everything a start would look at, and what it would run; nothing is started or written."""

import os

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app import preparation
from app.command_file.parse import Parsed
from app.core.rules import Rules
from app.engine import now
from app.gpu.probe import NoDriver
from app.gpu.watch import GpuWatch
from app.model.blockers import gb
from app.narrate import counted
from app.options import RunOptions, Start
from app.preparation import Files
from app.resume import progress, resume, unfinished_run

SHOWN_TASKS = 200


async def check(options: RunOptions) -> int:
    """Print the plan and answer 0. Raises GpulaneError with every fault."""
    with preparation.refused():
        files = preparation.find_files(options)
        parsed = preparation.read_command_file(files, {})
        unfinished = None if parsed.faults else _unfinished(files, parsed, options.start)
    watch = GpuWatch(preparation.make_probe(options))
    console = Console()
    try:
        gpus = (await watch.look()).gpus
        visible, problems = preparation.visible_gpus(gpus)
        rules = Rules.of(files.settings, os.getuid(), visible, os.cpu_count() or 1)
        if unfinished is None:  # a card that is missing at a resume is a reason to wait
            preparation.check_range(files, gpus)
            never = preparation.never_fitting(parsed.tasks, gpus, rules, files.shown)
            preparation.refuse(parsed.faults + never)
    except NoDriver as none:
        preparation.refuse(parsed.faults)
        problems = ()
        console.print(Text(f"not checked against this machine's GPUs: {none}"))
    finally:
        await watch.close()
    table = Table("queue", "line", "name", "GPUs", "memory each", "held", "commands", box=None)
    for task in parsed.tasks[:SHOWN_TASKS]:
        options_ = task.options
        first = task.script.strip().split("\n", 1)[0]
        memory = "" if task.gpus == 0 else gb(task.memory_gb)
        held = "held" if options_.hold else ""
        cells = (str(task.queue_id), str(task.line), options_.name or "", str(task.gpus), memory, held, first)
        table.add_row(*(Text(cell, overflow="ellipsis", no_wrap=True) for cell in cells))
    console.print(table)
    more = len(parsed.tasks) - SHOWN_TASKS
    queues = len({task.queue_id for task in parsed.tasks})
    held_count = sum(task.options.hold for task in parsed.tasks)
    console.print(
        Text(
            (f"and {more} more\n" if more > 0 else "")
            + f"{files.shown}: {counted(len(parsed.tasks), 'task')} in {counted(queues, 'queue')}, "
            f"{held_count} held; no faults"
        )
    )
    if unfinished is not None:
        console.print(Text(unfinished), soft_wrap=True)
    for problem in (*files.problems, *parsed.problems, *problems):
        console.print(Text(f"note: {problem.text}"))
    return 0


def _unfinished(files: Files, parsed: Parsed, start: Start) -> str | None:
    """What a start would go on with; None: it would begin a run. Raises what that start would raise."""
    saved = unfinished_run(files.home, files.command, files.mode, start)
    if saved is None or start == "fresh":
        return None
    tasks = [task for task in resume(saved, parsed.tasks, now()).tasks if task.in_file]
    return f"a start would resume run {saved.name}: {progress(tasks)} (start over with --fresh)"
