"""What an attempt's end says about the machine it ran on: that all is well there, that it may not be, or
nothing."""

import signal
from typing import Literal

from app.model.state import Cause, ExitCode, NotLaunched, Signalled

SOON = 30.0
"""Seconds from its start within which an attempt dies "soon": importing torch from a busy file server takes
as long. One that lives longer has found what it needs."""

SENT = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGTERM})
"""Signals that people send, or a kernel that is out of memory: no card or environment is to blame."""

Verdict = Literal["well", "suspect"]


def verdict(cause: Cause | None, lived: float | None) -> Verdict | None:
    """`cause`: None: it completed; `lived`: seconds, None: nobody knows. None: it says nothing."""
    if cause is None or (lived is not None and lived >= SOON):
        return "well"
    if lived is None:
        return None
    match cause:
        case ExitCode() | NotLaunched():
            return "suspect"
        case Signalled(signal=number) if number not in SENT:
            return "suspect"
        case _:
            return None
