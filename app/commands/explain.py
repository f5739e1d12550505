"""`why`: what is in a task's way, and what would start it."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.commands.find import Place
from app.model.faults import GpulaneError
from app.model.state import FINISHED

DAY = 24 * 3600


def as_it_was(place: Place) -> dict[str, Any]:
    """The answer for a task whose scheduler is gone: what its state says."""
    state = place.task.state
    because = getattr(state, "error", None) or getattr(state, "because", None)
    if state.status in FINISHED:
        said = f"{place.label} is {state.status}" + (f": {because}" if because else "")
    else:
        said = f"the scheduler of {place.label} has ended; start it again, and it goes on"
    return {"ok": True, "said": said, "because": []}


def lines_of(answer: dict[str, Any], history: Path) -> Iterator[str]:
    """Of a scheduler's answer; `history` knows how long its tasks have taken."""
    yield answer["said"]
    if len(answer["because"]) > 1:
        yield from (f"  - {clause}" for clause in answer["because"])
    changes = answer.get("changes", [])
    if changes:
        usual = _usual(changes, history)
        yield "What would start it:"
        yield from (f"  - {_when(change, usual)}{change['text']}" for change in changes)


def _usual(changes: list[dict[str, Any]], history: Path) -> Mapping[str, float]:
    """How long the tasks take that have to end; nothing, where history can't be read."""
    from app.store.usual import (
        usual_seconds,  # it loads what writes history, and most words need none of that
    )

    with contextlib.suppress(GpulaneError):
        return usual_seconds(history, {_digest(task) for change in changes for task in change["after"]})
    return {}


def _digest(task: dict[str, Any]) -> str:
    return str(task["key"]).rpartition("-")[0]


def _when(change: dict[str, Any], usual: Mapping[str, float]) -> str:
    """ "about 02:10, ", where history has seen enough of what has to end."""
    tasks = change["after"]
    known = [
        max(task["since"] + usual[_digest(task)], time.time()) for task in tasks if _digest(task) in usual
    ]
    if not known or (change["all"] and len(known) < len(tasks)):
        return ""
    at = max(known) if change["all"] else min(known)
    form = "%H:%M" if at - time.time() < DAY else "%Y-%m-%d %H:%M"
    return f"about {time.strftime(form, time.localtime(at))}, "
