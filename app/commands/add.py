"""`add`: one more block in a command file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands import flags
from app.commands.flags import Words
from app.commands.verbs import Json, refused
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.task import Mode, TaskSpec


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

    flags.tell(refused(add_), as_json)


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
    from app.amend import CommandFile, alone, amend, appended, check_script
    from app.command_file.render import block_lines
    from app.preparation import mode_of

    home = Home.find()
    path = _path(home, file)
    if path.is_dir():
        raise BadInput(f"{file} is a directory; name a command file")
    if not path.parent.is_dir():
        raise BadInput(f"{path} can't be made: there is no folder {path.parent}")
    target = CommandFile(path, mode_of(str(path)), file)
    spec, repeat = asked.spec(target.mode, file)
    block_lines(spec, target.mode, repeat)
    check_script(spec.script)
    with alone(path):
        created = not path.exists()
        parsed = amend(target, appended(spec, repeat))
    of_queue = sum(task.queue_id == spec.queue_id for task in parsed.tasks)
    places = [f"{spec.queue_id}/{index}" for index in range(of_queue - repeat, of_queue)]
    runner = _runner(home, path)
    return {
        "ok": True,
        "changed": True,
        "file": str(path),
        "created": created,
        "mode": target.mode,
        "tasks": places,
        "scheduler": runner,
        "said": _said(spec, places, file, created) + "\n" + _taken_up(runner, file),
    }


def _path(home: Home, file: str) -> Path:
    """Real path; of one that is not there: below where there is its folder, the working directory first."""
    path = home.resolve(file)
    if not path.exists() and not path.parent.is_dir() and (home.root / file).parent.is_dir():
        path = home.root / file
    return path.resolve()


def _runner(home: Home, path: Path) -> dict[str, Any] | None:
    """The scheduler that runs the file: its pid, and whether it takes up edits (None: can't be told)."""
    from app.commands.find import schedulers
    from app.store.plan_lock import plan_holder

    holder = plan_holder(home.state, path)
    if holder is None:
        return None
    seen = [one for one in schedulers(home, None, str(path)) if one.ran and str(one.pid) == holder]
    pid = int(holder) if holder.isdecimal() else None
    return {"pid": pid, "watches": seen[0].seen.watches if seen else None}


def _said(spec: TaskSpec, places: list[str], file: str, created: bool) -> str:
    name = f" ({spec.options.name})" if spec.options.name else ""
    what = places[0] if len(places) == 1 else f"{places[0]} to {places[-1]}"
    where = f"{file}, which was made" if created else file
    return f"{what}{name} added to {where}"


def _taken_up(runner: dict[str, Any] | None, file: str) -> str:
    if runner is None:
        return (
            f"no scheduler runs that file; to start one: ./gpulane run {file}, "
            f"or in the background ./gpulane scheduler start {file}"
        )
    who = f"the scheduler with pid {runner['pid'] or 'unknown'}"
    if runner["watches"]:
        return f"{who} takes it up at once (--watch)"
    if runner["watches"] is None:
        return f"{who} runs that file, from another GPULANE_HOME; it takes it up at once if it has --watch"
    return f"{who} runs without --watch: it reads the file again at its next start"


def register(app: typer.Typer) -> None:
    app.command()(add)
