"""What typer refuses, in our words and not in pydantic's."""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

WORDS = {
    "int_parsing": "{value!r} is no whole number",
    "int_from_float": "{value!r} is no whole number",
    "float_parsing": "{value!r} is no number",
    "greater_than_equal": "{value} is too small, the least is {ge}",
    "less_than_equal": "{value} is too large, the most is {le}",
}


class Group(TyperGroup):
    """Of verbs."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as bad:
            raise _in_our_words(bad)  # noqa: B904 - the very same, with its own cause


class Command(TyperCommand):
    """One that stands alone."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        try:
            return super().make_context(*args, **more)
        except typer.BadParameter as bad:
            raise _in_our_words(bad)  # noqa: B904 - the very same, with its own cause


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
