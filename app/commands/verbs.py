"""The verbs of `./gpulane` for what runs already, as typer sees them."""

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from app.commands import find, show
from app.model.faults import GpulaneError
from app.model.paths import Home
from app.model.state_file import ADAPTER
from app.view import LiveView

Pid = Annotated[int | None, typer.Option("--pid", metavar="PID", help="Of the scheduler that is meant.")]
File = Annotated[str | None, typer.Option("--file", metavar="FILE", help="The command file it runs.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Stay, and show it as it changes.")]
Task = Annotated[
    str,
    typer.Argument(
        metavar="TASK", help="queue/index, its name, or the start of its key.", show_default=False
    ),
]

R = TypeVar("R")


def refused(function: Callable[[], R]) -> R:
    """What its user can mend becomes a sentence and exit code 2."""
    try:
        return function()
    except GpulaneError as error:
        typer.echo(f"gpulane: {error}", err=True)
        raise typer.Exit(2) from None


def ls(pid: Pid = None, file: File = None, as_json: Json = False, watch: Watch = False) -> None:
    """Schedulers, their queues and tasks, and why those wait that do."""
    home = Home.find()
    if watch:
        refused(lambda: _watch(home, pid, file))
        return
    found = refused(lambda: find.found_states(home, pid, file))
    if as_json:
        rows = [ADAPTER.dump_python(state, mode="json") | {"alive": one.alive} for one, state in found]
        typer.echo(json.dumps(rows))
    elif found:
        show.print_schedulers(show.a_console(), found)
    else:
        typer.echo(
            f"nothing runs, and nothing was left; ./gpulane run FILE starts a file (home: {home.root})"
        )


def _watch(home: Home, pid: int | None, file: str | None) -> None:
    """The scheduler's own live view, from its state file."""
    ((one, first),) = find.living(home, pid, file)[:1]
    last = first

    def look() -> Any:
        nonlocal last
        again = [state for each, state in find.found_states(home, one.pid, file) if each.alive]
        last = again[0] if again else last
        return last

    try:
        asyncio.run(LiveView(look).run())
    except KeyboardInterrupt:
        return


def gpus(pid: Pid = None, file: File = None, as_json: Json = False) -> None:
    """Cards: memory, use, temperature, power, whose processes, whose leases."""
    home = Home.find()
    found = refused(lambda: find.living(home, pid, file))
    state = max((state for _, state in found), key=lambda each: each.updated_at)
    if as_json:
        typer.echo(json.dumps(ADAPTER.dump_python(state, mode="json")["gpus"]))
    else:
        show.print_gpus(show.a_console(), state.gpus)


def _about_task(verb: str) -> Callable[..., None]:
    def command(task: Task, pid: Pid = None, file: File = None, as_json: Json = False) -> None:
        def ask() -> dict[str, Any]:
            client, found = find.the_task(Home.find(), pid, file, task)
            with client:
                return client.ask(verb, task=f"{found['queue']}/{found['index']}", key=found["key"])

        _tell(refused(ask), as_json)

    return command


def _about_scheduler(verb: str) -> Callable[..., None]:
    def command(pid: Pid = None, file: File = None, as_json: Json = False) -> None:
        def ask() -> dict[str, Any]:
            with find.the_one(Home.find(), pid, file) as client:
                return client.ask(verb)

        _tell(refused(ask), as_json)

    return command


def kill(
    task: Annotated[str | None, typer.Argument(metavar="TASK", show_default=False)] = None,
    gpu: Annotated[str | None, typer.Option("--gpu", metavar="N", help="All that runs on this card.")] = None,
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """End a task for good: it is cancelled, and its queue goes on."""
    if (task is None) == (gpu is None):
        raise typer.BadParameter("name a task, or a card with --gpu")
    if task is not None:
        _about_task("kill")(task, pid, file, as_json)
        return

    def ask() -> dict[str, Any]:
        with find.the_one(Home.find(), pid, file) as client:
            return client.ask("kill", gpu=gpu)

    _tell(refused(ask), as_json)


def gpu(
    id_: Annotated[str, typer.Argument(metavar="N", help="Its index, or its uuid.", show_default=False)],
    state: Annotated[str, typer.Argument(metavar="on|off", show_default=False)],
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """Use a card no more, or again: all schedulers of yours. What runs there goes on."""

    def ask() -> dict[str, Any]:
        one, _ = find.living(Home.find(), pid, file)[0]  # the file is theirs together
        with find.connect(Home.find(), one.pid) as client:
            return client.ask("gpu", id=id_, state=state)

    _tell(refused(ask), as_json)


def why(task: Task, pid: Pid = None, file: File = None, as_json: Json = False) -> None:
    """Why a task waits: everything in its way."""

    def ask() -> dict[str, Any]:
        client, found = find.the_task(Home.find(), pid, file, task)
        with client:
            return client.ask("why", task=f"{found['queue']}/{found['index']}", key=found["key"])

    answer = refused(ask)
    _tell(answer, as_json)
    if not as_json:
        for clause in answer["because"]:
            typer.echo(f"  - {clause}")


def _tell(answer: dict[str, Any], as_json: bool) -> None:
    typer.echo(json.dumps(answer) if as_json else answer["said"])


HELP = {
    "retry": "Run a task again that failed, was skipped, cancelled or completed; or now and not later.",
    "hold": "Keep a task from running until it is released.",
    "release": "Let a held task run.",
    "pause": "Start nothing more until `resume`; what runs goes on.",
    "resume": "Go on after `pause`.",
    "drain": "Start nothing more, and end when what runs has ended.",
    "stop": "End what runs, and the scheduler; the next start on its file runs it again.",
}


def register(app: typer.Typer) -> None:
    """Make them verbs of it."""
    for command in (ls, gpus, why, kill, gpu):
        app.command()(command)
    for verb in ("retry", "hold", "release"):
        app.command(verb, help=HELP[verb])(_about_task(verb))
    for verb in ("pause", "resume", "drain", "stop"):
        app.command(verb, help=HELP[verb])(_about_scheduler(verb))
