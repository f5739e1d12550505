"""Schedulers that this console has started are its children until they end: somebody has to take note."""

import contextlib
import os


class Children:
    def __init__(self) -> None:
        self._pids: set[int] = set()

    def add(self, pid: int) -> None:
        self._pids.add(pid)

    def reap(self) -> None:
        """Those that have ended are zombies no longer."""
        for pid in list(self._pids):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            self._pids.discard(pid)
