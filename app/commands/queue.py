"""`queue`: who waits, for which cards, how long; and a held task joins it."""

import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.commands.find import shown_path
from app.commands.tasks import kept, living_place, when
from app.commands.verbs import LARGEST, Json, refused, tell
from app.home import home_here
from app.model.paths import Home
from app.view.look import QUIET, STATE, STRONG
from app.view.table import whole_lines
from app.view.text import clean, count, duration

if TYPE_CHECKING:
    from app.model.state_file import StateFile
    from app.store.waits import Started, Unfinished

QUEUED = ("pending", "waiting", "backoff")
LISTED = "./gpulane queue lists those that wait, by their ids"
MOST = 30
"""Tasks that are listed for people."""


@dataclass(frozen=True, slots=True)
class Schedulers:
    """Whose tasks they are: nobody starts those of one that is gone, and so they wait for nothing."""

    living: frozenset[str]  #: the names of their runs
    left: dict[str, "StateFile"]  #: by the names of theirs, what others have left
    now: float  #: wall time

    def runs(self, one: "Unfinished") -> bool:
        return one.run in self.living

    def waits(self, one: "Unfinished") -> float | None:
        """Seconds; None: it does not."""
        return self.now - one.since if one.status in QUEUED and self.runs(one) else None


@dataclass(slots=True)
class Group:
    """Tasks that wait for the same cards in the same queue."""

    tasks: list["Unfinished"] = field(default_factory=list)
    started: int = 0
    waited: float = 0.0  #: seconds, all that started together

    def number(self, *statuses: str) -> int:
        return sum(one.status in statuses for one in self.tasks)

    def longest(self, schedulers: Schedulers) -> float | None:
        waits = map(schedulers.waits, self.tasks)
        return max((each for each in waits if each is not None), default=None)

    @property
    def mean(self) -> float | None:
        return self.waited / self.started if self.started else None


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
    waiting, begun, schedulers = refused(_read)
    groups = _grouped(waiting, begun)
    if as_json:
        typer.echo(json.dumps(_as_json(waiting, groups, schedulers)))
    elif not waiting:
        typer.echo("nothing waits")
    else:
        _print(whole_lines(Console()), waiting, groups, schedulers)


def _join(id_: int) -> dict[str, Any]:
    from app import absent
    from app.submission import Place

    place = Place.find()
    living = living_place(place, kept(place, id_, LISTED))
    if living:
        return {**living.ask("release"), "id": id_}
    absent.release(place.home, id_)
    said = f"task {id_} joins the queue when its scheduler is started again"
    return {"ok": True, "changed": True, "id": id_, "said": said}


def _read() -> tuple[list["Unfinished"], list["Started"], Schedulers]:
    from app.store.waits import started, unfinished

    home = home_here()
    return unfinished(home.history, os.getuid()), started(home.history, os.getuid()), _schedulers(home)


def _schedulers(home: Home) -> Schedulers:
    """One of another host can't be judged from here, and counts as living."""
    from app.model.state_file import StateFile
    from app.store.states import list_states

    states = [(one.alive, one.state) for one in list_states(home) if isinstance(one.state, StateFile)]
    living = frozenset(state.run for alive, state in states if alive is not False)
    return Schedulers(living, {state.run: state for alive, state in states if alive is False}, time.time())


Groups = dict[tuple[str, str, int], Group]
"""By cards, command file and queue."""


def _grouped(waiting: list["Unfinished"], begun: list["Started"]) -> Groups:
    groups: Groups = defaultdict(Group)
    for one in waiting:
        groups[one.group, one.command_file, one.queue_id].tasks.append(one)
    for each in begun:
        which = each.group, each.command_file, each.queue_id
        if which in groups:
            groups[which].started += each.count
            groups[which].waited += each.waited
    return dict(sorted(groups.items()))


def _print(console: Console, waiting: list["Unfinished"], groups: Groups, schedulers: Schedulers) -> None:
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


def _say_gone(console: Console, of_file: list["Unfinished"], schedulers: Schedulers) -> None:
    from app.going_on import command_line

    for run in sorted({one.run for one in of_file if not schedulers.runs(one)}):
        state = schedulers.left.get(run)
        how = f"; to go on: {command_line(home_here(), state)}" if state else ""
        said = f"nothing starts these now, their scheduler does not run{how}"
        console.print(Text(clean(said), STATE["waiting"]), soft_wrap=True)


def _counted(groups: dict[tuple[str, int], Group], schedulers: Schedulers) -> Table:
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


def _listed(queued: list["Unfinished"], schedulers: Schedulers) -> Table:
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


def _as_json(waiting: list["Unfinished"], groups: Groups, schedulers: Schedulers) -> dict[str, Any]:
    by_cards: dict[str, dict[str, Any]] = {}
    for (cards, file, number), group in groups.items():
        found = by_cards.setdefault(
            cards, {"count": 0, "held": 0, "running": 0, "queues": [], "experiments": []}
        )
        found["count"] += group.number(*QUEUED)
        found["held"] += group.number("held")
        found["running"] += group.number("running")
        found["queues"].append(
            {
                "file": file,
                "queue": number,
                "count": group.number(*QUEUED),
                "longest_wait": group.longest(schedulers),
                "mean_wait": group.mean,
                "started": group.started,
            }
        )
    for one in waiting:
        if one.status != "running":
            by_cards[one.group]["experiments"].append(
                {
                    "id": one.id,
                    "task": f"{one.queue_id}/{one.index}",
                    "file": one.command_file,
                    "name": one.name,
                    "status": one.status,
                    "created": one.created,
                    "waits": schedulers.waits(one),
                    "scheduler_runs": schedulers.runs(one),
                }
            )
    return {"queued": sum(found["count"] for found in by_cards.values()), "device_groups": by_cards}


def register(app: typer.Typer) -> None:
    app.command()(queue)
