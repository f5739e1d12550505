"""Asking schedulers over their control sockets: those that are provably the ones meant, and so few at once
that one that does not answer holds nobody else up."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app import procfs
from app.client import Client, NoAnswer
from app.model.paths import Home
from app.store.lock import is_alive
from control.src.schedulers.states import Raw, Seen, States
from control.src.web.problems import Refused

AT_ONCE = 6


class Asking:
    """For any thread."""

    def __init__(self, home: Callable[[], Home], states: States) -> None:
        self.home, self._states, self._limit = home, states, Limit()

    def ask(self, pid: int, verb: str, **arguments: object) -> Raw:
        """Its answer. Raises Refused, RequestRefused; NoAnswer: it stands still, is gone, or is busy."""
        self.checked(pid)
        with self._limit.of(pid):
            process = procfs.stat(pid)
            if process is not None and process.stopped:
                raise NoAnswer(f"the scheduler with pid {pid} is stopped; kill -CONT {pid} lets it go on")
            with Client(self.home().control_socket(pid)) as client:
                return client.ask(verb, **arguments)

    def checked(self, pid: int) -> Raw:
        """What the scheduler that has this pid says, without its queues, if it is provably that one. Raises
        Refused."""
        return checked(self.home(), self._states.of(pid), pid)


class Limit:
    """How many ask one scheduler at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Counter[int] = Counter()

    @contextmanager
    def of(self, pid: int) -> Iterator[None]:
        """Raises NoAnswer: so many wait for its answer already."""
        with self._lock:
            if self._under_way[pid] >= AT_ONCE:
                said = f"the scheduler with pid {pid} has not answered {AT_ONCE} others yet; try again"
                raise NoAnswer(said)
            self._under_way[pid] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[pid] -= 1
                if not self._under_way[pid]:
                    del self._under_way[pid]


def nobody(pid: int) -> Refused:
    return Refused(404, "no-scheduler", f"no scheduler of this home has pid {pid}")


def checked(home: Home, seen: Seen | None, pid: int) -> Raw:
    """What the scheduler that has this pid says, without its queues, if it is provably that one. Raises
    Refused."""
    if seen is None or (state := seen.top) is None:
        raise nobody(pid)
    if seen.alive is None:
        raise Refused(409, "elsewhere", f"it runs on {state['host']}; ask there")
    if not is_alive(home.state_lock(pid)):
        raise Refused(409, "gone", _gone(seen))
    process = procfs.stat(pid)
    same = process is not None and process.start == state["process_start"]
    if not same or state["boot_id"] != procfs.boot_id() or procfs.owner(pid) != os.getuid():
        raise Refused(409, "not-it", f"pid {pid} is another process now, and is left alone")
    return state


def _gone(seen: Seen) -> str:
    """With what it has left running, and how to get at that."""
    running = (seen.head["left"] or {}).get("running", ())
    more = f"; {run_on(running)}: resume it, and what you ask for can be done" if running else ""
    return f"the scheduler with pid {seen.pid} is gone already{more}"


def run_on(labels: Sequence[str]) -> str:
    """ "1/0 and 2/3 run on"."""
    first, last = ", ".join(labels[:-1]), labels[-1]
    return f"{first} and {last} run on" if first else f"{last} runs on"
