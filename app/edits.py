"""Edits of the command file while its scheduler runs (`--watch`)."""

from collections.abc import Callable
from pathlib import Path

from watchfiles import awatch

from app.command_file.parse import Parsed
from app.model.faults import BadInput, Problem
from app.narrate import log


class Edits:
    """Watches the command file; a good version is handed on, a bad one changes nothing and says why."""

    def __init__(self, path: Path, read: Callable[[], Parsed], accept: Callable[[Parsed], None]) -> None:
        """`read` and `accept` raise BadInput."""
        self._path, self._read, self._accept = path, read, accept
        self.problem: Problem | None = None

    async def run(self) -> None:
        """Until cancelled. The folder is watched: a watch on the file dies with the first rename over it."""
        name = self._path.name
        async for changes in awatch(self._path.parent, debounce=50, step=10, recursive=False):
            if any(Path(changed).name == name for _, changed in changes) and self._path.exists():
                self._apply()

    def _apply(self) -> None:
        try:
            self._accept(self._read())
        except BadInput as bad:
            if self.problem is None or self.problem.text != str(bad):
                log.warning("this version of the command file is not used:\n%s", bad)
            self.problem = Problem("command_file", str(bad))
        else:
            self.problem = None
