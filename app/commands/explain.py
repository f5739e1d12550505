"""`why`: what is in a task's way, and what would start it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.commands.find import Place
from app.model.state import FINISHED
from app.store.usual import usual_seconds

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
        yield "What would start it:"
        yield from (f"  - {_when(change, history)}{change['text']}" for change in changes)


def _when(change: dict[str, Any], history: Path) -> str:
    """ "about 02:10, ", where history has seen enough of what has to end."""
    known = []
    for task in change["after"]:
        usual = usual_seconds(history, task["key"].rpartition("-")[0])
        if usual is not None:
            known.append(max(task["since"] + usual, time.time()))
        elif change["all"]:
            return ""
    if not known:
        return ""
    at = max(known) if change["all"] else min(known)
    form = "%H:%M" if at - time.time() < DAY else "%Y-%m-%d %H:%M"
    return f"about {time.strftime(form, time.localtime(at))}, "
