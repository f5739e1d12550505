"""Reading the state files of all schedulers of a home, and removing those nobody needs."""

import contextlib
import logging
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.model.faults import GpulaneError
from app.model.paths import Home
from app.model.state_file import StateFile, UnreadableState, load
from app.model.task import Mode
from app.store.lock import is_alive, take
from app.store.own_file import read_own

log = logging.getLogger("gpulane")

_STATE = re.compile(r"(\d+)\.json(\.\d+)?")
_LOCK = re.compile(r"(\d+)\.lock")
_SOCKET = re.compile(r"(\d+)\.sock")
_HALF = re.compile(r"\.(\d+)\.json\.[0-9a-f]+")
"""What write_atomically leaves when it is killed."""

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Found:
    """A state file."""

    path: Path
    pid: int
    alive: bool | None  #: None: a scheduler of another host, which can't be judged from here
    state: StateFile | GpulaneError  #: or the sentence why it can't be read

    @property
    def unreadable(self) -> str | None:
        """What is wrong with it, in a sentence."""
        return None if isinstance(self.state, StateFile) else f"{self.path} can't be read: {self.state}"


def list_states(
    home: Home, host: str | None = None, read: Callable[[bytes], StateFile] = load
) -> list[Found]:
    """All state files, living and dead ones, by pid. `host` is this machine's name."""
    host = host or socket.gethostname()
    found = [one for name in state_names(home) if (one := read_state(home, name, host, read))]
    return sorted(found, key=lambda one: (one.pid, one.path.name))


def states_of(home: Home, pid: int) -> list[Found]:
    """Those that schedulers with this pid have left, or write. The others are not read."""
    names = [name for name in state_names(home) if name.partition(".")[0] == str(pid)]
    host = socket.gethostname()
    return [one for name in names if (one := read_state(home, name, host))]


def state_names(home: Home) -> list[str]:
    """Of the state files there are; some may be gone when they are read."""
    return [name for name in _names(home) if _STATE.fullmatch(name)]


def remove_superseded(
    home: Home, command_file: str, mode: Mode, simulated: bool, host: str | None = None
) -> None:
    """A scheduler has taken over this command file (real path): its dead predecessors' states go."""
    for one, state in _dead(home, host):
        if (state.command_file, state.mode, state.simulated) == (command_file, mode, simulated):
            with _left(one.path):
                _remove(home, one)


def clean(home: Home, keep_days: float, now: float, host: str | None = None) -> None:
    """Remove the states of schedulers that finished `keep_days` before `now` (wall), and what the dead left
    of locks and half-written files. States of those that died unfinished stay until they are resumed."""
    for one, state in _dead(home, host):
        if state.status == "finished" and state.updated_at < now - keep_days * DAY:
            with _left(one.path):
                _remove(home, one)
    for name in _names(home):
        with _left(home.state / name):
            if match := _HALF.fullmatch(name) or _SOCKET.fullmatch(name):
                if not is_alive(home.state_lock(int(match[1]))):
                    (home.state / name).unlink(missing_ok=True)
            elif (match := _LOCK.fullmatch(name)) and (lock := take(home.state / name)):
                lock.release()


@contextlib.contextmanager
def _left(path: Path) -> Iterator[None]:
    """What can't be removed (another user's, a folder) is no reason not to start."""
    try:
        yield
    except OSError as error:
        log.warning("%s can't be removed: %s", path, error.strerror)


def _dead(home: Home, host: str | None) -> Iterator[tuple[Found, StateFile]]:
    for one in list_states(home, host):
        if one.alive is False and isinstance(one.state, StateFile):
            yield one, one.state


def _names(home: Home) -> Iterator[str]:
    try:
        yield from [path.name for path in home.state.iterdir()]
    except FileNotFoundError:
        return


def read_state(home: Home, name: str, host: str, read: Callable[[bytes], StateFile] = load) -> Found | None:
    """One of `state_names`. None: it has gone meanwhile."""
    match = _STATE.fullmatch(name)
    assert match, name
    path, pid = home.state / name, int(match[1])
    # One that was moved aside belongs to a scheduler whose pid another has now.
    alive: bool | None = match[2] is None and is_alive(home.state_lock(pid))
    try:
        state: StateFile | GpulaneError = read(read_own(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        state = UnreadableState(error.strerror or str(error))
    except GpulaneError as error:
        state = error
    if isinstance(state, StateFile) and state.host != host:
        alive = None
    return Found(path, pid, alive, state)


def _remove(home: Home, one: Found) -> None:
    """Under its lock, so that a new scheduler with this pid does not lose its first state."""
    if one.path != home.state_file(one.pid):
        one.path.unlink(missing_ok=True)
    elif lock := take(home.state_lock(one.pid)):
        one.path.unlink(missing_ok=True)
        lock.release()
