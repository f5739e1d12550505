"""`history` and `stats`: what has run, and what it comes to."""

import contextlib
import difflib
import json
import sqlite3
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.verbs import LARGEST, Json, refused
from app.home import home_here
from app.model.faults import BadInput
from app.model.paths import Home

if TYPE_CHECKING:
    from rich.console import Console

    from app.model.state_file import StateFile
    from app.store.figures import DeviceFigures, MemoryFigures, QueueFigures
    from app.store.past import PastRun, PastTask, Wanted

SHOWN = 20
"""In a table, unless `--limit` says more."""

Run = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="Its number, or the start of its name.", show_default=False),
]
Task = Annotated[
    str | None, typer.Option(metavar="TASK", help="queue/index, its name, or the start of its key.")
]
Queue = Annotated[int | None, typer.Option(max=LARGEST, metavar="N", help="Only of this queue.")]
Failed = Annotated[bool, typer.Option("--failed", help="Only tasks that failed for good.")]
Since = Annotated[
    str | None, typer.Option(metavar="WHEN", help="Not what was over before: 12h, 7d, 2026-11-20, today.")
]
Limit = Annotated[
    int | None,
    typer.Option(min=0, max=LARGEST - 1, metavar="N", help=f"At most N, 0: all. Else {SHOWN} in a table."),
]
File = Annotated[str | None, typer.Option("--file", metavar="FILE", help="Only of this command file.")]
Csv = Annotated[bool, typer.Option("--csv", help="For spreadsheets: a line a run, or a line an attempt.")]


