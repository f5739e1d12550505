"""What typer refuses, in one sentence and in our words."""

import errno
import json
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

WORDS = {
    "int_parsing": "{value!r} is no whole number",
    "int_from_float": "{value!r} is no whole number",
    "float_parsing": "{value!r} is no number",
    "greater_than_equal": "{value} is too small, the least is {ge}",
    "less_than_equal": "{value} is too large, the most is {le}",
}


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a disk, or a terminal that has gone, says to output."""


def is_of_output(error: OSError) -> bool:
    """Whether it is what we print that can't be written, and no file."""
    return error.filename is None and error.errno in FULL


class OneSentence:
    """Says what is refused in one sentence."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **named: Any) -> Any:
        given = args or []
        try:
            code = super().main(given, *more, **{**named, "standalone_mode": False})  # type: ignore[misc]
        except TyperException as refused:
            own = given[: given.index("--")] if "--" in given else given  # the rest is a task's
            _say(refused, for_programs="--json" in own)
            code = refused.exit_code
        except typer.Abort:
            typer.echo("gpulane: given up", err=True)
            code = 1
        sys.exit(code or 0)


class Group(OneSentence, TyperGroup):
    """Of verbs."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as bad:
            raise _in_our_words(bad)  # noqa: B904 - the very same, with its own cause


class Command(OneSentence, TyperCommand):
    """One that stands alone."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        try:
            return super().make_context(*args, **more)
        except typer.BadParameter as bad:
            raise _in_our_words(bad)  # noqa: B904 - the very same, with its own cause


def _say(refused: TyperException, for_programs: bool) -> None:
    text = refused.format_message()
    if text.startswith("Usage:"):  # the help, for who has given no verb
        typer.echo(text, err=True)
        return
    text = " ".join(text.split())  # it may list choices, a line each
    text = f"{text[:1].lower()}{text[1:]}".rstrip(".").replace(". Did you", "; did you")
    text = text.removeprefix("invalid value: ")
    context = getattr(refused, "ctx", None)
    if context is not None:
        here = "./" if context.command_path.startswith("gpulane") else ""
        text += f"{'' if text.endswith('?') else ';'} {here}{context.command_path} --help tells more"
    say_refused(text, for_programs)


def say_refused(said: str, for_programs: bool, **more: Any) -> None:
    """The one form of every refusal. `more`: what programs are told beside the sentence."""
    if for_programs:
        typer.echo(json.dumps({"ok": False, "error": said, **more}))
    else:
        typer.echo(f"gpulane: {said}", err=True)


def _in_our_words(bad: typer.BadParameter) -> typer.BadParameter:
    from pydantic import ValidationError

    if isinstance(bad.__cause__, ValidationError):
        first = bad.__cause__.errors(include_url=False)[0]
        words = WORDS.get(first["type"])
        if words:
            bad.message = words.format(value=first["input"], **first.get("ctx", {}))
        else:
            bad.message = first["msg"].removeprefix("Value error, ").rstrip(".")
    return bad
