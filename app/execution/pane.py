"""Runs in the pane of an attempt's tmux server and becomes its supervisor.

A pane inherits no descriptors, so the launcher hands them over a socket: the `ends` file with the attempt
lock, then the script and the leases. `python -I -S pane.py ADDRESS`; nothing but the standard library.
"""

import json
import os
import signal
import socket
import struct
import sys

MOST_DESCRIPTORS = 200


def main(address: str) -> None:
    """Raises OSError, which the pane shows and its log keeps; nothing has been started then."""
    with socket.socket(socket.AF_UNIX) as launcher:
        launcher.connect("\0" + address)
        # Anybody may bind an abstract address once its owner has died.
        credentials = launcher.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", credentials)[1] != os.getuid():
            raise PermissionError("another user answered instead of the scheduler")
        _, (lock, *high), _, _ = socket.recv_fds(launcher, 1, MOST_DESCRIPTORS)
        with launcher.makefile("rb") as stream:
            order = json.load(stream)
    for source, target in zip(high, order["high"], strict=True):
        os.dup2(source, target)
        os.close(source)
    os.dup2(lock, 0)
    os.close(lock)
    # Python and tmux ignore some (PIPE, TTIN, ...), and what is ignored stays so in whatever this becomes.
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    terminal = {name: os.environ[name] for name in ("TERM", "TMUX", "TMUX_PANE") if name in os.environ}
    os.execve(order["shell"], order["command"], order["env"] | terminal)


if __name__ == "__main__":
    main(sys.argv[1])
