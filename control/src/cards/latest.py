"""The scheduler's settings as the console's target file has them now."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from app.config.load import load
from app.model.faults import GpulaneError
from app.model.settings import Settings
from control.src.latest import Latest

log = logging.getLogger("gpulane.console")


class LatestSettings:
    """Read when the file changes. For any thread."""

    def __init__(self, path: Callable[[], Path]) -> None:
        self._path, self._latest = path, Latest(_read)
        self._good = Settings()

    def __call__(self) -> Settings:
        """Of a file with faults the last good version; the defaults where there was none."""
        found = self._latest(self._path())
        if found is not None:
            self._good = found
        return found or self._good

    def work_dir(self, root: Path) -> str | None:
        """The folder that tasks run in. None: the settings can't be read, or it is the whole machine. `root`,
        or from there: where a scheduler that the console starts would stand."""
        settings = self._latest(self._path())
        if settings is None:
            return None
        found = os.path.join(root, os.path.expanduser(settings.work_dir or ""))  # noqa: PTH111, PTH118 - of text
        return None if found.strip("/") == "" else found


def _read(path: Path) -> Settings | None:
    """None: with faults."""
    try:
        return load(path).settings if os.path.exists(path) else Settings()  # noqa: PTH110 - with NUL as well
    except GpulaneError as error:
        log.warning("the settings are as they were: %s", error)
        return None
