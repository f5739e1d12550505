"""Cards that this user has turned off, for all schedulers of a home: one small file."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.atomic import write_atomically
from app.store.own_file import read_own


def read(path: Path) -> dict[str, float]:
    """uuid -> wall time at which it was turned off. What can't be read turns nothing off."""
    try:
        content = json.loads(read_own(path))
        if not isinstance(content, dict):
            return {}
        return {str(uuid): float(at) for uuid, at in content.items() if isinstance(at, int | float)}
    except (OSError, ValueError, OverflowError, RecursionError):
        return {}


def turn(path: Path, uuid: str, on: bool, now: float) -> bool:
    """Turn a card on or off; whether that changed anything. `now`: wall. Raises OSError."""
    with _alone(path):
        off = read(path)
        if on == (uuid not in off):
            return False
        if on:
            del off[uuid]
        else:
            off[uuid] = now
        write_atomically(path, json.dumps(off).encode())
    return True


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two who change it at once would lose one change. The folder is locked, as the file is replaced."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
