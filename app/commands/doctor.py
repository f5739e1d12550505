"""`doctor`: is this machine, and this home, as a scheduler wants it?"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.verbs import LONGEST_PATIENCE, Json

if TYPE_CHECKING:
    from app.doctor.finding import Finding

DRIVER_SECONDS = 30.0
"""Without persistence mode, a driver takes that long to load."""

Patience = Annotated[
    float,
    typer.Option(
        "--patience", min=0.1, max=LONGEST_PATIENCE, metavar="SECONDS", help="What the driver gets to answer."
    ),
]


def doctor(as_json: Json = False, patience: Patience = DRIVER_SECONDS) -> None:
    """What is wrong with driver, GPUs, programs, folders, leases, clock, settings; what to do about it."""
    from app.doctor.examine import examine

    if as_json:
        found = list(examine(patience))
        typer.echo(json.dumps([asdict(one) for one in found]))
    else:
        found = _printed(examine(patience))
    raise typer.Exit(int(any(one.level == "wrong" for one in found)))


def _printed(findings: "Iterable[Finding]") -> "list[Finding]":
    """Each as soon as it is made: the driver may take its time."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from app.view.look import BROKEN, PLAIN, QUIET, STATE, STRONG, WARN
    from app.view.table import whole_lines
    from app.view.text import clean, count

    styles = {"ok": STATE["completed"], "warning": WARN, "wrong": BROKEN}
    console, found = whole_lines(Console()), []
    for one in findings:
        found.append(one)
        line = Table.grid(padding=(0, 2))
        line.add_column(width=len("warning"))
        text = Text(f"{clean(one.subject)}: ", STRONG).append(clean(one.text), PLAIN)
        line.add_row(Text(one.level, styles[one.level]), text)
        if one.advice:
            line.add_row("", Text(clean(one.advice), QUIET))
        console.print(line)
    wrong, warned = (sum(one.level == level for one in found) for level in ("wrong", "warning"))
    said = f"{wrong or 'nothing'} wrong, {count(warned, 'warning') if warned else 'no warnings'}"
    console.print(Text(said, BROKEN if wrong else STRONG))
    return found


def register(app: typer.Typer) -> None:
    """Make it a verb of it."""
    app.command()(doctor)
