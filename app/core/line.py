"""Tasks that stand in line (`fifo`): while one of them waits, none that came later starts.

Each group of cards that tasks name (`devices`) has a line of its own, and so has what needs no card: neither
waits for what the others wait for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from app.model.backend import Want
from app.model.task import TaskKey

Kind = tuple[str, ...]
"""Of a line: the cards that are named there, "auto" or "cpu"."""


def formed(ordered: Sequence[Want]) -> list[Want]:
    """The same with those in line one behind the other, in the places that they have between them."""
    lines: defaultdict[Kind, list[Want]] = defaultdict(list)
    for want in ordered:
        if (where := kind(want)) is not None:
            lines[where].append(want)
    turns = {where: iter(sorted(line, key=_came)) for where, line in lines.items()}
    return [want if (where := kind(want)) is None else next(turns[where]) for want in ordered]


def kind(want: Want) -> Kind | None:
    """The line it stands in; None: in none."""
    if not want.spec.options.fifo:
        return None
    if not want.spec.gpus:
        return ("cpu",)
    return want.spec.options.devices or ("auto",)


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


def _came(want: Want) -> tuple[int, int, TaskKey]:
    """Queue ids are given out in the order of submission; who has waited how long is no matter: one that is
    tried again does not lose its place."""
    return -want.spec.options.priority, want.queue_id, want.key
