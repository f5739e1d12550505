"""`./gpulane shell`, and the prompt for whoever else has a scheduler to talk to."""

import signal
from typing import Any

import typer

from app.commands.verbs import File, Pid, refused
from app.home import home_here
from app.model.paths import Home


def prompt(home: Home, verbs: Any, pid: int | None = None, file: str | None = None) -> int:
    """Hold a dialogue with the scheduler of this pid, or on this command file, else with the one that runs,
    until its user leaves; the exit code. It never stops the scheduler.

    `verbs`: those of the command line, as typer.main.get_command gives them. On a terminal lines are edited,
    from a pipe they are read. Raises BadInput where several schedulers may be meant.
    """
    from app.commands.prompt.dialogue import Dialogue
    from app.commands.prompt.target import Target

    target = Target(home, pid, file)
    target.living()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C ends a line, or what it does
    try:
        return Dialogue(target, verbs).hold()
    finally:
        signal.signal(signal.SIGINT, before)


def shell(context: typer.Context, pid: Pid = None, file: File = None) -> None:
    """A prompt: run, gpu, killgpu, kill, ls, gpus, min, max, task, help, exit, and most of these verbs."""
    verbs = context.find_root().command
    raise typer.Exit(refused(lambda: prompt(home_here(), verbs, pid, file)))


def register(app: typer.Typer) -> None:
    """Make it a verb of it."""
    app.command()(shell)
