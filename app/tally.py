"""Counting what a scheduler does, for its state file and the metrics made of it."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from app.core.events import Action, Event
from app.core.machine import Core
from app.model.records import AttemptEnded, Moved
from app.model.totals import DECISIONS, WAITS, Histogram, Outcome, Totals


class Tally:
    """A listener of the engine's."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._attempts: Counter[Outcome] = Counter()
        self._waits, self._decisions = _Counts(WAITS), _Counts(DECISIONS)

    def __call__(self, event: Event | None, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, AttemptEnded):
                self._attempts[action.cause.kind if action.cause else "completed"] += 1
            elif isinstance(action, Moved) and action.old == "waiting" and action.state.status == "running":
                since = self._core.board.tasks[action.key].waited[1]
                self._waits.add(max(0.0, action.at - since))

    def decided(self, seconds: float) -> None:
        """A decision took so long."""
        self._decisions.add(seconds)

    def totals(self) -> Totals:
        return Totals(dict(self._attempts), self._waits.now(), self._decisions.now())


class _Counts:
    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds, self._counts, self._total = bounds, [0] * (len(bounds) + 1), 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds

    def now(self) -> Histogram:
        return Histogram(self._bounds, tuple(self._counts), round(self._total, 6))
