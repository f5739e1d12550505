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
    rows: int  #: of the screen: nobody need prepare more
    stays: bool = False  #: for edits of the file, when all is done
    elsewhere: bool = False  #: seen from another terminal: Ctrl-C there means nothing to the scheduler


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
    gap: tuple[int, int] = (0, 0)  #: with rows between these two it uses only the first


def share(sections: Sequence[Section], rows: int) -> list[int]:
    """How many rows each gets: its least, in their order; then they are given a row in turn until each has
    enough, then until each has what it wants."""
    given = [0] * len(sections)
    for at, section in enumerate(sections):
        least = min(section.least, section.wanted)
        if least <= rows:
            given[at] = least
            rows -= least
    aims = [section.wanted for section in sections]
    rows = _in_turn(given, [section.enough for section in sections], rows)
    rows = _in_turn(given, aims, rows)
    for at, section in enumerate(sections):
        few, many = section.gap
        if few < given[at] < many:
            rows += given[at] - few
            given[at] = aims[at] = few
    _in_turn(given, aims, rows)
    return given


def _in_turn(given: list[int], aims: list[int], rows: int) -> int:
    """A row for each that was given some and has less than it aims at, again and again. The rows left."""
    while rows and (wanting := [at for at, aim in enumerate(aims) if 0 < given[at] < aim]):
        for at in wanting[:rows]:
            given[at] += 1
        rows -= min(rows, len(wanting))
    return rows
