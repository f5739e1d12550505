"""Tasks that stand in line (`fifo`): while one of them waits, none that came later starts.

There are two lines, one for cards and one for what needs none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from app.model.backend import Want
from app.model.task import TaskKey

Kind = bool
"""Of a line: is it for cards?"""


def formed(ordered: Sequence[Want]) -> list[Want]:
    """The same with those in line one behind the other, in the places that they have between them."""
    lines = {kind: iter(sorted(filter(_stands_in(kind), ordered), key=_came)) for kind in (True, False)}
    return [next(lines[want.spec.gpus > 0]) if want.spec.options.fifo else want for want in ordered]


def kind(want: Want) -> Kind | None:
    """The line it stands in; None: in none."""
    return want.spec.gpus > 0 if want.spec.options.fifo else None


def heads(ordered: Iterable[Want]) -> dict[Kind, Want]:
    """Whose turn it is in each line, of what was `formed`."""
    first: dict[Kind, Want] = {}
    for want in ordered:
        if (where := kind(want)) is not None:
            first.setdefault(where, want)
    return first


def unhindered(ordered: Sequence[Want]) -> Iterator[Want]:
    """Without those that stand behind another, of what was `formed`."""
    first = heads(ordered)
    return (want for want in ordered if (where := kind(want)) is None or first[where] is want)


def _stands_in(where: Kind) -> Callable[[Want], bool]:
    return lambda want: kind(want) is where


def _came(want: Want) -> tuple[int, int, TaskKey]:
    """Queue ids are given out in the order of submission; who has waited how long is no matter: one that is
    tried again does not lose its place."""
    return -want.spec.options.priority, want.queue_id, want.key
