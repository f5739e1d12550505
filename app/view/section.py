"""Parts of the view that shrink to the rows they are given, and how a screen's rows are shared among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.model.state_file import StateFile
from app.view.line import Line
from app.view.log_tail import LogTails
from app.view.look import Look


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn: a state at one moment, and how."""

    state: StateFile
    now: float  #: wall clock
    look: Look
    tails: LogTails


class Body(NamedTuple):
    """What is under a heading."""

    lines: list[Line]
    left_out: int = 0  #: for want of room; the heading tells


@dataclass(frozen=True, slots=True)
class Section:
    """One part. Its rows hold its heading and its body."""

    heading: Line
    least: int  #: rows below which it is left out
    enough: int  #: rows with which it says what matters
    wanted: int  #: rows with which it says all
    body: Callable[[int], Body]  #: draws it into at most so many rows, at least one


def share(sections: Sequence[Section], rows: int) -> list[int]:
    """How many rows each gets: its least, in their order; then they are given a row in turn until each has
    enough, then until each has what it wants."""
    given = [0] * len(sections)
    for at, section in enumerate(sections):
        least = min(section.least, section.wanted)
        if least <= rows:
            given[at] = least
            rows -= least
    for goal in ([section.enough for section in sections], [section.wanted for section in sections]):
        while open_ := [at for at, aim in enumerate(goal) if 0 < given[at] < aim]:
            for at in open_[:rows]:
                given[at] += 1
            if len(open_) >= rows:
                return given
            rows -= len(open_)
    return given
