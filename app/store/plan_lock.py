"""One scheduler a command file: a lock kept for life, under a name made of the file's real path.

Twice, as each alone can be lost sight of. A lock file among the states holds across containers that share the
folder; the abstract name of a socket is nobody's to delete, and the same for every folder of states. That its
owner listens says it, and nobody is ever answered. (A network namespace has names of its own.)
"""

import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from app.model.faults import BadInput
from app.store.lock import Lock, is_alive, take

TRIES = 2


@dataclass(frozen=True, slots=True)
class PlanLock:
    """A command file that this process holds."""

    lock: Lock
    name: socket.socket

    def hang_up(self) -> None:
        """On all who have asked who has the file: there is room for so many only, and the next would see
        nobody. To be called again and again by who holds it for long."""
        with contextlib.suppress(OSError):  # nobody is left
            while True:
                self.name.accept()[0].close()

    def release(self) -> None:
        self.name.close()
        self.lock.release()


def take_plan(state: Path, command_file: Path, briefly: bool = False) -> PlanLock:
    """Hold the file until the process ends; `briefly`: no scheduler does, but a command that changes what one
    has left. Raises BadInput, naming the pid, when another process holds it, and OSError."""
    path = _lock_path(state, command_file)
    while (lock := take(path)) is None:
        try:
            by, *brief = _read(path)
        except FileNotFoundError:  # let go just now
            continue
        if brief:
            raise BadInput(f"the gpulane with pid {by} is busy with {command_file}; try again in a moment")
        raise _already_run(command_file, by)
    try:
        os.ftruncate(lock.fd, 0)
        os.pwrite(lock.fd, f"{os.getpid()}{' briefly' if briefly else ''}\n".encode(), 0)
        return PlanLock(lock, _named(command_file))
    except BaseException:  # a full disk: a process that lives on must not keep it
        lock.release()
        raise


def _named(command_file: Path) -> socket.socket:
    """Listening under the file's name. Raises BadInput when another process does."""
    name = socket.socket(socket.AF_UNIX)
    for _ in range(TRIES):
        try:
            name.bind("\0" + _name(command_file))
            name.listen()
            name.setblocking(False)
            break
        except OSError as error:
            # Another user's, who squats on it, keeps nobody from a start; one who has just ended, neither.
            if holder := _listener(command_file):
                name.close()
                raise _already_run(command_file, holder) from error
    return name


def plan_holder(state: Path, command_file: Path) -> str | None:
    """The pid of the scheduler that runs the file; None: nobody does."""
    path = _lock_path(state, command_file)
    with contextlib.suppress(FileNotFoundError):  # it has just ended
        if is_alive(path):
            return _read(path)[0]
    return _listener(command_file)


def pid_of(holder: str) -> int | None:
    """The number of a `plan_holder`; None: it is not known."""
    return int(holder) if holder.isdecimal() else None


def _already_run(command_file: Path, holder: str) -> BadInput:
    return BadInput(
        f"{command_file} is already run by the scheduler with pid {holder}; stop that one first "
        f"(kill {holder}), or give this one another command file"
    )


def _listener(command_file: Path) -> str | None:
    """The pid of the process of this user that has the file's name; None: nobody has, or somebody else.

    The kernel tells who listens. (/proc/net/unix shows names as they are, and one with a newline in it shows
    whatever its owner wants.)
    """
    with socket.socket(socket.AF_UNIX) as caller:
        caller.setblocking(False)
        try:
            caller.connect("\0" + _name(command_file))
        except OSError:  # nobody; or one who does not listen, or not to so many
            return None
        credentials = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", credentials)
    return (str(pid) if pid else "unknown") if uid == os.getuid() else None


def _name(command_file: Path) -> str:
    return f"gpulane-plan-{os.getuid()}-{_digest(command_file)}"


def _lock_path(state: Path, command_file: Path) -> Path:
    return state / f"plan-{_digest(command_file)}.lock"


def _digest(command_file: Path) -> str:
    return blake2b(os.fsencode(command_file.resolve()), digest_size=8).hexdigest()


def _read(path: Path) -> list[str]:
    """The pid, and whether it is held briefly."""
    return path.read_text("ascii", "replace").split() or ["unknown"]
