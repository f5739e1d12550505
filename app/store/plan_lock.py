"""One scheduler a command file: a lock kept for life, under a name made of the file's real path."""

import contextlib
import os
from hashlib import blake2b
from pathlib import Path

from app.model.faults import BadInput
from app.store.lock import Lock, is_alive, take


def take_plan(state: Path, command_file: Path) -> Lock:
    """Hold the file until the process ends. Raises BadInput, naming the pid, when another scheduler does."""
    path = _lock_path(state, command_file)
    lock = take(path)
    if lock is None:
        holder = _pid(path)
        raise BadInput(
            f"{command_file} is already run by the scheduler with pid {holder}; stop that one first "
            f"(kill {holder}), or give this one another command file"
        )
    os.ftruncate(lock.fd, 0)
    os.pwrite(lock.fd, f"{os.getpid()}\n".encode(), 0)
    return lock


def plan_holder(state: Path, command_file: Path) -> str | None:
    """The pid of the scheduler that runs the file; None: nobody does."""
    path = _lock_path(state, command_file)
    with contextlib.suppress(FileNotFoundError):  # it has just ended
        return _pid(path) if is_alive(path) else None
    return None


def _lock_path(state: Path, command_file: Path) -> Path:
    name = blake2b(os.fsencode(command_file.resolve()), digest_size=8).hexdigest()
    return state / f"plan-{name}.lock"


def _pid(path: Path) -> str:
    return path.read_text("ascii", "replace").strip() or "unknown"
