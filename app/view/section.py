"""Parts of the view that shrink to the rows they are given, and how a screen's rows are shared among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Section:
    """One part. Its rows hold its heading and its body."""

    heading: Line
    least: int  #: rows below which it is left out
    enough: int  #: rows with which it says what matters
    wanted: int  #: rows with which it says all
    body: Callable[[int], list[Line]]  #: draws it into at most so many rows, at least one


def share(sections: Sequence[Section], rows: int) -> list[int]:
    """How many rows each gets. The earlier sections of the list come first in every round: first all get
    their least, then what is enough, then what they want."""
    given = [0] * len(sections)
    for goal in ("least", "enough", "wanted"):
        for at, section in enumerate(sections):
            aim = min(getattr(section, goal), section.wanted)
            if given[at] or aim <= rows:
                more = max(0, min(aim - given[at], rows))
                given[at] += more
                rows -= more
    return given
