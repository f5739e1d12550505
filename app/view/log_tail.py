"""The last line of a growing log, read from its end."""

import os
import stat

from app.model.paths import LOG_RULE
from app.view.text import clean

WINDOW = 4_096  #: bytes read from the end
EVERY = 1.0  #: seconds between looks at one file


def last_line(data: bytes) -> str:
    """What a terminal would show last: the text after the last carriage return (progress bars rewrite their
    line) of the last line that holds anything; "" when there is none, as in a silent task's log."""
    for line in reversed(data.split(b"\n")):
        for part in reversed(line.split(b"\r")):
            text = clean(part.decode("utf-8", "replace").lstrip("\ufffd")).strip()
            if text == LOG_RULE:
                return ""
            if text:
                return text
    return ""


class LogTails:
    """Last lines of the logs on show. A file is looked at once a second at most, and read when it grew."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, tuple[int, int], str]] = {}
        self._shown: dict[str, tuple[float, tuple[int, int], str]] = {}

    def next_frame(self) -> None:
        """Forget the logs that the last frame did not show."""
        self._kept, self._shown = self._shown, {}

    def last(self, path: str, now: float) -> str:
        """The last line of the log, "" when it can't be read. `now` in seconds, of any clock."""
        found = self._shown.get(path) or self._kept.get(path) or (now - EVERY, (-1, -1), "")
        if not 0 <= now - found[0] < EVERY:
            found = (now, *_read(path, found[1], found[2]))
        self._shown[path] = found
        return found[2]


def _read(path: str, version: tuple[int, int], text: str) -> tuple[tuple[int, int], str]:
    """(version of the file, its last line), the old ones when nothing changed."""
    try:
        # O_NONBLOCK: what lies there may have been replaced by a pipe.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return (-1, -1), ""
    try:
        found = os.fstat(fd)
        seen = (found.st_size, found.st_mtime_ns)
        if seen == version or not stat.S_ISREG(found.st_mode):
            return version, text
        return seen, last_line(os.pread(fd, WINDOW, max(0, found.st_size - WINDOW)))
    except OSError:
        return version, text
    finally:
        os.close(fd)
