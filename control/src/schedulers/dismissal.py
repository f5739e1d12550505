"""Forgetting a scheduler that is gone."""

import socket

from app.left import running_on
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state_file import StateFile
from app.store.lock import take
from app.store.states import states_of
from control.src.schedulers.asking import nobody, run_on
from control.src.web.problems import Refused


def dismiss(home: Home, pid: int) -> str:
    """Remove the state files that this pid has left; a sentence. Raises Refused, BadInput."""
    found = states_of(home, pid)
    if not found:
        raise nobody(pid)
    if any(one.alive for one in found):
        raise Refused(409, "lives", f"the scheduler with pid {pid} runs; stop it first")
    if all(one.alive is None for one in found):
        raise Refused(
            409, "elsewhere", f"it is another host's; dismiss it there, not on {socket.gethostname()}"
        )
    lock = take(home.state_lock(pid))  # a scheduler that gets this pid now keeps its first state
    if lock is None:
        raise Refused(409, "lives", f"a scheduler with pid {pid} has just started")
    dead = [one for one in found if one.alive is False]
    running = [label for one in dead if isinstance(one.state, StateFile) for label in running_on(one.state)]
    try:
        for one in dead:
            one.path.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"{error.filename} can't be removed: {error.strerror}") from error
    finally:
        lock.release()
    said = f"the scheduler with pid {pid} is forgotten"
    if not running:
        return said
    many = "are" if len(running) > 1 else "is"
    return f"{said}; {run_on(running)} and {many} found again by the next start"
