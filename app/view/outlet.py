"""Writing to a terminal that may be slow, stopped with Ctrl-S, or gone, without ever waiting for it.

The scheduler runs on the same thread: a write that blocks would hold up every task.
"""

import contextlib
import errno
import os
import select
import time
from typing import IO

CHUNK = 256  #: bytes; what a terminal that says it is ready takes without blocking


class Outlet:
    """Takes text at once and passes it on as the terminal takes it."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._waiting = b""
        self._encoding = getattr(file, "encoding", None) or "utf-8"
        self.gone = False
        #: the terminal's descriptor; None when the file is no terminal
        self.fd = _terminal(file)
        self._own = None if self.fd is None else _reopened(self.fd)

    def send(self, text: str) -> None:
        """Write it, or keep what the terminal does not take now. Never raises."""
        data = text.encode(self._encoding, "replace")
        if self.fd is None:
            self._to_file(data.decode(self._encoding))
            return
        self._waiting += data
        self.flush()

    def flush(self, seconds: float = 0.0) -> bool:
        """Pass on what is kept, for so long at most. True when nothing is left, or never will be taken."""
        deadline = time.monotonic() + seconds
        while self._waiting and not self.gone:
            taken = self._write()
            if not taken and time.monotonic() >= deadline:
                return False
            if not taken:
                self._ready(0.02)
        return True

    def close(self) -> None:
        """Give back our own descriptor."""
        self._waiting = b""
        if self._own is not None:
            os.close(self._own)
            self._own = None
        self.gone = True

    def _write(self) -> int:
        """Bytes taken now."""
        if self.fd is None:
            return 0
        try:
            if self._own is not None:
                taken = os.write(self._own, self._waiting)
            elif self._ready(0):
                taken = os.write(self.fd, self._waiting[:CHUNK])
            else:
                return 0
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno == errno.EINTR:
                return 0
            self.gone, self._waiting = True, b""
            return 0
        self._waiting = self._waiting[taken:]
        return taken

    def _ready(self, seconds: float) -> bool:
        fd = self.fd if self._own is None else self._own
        with contextlib.suppress(OSError, ValueError):
            poll = select.poll()
            poll.register(fd or 0, select.POLLOUT)
            return bool(poll.poll(seconds * 1000))
        return False

    def _to_file(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
        except (OSError, ValueError):
            self.gone = True


def _terminal(file: IO[str]) -> int | None:
    try:
        fd = file.fileno()
        return fd if os.isatty(fd) else None
    except (OSError, ValueError, AttributeError):
        return None


def _reopened(fd: int) -> int | None:
    """The same terminal, opened anew: O_NONBLOCK belongs to an opening, and ours is shared with the shell.
    None where it may not be opened (after su, it belongs to somebody else)."""
    try:
        return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
