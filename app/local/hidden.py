"""Processes that the driver shows and that can't be found here, as in containers and behind hidepid."""

from collections.abc import Iterable

from app.model.gpu import Gpu, index_order
from app.model.problems import Problem, problem

HIDDEN_SECONDS = 30.0
"""A process that has died may be shown for some seconds more, until its memory is back."""


class Hidden:
    """Remembers since when each of them is shown. Times are monotonic."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, int], float] = {}

    def note(self, gpus: Iterable[Gpu], now: float) -> None:
        """What a look has shown."""
        shown = [(gpu.index, one.pid) for gpu in gpus for one in gpu.processes if one.start is None]
        self._since = {each: self._since.get(each, now) for each in shown}

    def problem(self, now: float) -> Problem | None:
        """One for all of them: while it lasts, leases can't be told from others' memory."""
        gpus = {gpu for (gpu, _), since in self._since.items() if now - since >= HIDDEN_SECONDS}
        if not gpus:
            return None
        return problem("processes_hidden", gpus=", ".join(sorted(gpus, key=index_order)))
