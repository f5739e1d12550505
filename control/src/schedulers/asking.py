"""Questions to schedulers, so many at once: one that does not answer holds nobody else up."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from control.src.web.problems import Refused

AT_ONCE = 6


class Asking:
    """For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Counter[int] = Counter()

    @contextmanager
    def of(self, pid: int) -> Iterator[None]:
        """Raises Refused: so many wait for its answer already."""
        with self._lock:
            if self._under_way[pid] >= AT_ONCE:
                said = f"the scheduler with pid {pid} has not answered {AT_ONCE} others yet; try again"
                raise Refused(503, "busy", said)
            self._under_way[pid] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[pid] -= 1
                if not self._under_way[pid]:
                    del self._under_way[pid]
