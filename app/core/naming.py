"""How people name a task: `queue/index`, its name, or the start of its key."""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # it takes a moment to load, and the command line names tasks as well
    from app.core.task import Task

SHORTEST_KEY = 4  #: characters of a key that may stand for it

SHOWN = 5

LIKE = 0.6
"""How like a known name another must be, by difflib, to be meant perhaps."""


class Names(NamedTuple):
    """What a task is called."""

    label: str  #: "3/1"
    name: str | None
    key: str


def meant(text: str, known: Iterable[Names]) -> list[int]:
    """Places of those that may be meant; a label outranks a name, and a name the start of a key."""
    known = list(known)
    by_label = [at for at, each in enumerate(known) if each.label == text]
    if by_label:
        return by_label
    by_name = [at for at, each in enumerate(known) if each.name == text]
    if by_name or len(text) < SHORTEST_KEY:
        return by_name
    return [at for at, each in enumerate(known) if each.key.startswith(text)]


def named(text: str, tasks: "Iterable[Task]") -> "list[Task]":
    """The tasks that may be meant."""
    tasks = list(tasks)
    return [tasks[at] for at in meant(text, map(names_of, tasks))]


def names_of(task: "Task") -> Names:
    return Names(task.label, task.spec.options.name, str(task.key))


def nearest(text: str, known: Iterable[Names]) -> str:
    """What to say where none is meant: "; did you mean train (1/0)?", "; queue 1 has 1/0, 1/1", or ""."""
    known = list(known)
    of_queue = list(dict.fromkeys(each.label for each in known if each.label.startswith(f"{text}/")))
    if of_queue:
        more = ", ..." if len(of_queue) > SHOWN else ""
        return f"; queue {text} has {', '.join(of_queue[:SHOWN])}{more}"
    labels = {each.name: each.label for each in known if each.name} | {each.label: "" for each in known}
    if close := difflib.get_close_matches(text, labels, 1, LIKE):
        label = labels[close[0]]
        return f"; did you mean {close[0]}" + (f" ({label})?" if label else "?")
    return ""
