"""Where the scheduler's lines go: a rotating file, and the output where there is no terminal."""

import errno
import fcntl
import logging
import os
import select
import sys
import time
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.narrate import log

KEPT_FILES = 5

SURELY_TAKEN = 1000
"""Characters that a pipe takes without blocking when it says that it can be written (PIPE_BUF is 4,096 B)."""

SLOW_READER_SECONDS = 0.1
"""A reader of our output gets this to take a burst, once, until it has read on."""


class _SharedFile(RotatingFileHandler):
    """0600 from the first byte, shared by all schedulers of a mode; a full disk loses lines, never raises."""

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        if path.exists() and not path.is_file():  # a FIFO would hold us up for ever
            raise OSError(errno.EINVAL, "it is no regular file", self.baseFilename)
        path.touch(mode=0o600)
        return super()._open()

    def shouldRollover(self, record: logging.LogRecord) -> int:  # noqa: N802 - logging's name
        """Also goes over to the new file when another scheduler has rotated this one."""
        if self.stream is None:
            return 0
        ours = os.fstat(self.stream.fileno())
        try:
            current = os.stat(self.baseFilename)  # noqa: PTH116 - at every line
        except FileNotFoundError:
            current = None
        if current is None or not os.path.samestat(ours, current):
            self.stream.close()
            self.stream = self._open()
            return 0
        return int(ours.st_size >= self.maxBytes > 0)

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        """One at a time: the next one finds it done."""
        folder = os.open(Path(self.baseFilename).parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if self.shouldRollover(_NO_RECORD):
                super().doRollover()
        finally:
            os.close(folder)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        return


_NO_RECORD = logging.makeLogRecord({})


class _Dated(logging.Formatter):
    """Local time to the second, worked out once a second."""

    _second, _shown = 0, ""

    def format(self, record: logging.LogRecord) -> str:
        """What is said in several lines is seen to be one thing."""
        return super().format(record).replace("\n", "\n    ")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        second = int(record.created)
        if second != self._second:
            self._second, self._shown = second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        return self._shown


class _Output(logging.Handler):
    """Standard output. Who has closed it ends nothing, and who has stopped reading it (a pager, a stuck tee)
    holds nothing up: what can't be taken now is in the file alone, and how much that was is said."""

    def __init__(self) -> None:
        super().__init__()
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        missed = f"... {self._left_out} lines could not be shown here\n" if self._left_out else ""
        patience = 0.0 if missed else SLOW_READER_SECONDS
        self._left_out = 0 if say(f"{missed}{self.format(record)}\n", patience) else self._left_out + 1


def say(text: str, patience: float) -> bool:
    """Write to standard output what it takes, waiting so many seconds for a reader. False: not all of it."""
    try:
        out = select.poll()
        out.register(sys.stdout.fileno(), select.POLLOUT)
        for at in range(0, len(text), SURELY_TAKEN):
            if not out.poll(patience * 1000):
                return False
            sys.stdout.write(text[at : at + SURELY_TAKEN])
            sys.stdout.flush()
    except (OSError, ValueError):  # closed: nobody will miss it
        return True
    return True


def open_log(path: Path, most_mb: float, on_terminal: bool) -> None:
    """Lines go to `path` (rotated at `most_mb`), and to standard output unless a view has it."""
    handlers: list[logging.Handler] = []
    try:
        handlers.append(
            _SharedFile(path, maxBytes=int(most_mb * 1024 * 1024), backupCount=KEPT_FILES, encoding="utf-8")
        )
    except OSError as error:
        print_problem(f"{path} can't be written: {error.strerror}")
    if not on_terminal:
        handlers.append(_Output())
    for handler in handlers:
        whose = f"[{os.getpid()}] " if isinstance(handler, _SharedFile) else ""
        handler.setFormatter(_Dated(f"%(asctime)s %(levelname)-7s {whose}%(message)s"))
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    # As the logging HOWTO says under "Optimization": what is never shown is half of a line's cost.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def print_problem(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"gpulane: {text}\n")
