"""Before a scheduler starts: everything that could refuse the start is looked at, and nothing is written, but
what an earlier run of a table was not counted in it."""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import fitting, preparation
from app.command_file.parse import Parsed
from app.command_file.syntax import Verdicts
from app.core.rules import Rules
from app.counting import count_earlier
from app.earlier import count_living, unfinished_run
from app.gpu.probe import NoDriver
from app.gpu.watch import GpuWatch
from app.home import make_folders
from app.model.faults import BadInput, Fault
from app.model.gpu import Gpu
from app.model.problems import Problem
from app.narrate import counted
from app.options import RunOptions
from app.preparation import Files
from app.signature import Signature, signature
from app.store.plan_lock import take_plan
from app.store.resume import SavedRun
from app.tables import is_table
from app.tables.journal import Journal
from app.tables.read import NOTHING, Known, queues_of
from app.tables.rows import Identity

if TYPE_CHECKING:
    from app.metrics.port import MetricsPort

RESUME_LOOK_SECONDS = 0.3
"""What the driver gets before living attempts are looked for."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything that could be refused has been looked at, and nothing was started or written."""

    options: RunOptions
    files: Files
    seen: Signature | None  #: of the command file as it was read
    parsed: Parsed
    verdicts: Verdicts  #: what bash said of its scripts
    journal: Journal | None  #: of a table: what was counted in it
    saved: SavedRun | None  #: the run to go on with
    given_up: SavedRun | None  #: the unfinished run that a fresh start leaves behind
    watch: GpuWatch
    rules: Rules
    problems: tuple[Problem, ...]  #: of the machine and the home; files that can be edited have their own
    metrics: "MetricsPort | None" = None  #: the port that was asked for


async def make_ready(stack: contextlib.AsyncExitStack, options: RunOptions) -> Ready:
    preparation.raise_descriptor_limit()
    files = preparation.find_files(options)
    metrics = _open_port(stack, options.metrics_port)
    make_folders(files.home)
    plan, loop = take_plan(files.home.state, files.command), asyncio.get_running_loop()
    stack.callback(plan.release)
    loop.add_reader(plan.name, plan.hang_up)
    stack.callback(loop.remove_reader, plan.name)
    unfinished = unfinished_run(files.home, files.command, options)
    saved, given_up = (None, unfinished) if options.start == "fresh" else (unfinished, None)
    seen = signature(files.command)
    verdicts: Verdicts = {}
    journal = await _journal(files, saved) if is_table(files.command) else None
    had = (((task.key.digest, task.options.name), task.queue_id) for task in saved.tasks) if saved else ()
    known = _known(journal, saved.name, had) if journal and saved else NOTHING
    parsed = preparation.read_command_file(files, verdicts, known)
    if saved is not None:
        refuse(parsed.faults, files, saved)
    watch = GpuWatch(
        fitting.make_probe(options),
        sample_interval=files.settings.sample_interval,
        sample_window=files.settings.sample_window,
    )
    stack.push_async_callback(watch.close)
    if saved is None:
        rules, problems = await fitting.fit(files, parsed, watch)
    else:
        rules, problems = fitting.rules_here(files, await _cards_at_resume(watch, files, saved))
    return Ready(
        *(options, files, seen, parsed, verdicts, journal, saved, given_up, watch, rules),
        files.problems + problems,
        metrics,
    )


def _open_port(stack: contextlib.AsyncExitStack, where: str | None) -> "MetricsPort | None":
    """Raises BadInput."""
    if where is None:
        return None
    from app.metrics.port import MetricsPort

    port = MetricsPort(where)
    stack.callback(port.close)
    return port


async def _journal(files: Files, saved: SavedRun | None) -> Journal:
    """What an earlier run has not counted yet is counted before a fresh one reads how often rows were run.
    Raises BadInput where that can't be done now."""
    journal = Journal(files.home.counts(files.command))
    if saved is None and journal.pending():
        await count_earlier(files, journal)
    return journal


def refuse(faults: tuple[Fault, ...], files: Files, saved: SavedRun) -> None:
    """At a resume. Raises BadInput with the file's faults, which counts what was left running."""
    try:
        preparation.refuse(faults)
    except BadInput as bad:
        living = count_living(files.home, saved)
        if living:
            text = f"what still runs of the unfinished run ({counted(living, 'task')}) was left as it is"
            raise BadInput(f"{bad}\n{text}; mend the file and start again") from bad
        raise


async def _cards_at_resume(watch: GpuWatch, files: Files, saved: SavedRun) -> tuple[Gpu, ...]:
    """None while the driver is away: what runs is looked for now, and the rest waits. Raises NoDriver where
    there has been no driver and nothing runs: the wait would be for ever."""
    try:
        return await fitting.cards_within(watch, RESUME_LOOK_SECONDS)
    except NoDriver:
        if count_living(files.home, saved):
            return ()
        raise


def read_again(ready: Ready, run: str, had: Iterable[tuple[Identity, int]]) -> Parsed:
    """The command file as it stands now, for a run under way that has had these tasks in these queues."""
    if ready.journal is None:
        return preparation.read_command_file(ready.files, ready.verdicts)
    with ready.journal.table:  # what is counted, and the file that it is counted in
        known = _known(ready.journal, run, had)
        return preparation.read_command_file(ready.files, ready.verdicts, known)


def _known(journal: Journal, run: str, had: Iterable[tuple[Identity, int]]) -> Known:
    return Known(journal.counts(run), queues_of(had))
