"""Which attempts of a run have been looked after for what they left: a byte for each in a file of the run.

A scheduler may die between an attempt's end and that look. The next one must know, as it may not look for
ever: what a person starts later in a server that a task was let to leave carries the task's marks as well.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

DONE = b"1"


class Swept:
    """Byte N of the file is set when attempt N needs no look any more. Raises OSError if it can't be made."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        os.close(self._fd)

    def note(self, number: int) -> None:
        with contextlib.suppress(OSError):  # a full disk: it is looked after once more
            os.pwrite(self._fd, DONE, number)

    def left_of(self, numbers: Iterable[int]) -> list[int]:
        """Those of them that were not looked after."""
        known = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        return [number for number in numbers if known[number : number + 1] != DONE]
