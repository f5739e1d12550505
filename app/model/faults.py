"""Errors for people: what is wrong, where, and what would be right."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a file. Line and column count from 1; 0 means the file as a whole."""

    file: str
    line: int
    column: int
    problem: str  #: what is wrong
    hint: str = ""  #: what would be right

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.problem}" + (f"; {self.hint}" if self.hint else "")


class GpulaneError(Exception):
    """Something its user can mend; str() of it is shown as it is, without a traceback."""


class BadInput(GpulaneError):
    """A file or flag that can't be used. Nothing was started and nothing was changed."""

    def __init__(self, faults: Sequence[Fault] | str, said: str = "") -> None:
        """`said`: the faults in words, where other ones are better for people."""
        self.faults: tuple[Fault, ...] = () if isinstance(faults, str) else tuple(sorted(faults))
        super().__init__(said or (faults if isinstance(faults, str) else "\n".join(map(str, self.faults))))
