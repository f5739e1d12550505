"""`health`: schedulers, what waits, what has gone wrong; for people, and for cron."""

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.verbs import LONGEST_PATIENCE, Json, refused

if TYPE_CHECKING:
    from rich.console import Console

    from app.doctor.health import Health, SchedulerHealth
    from app.doctor.troubles import Trouble

GONE = ("dead", "ended", "finished")
"""Schedulers for whose tasks nobody waits."""

Since = Annotated[
    str, typer.Option(metavar="WHEN", help="What ended before is no news: 12h, 7d, 2026-11-20, today.")
]
StuckAfter = Annotated[
    str, typer.Option(metavar="TIME", help="When a wait that only other people can end is one too long.")
]
Patience = Annotated[
    float,
    typer.Option(
        "--patience",
        min=0.1,
        max=LONGEST_PATIENCE,
        metavar="SECONDS",
        help="What a scheduler gets to answer.",
    ),
]


def health(
    since: Since = "1d", stuck_after: StuckAfter = "1h", patience: Patience = 10.0, as_json: Json = False
) -> None:
    """Schedulers, what waits and for how long, what could not start; exit 1 if anything is wrong."""

    def look() -> "Health":
        from app.commands.since import moment, seconds
        from app.doctor import health
        from app.doctor.troubles import Limits
        from app.home import home_here

        limits = Limits(seconds("--stuck-after", stuck_after), moment(since) or 0.0, patience)
        return health.look(home_here(), limits)

    found = refused(look)
    troubles = [*found.troubles, *(each for one in found.schedulers for each in one.troubles)]
    if as_json:
        from pydantic import TypeAdapter

        rows = TypeAdapter(type(found)).dump_python(found, mode="json")
        typer.echo(json.dumps(rows | {"healthy": not troubles}))
    else:
        _print(found, len(troubles))
    raise typer.Exit(int(bool(troubles)))


def _print(found: "Health", wrong: int) -> None:
    from rich.console import Console
    from rich.text import Text

    from app.view.look import BROKEN, STRONG
    from app.view.table import whole_lines

    console = whole_lines(Console())
    for one in found.schedulers:
        _print_scheduler(console, one)
    for trouble in found.troubles:
        _print_trouble(console, trouble)
    if not found.schedulers:
        typer.echo("no scheduler of yours runs, and none has left anything")
    console.print(Text(f"{wrong} wrong" if wrong else "nothing wrong", BROKEN if wrong else STRONG))


def _print_scheduler(console: "Console", one: "SchedulerHealth") -> None:
    from rich.text import Text

    from app.commands.past_tables import shown_file
    from app.model.state import in_order
    from app.view.look import BROKEN, QUIET, STATE, STRONG
    from app.view.text import count, duration

    text = shown_file(one.command_file, STRONG).append(f"  pid {one.pid}  ", QUIET)
    text.append(one.status, BROKEN if one.status == "dead" else STATE["running"])
    text.append(f"  since {time.strftime('%m-%d %H:%M', time.localtime(one.started_at))}", QUIET)
    for status, number in in_order(one.counts):
        text.append(f"  {number:,} {status}", STATE[status])
    console.print(text, soft_wrap=True)
    if one.backlog and one.status not in GONE:
        _print_backlog(console, one)
    for group in one.groups if one.status not in GONE else ():
        waits, longest = ("waits", "") if group.waiting == 1 else ("wait", "the longest ")
        where = {"auto": "any card", "cpu": "the CPU"}.get(group.devices, f"GPU {group.devices}")
        queues = count(group.waiting, "queue")
        said = f"  {queues} {waits} for {where}, {longest}for {duration(group.longest)}"
        console.print(Text(said, QUIET))
    for trouble in one.troubles:
        _print_trouble(console, trouble)
    for note in one.notes:
        _print_trouble(console, note, wrong=False)


def _print_backlog(console: "Console", one: "SchedulerHealth") -> None:
    from rich.table import Table
    from rich.text import Text

    from app.view.look import QUIET, STATE
    from app.view.text import clean, duration

    table = Table("  queue", "left", "task", "", "for", "", box=None, pad_edge=False, header_style=QUIET)
    for queue in one.backlog:
        table.add_row(
            Text(f"  {clean(f'{queue.queue_id} {queue.queue_name or str()}'.strip())}"),
            f"{queue.left:,}",
            "" if queue.head is None else f"{queue.queue_id}/{queue.head}",
            Text(queue.status, STATE[queue.status]),
            "" if queue.since is None else duration(time.time() - queue.since),
            Text(clean(queue.reason)),
        )
    console.print(table)


def _print_trouble(console: "Console", trouble: "Trouble", wrong: bool = True) -> None:
    from rich.table import Table
    from rich.text import Text

    from app.view.look import BROKEN, PLAIN, QUIET
    from app.view.text import clean

    line = Table.grid(padding=(0, 2))
    text = "\n".join(map(clean, trouble.text.splitlines()))
    line.add_row(Text("wrong", BROKEN) if wrong else Text("note", PLAIN), Text(text))
    if trouble.advice:
        line.add_row("", Text(clean(trouble.advice), QUIET))
    console.print(line)


def register(app: typer.Typer) -> None:
    """Make it a verb of it."""
    app.command()(health)
