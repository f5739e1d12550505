"""`submit` and `clone`: a task without a command file of one's own."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands import flags
from app.commands.verbs import LARGEST, Json, refused, tell
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.task import Options, TaskSpec

GpuType = Annotated[
    str | None, typer.Option(metavar="A100", help="Only cards with this in their name; any: all.")
]
Gpus = Annotated[str | None, typer.Option("--gpus", "-g", metavar="N", help="How many; 0: none.")]
Memory = Annotated[
    str | None, typer.Option("--memory", "-m", metavar="GB", help="Per GPU; all: the whole card.")
]
Simulate = Annotated[
    str | None, typer.Option(metavar="NxGB", help="A scheduler that is started for it has simulated GPUs.")
]
Queue = Annotated[
    str | None,
    typer.Option(
        "--queue", "-q", metavar="N", help="Behind what was submitted to this queue: N/0 as `tasks` lists it."
    ),
]
Id = Annotated[
    int, typer.Argument(max=LARGEST, metavar="ID", help="As `tasks` lists it.", show_default=False)
]


def submit(
    commands: flags.Commands = None,
    name: flags.Name = None,
    gpu_type: GpuType = None,
    gpus: Gpus = None,
    memory: Memory = None,
    cwd: flags.Cwd = None,
    retries: flags.Retries = None,
    timeout: flags.Timeout = None,
    priority: flags.Priority = None,
    hold: flags.Hold = False,
    queue: Queue = None,
    env: flags.Env = None,
    devices: flags.Devices = None,
    tmux: flags.Tmux = False,
    simulate: Simulate = None,
    as_json: Json = False,
) -> None:
    """Submit a script (after --, or on standard input) to the line of those submitted before; its id.

    It gets whole cards unless it says its memory, and runs where it was submitted. Where its scheduler is not
    there it is started in the background, with the environment of this shell, and stays.
    """

    def submit_() -> dict[str, Any]:
        options = flags.words(
            *(("name", name), ("model", _model(gpu_type)), ("devices", devices), ("retries", retries)),
            *(("timeout", timeout), ("priority", priority), ("hold", hold)),
            *(("terminal", "tmux" if tmux else None), ("cwd", _folder(cwd or "."))),
        )
        spec = _spec([*options, *flags.variables(env)], gpus, memory, commands)
        return submitted(spec, simulate, queue)

    tell(refused(submit_), as_json)


def clone(
    id_: Id,
    commands: flags.Commands = None,
    name: flags.Name = None,
    gpu_type: GpuType = None,
    gpus: Gpus = None,
    memory: Memory = None,
    cwd: flags.Cwd = None,
    retries: flags.Retries = None,
    timeout: flags.Timeout = None,
    priority: flags.Priority = None,
    hold: flags.Hold = False,
    queue: Queue = None,
    env: flags.Env = None,
    devices: flags.Devices = None,
    tmux: flags.Tmux = False,
    simulate: Simulate = None,
    as_json: Json = False,
) -> None:
    """Submit a task again, with what is named here changed; a script after -- takes the place of its own."""

    def clone_() -> dict[str, Any]:
        changed = flags.words(
            *(("name", name), ("model", _model(gpu_type)), ("retries", retries), ("timeout", timeout)),
            *(("priority", priority), ("hold", hold), ("cwd", cwd and _folder(cwd))),
            *(("devices", devices), ("terminal", "tmux" if tmux else None)),
        )
        words = [*changed, *flags.variables(env)]
        any_model = gpu_type is not None and _model(gpu_type) is None
        return submitted(_changed(id_, words, any_model, gpus, memory, commands), simulate, queue)

    tell(refused(clone_), as_json)


def submitted(spec: TaskSpec, simulate: str | None, queue: str | None) -> dict[str, Any]:
    """Submit it; the answer. Raises GpulaneError."""
    from app.background import stands
    from app.submission import New
    from app.submission import submit as submit_

    done = submit_(New(spec, simulate, None if queue is None else flags.queue_of(queue)))
    task = done.task
    said = f"task {task.id}{_named(spec)} is submitted, {done.where}; ./gpulane show {task.id}"
    if done.started:
        on = "simulated GPUs" if done.simulated else "the GPUs here"
        said += f"\nits scheduler was started on {on}, and stays (pid {done.pid})"
    elif done.simulated and not simulate:
        said += f"\nits scheduler (pid {done.pid}) has simulated GPUs"
    said += stands(Home.find(), done.pid)
    return {
        "ok": True,
        "changed": True,
        "id": task.id,
        "task": task.label,
        "key": str(task.key),
        "file": task.command_file,
        "scheduler": {"pid": done.pid, "started": done.started, "simulated": done.simulated},
        "said": said,
    }


def _named(spec: TaskSpec) -> str:
    return f" ({spec.options.name})" if spec.options.name else ""


def _spec(words: flags.Words, gpus: str | None, memory: str | None, commands: list[str] | None) -> TaskSpec:
    """Its queue is chosen later. Raises BadInput."""
    from app.submission import spec_of

    script = flags.script_of(commands, stdin_by_default=True)
    count = 1 if gpus is None else flags.gpus_of(gpus)
    return spec_of(words, script, count, None if memory is None else flags.memory_of(memory))


def _changed(
    id_: int,
    words: flags.Words,
    any_model: bool,
    gpus: str | None,
    memory: str | None,
    commands: list[str] | None,
) -> TaskSpec:
    """A task of history with other values where there are some. Raises BadInput."""
    from app.command_file.lane import asked
    from app.home import home_here
    from app.store.lasting import task_by_id

    task = task_by_id(home_here().history, id_)
    if task is None:
        raise BadInput(f"there is no task {id_}; ./gpulane tasks lists those that were submitted")
    old, wishes = task.spec, asked(words)
    given = wishes.options
    names = {key for key, _ in words}
    values = {key: getattr(given, key) for key in names & set(Options.__dataclass_fields__)}
    model = None if any_model else old.options.model
    # Its queue is its own: what bound the old one has become its `devices`.
    options = replace(replace(old.options, hold=False, model=model, queue_devices=None), **values)
    if given.env:
        options = replace(options, env=tuple(sorted({**dict(old.options.env), **dict(given.env)}.items())))
    count = old.gpus if gpus is None else flags.gpus_of(gpus)
    return TaskSpec(
        0,
        flags.script_of(commands) if commands else old.script,
        0 if wishes.cpu else count,
        old.memory_gb if memory is None else flags.memory_of(memory),
        options,
    )


def _model(gpu_type: str | None) -> str | None:
    from app.submission import model_of

    return model_of(gpu_type)


def _folder(given: str) -> str:
    """Raises BadInput."""
    path = Path(given).expanduser().absolute()
    if not path.is_dir():
        raise BadInput(f"--cwd {given} is no folder")
    return str(path.resolve())


def register(app: typer.Typer) -> None:
    for command in (submit, clone):
        app.command()(command)
