"""A process that gets away from its attempt in one of the ways of FACTS' table.

`python stray.py KIND FILE` starts it and returns once it has written its pid to FILE.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SAME_SESSION = ("setproctitle", "setproctitle, closed descriptors")
CLOSED = ("setsid, closed descriptors", "setproctitle, closed descriptors")
KINDS = ("setsid", "setsid env -i", "setproctitle setsid", *SAME_SESSION, CLOSED[0])


def overwrite_environment() -> None:
    """As setproctitle does: the memory that /proc/PID/environ shows is used for the title."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[47]), int(fields[48])
    ctypes.memset(begin, 0, end - begin)


def stay(kind: str, file: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if kind.startswith("setproctitle"):
        overwrite_environment()
    temporary = Path(file + ".new")
    temporary.write_text(str(os.getpid()))
    temporary.rename(file)
    time.sleep(300)


def main() -> None:
    kind, file = sys.argv[1:3]
    if len(sys.argv) > 3:
        stay(kind, file)
        return
    subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, kind, file, "stay"],
        start_new_session=kind not in SAME_SESSION,
        env={} if kind == "setsid env -i" else None,
        close_fds=kind in CLOSED,
    )
    while not Path(file).exists():
        time.sleep(0.005)


if __name__ == "__main__":
    main()
