"""`release`: held tasks, or all that somebody holds."""

from typing import Annotated

import typer

from app.commands import find
from app.commands.verbs import File, Json, Pid, about_tasks, refused, tell
from app.home import home_here

Tasks = Annotated[
    list[str] | None, typer.Argument(metavar="[TASK...]", help="queue/index, a name, or the start of a key.")
]
HeldBy = Annotated[
    str | None,
    typer.Option("--held-by", metavar="WHO", help="All that is held by: fuse, file, or a user's name."),
]


def release(
    tasks: Tasks = None,
    held_by: HeldBy = None,
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """Let held tasks run, or all that somebody holds (--held-by fuse)."""
    if bool(tasks) == (held_by is not None):
        raise typer.BadParameter("name tasks, or who holds those you mean with --held-by")
    if tasks:
        about_tasks("release")(tasks, pid, file, as_json)
        return
    tell(refused(lambda: find.the_one(home_here(), pid, file).ask("release", held_by=held_by)), as_json)


def register(app: typer.Typer) -> None:
    """Make it a verb of it."""
    app.command()(release)
