"""Writing this scheduler's state file, and how often."""

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.atomic import write_atomically
from app.model.faults import GpulaneError
from app.model.paths import Home
from app.model.problems import Problem, problem
from app.store.lock import Lock, take

LOCK_DEADLINE = 1.0  #: seconds; someone who cleans up may hold a dead scheduler's lock for a moment
SHARE = 0.05  #: of a core
LEAST_INTERVAL = 0.1  #: seconds between two states


class StateError(GpulaneError):
    """The state folder can't be used."""


class StateWriter:
    """The state file of one scheduler, and the lock by which readers call it alive.

    Raises StateError when the folder can't be made or written, or the lock is another's.
    """

    def __init__(self, home: Home, pid: int) -> None:
        self.path = home.state_file(pid)
        self.problem: Problem | None = None
        try:
            for folder in (home.data, home.state):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _take_soon(home.state_lock(pid))
            _move_aside(self.path)
        except OSError as error:
            raise StateError(
                f"{home.state} can't be written ({error.strerror}); it has to be a folder of your own, "
                "and its disk must not be full"
            ) from error

    def write(self, state: bytes) -> None:
        """Replace the state file whole. A failure leaves the old one, and stays in `problem` until a write
        succeeds."""
        try:
            write_atomically(self.path, state)
        except OSError as error:
            self.problem = problem("state_file", path=str(self.path), error=error.strerror or str(error))
        else:
            self.problem = None

    def close(self) -> None:
        """From here on readers take the scheduler for gone; the file stays as it is."""
        self._lock.release()


def _take_soon(path: Path) -> Lock:
    deadline = time.monotonic() + LOCK_DEADLINE
    while True:
        lock = take(path)
        if lock is not None:
            return lock
        if time.monotonic() > deadline:
            raise StateError(
                f"{path} is held by another scheduler with this pid, in another container perhaps: "
                "give each its own state_dir"
            )
        time.sleep(0.01)


def _move_aside(path: Path) -> None:
    """What a dead scheduler with the same pid left stays readable as {pid}.json.1 and so on."""
    if path.exists():
        numbered = (path.with_name(f"{path.name}.{number}") for number in itertools.count(1))
        path.rename(next(name for name in numbered if not name.exists()))


class Pace:
    """How often a state is written: where one costs c seconds of processor, after c / SHARE seconds.

    c is the median of the last three: now and then one costs much more (a collection of garbage, and the
    first one, which builds serialisers as well), which says nothing of the next.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, cpu: Callable[[], float] = time.thread_time
    ) -> None:
        self._clock, self._cpu = clock, cpu
        self._costs = deque([0.0, 0.0], maxlen=3)
        self.next_at = clock()  #: of `clock`; a state may be written from then on

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Around building and writing one state, in one thread."""
        began = self._cpu()
        try:
            yield
        finally:
            self._costs.append(self._cpu() - began)
            self.next_at = self._clock() + max(LEAST_INTERVAL, sorted(self._costs)[1] / SHARE)
