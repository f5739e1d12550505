"""What nobody but its owner's tasks should read: values of variables whose names sound secret."""

from collections.abc import Iterable
from typing import Any

from app.model.secret_names import MASK, is_secret


def masked(env: Iterable[Iterable[str]]) -> dict[str, str]:
    """Variables as the console shows them."""
    return {name: MASK if is_secret(name) and value else value for name, value in env}


def mask_state(state: dict[str, Any]) -> None:
    """The same in place, in a state file's JSON: of the options of all of its tasks."""
    for queue in state["queues"]:
        for task in queue["tasks"]:
            mask_options(task["options"])


def mask_options(options: dict[str, Any]) -> None:
    """In place."""
    if options.get("env"):
        options["env"] = [[name, value] for name, value in masked(options["env"]).items()]
