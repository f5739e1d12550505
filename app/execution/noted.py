"""That an attempt was asked to end: noted in its run's `ends`, for whoever reads how it ended."""

import contextlib
from collections.abc import Iterator

from app import procfs
from app.execution.ends import EndsFile
from app.execution.trees import Process
from app.model.state import Why


@contextlib.contextmanager
def noted(ends: EndsFile, number: int, why: Why) -> Iterator[list[Process]]:
    """Signals to an attempt go out within; whom they have reached is to be put into the list.

    The note stands before the first of them, since this scheduler may be killed any moment. Where they have
    reached nobody it is taken back: what was over by then has ended by itself.
    """
    first = ends.note_stop(number, why, procfs.uptime())
    reached: list[Process] = []
    yield reached
    if first and not reached:
        ends.take_back(number)
