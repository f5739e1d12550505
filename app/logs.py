"""Where the scheduler's lines go: a rotating file, and the output where there is no terminal."""

import errno
import logging
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.narrate import log

KEPT_FILES = 5


class _PrivateFile(RotatingFileHandler):
    """0600 from the first byte; a full disk loses lines and never raises."""

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        if path.exists() and not path.is_file():  # a FIFO would hold us up for ever
            raise OSError(errno.EINVAL, "it is no regular file", self.baseFilename)
        path.touch(mode=0o600)
        return super()._open()

    def shouldRollover(self, record: logging.LogRecord) -> int:  # noqa: N802 - logging's name
        """Looks at the position alone: the library's own asks the file system at every line."""
        return int(self.stream is not None and self.stream.tell() >= self.maxBytes > 0)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        return


class _Output(logging.StreamHandler):  # type: ignore[type-arg]
    """Standard output; a closed pipe or a terminal that is gone ends nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        return


def open_log(path: Path, most_mb: float, on_terminal: bool) -> None:
    """Lines go to `path` (rotated at `most_mb`), and to standard output unless a view has it."""
    handlers: list[logging.Handler] = []
    try:
        handlers.append(
            _PrivateFile(path, maxBytes=int(most_mb * 1024 * 1024), backupCount=KEPT_FILES, encoding="utf-8")
        )
    except OSError as error:
        print_problem(f"{path} can't be written: {error.strerror}")
    if not on_terminal:
        handlers.append(_Output(sys.stdout))
    form = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S")
    for handler in handlers:
        handler.setFormatter(form)
        log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def print_problem(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"gpulane: {text}\n")
