"""The cards: as a scheduler knows them, or where none runs as the driver does."""

import asyncio
from typing import Any

from pydantic import TypeAdapter

from app.commands import find
from app.local.off import cards_named, turn
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state_file import Card

CARDS: TypeAdapter[tuple[Card, ...]] = TypeAdapter(tuple[Card, ...])


def cards_of(home: Home, pid: int | None, file: str | None) -> tuple[Card, ...]:
    """Of the scheduler that has looked last; where none runs, of the driver. Raises GpulaneError."""
    running = [one for one in find.schedulers(home, pid, file) if one.ran]
    if running:
        return max((one.state() for one in running), key=lambda state: state.updated_at).gpus
    if pid is not None or file is not None:
        find.living(home, pid, file)
    from app.config import load  # these take a moment, and most of the time a scheduler runs
    from app.local.here import cards_here

    return asyncio.run(cards_here(home, load().settings))


def turn_gpu(home: Home, name: str, state: str, pid: int | None, file: str | None) -> dict[str, Any]:
    """Off or on, for all schedulers of this home, also the next; what was changed. Raises GpulaneError."""
    running = [one for one in find.schedulers(home, pid, file) if one.ran]
    if running:
        return running[0].ask("gpu", id=name, state=state)
    if state not in ("on", "off"):
        raise BadInput(f"the state of a GPU is on or off, not {state}")
    left = [card for one in find.schedulers(home, pid, file) for card in one.seen.gpus]
    cards = {card.uuid: card for card in left or cards_of(home, pid, file)}
    found = cards_named(list(cards.values()), name)
    changed = [turn(home.gpus_off, card.uuid, state == "on") for card in found]
    said = f"GPU {found[0].index} is turned {state}" if any(changed) else f"GPU {name} is {state} already"
    return {"ok": True, "changed": True, "said": said}
