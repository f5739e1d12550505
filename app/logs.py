"""Where the scheduler's lines go: a rotating file, and the output where there is no terminal."""

import errno
import fcntl
import logging
import os
import sys
import time
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.narrate import log

KEPT_FILES = 5


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

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        second = int(record.created)
        if second != self._second:
            self._second, self._shown = second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        return self._shown


class _Output(logging.StreamHandler):  # type: ignore[type-arg]
    """Standard output; a closed pipe or a terminal that is gone ends nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        return


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
        handlers.append(_Output(sys.stdout))
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
