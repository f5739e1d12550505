"""The verbs of `./gpulane` for what runs already, as typer sees them."""

import functools
import json
import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console, Group

from app.commands import find, show
from app.commands.refusals import is_of_output, say_refused
from app.home import home_here
from app.model.faults import BadInput, GpulaneError
from app.model.state_file import adapter, load, load_heads
from app.view.table import whole_lines

if TYPE_CHECKING:  # what one verb alone needs is loaded there, so that the others need not wait for it
    from app.commands.wait import Waited

LARGEST = 2**63 - 1
"""Of whole numbers that go to history."""

LONGEST_PATIENCE = 86_400
"""Seconds."""

Pid = Annotated[int | None, typer.Option("--pid", metavar="PID", help="Of the scheduler that is meant.")]
File = Annotated[str | None, typer.Option("--file", metavar="FILE", help="The command file it runs.")]
_for_programs: ContextVar[bool] = ContextVar("for programs", default=False)
"""Whether the command that runs was given --json."""


def _note(given: bool) -> bool:
    _for_programs.set(given)
    return given


Json = Annotated[bool, typer.Option("--json", help="For programs.", callback=_note)]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Stay, and show it as it changes.")]
Tasks = Annotated[
    list[str],
    typer.Argument(metavar="TASK...", help="queue/index, a name, or the start of a key.", show_default=False),
]
Task = Annotated[
    str,
    typer.Argument(
        metavar="TASK", help="queue/index, its name, or the start of its key.", show_default=False
    ),
]

Answer = dict[str, Any]
R = TypeVar("R")


def refused(function: Callable[[], R]) -> R:
    """What its user can mend becomes a sentence and exit code 2; under --json an object."""
    try:
        return function()
    except BrokenPipeError:  # whoever reads has seen enough
        raise
    except GpulaneError as error:
        said = str(error)
    except OSError as error:
        if is_of_output(error):
            raise
        said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    say_refused(said, _for_programs.get())
    raise typer.Exit(2)


def ls(
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
    watch: Watch = False,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="Every task, not only where queues stand.")
    ] = False,
) -> None:
    """Schedulers, their queues and tasks, and why those wait that do."""
    home = refused(home_here)
    read = load if every or as_json else load_heads
    found, unreadable = refused(lambda: find.look(home, pid, file, read))
    if every and not watch:
        found = refused(lambda: [replace(one, seen=one.whole()) for one in found])
    for wrong in unreadable:
        typer.echo(f"gpulane: {wrong}", err=True)
    if as_json:
        rows = [adapter().dump_python(one.seen, mode="json") | {"alive": one.ran} for one in found]
        typer.echo(json.dumps(rows))
    elif not found and not unreadable:
        typer.echo(f"nothing runs here ({home.root}), and nothing was left; ./gpulane run FILE starts one")
    elif watch and sys.stdout.isatty():
        from app.commands.watch import watch_one, watch_tables  # the live view takes a moment to load

        living = [one for one in found if one.ran]
        if len(living) == 1 and not every:
            watch_one(living[0])
        else:
            watch_tables(lambda: [*show.schedulers_shown(find.schedulers(home, pid, file), every)])
    else:
        whole_lines(Console()).print(Group(*show.schedulers_shown(found, every)))


def gpus(pid: Pid = None, file: File = None, as_json: Json = False, watch: Watch = False) -> None:
    """Cards: memory, use, temperature, power, whose processes, whose leases."""
    from app.commands.cards import cards_of, for_programs

    home = refused(home_here)
    seen = refused(lambda: cards_of(home, pid, file))
    if as_json:
        typer.echo(json.dumps(for_programs(seen.cards)))
    elif watch:
        from app.commands.watch import watch_tables

        watch_tables(lambda: [show.gpus_shown(cards_of(home, pid, file))])
    else:
        whole_lines(Console()).print(show.gpus_shown(seen))


def about_tasks(verb: str) -> Callable[..., None]:
    """A command that asks this of each task it is given."""

    def command(tasks: Tasks, pid: Pid = None, file: File = None, as_json: Json = False) -> None:
        # All are known, or none is asked; then each is, whatever becomes of the others.
        places = refused(lambda: find.to_ask(home_here(), pid, file, tasks))
        ask_each([functools.partial(place.ask, verb) for place in places], as_json)

    return command


def ask_each(asking: Sequence[Callable[[], Answer]], as_json: bool) -> None:
    """One after the other, whatever becomes of those before."""
    code = 0
    for ask in asking:
        try:
            tell(refused(ask), as_json)
        except typer.Exit as refusal:
            code = refusal.exit_code
    raise typer.Exit(code)


def _about_scheduler(verb: str) -> Callable[..., None]:
    def command(pid: Pid = None, file: File = None, as_json: Json = False) -> None:
        tell(refused(lambda: find.the_one(home_here(), pid, file).ask(verb)), as_json)

    return command


