"""The command line. `./gpulane VERB` and the two entry points all come here."""

import dataclasses
import gc
import importlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

if (
    __name__ == "__main__"
):  # run as a script: the checkout is the root of our packages, app/ itself must not be
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from app import bootstrap

    bootstrap.ensure()
    gc.disable()  # until `main`: what is loaded is no garbage

import typer
from typer.models import CommandInfo

from app.commands.refusals import Command, Group, is_of_output, say_refused
from app.model.faults import BadInput, GpulaneError
from app.model.paths import PROJECT
from app.model.task import Mode
from app.options import RunOptions, Start

ConfigFile = Annotated[str | None, typer.Option("--config-file", metavar="YAML", help="Settings.")]
ConfigIndex = Annotated[
    int | None,
    typer.Option(min=0, max=9999, metavar="N", help="Configuration N; beside a file that is named, a label."),
]
Simulate = Annotated[
    str | None, typer.Option(metavar="NxGB", help="N simulated GPUs of GB gigabytes, not the driver's.")
]
Check = Annotated[
    bool, typer.Option("--check", help="Check the file against the machine, show the plan, run nothing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="What --check finds, for programs.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start over, whatever an earlier run left undone.")]
Resume = Annotated[bool, typer.Option("--resume", help="Only go on with an unfinished run.")]
Watch = Annotated[bool, typer.Option("--watch", help="Stay when all is done, and wait for edits.")]
Paused = Annotated[bool, typer.Option("--paused", help="Start nothing until `resume`.")]
MetricsPort = Annotated[
    str | None,
    typer.Option("--metrics-port", metavar="[ADDRESS:]PORT", help="Serve Prometheus metrics; on 127.0.0.1."),
]
CommandFile = Annotated[
    str | None, typer.Option("--command-file", metavar="FILE", help="The command file to run.")
]

MODULES: Mapping[str, tuple[str, ...]] = {
    "verbs": (
        *("ls", "gpus", "why", "kill", "gpu", "logs", "wait", "set"),
        *("retry", "hold", "pause", "resume", "drain", "stop"),
    ),
    "add": ("add",),
    "submit": ("submit", "clone"),
    "tasks": ("tasks", "show", "cancel"),
    "queue": ("queue",),
    "scheduler": ("scheduler",),
    "history": ("history", "stats"),
    "doctor": ("doctor",),
    "health": ("health",),
    "release": ("release",),
    "notify": ("notify",),
    "shell": ("shell",),
    "service": ("service",),
    "completion": ("completion", "complete"),
    "flowline": ("flowline",),
}
"""Of app/commands, and the verbs of each, in the order of `--help`."""

HERE = ("run", "demo")
"""Verbs that need none of them."""

OF_ALL = ("shell", "complete", "flowline")
"""Verbs that must know all the others."""

USUAL = gc.get_threshold()
SELDOM = 100_000
"""Objects between two collections of garbage, for verbs that end soon and need most of what they make."""

DEMO_FILE = PROJECT / "command" / "demo_gpus.txt"
DEMO_SETTINGS = PROJECT / "config" / "demo.yaml"


def start(options: RunOptions) -> int:
    """Check or run; what its user can mend becomes a sentence and exit code 2."""
    # Imported here: verbs that only ask a scheduler something need not wait for them.
    import asyncio

    from app.check import check
    from app.scheduler import serve

    gc.set_threshold(*USUAL)  # what stays for days has garbage
    code: int | None = None

    async def run() -> None:
        nonlocal code
        try:
            code = await (check(options) if options.check else serve(options))
        except GpulaneError as error:
            code = _refused(error, options.as_json)

    try:
        asyncio.run(run())
    except OSError as error:
        if options.check:
            raise
        raise RuntimeError("the scheduler failed") from error  # and not its output: see `_exit_code`
    except RuntimeError:  # to end the loop's threads takes a thread, and there may be none left
        if code is None:
            raise
    assert code is not None
    return code


def _refused(error: GpulaneError, as_json: bool) -> int:
    faults = error.faults if isinstance(error, BadInput) else ()
    say_refused(str(error), as_json, faults=[dataclasses.asdict(fault) for fault in faults])
    return 2


def run_mode(mode: Mode, argv: Sequence[str], name: str | None = None) -> int:
    """What `main_gpu.py` and `main_gpus.py` do; their exit code. `name`: as usage calls it."""
    app = _typer()
    app.command(cls=Command, help=f"Run the queues of a command file ({mode} mode).")(_entry)
    return _exit_code(app, name or f"main_gpu{'s' if mode == 'multi' else ''}.py", argv, mode)


def main(argv: Sequence[str]) -> int:
    """What `./gpulane` does; its exit code."""
    gc.set_threshold(SELDOM)
    gc.enable()
    if argv[:1] == ["help"]:
        argv = [*argv[1:], "--help"]
    return _exit_code(verbs(argv[0] if argv else ""), "gpulane", argv)


def verbs(called: str) -> typer.Typer:
    """The verb that is called, as to load and build them all takes longer than most of them take; all of them
    for `--help`, for a verb there is none of, and for who must know the others."""
    app = _typer(no_args_is_help=True, cls=Group)
    app.callback()(gpulane)
    app.command()(run)
    every = called in OF_ALL or not (called in HERE or any(called in its for its in MODULES.values()))
    for module, its in MODULES.items():
        if every or called in its:
            importlib.import_module(f"app.commands.{module}").register(app)
    app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(demo)
    if not every:
        app.registered_commands = [each for each in app.registered_commands if _name(each) == called]
    return app


def _name(verb: CommandInfo) -> str:
    return str(verb.name or getattr(verb.callback, "__name__", ""))


def _typer(**more: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
        **more,
    )


def _exit_code(app: typer.Typer, name: str, argv: Sequence[str], mode: Mode | None = None) -> int:
    for name_ in ("stdout", "stderr"):
        stream = getattr(sys, name_)
        if stream is None:  # closed by who started us (`>&-`): said to nobody
            setattr(sys, name_, Path(os.devnull).open("w"))  # noqa: SIM115 - for life
        else:  # names may hold what this terminal's encoding has not
            stream.reconfigure(errors="replace")
    code = 0
    try:
        try:
            app(list(argv), prog_name=name, obj=mode)
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 1
        sys.stdout.flush()
    except OSError as error:
        if not is_of_output(error):
            raise
        # What could not be written goes nowhere when Python ends, instead of into another complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"gpulane: the output can't be written: {error.strerror}\n")
        return 1
    return code


def _entry(
    context: typer.Context,
    command_file: CommandFile = None,
    config_file: ConfigFile = None,
    config_index: ConfigIndex = None,
    simulate: Simulate = None,
    check: Check = False,
    fresh: Fresh = False,
    resume: Resume = False,
    watch: Watch = False,
    paused: Paused = False,
    metrics_port: MetricsPort = None,
    as_json: AsJson = False,
) -> None:
    if as_json and not check:
        raise typer.BadParameter("--json goes with --check; what runs is shown by ./gpulane ls --json")
    options = RunOptions(
        mode=context.obj,
        command_file=command_file,
        config_file=config_file,
        config_index=config_index,
        simulate=simulate,
        check=check,
        as_json=as_json,
        start=_begin(fresh, resume),
        watch=watch,
        paused=paused,
        metrics_port=metrics_port,
    )
    raise typer.Exit(start(options))


def _begin(fresh: bool, resume: bool) -> Start:
    if fresh and resume:
        raise typer.BadParameter("--fresh and --resume exclude each other")
    return "fresh" if fresh else "resume" if resume else "auto"


def _show_version(asked: bool) -> None:
    if asked:
        found = re.search(r'^version = "(.*)"$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
        typer.echo(f"gpulane {found[1] if found else 'unknown'}")
        raise typer.Exit


def gpulane(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Which this is.")
    ] = False,
) -> None:
    """Queues of shell commands on the GPUs of a shared server. `./gpulane test` runs the test suite."""


def run(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The command file.", show_default=False)],
    config_file: ConfigFile = None,
    config_index: ConfigIndex = None,
    simulate: Simulate = None,
    check: Check = False,
    fresh: Fresh = False,
    resume: Resume = False,
    watch: Watch = False,
    paused: Paused = False,
    metrics_port: MetricsPort = None,
    as_json: AsJson = False,
) -> None:
    """Run a command file; its mode is told from its name or its blocks."""
    from app.preparation import mode_of

    try:
        context.obj = mode_of(file)
    except BadInput as bad:
        raise typer.Exit(_refused(bad, as_json)) from None
    _entry(
        *(context, file, config_file, config_index, simulate, check),
        *(fresh, resume, watch, paused, metrics_port, as_json),
    )


def demo(context: typer.Context) -> None:
    """A dozen tasks on four simulated GPUs, in under a minute."""
    argv = ["--command-file", str(DEMO_FILE), "--config-file", str(DEMO_SETTINGS), "--simulate", "4x24"]
    code = run_mode("multi", [*argv, "--fresh", *context.args], "gpulane demo")
    if code != 0:
        typer.echo("The demo begins anew each time.")
    else:
        typer.echo("\nThat was on simulated GPUs. On the real ones: ./gpulane run command/demo_gpus.txt")
    raise typer.Exit(code)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    gc.freeze()  # as it ends, Python collects garbage again and again
    sys.exit(code)
