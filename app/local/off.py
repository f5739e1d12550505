"""Turning a card off and on, by a user's word."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.model.faults import BadInput
from app.model.gpu import Gpu, index_order
from app.store import gpus_off


def turn_card(
    known: Callable[[], Sequence[Gpu]], forgive: Callable[[str], bool], path: Path, name: str, on: bool
) -> str:
    """For all schedulers of a home; what was changed, in a sentence. `name`: its index or uuid; `forgive` a
    card, by uuid, for which this scheduler has set it aside, if it has.

    Raises BadInput where there is no such card, or the file of those that are off can't be written.
    """
    found = [gpu for gpu in known() if name in (gpu.index, gpu.uuid)]
    if not found:
        there = ", ".join(sorted((gpu.index for gpu in known()), key=index_order))
        raise BadInput(f"there is no GPU {name}; there is {there or 'none'}")
    card, word = found[0], "on" if on else "off"
    try:
        changed = gpus_off.turn(path, card.uuid, on, time.time())
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror}") from error
    if on and forgive(card.uuid) and not changed:
        return f"GPU {card.index} is used again"
    if not changed:
        return f"GPU {card.index} is {word} already"
    return f"GPU {card.index} is turned {word}" + ("" if on else "; what runs there goes on")
