"""The cards: as a scheduler knows them, or where none runs as the driver does."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from app.commands import find
from app.local.off import cards_named, turn
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state import Running
from app.model.state_file import Card, StateFile, Task
from app.view.text import figure


@dataclass(frozen=True, slots=True)
class Seen:
    """The cards, and what runs on them."""

    cards: tuple[Card, ...]
    tenants: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  #: by uuid, of the scheduler that has looked


def cards_of(home: Home, pid: int | None, file: str | None) -> Seen:
    """Of the scheduler that has looked last; where none runs, of the driver. Raises GpulaneError."""
    running = [one for one in find.schedulers(home, pid, file) if one.ran]
    if running:
        state = max((one.state() for one in running), key=lambda state: state.updated_at)
        whose = f" of {find.shown_path(state.command_file)}" if len(running) > 1 else ""
        return seen_by(state, whose)
    if pid is not None or file is not None:
        find.living(home, pid, file)
    import asyncio

    from app.config import load  # these take a moment, and most of the time a scheduler runs
    from app.local.here import cards_here

    return Seen(asyncio.run(cards_here(home, load().settings)))


def for_programs(cards: tuple[Card, ...]) -> Any:
    """What JSON can hold."""
    return TypeAdapter(tuple[Card, ...]).dump_python(cards, mode="json")


def seen_by(state: StateFile, whose: str = "") -> Seen:
    """A scheduler; `whose` tasks they are, where that has to be said."""
    found: dict[str, list[str]] = defaultdict(list)
    for queue in state.queues:
        for task in queue.tasks:
            if isinstance(task.state, Running):
                for uuid in task.state.gpu_uuids:
                    found[uuid].append(_tenant(queue.queue_id, task, task.state, whose))
    return Seen(state.gpus, found)


def _tenant(queue: int, task: Task, running: Running, whose: str) -> str:
    """ "3/1 car stage 1: 8.2 of 20 GB"."""
    name = f" {task.name}" if task.name else ""
    asked = f"{figure(running.memory_gb)} GB" if running.memory_gb else "the whole card"
    used = "" if running.used_gb is None else f"{figure(running.used_gb)} of "
    return f"{queue}/{task.index}{name}{whose}: {used}{asked}"


def turn_gpu(home: Home, name: str, state: str, pid: int | None, file: str | None) -> dict[str, Any]:
    """Off or on, for all schedulers of this home, also the next; what was changed. Raises GpulaneError."""
    running = [one for one in find.schedulers(home, pid, file) if one.ran]
    if running:
        return running[0].ask("gpu", id=name, state=state)
    if state not in ("on", "off"):
        raise BadInput(f"the state of a GPU is on or off, not {state}")
    left = [card for one in find.schedulers(home, pid, file) for card in one.seen.gpus]
    cards = {card.uuid: card for card in left or cards_of(home, pid, file).cards}
    found = cards_named(list(cards.values()), name)
    changed = [turn(home.gpus_off, card.uuid, state == "on") for card in found]
    said = f"GPU {found[0].index} is turned {state}" if any(changed) else f"GPU {name} is {state} already"
    return {"ok": True, "changed": any(changed), "said": said}
