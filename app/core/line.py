"""Tasks that stand in line (`fifo`): while one of them waits, none that came later starts."""

from collections.abc import Iterable, Iterator, Sequence

from app.model.backend import Want
from app.model.task import TaskKey


def formed(ordered: Sequence[Want]) -> list[Want]:
    """The same with those in line one behind the other, in the places that they have between them."""
    line = iter(sorted((want for want in ordered if want.spec.options.fifo), key=_came))
    return [next(line) if want.spec.options.fifo else want for want in ordered]


def first(ordered: Iterable[Want]) -> Want | None:
    """Whose turn it is, of what was `formed`."""
    return next((want for want in ordered if want.spec.options.fifo), None)


def unhindered(ordered: Sequence[Want]) -> Iterator[Want]:
    """Without those that stand behind another, of what was `formed`."""
    head = first(ordered)
    return (want for want in ordered if want is head or not want.spec.options.fifo)


def _came(want: Want) -> tuple[int, int, TaskKey]:
    """Queue ids are given out in the order of submission; who has waited how long is no matter: one that is
    tried again does not lose its place."""
    return -want.spec.options.priority, want.queue_id, want.key
