"""Finding and ending every process of an attempt, and nobody else's. Contract 5.

A stray may have left the parent tree (setsid), the session, the environment (env -i) or have closed its
descriptors; the union of four proofs finds what any one of them misses (FACTS has the table). These
functions scan /proc: 2 ms for 70 processes, 60 to 300 ms for 1,000. Call them off the event loop.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import procfs
from app.execution.launcher import script_name

KTHREADD = 2
FREEZE_ROUNDS = 20
DEATH_WAIT = 0.5  #: seconds for killed processes to be gone, per round


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    start: int  #: /proc/PID/stat field 22
    command: str  #: short name


@dataclass(frozen=True, slots=True)
class Marks:
    """What proves a process to be an attempt's."""

    log_path: str  #: its processes carry it as GPULANE_LOG, and its hash names their script's memfd
    lease_paths: tuple[str, ...] = ()
    pid: int | None = None  #: the supervisor's, and its session's; None: it never wrote its start line
    start: int = 0  #: the supervisor's
    ended: int | None = None  #: clock ticks since boot at which it was seen to have ended; None: unknown, or alive
    tmux: str | None = None  #: socket name of the attempt's own tmux server


@dataclass(frozen=True, slots=True)
class Left:
    """What there is of an attempt beside its supervisor and its own tmux server."""

    processes: tuple[Process, ...]
    spared: tuple[Process, ...]  #: tmux and screen servers, ssh-agents


def ticks_now() -> int:
    """Now, as field 22 of /proc/PID/stat counts."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def find(marks: Marks) -> list[Process]:
    """Every living process that is provably the attempt's, the supervisor and its own tmux server aside."""
    table = {found.pid: found for found in map(procfs.stat, procfs.pids()) if _user_process(found)}
    proven = {pid for pid in table if _carries_marks(pid, marks)}
    proven |= _session(marks, table, proven)
    if marks.pid is not None and _is_supervisor(marks, table.get(marks.pid)):
        proven.add(marks.pid)
    ourselves = {pid for pid, _ in procfs.lineage(os.getpid())}
    tree = _with_descendants(proven - ourselves, table, ourselves)
    return [
        Process(pid, table[pid].start, table[pid].command)
        for pid in sorted(tree)
        if not _is_supervisor(marks, table[pid]) and not _own_server(marks, table[pid])
    ]