def history(
    run: Run = None,
    task: Task = None,
    queue: Queue = None,
    failed: Failed = False,
    since: Since = None,
    limit: Limit = None,
    file: File = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Past runs; of one RUN, or with --task, --queue or --failed: tasks and their attempts. Newest first."""
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    most = limit if limit is not None else 0 if as_json or as_csv else SHOWN

    def show() -> None:
        from dataclasses import replace

        from app.store import past

        with _past() as (home, connection):
            wanted = _wanted(home, connection, run, task, queue, file, since)
            wanted = replace(wanted, failed=failed, limit=most + 1 if most else past.ALL)
            if run is None and task is None and queue is None and not failed:
                _show_runs(home, past.runs(connection, wanted), most, as_json, as_csv)
                return
            of_run = past.runs(connection, past.Wanted(run=wanted.run))[0] if wanted.run else None
            found = past.tasks(connection, wanted)
        _show_tasks(home, of_run, found, most, as_json, as_csv)

    refused(show)


def stats(
    queue: Queue = None, since: Since = None, limit: Limit = None, file: File = None, as_json: Json = False
) -> None:
    """Waits, durations, GPU hours of queues; what tasks declare, use, and should declare.

    Waits are for GPUs, one for each start; durations are of attempts that have ended; of both the median and
    the longest. The suggestion is the largest peak of a task's attempts on real cards (of one that ran out of
    memory: what it had, and what it asked for on top), and 10 %, rounded up to half a GB.
    """

    def show() -> None:
        from dataclasses import asdict

        from app import past_rows
        from app.store import figures

        with _past() as (home, connection):
            wanted = _wanted(home, connection, None, None, queue, file, since)
            queues = figures.queues(connection, wanted, past_rows.is_running)
            devices = figures.devices(connection, wanted)
            memory = figures.memory(connection, wanted, _card_sizes(home))
        if as_json:
            every = {
                "queues": [asdict(queue) for queue in queues],
                "devices": [asdict(group) for group in devices],
                "memory": [asdict(task) for task in memory],
            }
            typer.echo(json.dumps(every))
        else:
            _print_stats(queues, devices, memory, SHOWN if limit is None else limit or None)

    refused(show)


@contextlib.contextmanager
def _past() -> Iterator[tuple[Home, sqlite3.Connection]]:
    """Raises BadInput, HistoryError, NewerHistory."""
    from app.store.past import open_past

    home = home_here()
    with open_past(home.history) as connection:
        yield home, connection


def _wanted(
    home: Home,
    connection: sqlite3.Connection,
    run: str | None,
    task: str | None,
    queue: int | None,
    file: str | None,
    since: str | None,
) -> "Wanted":
    """What history knows nothing of at all is bad input. Raises BadInput."""
    from app.commands.find import shown_path
    from app.commands.since import moment
    from app.store import past

    path = None if file is None else str(home.resolve(file).resolve())
    files = past.known(connection, "command_file")
    if path is not None and path not in files:
        there = ", ".join(map(shown_path, files[:5])) or "of none"
        raise BadInput(f"history knows no run of {file}; it knows {there}")
    run_id = None if run is None else _run(connection, run)
    wanted = past.Wanted(run=run_id, command_file=path, task=task, queue=queue, since=moment(since))
    queues = past.known(connection, "queue_id")
    if queue is not None and queue not in queues:
        there = ", ".join(map(str, sorted(queues)[:20]))
        raise BadInput(f"history knows no queue {queue}; it knows {there}")
    if task is not None and not past.tasks(connection, past.Wanted(task=task, limit=1)):
        names = difflib.get_close_matches(task, past.known(connection, "tasks.name"), 3)
        near = f"; did you mean {' or '.join(names)}?" if names else "; ./gpulane history RUN shows a run's"
        raise BadInput(f"history knows no task {task}{near}")
    return wanted


def _run(connection: sqlite3.Connection, text: str) -> int:
    """The id of the one that is meant. Raises BadInput."""
    from app.store import past

    found = past.runs(connection, past.Wanted())
    meant = [run for run in found if text in (str(run.id), f"#{run.id}", run.name)]
    meant = meant or [run for run in found if run.name.startswith(text)]
    if len(meant) == 1:
        return meant[0].id
    shown = "\n".join(f"  {run.id}  {run.name}" for run in (meant or found)[:5])
    if not meant and past.tasks(connection, past.Wanted(task=text, limit=1)):
        raise BadInput(f"history knows no run {text}, but a task: ./gpulane history --task {text}")
    if not meant:
        raise BadInput(f"history knows no run {text}; the newest are:\n{shown}")
    raise BadInput(f"{text} may be any of {len(meant)} runs; say its number:\n{shown}")


def _show_runs(home: Home, found: "list[PastRun]", most: int, as_json: bool, as_csv: bool) -> None:
    from app import past_rows

    going_on = _going_on(home)
    shown = found[: most or None]
    if as_json:
        typer.echo(json.dumps(past_rows.runs(shown, going_on)))
    elif as_csv:
        past_rows.write_csv(past_rows.flat_runs(shown, going_on), past_rows.RUN_COLUMNS, sys.stdout)
    elif not shown:
        typer.echo("there was no run")
    else:
        from app.commands.past_tables import print_runs

        print_runs(_console(), shown, going_on)
        _say_more(len(found) > len(shown))


def _show_tasks(
    home: Home, run: "PastRun | None", found: "list[PastTask]", most: int, as_json: bool, as_csv: bool
) -> None:
    from app import past_rows

    shown = found[: most or None]
    if as_json:
        typer.echo(json.dumps(past_rows.tasks(shown)))
    elif as_csv:
        past_rows.write_csv(past_rows.flat_attempts(shown), past_rows.ATTEMPT_COLUMNS, sys.stdout)
    else:
        from app.commands.past_tables import print_run, print_tasks

        console = _console()
        if run:
            print_run(console, run, _going_on(home))
        if shown:
            print_tasks(console, shown, run is not None)
        else:
            typer.echo("there was no such task" if run is None else "that run has no such task")
        _say_more(len(found) > len(shown))


def _print_stats(
    queues: "list[QueueFigures]",
    devices: "list[DeviceFigures]",
    memory: "list[MemoryFigures]",
    most: int | None,
) -> None:
    from app.commands.past_tables import print_devices, print_memory, print_queues

    if not queues:
        typer.echo("nothing has run")
        return
    console = _console()
    print_queues(console, queues[:most])
    if most is not None and len(queues) > most:
        typer.echo(f"and {len(queues) - most:,} more: --limit 0 shows all")
    console.print()
    print_devices(console, devices[:most])
    console.print()
    if memory:
        print_memory(console, memory, most)
    else:
        typer.echo("no memory was measured: that takes attempts on real cards")


def _console() -> "Console":
    from rich.console import Console

    from app.view.table import whole_lines

    return whole_lines(Console())


def _say_more(more: bool) -> None:
    if more:
        typer.echo("there are more: --limit 0 shows all")


def _going_on(home: Home) -> frozenset[str]:
    """The runs whose schedulers live, by name."""
    return frozenset(state.run for alive, state in _states(home) if alive)


def _card_sizes(home: Home) -> dict[str, float]:
    """GB by uuid, of the cards that schedulers have seen."""
    return {card.uuid: card.total_gb for _, state in _states(home) for card in state.gpus}


def _states(home: Home) -> "Iterator[tuple[bool | None, StateFile]]":
    """Those that can be read, and whether their scheduler lives."""
    from app.model.state_file import StateFile
    from app.store.states import list_states

    return ((one.alive, one.state) for one in list_states(home) if isinstance(one.state, StateFile))


def register(app: typer.Typer) -> None:
    """Make them verbs of it."""
    app.command()(history)
    app.command()(stats)
