"""A user's word about a task by the id that lasts: its scheduler is asked, else history."""

from typing import Any, Protocol

from app import absent
from app.config.load import load
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.settings import Settings
from app.store.lasting import KeptTask

Answer = dict[str, Any]


class Living(Protocol):
    """A task that is with a scheduler that runs."""

    def ask(self, verb: str) -> Answer:
        """Raises RequestRefused, NoAnswer."""


def cancel(home: Home, task: KeptTask, living: Living | None) -> Answer:
    """It does not run any more; what runs of it is ended. Raises BadInput, RequestRefused, NoAnswer."""
    if living:
        return {**living.ask("kill"), "id": task.id}
    absent.cancel(home, task.id, stop_grace())
    changed = task.state.status != "cancelled"
    name = f" ({task.spec.options.name})" if task.spec.options.name else ""
    said = f"task {task.id}{name} is cancelled" + ("" if changed else " already")
    return {"ok": True, "changed": changed, "id": task.id, "said": said}


def release(home: Home, task: KeptTask, living: Living | None) -> Answer:
    """It is held no more. Raises BadInput, RequestRefused, NoAnswer."""
    if living:
        return {**living.ask("release"), "id": task.id}
    absent.release(home, task.id)
    said = f"task {task.id} joins the queue when its scheduler is started again"
    return {"ok": True, "changed": True, "id": task.id, "said": said}


def stop_grace() -> float:
    """Seconds, of this home's settings; of the defaults, where those have faults."""
    try:
        return load().settings.stop_grace
    except BadInput:
        return Settings().stop_grace
