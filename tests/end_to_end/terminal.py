"""A program on a pseudo-terminal, with somebody who types."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence

from app.view.text import ESCAPES
from tests.end_to_end.world import World
from tests.waiting import eventually

PROMPT = "gpulane>"


class Terminal:
    """It reads all that is shown, in order."""

    def __init__(self, world: World, argv: Sequence[str], term: str = "xterm") -> None:
        self._seen = ""
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(world.root / "work")
            environment = {**os.environ, **world.env, "GPULANE_HOME": str(world.root), "TERM": term}
            for told in ("COLUMNS", "LINES"):  # they outrank what the terminal says of itself
                environment.pop(told, None)
            environment["PROMPT_TOOLKIT_NO_CPR"] = "1"  # nobody answers where the cursor is
            os.execvpe(argv[0], list(argv), environment)

    def resize(self, columns: int) -> None:
        """Before it prints."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def line(self, text: str) -> None:
        """One line, at the next prompt of ours."""
        self.sees(PROMPT)
        self.type(f"{text}\r")

    def sees(self, text: str, seconds: float = 20) -> None:
        """Read on until this is there; what stands before it is gone through."""
        deadline = time.monotonic() + seconds
        while text not in self._seen:
            assert time.monotonic() < deadline, f"no {text!r} in: {self._seen[-3000:]}"
            self._read(0.1)
        self._seen = self._seen.partition(text)[2]

    def _read(self, seconds: float) -> None:
        if select.select([self._master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self._seen += ESCAPES.sub("", os.read(self._master, 65_536).decode(errors="replace"))

    def ended(self) -> int:
        """Its exit code, once it has left by itself."""
        status: list[int] = []

        def reaped() -> bool:
            self._read(0)
            pid, found = os.waitpid(self.pid, os.WNOHANG)
            status.append(found)
            return pid != 0

        eventually(reaped)
        return os.waitstatus_to_exitcode(status[-1])

    def close(self) -> None:
        """It is gone, whatever it does."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._master)
