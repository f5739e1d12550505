"""`terminal=tmux`: an attempt in a tmux server of its own, which one can attach to and type into. Contract 5.

The server holds nothing of the attempt: the pane's process is its supervisor, with the same descriptors
and marks as a directly launched one. So leases and locks end with the attempt, whatever the server does.
"""

import contextlib
import json
import os
import secrets
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from app import procfs
from app.execution.ends import EndsFile
from app.execution.launcher import (
    SHELL,
    Spawned,
    high_descriptors,
    open_log,
    own,
    script_memfd,
    supervisor_command,
)
from app.model.backend import LaunchSpec

PANE = str(Path(__file__).with_name("pane.py"))
# The session's leader. It outlives the supervisor a little, since tmux drops what it has not read when
# a pane's process ends. Ctrl-C is for the task; a closed terminal ends the leader, and that the task.
LEADER = 'trap : INT QUIT; "$@"; exec sleep 0.3'
SESSION = "task"
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TMUX_TMPDIR")
PATIENCE = 10.0  #: seconds for tmux to answer or the pane to connect


def tmux_available() -> bool:
    return shutil.which("tmux") is not None


class TmuxLauncher:
    """Starts attempts in tmux: stdin is the pane, the log is what the pane shows."""

    def __init__(self, ends: EndsFile) -> None:
        self._ends = ends

    def launch(
        self, spec: LaunchSpec, env: Mapping[str, str], lease_fds: Sequence[int], header: bytes
    ) -> Spawned:
        """See `Launches.launch`. Takes some 50 ms: not for the event loop."""
        name = spec.session_name
        assert name is not None  # that is what brings a task here
        with contextlib.ExitStack() as ours:
            lock = own(ours, self._ends.open_attempt(spec.number))
            end_server(name)
            own(ours, open_log(spec.log_path, header))
            script = own(ours, script_memfd(spec))
            high = high_descriptors([script, *lease_fds])
            order = {
                "shell": SHELL,
                "command": supervisor_command(spec, env, high[script], "/dev/tty"),
                "env": dict(env),
                "high": list(high.values()),
            }
            listener = ours.enter_context(socket.socket(socket.AF_UNIX))
            address = f"gpulane-{secrets.token_hex(16)}"
            listener.bind("\0" + address)
            listener.listen(1)
            with contextlib.ExitStack() as undone:
                pane = _open_pane(name, address, spec.log_path)
                undone.callback(end_server, name)
                connection, spawned = _accept(ours, listener, pane)
                own(undone, spawned.pidfd)
                socket.send_fds(connection, [b"\0"], [lock, *high])
                connection.sendall(json.dumps(order).encode())
                undone.pop_all()
        return spawned


def end_server(name: str, patience: float = 0.0) -> None:
    """Until the server is gone: by itself within `patience` seconds, else killed with all it shows.

    After an attempt's end its server goes by itself once the rest of the output is in the log, unless
    its user has opened more windows in it.
    """
    pid = server_pid(name)
    if pid is not None:
        _end(name, pid, patience)
    with contextlib.suppress(OSError):  # tmux leaves its socket
        (Path(os.environ.get("TMUX_TMPDIR", "/tmp")) / f"tmux-{os.getuid()}" / name).unlink()


def _end(name: str, pid: int, patience: float) -> None:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not _ends_within(pidfd, patience):
            _tmux(name, "kill-server")
        if not _ends_within(pidfd, 2.0):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            _ends_within(pidfd, 2.0)
    except ProcessLookupError:
        return
    finally:
        os.close(pidfd)


def server_pid(name: str) -> int | None:
    """None if no such server runs."""
    answer = _tmux(name, "display-message", "-p", "#{pid}")
    text = answer.stdout.strip()
    return int(text) if answer.returncode == 0 and text.isdecimal() else None


def _open_pane(name: str, address: str, log_path: str) -> int:
    """Start the server, its pane and the pipe into the log; the pane's pid. Raises OSError.

    A pane that comes up after we gave up finds nobody at the address and ends, and so does its server.
    """
    cat = f"exec cat >>{shlex.quote(log_path)}".replace("#", "##").replace("%", "%%")
    answer = _tmux(
        name,
        *("new-session", "-d", "-s", SESSION, "-x", "200", "-y", "50", "-c", "/", "-P", "-F", "#{pane_pid}"),
        *(SHELL, "-c", LEADER, "sh", sys.executable, "-I", "-S", PANE, address, ";"),
        *("pipe-pane", "-t", f"={SESSION}:", cat),
    )
    if answer.returncode != 0 or not answer.stdout.strip().isdecimal():
        end_server(name)
        raise OSError(f"tmux did not start: {answer.stderr.strip() or answer.stdout.strip()}")
    return int(answer.stdout)


def _accept(ours: contextlib.ExitStack, listener: socket.socket, pane: int) -> tuple[socket.socket, Spawned]:
    """The connection of the supervisor-to-be; anybody else's is dropped. Raises OSError."""
    deadline = time.monotonic() + PATIENCE
    while True:
        listener.settimeout(max(0.01, deadline - time.monotonic()))
        connection = ours.enter_context(listener.accept()[0])
        connection.settimeout(PATIENCE)
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = struct.unpack("3i", credentials)[0]
        found = procfs.stat(pid)
        if found and found.parent == pane:
            # It waits for our message, so its number is still its own.
            return connection, Spawned(pid, found.start, found.session, os.pidfd_open(pid))
        connection.close()


def _tmux(name: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run the client. Raises OSError when tmux is missing or hangs."""
    env = {key: os.environ[key] for key in KEPT if key in os.environ}
    try:
        return subprocess.run(
            ["tmux", "-L", name, "-f", "/dev/null", *command],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError("tmux does not answer") from error


def _ends_within(pidfd: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
