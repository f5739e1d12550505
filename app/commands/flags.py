"""What `add`, `submit` and `clone` have in common: flags that are `#LANE` options, and a script."""

import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import typer

from app.model.faults import BadInput

T = TypeVar("T")

Words = list[tuple[str, str | None]]
"""Options as `lane.asked` takes them."""

Name = Annotated[str | None, typer.Option(metavar="TEXT", help="What is shown.")]
Devices = Annotated[str | None, typer.Option(metavar="0,1|auto|cpu", help="Only these cards.")]
Retries = Annotated[str | None, typer.Option(metavar="N", help="Instead of the settings'.")]
Timeout = Annotated[str | None, typer.Option(metavar="2h", help="An attempt may run so long.")]
Priority = Annotated[str | None, typer.Option(metavar="N", help="Larger first.")]
Hold = Annotated[bool, typer.Option("--hold", help="Not before it is released.")]
Cwd = Annotated[str | None, typer.Option(metavar="FOLDER", help="Where it runs.")]
Env = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="NAME=VALUE", help="A variable of the task's; repeatable."),
]
Tmux = Annotated[bool, typer.Option("--tmux", help="In a tmux session that you can attach to.")]
Commands = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="COMMAND",
        help="One argument: a bash script of any number of lines. Several: a command. -: a script on stdin.",
        show_default=False,
    ),
]


def words(*given: tuple[str, str | bool | None]) -> Words:
    """Those that were given; True is a bare word."""
    return [
        (key, None if value is True else value)
        for key, value in given
        if value is not None and value is not False
    ]


def variables(given: Sequence[str] | None) -> Words:
    """`--env`. Raises BadInput."""
    pairs: Words = []
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise BadInput(f"--env {text!r} is no variable; write --env NAME=value")
        pairs.append((f"env.{name}", value))
    return pairs


def script_of(commands: Sequence[str] | None, stdin_by_default: bool = False) -> str:
    """A block's script, from the words after `--` or from standard input. Raises BadInput."""
    given = list(commands or ())
    if given == ["-"] or (not given and stdin_by_default and not sys.stdin.isatty()):
        try:
            script = sys.stdin.read()
        except UnicodeDecodeError as error:
            raise BadInput("the script on standard input is not UTF-8 text; save it as UTF-8") from error
    else:
        script = given[0] if len(given) == 1 else shlex.join(given)
    script = script.replace("\r\n", "\n").strip("\n")
    if not script.strip():
        raise BadInput("there are no commands; write them after --, or give - and a script on standard input")
    return script


def memory_of(text: str) -> float | None:
    """GB per GPU; None: the whole card. Raises BadInput."""
    from app.command_file import values

    return _read("--memory", values.memory, text)


def gpus_of(text: str) -> int:
    """Raises BadInput."""
    from app.command_file import values

    return _read("--gpus", values.gpu_count, text)


def queue_of(text: str) -> int:
    """Raises BadInput."""
    from app.command_file import values

    return _read("--queue", values.queue_id, text)


def _read(flag: str, read: Callable[[str], T], text: str) -> T:
    from app.command_file.values import Misread

    try:
        return read(text.strip())
    except Misread as wrong:
        raise BadInput(f"{flag}: {wrong.problem}; {wrong.hint}") from None
