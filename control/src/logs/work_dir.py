"""The folder that tasks run in, as the scheduler's settings have it."""

import functools
import os
from pathlib import Path

from app.config.load import load
from app.model.faults import GpulaneError
from app.model.paths import Home


def work_dir(home: Home, config: Path) -> str | None:
    """None: the settings can't be read, or it is the whole machine. Where a scheduler that the console starts
    would stand, if they name none."""
    try:
        info = config.stat()
    except (OSError, ValueError):
        given: str | None = ""
    else:
        given = _given(config, (info.st_mtime_ns, info.st_ino, info.st_size))
    if given is None:
        return None
    found = os.path.join(home.root, os.path.expanduser(given))  # noqa: PTH111, PTH118 - of text
    return None if found.strip("/") == "" else found


@functools.lru_cache(maxsize=8)
def _given(config: Path, _stamp: tuple[int, int, int]) -> str | None:
    try:
        return load(config).settings.work_dir or ""
    except GpulaneError:
        return None
