"""`tasks`, `show` and `cancel`: what was submitted, by the ids that last."""

import json
import shlex
import time
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.commands import find
from app.commands.submit import Id
from app.commands.verbs import LARGEST, Json, ask_each, refused
from app.home import home_here
from app.model.blockers import gb
from app.model.faults import BadInput
from app.model.state import FINISHED, Backoff, TaskState, Waiting, error_text
from app.model.task import TaskSpec
from app.view.look import QUIET, STATE, STRONG
from app.view.table import whole_lines
from app.view.text import clean, count, duration

if TYPE_CHECKING:
    from app.store.lasting import KeptAttempt, KeptTask
    from app.submission import Place

ANY = "any"


def tasks(
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Only those that have not ended.")] = False,
    as_json: Json = False,
) -> None:
    """What was submitted: id, name, queue/index, state, GPU type, how many, when."""

    def read() -> tuple[list["KeptTask"], bool]:
        from app.store.plan_lock import plan_holder
        from app.submission import Place

        place = Place.find()
        runs = plan_holder(place.home.state, place.file.path) is not None
        return [one for one in place.tasks() if not (unfinished and one.state.status in FINISHED)], runs

    found, runs = refused(read)
    if as_json:
        typer.echo(json.dumps([_row(one) for one in found]))
        return
    if not found:
        typer.echo(
            "nothing was submitted"
            + (" that has not ended" if unfinished else "")
            + "; see ./gpulane submit --help"
        )
        return
    table = Table(box=None, pad_edge=False, header_style=QUIET)
    for heading in ("id", "name", "task", "state", "GPU type", "GPUs", "created"):
        table.add_column(heading, justify="right" if heading in ("id", "GPUs") else "left")
    for one in found:
        status = one.state.status
        table.add_row(
            *(str(one.id), Text(clean(_title(one)), overflow="ellipsis", no_wrap=True), one.label),
            *(Text(status, STATE[status]), Text(clean(one.spec.options.model or ANY)), str(one.spec.gpus)),
            when(one.created),
        )
    console = whole_lines(Console())
    console.print(table)
    if not runs and any(one.state.status not in FINISHED for one in found):
        console.print(
            Text(f"its scheduler does not run; to go on: {_going_on()}", STATE["waiting"]), soft_wrap=True
        )


def _going_on() -> str:
    """With the cards that its last scheduler had, if that is known."""
    home = home_here()
    last = find.of_file(home, str(home.submitted))
    return last[0].going_on() if last else "./gpulane scheduler start"


def show(id_: Id, as_json: Json = False) -> None:
    """All about a task: what it asks for, where it ran, how it ended, its commands."""

    def read() -> tuple["KeptTask", TaskState, list["KeptAttempt"], bool]:
        from app.store.lasting import attempts_of
        from app.submission import Place

        place = Place.find()
        task = kept(place, id_)
        living = living_place(place, task)
        return (
            task,
            living.task.state if living else task.state,
            attempts_of(place.home.history, id_),
            bool(living),
        )

    task, state, attempts, lives = refused(read)
    if as_json:
        typer.echo(json.dumps(_details(task, state, attempts, lives)))
        return
    console = whole_lines(Console())
    console.print(Text(f"task {task.id}  {clean(_title(task))}", STRONG))
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style=QUIET)
    table.add_column(overflow="fold")
    for name, value in _facts(task, state, attempts, lives):
        table.add_row(name, Text(clean(value)))
    console.print(table)
    console.print(Text("commands", QUIET))
    for line in task.spec.script.splitlines():
        console.print(Text(f"  {clean(line)}"), soft_wrap=True)


def cancel(
    ids: Annotated[
        list[int],
        typer.Argument(max=LARGEST, metavar="ID...", help="As `tasks` lists them.", show_default=False),
    ],
    as_json: Json = False,
) -> None:
    """They do not run any more: one that runs is ended with its whole process tree."""
    from app.submission import Place

    place = refused(Place.find)
    # All are known, or none is cancelled.
    found = refused(lambda: [kept(place, each) for each in ids])
    ask_each([partial(_cancel, place, task) for task in found], as_json)


def _cancel(place: "Place", task: "KeptTask") -> dict[str, Any]:
    from app import by_id

    living = living_place(place, task)
    if living and task.command_file != place.path:
        file = find.shown_path(task.command_file)
        raise BadInput(
            f"task {task.id} is {task.label} of {file} and was not submitted; to end it: "
            f"./gpulane kill {task.label} --file {shlex.quote(file)}"
        )
    return by_id.cancel(place.home, task, living)


