"""`queue`: who waits, for which cards, how long; and a held task joins it."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.commands.find import shown_path
from app.commands.tasks import kept, living_place, when
from app.commands.verbs import LARGEST, Json, refused, tell
from app.home import home_here
from app.view.look import QUIET, STATE, STRONG
from app.view.table import whole_lines
from app.view.text import clean, count, duration

if TYPE_CHECKING:
    from app.in_line import Group, Groups, Schedulers
    from app.store.waits import Unfinished

LISTED = "./gpulane queue lists those that wait, by their ids"
MOST = 30
"""Tasks that are listed for people."""


def queue(
    experiment: Annotated[
        int | None,
        typer.Option(
            "--experiment", max=LARGEST, metavar="ID", help="A held task, by its id, joins the queue."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Who waits, by the cards it is for and by queue, and how long; of schedulers that are gone, too."""
    if experiment is not None:
        tell(refused(lambda: _join(experiment)), as_json)
        return
    from app import in_line

    waiting, begun, schedulers = refused(lambda: in_line.read(home_here()))
    groups = in_line.grouped(waiting, begun)
    if as_json:
        typer.echo(json.dumps(in_line.as_json(waiting, groups, schedulers)))
    elif not waiting:
        typer.echo("nothing waits")
    else:
        _print(whole_lines(Console()), waiting, groups, schedulers)


def _join(id_: int) -> dict[str, Any]:
    from app import by_id
    from app.submission import Place

    place = Place.find()
    task = kept(place, id_, LISTED)
    return by_id.release(place.home, task, living_place(place, task))


def _print(console: Console, waiting: list["Unfinished"], groups: "Groups", schedulers: "Schedulers") -> None:
    for file in sorted({file for _, file, _ in groups}):
        console.print(Text(clean(shown_path(file)), STRONG), soft_wrap=True)
        _say_gone(console, [one for one in waiting if one.command_file == file], schedulers)
        of_file = {(cards, queue): group for (cards, at, queue), group in groups.items() if at == file}
        console.print(_counted(of_file, schedulers))
        queued = [one for one in waiting if one.command_file == file and one.status != "running"]
        if queued:
            console.print(Text("in the order they were created", QUIET))
            console.print(_listed(queued[:MOST], schedulers))
        if len(queued) > MOST:
            console.print(Text(f"and {count(len(queued) - MOST, 'more task')}", QUIET))


def _say_gone(console: Console, of_file: list["Unfinished"], schedulers: "Schedulers") -> None:
    from app.going_on import command_line

    for run in sorted({one.run for one in of_file if not schedulers.runs(one)}):
        state = schedulers.left.get(run)
        how = f"; to go on: {command_line(home_here(), state)}" if state else ""
        said = f"nothing starts these now, their scheduler does not run{how}"
        console.print(Text(clean(said), STATE["waiting"]), soft_wrap=True)


def _counted(groups: dict[tuple[str, int], "Group"], schedulers: "Schedulers") -> Table:
    from app.in_line import QUEUED

    table = Table(box=None, pad_edge=False, header_style=QUIET)
    for heading in (
        "cards",
        "queue",
        "queued",
        "held",
        "running",
        "longest wait",
        "mean wait of the started",
    ):
        table.add_column(heading, justify="left" if heading == "cards" else "right")
    for (cards, number), group in groups.items():
        longest = group.longest(schedulers)
        mean = "-" if group.mean is None else f"{duration(group.mean)} ({group.started:,})"
        numbers = number, group.number(*QUEUED), group.number("held"), group.number("running")
        table.add_row(cards, *map(str, numbers), "-" if longest is None else duration(longest), mean)
    return table


def _listed(queued: list["Unfinished"], schedulers: "Schedulers") -> Table:
    table = Table(box=None, pad_edge=False, header_style=QUIET)
    for heading in ("id", "task", "name", "state", "cards", "waits", "created"):
        table.add_column(heading, justify="right" if heading in ("id", "waits") else "left")
    for one in queued:
        waits = schedulers.waits(one)
        for_ = "-" if waits is None else duration(waits)
        table.add_row(
            *(str(one.id), f"{one.queue_id}/{one.index}", Text(clean(one.name or "-"))),
            *(Text(one.status, STATE[one.status]), one.group, for_, when(one.created)),
        )
    return table


def register(app: typer.Typer) -> None:
    app.command()(queue)
