"""How people name a task: `queue/index`, its name, or the start of its key."""

from collections.abc import Iterable

from app.core.task import Task

SHORTEST_KEY = 4  #: characters of a key that may stand for it


def named(text: str, tasks: Iterable[Task]) -> list[Task]:
    """The tasks that may be meant; a label outranks a name, and a name the start of a key."""
    tasks = list(tasks)
    by_label = [task for task in tasks if task.label == text]
    if by_label:
        return by_label
    by_name = [task for task in tasks if task.spec.options.name == text]
    if by_name or len(text) < SHORTEST_KEY:
        return by_name
    return [task for task in tasks if str(task.key).startswith(text)]
