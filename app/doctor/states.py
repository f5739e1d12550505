"""State files: whose schedulers live, and what the dead have left."""

import time
from collections.abc import Iterator

from app.doctor.finding import Finding
from app.doctor.troubles import ended_with
from app.going_on import command_line
from app.model.paths import Home
from app.model.state_file import StateFile
from app.store import gpus_off
from app.store.states import Found
from app.view.text import count, duration

LATE_SECONDS = 60.0
"""After so long a living scheduler's state is old, whatever its heartbeat."""


def states(home: Home, found: list[Found]) -> Iterator[Finding]:
    """Of this home."""
    stale = [finding for one in found if (finding := _stale(home, one))]
    yield from stale
    living = sum(one.alive is True for one in found)
    if not stale:
        runs = f"{count(living, 'scheduler')} of yours" if living else "none of yours"
        yield Finding.ok("schedulers", f"{runs} here now, and nothing was left undone")
    off = gpus_off.read(home.gpus_off)
    for uuid, since in off.items():
        text = f"{uuid} was turned off {duration(time.time() - since)} ago: no task of yours starts there"
        yield Finding.warning("GPUs off", text, f"./gpulane gpu {uuid} on")


def _stale(home: Home, one: Found) -> Finding | None:
    if not isinstance(one.state, StateFile):
        return Finding.wrong("schedulers", one.unreadable or "", "move it away, if its scheduler has ended")
    state = one.state
    late = time.time() - state.updated_at
    if one.alive is None:
        return Finding.warning("schedulers", f"{one.path} is of {state.host}, and can't be judged from here")
    if one.alive and late > LATE_SECONDS:
        text = f"the one with pid {one.pid} has written no state for {duration(late)}"
        advice = f"is it stopped (kill -CONT {one.pid}), or its disk full? ./gpulane health says more"
        return Finding.wrong("schedulers", text, advice)
    if one.alive or not state.left or state.status == "finished":
        return None
    kind, how = ended_with(state)
    text = f"the one with pid {one.pid} of {state.command_file} {how}"
    return Finding(
        "schedulers", "wrong" if kind == "dead" else "ok", text, f"to go on: {command_line(home, state)}"
    )
