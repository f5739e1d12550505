"""One scheduler a command file: a lock kept for life, under a name made of the file's real path."""

import os
from hashlib import blake2b
from pathlib import Path

from app.model.faults import BadInput
from app.store.lock import Lock, take


def take_plan(state: Path, command_file: Path) -> Lock:
    """Hold the file until the process ends. Raises BadInput, naming the pid, when another scheduler does."""
    name = blake2b(os.fsencode(command_file.resolve()), digest_size=8).hexdigest()
    path = state / f"plan-{name}.lock"
    lock = take(path)
    if lock is None:
        holder = path.read_text("ascii", "replace").strip() or "unknown"
        raise BadInput(
            f"{command_file} is already run by the scheduler with pid {holder}; stop that one first "
            f"(kill {holder}), or give this one another command file"
        )
    os.ftruncate(lock.fd, 0)
    os.pwrite(lock.fd, f"{os.getpid()}\n".encode(), 0)
    return lock
