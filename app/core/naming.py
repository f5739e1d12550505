"""How people name a task: `queue/index`, its name, or the start of its key."""

from collections.abc import Iterable

from app.core.task import Task

SHORTEST_KEY = 4  #: characters of a key that may stand for it


def named(text: str, tasks: Iterable[Task]) -> list[Task]:
    """The tasks that may be meant; a label outranks a name, and a name the start of a key."""
    tasks = list(tasks)
    by_label = [task for task in tasks if task.label == text]
    by_name = [task for task in tasks if task.spec.options.name == text]
    by_key = [task for task in tasks if len(text) >= SHORTEST_KEY and str(task.key).startswith(text)]
    return by_label or by_name or by_key
