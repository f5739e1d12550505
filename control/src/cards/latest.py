"""The scheduler's settings as the console's target file has them now."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from app.config.load import load
from app.model.faults import GpulaneError
from app.model.settings import Settings

log = logging.getLogger("gpulane.console")


class LatestSettings:
    """Read when the file changes. For any thread."""

    def __init__(self, path: Callable[[], Path]) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: object = None
        self._settings = Settings()

    def __call__(self) -> Settings:
        """Of a file with faults the last good version; the defaults where there was none."""
        path = self._path()
        try:
            info = path.stat()
            stamp: object = (path, info.st_mtime_ns, info.st_ino)
        except (OSError, ValueError):
            stamp = path
        with self._lock:
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._settings = load(path).settings if isinstance(stamp, tuple) else Settings()
                except GpulaneError as error:
                    log.warning("the settings are as they were: %s", error)
            return self._settings
