"""Before systemd ends all of a unit at once: its schedulers are told first, so that they end their tasks.

A task that systemd asks to end by itself may well exit with 0, and would count as completed.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from app import procfs
from app.model.paths import Home
from app.model.state_file import StateFile
from app.store.states import list_states


def down(home: Home, unit: str, seconds: float) -> list[int]:
    """SIGTERM to the schedulers of this home that belong to the unit, and wait for their ends; the pids of
    those that are still there after so many seconds."""
    told = dict(_told(home, unit))
    deadline = time.monotonic() + seconds
    left = set(told)
    while left and (rest := deadline - time.monotonic()) > 0:
        ended, _, _ = select.select(list(left), (), (), rest)
        left -= set(ended)
    for process in told:
        os.close(process)
    return [told[process] for process in left]


def _told(home: Home, unit: str) -> Iterator[tuple[int, int]]:
    """Descriptor and pid of each."""
    for one in list_states(home):
        if not one.alive or not isinstance(one.state, StateFile):
            continue
        try:
            process = os.pidfd_open(one.pid)
        except OSError:  # it has just ended
            continue
        # Looked at once it is held: no other process can have its pid from here on.
        if procfs.start_time(one.pid) == one.state.process_start and belongs(one.pid, unit):
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                signal.pidfd_send_signal(process, signal.SIGTERM)
            yield process, one.pid
        else:
            os.close(process)


def belongs(pid: int, unit: str) -> bool:
    """Whether it is in the cgroup of a unit."""
    try:
        return names(Path(f"/proc/{pid}/cgroup").read_text(), unit)
    except OSError:
        return False


def names(cgroups: str, unit: str) -> bool:
    """Whether one of the paths of /proc/PID/cgroup leads into the unit, or below it."""
    return any(unit in line.split(":", 2)[-1].split("/") for line in cgroups.splitlines())
