"""Turning a card off and on, by a user's word."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from app.model.faults import BadInput
from app.model.gpu import Gpu, index_order
from app.store import gpus_off


class Card(Protocol):
    @property
    def index(self) -> str: ...

    @property
    def uuid(self) -> str: ...


C = TypeVar("C", bound=Card)


def cards_named(known: Sequence[C], name: str) -> list[C]:
    """Those that an index or uuid may mean; several only where some are simulated. Raises BadInput where
    there is none."""
    found = [card for card in known if name in (card.index, card.uuid)]
    if not found:
        there = ", ".join(sorted({card.index for card in known}, key=index_order))
        raise BadInput(f"there is no GPU {name}; there is {there or 'none'}")
    return found


def turn(path: Path, uuid: str, on: bool) -> bool:
    """For all schedulers of a home; whether that changed anything. Raises BadInput."""
    try:
        return gpus_off.turn(path, uuid, on, time.time())
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror}") from error


def turn_card(
    known: Callable[[], Sequence[Gpu]], forgive: Callable[[str], bool], path: Path, name: str, on: bool
) -> tuple[str, bool]:
    """For all schedulers of a home; what was changed, in a sentence, and whether anything was. `name`: its
    index or uuid; `forgive` a card, by uuid, for which this scheduler has set it aside, if it has.

    Raises BadInput where there is no such card, or the file of those that are off can't be written.
    """
    card, word = cards_named(known(), name)[0], "on" if on else "off"
    changed = turn(path, card.uuid, on)
    if on and forgive(card.uuid) and not changed:
        return f"GPU {card.index} is used again", True
    if not changed:
        return f"GPU {card.index} is {word} already", False
    return f"GPU {card.index} is turned {word}" + ("" if on else "; what runs there goes on"), True
