"""Forgetting a scheduler that is gone."""

import socket

from app.model.faults import BadInput
from app.model.paths import Home
from app.store.lock import take
from app.store.states import list_states
from control.src.web.problems import Refused


def dismiss(home: Home, pid: int) -> str:
    """Remove the state files that this pid has left; a sentence. Raises Refused, BadInput."""
    found = [one for one in list_states(home) if one.pid == pid]
    if not found:
        raise Refused(404, "no-scheduler", f"no scheduler of this home has pid {pid}")
    if any(one.alive for one in found):
        raise Refused(409, "lives", f"the scheduler with pid {pid} runs; stop it first")
    if all(one.alive is None for one in found):
        raise Refused(
            409, "elsewhere", f"it is another host's; dismiss it there, not on {socket.gethostname()}"
        )
    lock = take(home.state_lock(pid))  # a scheduler that gets this pid now keeps its first state
    if lock is None:
        raise Refused(409, "lives", f"a scheduler with pid {pid} has just started")
    try:
        for one in found:
            if one.alive is False:
                one.path.unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"{error.filename} can't be removed: {error.strerror}") from error
    finally:
        lock.release()
    return f"the scheduler with pid {pid} is forgotten"
