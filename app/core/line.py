"""Tasks that stand in line (`fifo`): while one of them waits, none that came later starts.

Each group of cards that tasks name (`devices`) has a line of its own, and so has what needs no card: neither
waits for what the others wait for. Where lines meet on a card, who came first goes first.
"""

from collections.abc import Iterable, Sequence

from app.core.rules import Claim
from app.model.backend import Want
from app.model.task import TaskKey

Kind = tuple[str, ...]
"""Of a line: the cards that are named there, "auto" or "cpu"."""


def formed(ordered: Sequence[Want], claim: Claim | None = None) -> list[Want]:
    """The same with those in line one behind the other, in the places that they have between them.

    For whom cards are kept, comes first: else its turn might never come.
    """
    first = claim.key if claim else None
    stand = sorted(
        (want for want in ordered if want.spec.options.fifo),
        key=lambda want: (want.key != first, -want.spec.options.priority, *_came(want)),
    )
    turns = iter(stand)
    return [next(turns) if want.spec.options.fifo else want for want in ordered]


def kind(want: Want) -> Kind | None:
    """The line it stands in; None: in none."""
    if not want.spec.options.fifo:
        return None
    if not want.spec.gpus:
        return ("cpu",)
    return tuple(sorted(want.spec.options.devices or ("auto",)))


def heads(ordered: Iterable[Want]) -> dict[Kind, Want]:
    """Whose turn it is in each line, of what was `formed`."""
    first: dict[Kind, Want] = {}
    for want in ordered:
        if (where := kind(want)) is not None:
            first.setdefault(where, want)
    return first


def foremost(ordered: Sequence[Want]) -> set[TaskKey]:
    """Those in line for whom cards may be kept, of what was `formed`: whose turn it is, and who came first of
    all, whatever the priority of others. Cards kept for anybody else would keep those before it waiting.
    """
    stand = [want for want in ordered if want.spec.options.fifo]
    first = heads(sorted(stand, key=_came))
    return {want.key for want in (*heads(stand).values(), *first.values())}


def _came(want: Want) -> tuple[float, int, TaskKey]:
    """When its turn in its queue came. How long it has waited this time is no matter: one that is tried
    again does not lose its place."""
    return want.came, want.queue_id, want.key
