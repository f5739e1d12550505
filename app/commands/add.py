"""`add`: one more block in a command file."""

import contextlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands import flags
from app.commands.flags import Words
from app.commands.verbs import Json, refused, tell
from app.home import home_here
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.task import Mode, TaskSpec

if TYPE_CHECKING:
    from app.amend import CommandFile
    from app.client import Client


def add(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The command file.", show_default=False)],
    commands: flags.Commands = None,
    queue: Annotated[
        str, typer.Option("--queue", "-q", metavar="ID", help="Its queue.", show_default=False)
    ] = "",
    memory: Annotated[
        str,
        typer.Option(
            "--memory", "-m", metavar="GB", help="Per GPU; all: the whole card.", show_default=False
        ),
    ] = "",
    gpus: Annotated[
        str | None,
        typer.Option("--gpus", "-g", metavar="N", help="In a file for several GPUs a task; else 1."),
    ] = None,
    name: flags.Name = None,
    queue_name: flags.Name = None,
    devices: flags.Devices = None,
    model: Annotated[
        str | None, typer.Option(metavar="A100", help="Only cards with this in their name.")
    ] = None,
    retries: flags.Retries = None,
    timeout: flags.Timeout = None,
    on_failure: Annotated[str | None, typer.Option(metavar="stop|continue")] = None,
    priority: flags.Priority = None,
    hold: flags.Hold = False,
    fifo: Annotated[bool, typer.Option("--fifo", help="Stands in line with other such tasks.")] = False,
    repeat: Annotated[str | None, typer.Option(metavar="N", help="So many tasks like this one.")] = None,
    cwd: flags.Cwd = None,
    env: flags.Env = None,
    share: Annotated[
        str | None, typer.Option(metavar="yes|no", help="May others of yours be on its card?")
    ] = None,
    tmux: flags.Tmux = False,
    as_json: Json = False,
) -> None:
    """Append a task to a command file. What is in it already stays as it is; a bad block changes nothing."""

    def add_() -> dict[str, Any]:
        options = flags.words(
            *(("name", name), ("queue_name", queue_name), ("devices", devices), ("model", model)),
            *(("retries", retries), ("timeout", timeout), ("on_failure", on_failure)),
            *(("priority", priority), ("hold", hold), ("fifo", fifo), ("repeat", repeat)),
            *(("cwd", cwd), ("share", share), ("terminal", "tmux" if tmux else None)),
        )
        asked = Asked(queue, memory, gpus, [*options, *flags.variables(env)], flags.script_of(commands))
        return append_block(file, asked)

    tell(refused(add_), as_json)


@dataclass(frozen=True, slots=True)
class Asked:
    """A block as flags say it."""

    queue: str
    memory: str
    gpus: str | None
    options: Words
    script: str

    def spec(self, mode: Mode, shown: str) -> tuple[TaskSpec, int]:
        """And how often it is repeated. Raises BadInput."""
        from app.command_file.lane import asked

        if not self.queue:
            raise BadInput("which queue? Name its id with -q, e.g. -q 1")
        if not self.memory:
            raise BadInput("how much memory? Say GB per GPU with -m, e.g. -m 20, or -m all")
        if mode == "single" and self.gpus is not None:
            raise BadInput(
                f"{shown} is a file of tasks with one GPU each: leave -g out, or name one for main_gpus.py"
            )
        gpus = 1 if self.gpus is None else flags.gpus_of(self.gpus)
        no_card: Words = [("gpus", "0")] if gpus == 0 else []
        wishes = asked([*self.options, *no_card])
        memory = flags.memory_of(self.memory)
        count = 0 if wishes.cpu else gpus
        return TaskSpec(flags.queue_of(self.queue), self.script, count, memory, wishes.options), wishes.repeat


def append_block(file: str, asked: Asked) -> dict[str, Any]:
    """The answer: what was changed, and who takes it up. Raises BadInput."""
    from app.amend import CommandFile, alone, check_script
    from app.command_file.render import block_lines
    from app.tables import is_table

    home = home_here()
    path = _path(home, file)
    if is_table(path):
        raise BadInput(f"{file} is a table, where a task is a row: add one there")
    if path.is_dir():
        raise BadInput(f"{file} is a directory; name a command file")
    if not path.parent.is_dir():
        raise BadInput(f"{path} can't be made: there is no folder {path.parent}")
    target = CommandFile(path, _mode(home, path), file)
    spec, repeat = asked.spec(target.mode, file)
    block_lines(spec, target.mode, repeat)
    check_script(spec.script)
    with alone(path):
        created = not path.exists()
        last, runner = _append(home, target, spec, repeat)
    places = [f"{spec.queue_id}/{index}" for index in range(last + 1 - repeat, last + 1)]
    return {
        "ok": True,
        "changed": True,
        "file": str(path),
        "created": created,
        "mode": target.mode,
        "tasks": places,
        "scheduler": runner,
        "said": _said(spec, places, str(path) if created else file, created) + "\n" + _taken_up(runner, file),
    }


