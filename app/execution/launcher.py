"""Starting one attempt under its supervisor, in a session of its own. Contract 5."""

import contextlib
import hashlib
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app import procfs
from app.execution.ends import EndsFile
from app.execution.script import compose, stands_alone
from app.model.backend import LaunchSpec

SHELL = "/bin/sh"
SUPERVISOR = str(Path(__file__).with_name("supervisor.sh"))
BASH = shutil.which("bash") or "/bin/bash"
DEFAULT_SIGNALS = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
UPTIME_STEP = 0.01  #: seconds
FIRST_HIGH = 100  #: descriptors for the script and the leases begin here, out of the way of `exec 3>file`


@dataclass(frozen=True, slots=True)
class Spawned:
    """A supervisor that has just been started."""

    pid: int
    start: int  #: /proc/PID/stat field 22
    session: int
    pidfd: int  #: the caller's, to wait on and to close


class Launches(Protocol):
    """What both ways to start an attempt, directly and in tmux, have in common."""

    def launch(
        self, spec: LaunchSpec, env: Mapping[str, str], lease_fds: Sequence[int], header: bytes
    ) -> Spawned:
        """Start the attempt. `env` is its whole environment; `header` opens its log.

        The lease descriptors stay the caller's. Raises OSError, and then nothing runs.
        """
        ...


class Launcher:
    """Starts attempts directly: no terminal, stdin empty, stdout and stderr into the log."""

    def __init__(self, ends: EndsFile) -> None:
        self._ends = ends
        _occupy_stdio()

    def launch(
        self, spec: LaunchSpec, env: Mapping[str, str], lease_fds: Sequence[int], header: bytes
    ) -> Spawned:
        """See `Launches.launch`."""
        with contextlib.ExitStack() as ours:
            lock = own(ours, self._ends.open_attempt(spec.number))
            log = own(ours, open_log(spec.log_path, header))
            script = own(ours, script_memfd(spec))
            high = high_descriptors([script, *lease_fds])
            moves = [*high.items(), (lock, 0), (log, 1), (log, 2)]
            pid = os.posix_spawn(
                SHELL,
                supervisor_command(spec, env, high[script], "/dev/null"),
                env,
                file_actions=[(os.POSIX_SPAWN_DUP2, source, target) for source, target in moves],
                setsid=True,
                setsigmask=(),
                setsigdef=DEFAULT_SIGNALS,
            )
        return _watch(pid)


def supervisor_command(spec: LaunchSpec, env: Mapping[str, str], script: int, stdin: str) -> list[str]:
    """argv of a supervisor whose script lies on descriptor `script`; `stdin` is the task's, a path.

    A single program with plain words needs no bash around it: a process less for as long as it runs.
    """
    # As the file has it, which is all that the supervisor has. It is cut to hundredths; the margin keeps the
    # times it gives from lying in the future.
    booted = time.time() - procfs.uptime() - UPTIME_STEP
    alone = stands_alone(spec.script, env, spec.cwd)
    program = spec.script.split() if alone else [BASH, f"/proc/self/fd/{script}"]
    # dash forgets variables whose names it can't use; bash's exported functions are missed the most.
    # Others can read arguments, so nothing else with an odd name goes this way: it might be a secret.
    odd = [f"{name}={value}" for name, value in env.items() if name.startswith("BASH_FUNC_")]
    if odd:
        program = ["env", "--", *odd, *program]
    return ["sh", SUPERVISOR, str(spec.number), f"{booted:.2f}", stdin, spec.cwd, *program]


def script_name(log_path: str) -> str:
    """The memfd of an attempt's script: a mark its processes inherit, found again from the log's path."""
    return "gpulane-" + hashlib.sha256(os.fsencode(log_path)).hexdigest()[:24]


def script_memfd(spec: LaunchSpec) -> int:
    """The attempt's whole script in memory: no argument limit, nothing on disk, nothing in `ps`."""
    fd = os.memfd_create(script_name(spec.log_path), os.MFD_CLOEXEC)
    write_all(fd, compose(spec.script))
    return fd


def open_log(path: str, header: bytes) -> int:
    """Raises OSError, with the descriptor closed."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    write_all(fd, header)
    return fd


def write_all(fd: int, data: bytes) -> None:
    """Write every byte. Closes `fd` and raises OSError where that fails."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        os.close(fd)
        raise


def high_descriptors(sources: Sequence[int]) -> dict[int, int]:
    """Where each descriptor goes in the supervisor: above FIRST_HIGH and above every source, so that no
    move overwrites one that is still to be moved."""
    first = max(FIRST_HIGH, *(source + 1 for source in sources))
    return {source: first + place for place, source in enumerate(sources)}


def own(stack: contextlib.ExitStack, fd: int) -> int:
    """Have `fd` closed with the stack."""
    stack.callback(os.close, fd)
    return fd


def _watch(pid: int) -> Spawned:
    """A pidfd for our own child. Without one (too many open files) it must not run on unseen."""
    try:
        found = procfs.stat(pid)
        assert found is not None  # a child that has not been reaped
        return Spawned(pid, found.start, pid, os.pidfd_open(pid))
    except OSError:
        # Not reaped yet, so the number is still its own, and its session's group as well.
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise


def _occupy_stdio() -> None:
    """A scheduler started with descriptor 0, 1 or 2 closed would hand its files out under these numbers."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(fd)
