"""What nobody but its owner's tasks should read: values of variables whose names sound secret."""

import re
from collections.abc import Iterable
from typing import Any

from app.model.secret_names import MASK, is_secret


def masked(env: Iterable[Iterable[str]]) -> dict[str, str]:
    """Variables as the console shows them."""
    return {name: MASK if is_secret(name) and value else value for name, value in env}


_GIVEN = re.compile(
    r"""(\benv\.([^\s=]+)[ \t]*=[ \t]*)"""
    r"""((?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[^\s"']+)(?=\s|\Z)|\S[^\n]*)"""
)
"""A variable in a command file. Of a value whose quotes don't match, all up to the end of its line."""


def mask_text(text: str) -> str:
    """A command file, or a part of one: the same lines."""
    return _GIVEN.sub(lambda found: found[1] + MASK if is_secret(found[2]) else found[0], text)


def mask_state(state: dict[str, Any]) -> None:
    """The same in place, in a state file's JSON: in the options of all of its tasks, and in its problems."""
    for queue in state["queues"]:
        for task in queue["tasks"]:
            mask_options(task["options"])
    for problem in state["problems"]:  # some quote a line of the command file
        problem["text"] = mask_text(problem["text"])
        facts = problem.get("facts") or {}
        problem["facts"] = {
            name: mask_text(fact) if isinstance(fact, str) else fact for name, fact in facts.items()
        }


def mask_options(options: dict[str, Any]) -> None:
    """In place."""
    if options.get("env"):
        options["env"] = [[name, value] for name, value in masked(options["env"]).items()]