def _mode(home: Home, path: Path) -> Mode:
    """That of the scheduler which runs it, also where there is no such file any more."""
    from app.commands.find import of_file
    from app.preparation import mode_of

    running = (one for one in of_file(home, str(path)) if one.ran)
    return next((one.seen.mode for one in running), None) or mode_of(str(path))


Runner = dict[str, Any]


def _append(home: Home, file: "CommandFile", spec: TaskSpec, repeat: int) -> tuple[int, Runner | None]:
    """Write it; the index of its last task, and the scheduler that runs the file and has taken it up.

    Raises BadInput, also with what the scheduler has against it; NoAnswer. Then the file is as it was."""
    from app.client import NoAnswer

    while True:
        runner = _runner(home, file.path)
        try:
            return _written(home, file, spec, repeat, runner), runner
        except NoAnswer:
            if _runner(home, file.path) is not None:
                raise
            # It has ended just now, without the new block: once more, without it.


def _written(home: Home, file: "CommandFile", spec: TaskSpec, repeat: int, runner: Runner | None) -> int:
    from app.amend import amend, appended
    from app.client import Client
    from app.takeup import kept_if_taken, refuse_unmended, state_of, until

    with contextlib.ExitStack() as stack:
        client = None
        if runner and runner["here"]:
            client = stack.enter_context(Client(home.control_socket(runner["pid"])))
            refuse_unmended(state_of(client), file.shown)
        amended = amend(file, appended(spec, repeat))
        last = sum(task.queue_id == spec.queue_id for task in amended.parsed.tasks) - 1
        if client:
            with kept_if_taken(amended, client):
                until(client, lambda: _there(client, spec, last))
        return last


def _there(client: "Client", spec: TaskSpec, index: int) -> bool | None:
    """Does the scheduler have it?"""
    found = client.ask("tasks", task=f"{spec.queue_id}/{index}", count=10)["tasks"]
    digest = spec.digest()
    return any(one["in_file"] and one["key"].startswith(digest) for one in found) or None


def _path(home: Home, file: str) -> Path:
    """Real path; of one that is not there: below where there is its folder, the working directory first."""
    path = home.resolve(file)
    if not path.exists() and not path.parent.is_dir() and (home.root / file).parent.is_dir():
        path = home.root / file
    return path.resolve()


def _runner(home: Home, path: Path) -> Runner | None:
    """The scheduler that runs the file: its pid, and whether it is of this home."""
    from app.commands.find import schedulers
    from app.store.plan_lock import pid_of, plan_holder

    holder = plan_holder(home.state, path)
    if holder is None:
        return None
    seen = [one for one in schedulers(home, None, None) if one.ran and str(one.pid) == holder]
    return {"pid": pid_of(holder), "here": bool(seen), "status": seen[0].seen.status if seen else None}


def _said(spec: TaskSpec, places: list[str], file: str, created: bool) -> str:
    name = f" ({spec.options.name})" if spec.options.name else ""
    what = places[0] if len(places) == 1 else f"{places[0]} to {places[-1]}"
    where = f"{file}, which was made" if created else file
    return f"{what}{name} added to {where}"


def _taken_up(runner: Runner | None, file: str) -> str:
    if runner is None:
        return (
            f"no scheduler runs that file; to start one: ./gpulane run {shlex.quote(file)}, "
            f"or in the background ./gpulane scheduler start {shlex.quote(file)}"
        )
    who = f"the scheduler with pid {runner['pid'] or 'unknown'}"
    if runner["status"] in ("draining", "stopping"):
        return f"{who} is {runner['status']} and starts nothing more: it runs at the next start"
    if not runner["here"]:
        return f"{who} runs that file, from another GPULANE_HOME, and reads it by itself"
    return f"{who} has taken it up"


def register(app: typer.Typer) -> None:
    app.command()(add)