def kill(
    tasks: Annotated[list[str] | None, typer.Argument(metavar="[TASK...]", show_default=False)] = None,
    gpu: Annotated[
        list[str] | None, typer.Option("--gpu", metavar="GPU", help="All that runs on this card; repeatable.")
    ] = None,
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """End tasks for good: they are cancelled, and their queues go on."""
    if bool(tasks) == bool(gpu):
        raise typer.BadParameter("name tasks, or a card with --gpu")
    if tasks:
        about_tasks("kill")(tasks, pid, file, as_json)
    else:
        one = refused(lambda: find.the_one(home_here(), pid, file))
        ask_each([functools.partial(one.ask, "kill", gpu=card) for card in gpu or ()], as_json)


def gpu(
    id_: Annotated[str, typer.Argument(metavar="GPU", help="Its index, or its uuid.", show_default=False)],
    state: Annotated[str, typer.Argument(metavar="on|off", show_default=False)],
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """Use a card no more, or again: all schedulers of yours. What runs there goes on."""
    from app.commands.cards import turn_gpu

    tell(refused(lambda: turn_gpu(home_here(), id_, state, pid, file)), as_json)


def set_(
    key: Annotated[str | None, typer.Argument(metavar="KEY", show_default=False)] = None,
    value: Annotated[str | None, typer.Argument(metavar="VALUE", show_default=False)] = None,
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """Another value for a setting, until the scheduler ends; without VALUE what it is, or what all are."""
    one = refused(lambda: find.the_one(home_here(), pid, file))
    if value is not None:
        tell(refused(lambda: one.ask("set", key=key, value=value)), as_json)
        return
    settings = refused(lambda: one.ask("set", **({"key": key} if key else {})))["settings"]
    shown = {name: json.loads(text) for name, text in settings.items()}
    typer.echo(json.dumps(shown) if as_json else "\n".join(f"{k}: {v}" for k, v in settings.items()))


def why(task: Task, pid: Pid = None, file: File = None, as_json: Json = False) -> None:
    """Why a task waits: everything in its way, and what would start it."""
    from app.commands.explain import as_it_was, lines_of

    place = refused(lambda: find.the_task(find.schedulers(home_here(), pid, file), task))
    answer = refused(lambda: place.ask("why") if place.scheduler.alive() else as_it_was(place))
    if as_json:
        tell(answer, as_json)
    else:
        for line in lines_of(answer, place.scheduler.home.history):
            typer.echo(line)


def logs(
    task: Task,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Stay until it has ended, retries included.")
    ] = False,
    attempt: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The task's N-th, counted from 1; else its last.")
    ] = None,
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """The end of a task's log."""
    from app.commands.follow import described, follow_log, log_of, show_log

    if follow and as_json:
        raise typer.BadParameter("--json shows what there is now; leave --follow out")

    def show_it() -> None:
        place = find.the_task(find.schedulers(home_here(), pid, file), task)
        if follow:
            follow_log(place, attempt)
        elif as_json:
            tell(described(place, log_of(place, attempt)), as_json)
        else:
            show_log(place, log_of(place, attempt), follow)

    refused(show_it)


def wait(
    tasks: Annotated[list[str] | None, typer.Argument(metavar="[TASK...]", show_default=False)] = None,
    pid: Pid = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """Until these tasks have ended, with the exit code of the first that was not completed; without any,
    until the schedulers have, or stay (--watch) with no task left."""
    from app.commands.wait import wait_for, wait_for_schedulers

    def wait_() -> "list[Waited]":
        among = find.schedulers(home_here(), pid, file)
        if tasks:
            return wait_for([find.the_task(among, each) for each in tasks])
        if not among:
            raise BadInput("no scheduler runs here, and nothing was left of one")
        return wait_for_schedulers([one for one in among if one.ran] or among[:1])

    found = refused(wait_)
    code = next((one.code for one in found if one.code), 0)
    if as_json:
        rows = [{**one.what, "status": one.status, "code": one.code} for one in found]
        typer.echo(json.dumps({"ok": True, "code": code, "tasks" if tasks else "schedulers": rows}))
    else:
        for said in filter(None, (one.said for one in found)):
            typer.echo(f"gpulane: {said}", err=True)
    raise typer.Exit(code)


def tell(answer: Answer, as_json: bool) -> None:
    """What was done, as the answer has it."""
    typer.echo(json.dumps(answer) if as_json else answer["said"])


HELP = {
    "retry": "Run a task again that failed, was cancelled or completed; or now and not later.",
    "hold": "Keep a task from running until it is released.",
    "pause": "Start nothing more until `resume`; what runs goes on.",
    "resume": "Go on after `pause`.",
    "drain": "Start nothing more, and end when what runs has ended.",
    "stop": "End what runs, and the scheduler; the next start on its file runs it again.",
}


def register(app: typer.Typer) -> None:
    """Make them verbs of it."""
    for command in (ls, gpus, why, kill, gpu, logs, wait):
        app.command()(command)
    app.command("set", context_settings={"ignore_unknown_options": True})(set_)  # -1 is a value
    for verb in ("retry", "hold"):
        app.command(verb, help=HELP[verb])(about_tasks(verb))
    for verb in ("pause", "resume", "drain", "stop"):
        app.command(verb, help=HELP[verb])(_about_scheduler(verb))
