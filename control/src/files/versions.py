"""The last versions of a file that the console edits, for who wants one back."""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from app.atomic import write_atomically
from app.store.own_file import read_own

KEPT = 20

LARGEST_BYTES = 8 * 1024 * 1024
"""Of a text that is kept; twenty larger ones would fill a home directory."""

_NAME = re.compile(r"\d{1,16}")


@dataclass(frozen=True, slots=True)
class Version:
    id: int  #: larger than those of earlier ones
    saved_at: float
    login: str | None  #: who has saved it here; None: it was found on the disk, written by hand
    size: int  #: bytes
    tasks: int | None


class Versions:
    """Each in a file of its own: a line of JSON that says what it is, then its bytes as they were. To be
    changed by one at a time (`app.amend.alone`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Version]:
        """The newest first."""
        return [found[0] for number in self._numbers() if (found := self._read(number))]

    def find(self, number: int) -> tuple[Version, bytes] | None:
        return self._read(number) if number in self._numbers() else None

    def like(self, data: bytes | None) -> int | None:
        """The newest with this content."""
        return next((n for n in self._numbers() if (found := self._read(n)) and found[1] == data), None)

    def contents(self) -> Iterator[bytes]:
        """Of all of them, the newest first."""
        yield from (found[1] for number in self._numbers() if (found := self._read(number)))

    def keep(self, data: bytes, login: str | None, tasks: int | None, saved_at: float | None = None) -> None:
        """As the newest, unless the newest is the same. Raises OSError."""
        if len(data) > LARGEST_BYTES:
            return
        numbers = self._numbers()
        newest = self._read(numbers[0]) if numbers else None
        if newest and newest[1] == data:
            return
        now = time.time()
        number = max(int(now * 1000), numbers[0] + 1 if numbers else 0)
        version = Version(number, now if saved_at is None else saved_at, login, len(data), tasks)
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self._path(number), json.dumps(asdict(version)).encode() + b"\n" + data)
        for old in [number, *numbers][KEPT:]:
            with contextlib.suppress(OSError):
                self._path(old).unlink()

    def _numbers(self) -> list[int]:
        """The newest first."""
        try:
            names = [path.name.removesuffix(".version") for path in self._folder.glob("*.version")]
        except OSError:
            return []
        return sorted((int(name) for name in names if _NAME.fullmatch(name)), reverse=True)

    def _read(self, number: int) -> tuple[Version, bytes] | None:
        try:
            head, _, data = read_own(self._path(number)).partition(b"\n")
            return Version(**json.loads(head)), data
        except (OSError, ValueError, TypeError):  # gone by now, or not ours
            return None

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.version"
