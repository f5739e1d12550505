"""`why`: what is in a task's way, and what would start it."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.commands.find import Place
from app.model.faults import GpulaneError
from app.model.state import FINISHED, Failed, Held, Running, Skipped, holder

DAY = 24 * 3600


def as_it_was(place: Place) -> dict[str, Any]:
    """The answer for a task whose scheduler is gone: what its state says."""
    return {"ok": True, "said": f"{place.label} {_stands(place)}", "because": []}


def _stands(place: Place) -> str:
    state = place.task.state
    gone = f"its scheduler (pid {place.scheduler.pid}) has gone"
    on = "" if state.status in FINISHED else place.scheduler.going_on()
    match state:
        case Failed():
            return f"has failed: {state.error}"
        case Skipped():
            return f"is skipped: {state.because}"
        case Held():
            return f"is held by {holder(state.by)}, and {gone}; to let it run: {on}, and release it"
        case Running() if place.runs_on():
            return f"runs, though {gone}; to go on with it: {on}"
        case _ if state.status in FINISHED:
            return f"is {state.status}"
        case _:
            return f"was {state.status}, and {gone}; to go on: {on}"


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
    elif answer.get("waits"):
        yield "No change that is known here would start it: others are in its way, or several things at once."


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
    """ "about 02:10, ", where history has seen enough of what has to end; "by 02:10, " by timeouts."""
    tasks = change["after"]
    known = [
        max(task["since"] + usual[_digest(task)], time.time()) for task in tasks if _digest(task) in usual
    ]
    latest = [task["until"] for task in tasks if task["until"] is not None]
    for word, times in (("about", known), ("by", latest)):
        if times and not (change["all"] and len(times) < len(tasks)):
            return f"{word} {_clock(max(times) if change['all'] else min(times))}, "
    return ""


def _clock(at: float) -> str:
    form = "%H:%M" if at - time.time() < DAY else "%Y-%m-%d %H:%M"
    return time.strftime(form, time.localtime(at))
