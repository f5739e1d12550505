"""Names that may be meant: tasks, cards, schedulers, out of the state files and nothing else.

For completion, at every press of a key: read as plain JSON, since checking all of it takes ten times as long.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.commands.candidates import Candidate, Kind
from app.model.paths import Home
from app.store.own_file import read_own
from app.view.text import clean

State = Mapping[str, Any]


def states(home: Home) -> Iterator[State]:
    """Of all schedulers, dead ones as well. What can't be read is left out."""
    try:
        paths = sorted(home.state.glob("*.json"))
    except OSError:
        return
    for path in paths:
        try:
            yield json.loads(read_own(path))
        except (OSError, ValueError):
            continue


def values(kind: Kind | None, found: Iterable[State], running: bool = False) -> list[Candidate]:
    """Those of a kind that these schedulers have; `running`: with the numbers of what runs, as the prompt's
    `ls` shows them. A file has other places to come from."""
    if kind == "setting":
        from app.model.settings import Settings  # it takes a moment to load

        return [Candidate(name) for name in Settings.model_fields]
    known = {"task": _tasks, "gpu": _cards, "pid": _schedulers}
    if kind is None or kind not in known:
        return []
    each: dict[str, Candidate] = {}
    for state in found:
        with contextlib.suppress(KeyError, TypeError):  # no state, or a newer gpulane's
            numbers = list(_processes(state)) if running and kind == "task" else []
            each |= {one.text: one for one in (*numbers, *known[kind](state))}
    return list(each.values())


def _tasks(state: State) -> Iterator[Candidate]:
    """By place, and by name where they have one."""
    for queue in state["queues"]:
        for task in queue["tasks"]:
            status, name = task["state"]["status"], clean(task["name"] or "")
            yield Candidate(f"{queue['queue_id']}/{task['index']}", f"{status} {name}".rstrip())
            if name and name == task["name"]:
                yield Candidate(name, f"{queue['queue_id']}/{task['index']} {status}")


def _cards(state: State) -> Iterator[Candidate]:
    for card in state["gpus"]:
        yield Candidate(card["index"], clean(card["name"]))


def _schedulers(state: State) -> Iterator[Candidate]:
    yield Candidate(str(state["pid"]), f"{state['status']} {clean(state['command_file'])}")


def _processes(state: State) -> Iterator[Candidate]:
    for queue in state["queues"]:
        for task in queue["tasks"]:
            if task["state"]["status"] == "running":
                yield Candidate(str(task["state"]["number"]), f"{queue['queue_id']}/{task['index']} running")