SUBMITTED = "./gpulane tasks lists those that were submitted"


def kept(place: "Place", id_: int, listed: str = SUBMITTED) -> "KeptTask":
    """`listed`: where its user finds the right one. Raises BadInput, HistoryError."""
    from app.store.lasting import task_by_id

    task = task_by_id(place.home.history, id_)
    if task is None:
        raise BadInput(f"there is no task {id_}; {listed}")
    return task


def living_place(place: "Place", task: "KeptTask") -> find.Place | None:
    """Where it is with a scheduler that runs; None: it is with none. Raises NoAnswer."""
    for one in find.schedulers(place.home, None, None):
        if one.seen.run == task.run and one.alive():
            key = str(task.key)
            return next((found for found in one.named(key) if found.task.key == key), None)
    return None


def _title(task: "KeptTask") -> str:
    return task.spec.options.name or task.spec.script.split("\n", 1)[0].strip()


def when(at: float | None) -> str:
    return "-" if at is None else f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M:%S}"  # noqa: DTZ006 - a wall clock's


def _row(task: "KeptTask") -> dict[str, Any]:
    return {
        "id": task.id,
        "name": task.spec.options.name,
        "state": task.state.status,
        "gpu_type": task.spec.options.model,
        "gpus": task.spec.gpus,
        "memory_gb": task.spec.memory_gb,
        "created": task.created,
        "task": task.label,
        "key": str(task.key),
    }


def _details(
    task: "KeptTask", state: TaskState, attempts: list["KeptAttempt"], lives: bool
) -> dict[str, Any]:
    return {
        **_row(task),
        "state": state.status,
        "detail": asdict(state),
        "commands": task.spec.script,
        "options": asdict(task.spec.options),
        "attempts": [asdict(one) for one in attempts],
        "run": task.run,
        "file": task.command_file,
        "simulated": task.simulated,
        "scheduler_runs": lives,
    }


def _facts(
    task: "KeptTask", state: TaskState, attempts: list["KeptAttempt"], lives: bool
) -> list[tuple[str, str]]:
    spec, options = task.spec, task.spec.options
    gone = "" if lives or state.status in FINISHED else " (its scheduler does not run)"
    facts = [
        ("state", state.status + gone + (_more_of(state) if lives else "")),
        ("asks for", _asks_for(spec)),
        ("folder", options.cwd or "the scheduler's work_dir"),
        (
            "place",
            f"{task.label} of {find.shown_path(task.command_file)}"
            + (", simulated" if task.simulated else ""),
        ),
        ("created", when(task.created)),
    ]
    for one in attempts:
        facts += _of_attempt(one, len(attempts) > 1)
    return facts


def _more_of(state: TaskState) -> str:
    """Of one that does not run yet."""
    if isinstance(state, Waiting):
        return f": {state.reason}"
    if isinstance(state, Backoff):
        return f": tried again in {duration(state.until - time.time())}, after: {state.error}"
    return ""


def _asks_for(spec: TaskSpec) -> str:
    if spec.gpus == 0:
        return "no GPU"
    cards = count(spec.gpus, "GPU") + (f" of type {spec.options.model}" if spec.options.model else "")
    on = f" out of {', '.join(spec.options.devices)}" if spec.options.devices else ""
    return f"{cards}{on}, {gb(spec.memory_gb)}" + (" each" if spec.gpus > 1 else "")


def _of_attempt(one: "KeptAttempt", several: bool) -> list[tuple[str, str]]:
    which = f"attempt {one.attempt}: " if several else ""
    ended = one.ended_at
    took = duration((time.time() if ended is None else ended) - one.started_at)
    facts = [
        (f"{which}on GPU", ", ".join(one.gpu_ids) or "none"),
        (f"{which}started", when(one.started_at)),
        (f"{which}ended", "not yet" if ended is None else f"{when(ended)} after {took}"),
    ]
    if ended is not None:
        facts.append((f"{which}exit code", "unknown" if one.status is None else str(one.status)))
    if one.cause is not None:
        facts.append((f"{which}error", error_text(one.cause)))
    if one.session_name and ended is None:
        facts.append((f"{which}tmux", f"tmux -L {one.session_name} attach"))
    return [*facts, (f"{which}log", one.log_path)]


def register(app: typer.Typer) -> None:
    for command in (tasks, show, cancel):
        app.command()(command)
