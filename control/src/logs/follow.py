"""A growing log as server-sent events. What comes faster than it can be shown is left out, and said to be."""

import functools
import time
from collections.abc import AsyncIterator, Callable

from anyio import CapacityLimiter, to_thread

from control.src.logs.opening import LogFile, shown
from control.src.logs.parts import Part, ahead, behind, line_start
from control.src.web.hub import PING, PING_SECONDS, RETRY, Hub, encoded
from control.src.web.problems import Refused

CHUNK = 256 * 1024
"""Bytes of one event at most."""

MOST_BEHIND = 1024 * 1024
"""Bytes that may wait to be told. Of more, only the last are."""

BUSY_SECONDS, IDLE_SECONDS = 0.1, 0.25
END_SECONDS = 1.0
"""Between looks at whether who writes it has ended."""

THREADS = 8

MOST = 200
"""Followers at once."""


class Follower:
    """One look after the other, each in some thread."""

    def __init__(self, open_: Callable[[], LogFile], start: int, ended: Callable[[], bool]) -> None:
        """`open_` raises Refused. `start`: negative: from the end."""
        self._open, self._ended = open_, ended
        self._at, self._generation = start, ""
        self._gone, self._asked = False, 0.0
        self.over, self.busy = False, True

    def look(self) -> list[bytes]:
        """What has happened since the last one."""
        over = self._has_ended()
        try:
            with self._open() as file:
                told = self._told(file)
        except Refused as refused:
            return self._missing(refused)
        except OSError as error:
            return self._missing(Refused(503, "not-now", error.strerror or str(error)))
        self.busy = bool(told)
        if over and not told:
            self.over = True
            told.append(encoded("end", {"size": file.size}))
        return told

    def _has_ended(self) -> bool:
        """Asked before the log is looked at: what was written up to then has been told."""
        if self.busy or time.monotonic() < self._asked + END_SECONDS:
            return False
        self._asked = time.monotonic()
        return self._ended()

    def _missing(self, refused: Refused) -> list[bytes]:
        self.busy = False
        if refused.status == 404:
            told = [] if self._gone else [encoded("gone", {"detail": refused.detail})]
            self._gone = True
            return told
        self.over = True
        return [encoded("refused", {"type": refused.kind, "detail": refused.detail})]

    def _told(self, file: LogFile) -> list[bytes]:
        told = []
        self._gone = False
        if not self._generation:
            told.append(self._begin(file))
        elif self._generation != file.generation or file.size < self._at:
            why = "truncated" if self._generation == file.generation else "replaced"
            told.append(self._restart(file, why))
        if file.size - self._at > MOST_BEHIND:
            part = behind(file.fd, file.size, CHUNK)
            told.append(encoded("skipped", {"from": self._at, "to": part.start}, part.start))
        else:
            part = ahead(file.fd, file.size, self._at, CHUNK)
        if part.text:
            told.append(_data(part))
        self._at = part.end
        return told

    def _begin(self, file: LogFile) -> bytes:
        if self._at < 0:
            self._at = line_start(file.fd, max(0, file.size + self._at), file.size)
        self._generation = file.generation
        if self._at > file.size:
            return self._restart(file, "truncated")
        return encoded("open", self._facts(file))

    def _restart(self, file: LogFile, why: str) -> bytes:
        self._at, self._generation = 0, file.generation
        return encoded("truncated", {"why": why, **self._facts(file)}, 0)

    def _facts(self, file: LogFile) -> dict[str, object]:
        return {
            "log_path": shown(file.path),
            "from": self._at,
            "size": file.size,
            "mtime": file.mtime,
            "generation": file.generation,
        }


def _data(part: Part) -> bytes:
    return encoded("data", {"from": part.start, "to": part.end, "text": part.text}, part.end)


@functools.cache
def _limiter() -> CapacityLimiter:
    """Followers have threads of their own: a file system that stands still is to hold nobody else up."""
    return CapacityLimiter(THREADS)


async def follow(follower: Follower, hub: Hub) -> AsyncIterator[bytes]:
    """Until its writer has ended, the listener goes, or the console ends."""
    yield RETRY
    quiet = time.monotonic()
    while not follower.over:
        told = await to_thread.run_sync(follower.look, limiter=_limiter())
        for event in told:
            yield event
        if told:
            quiet = time.monotonic()
        elif time.monotonic() > quiet + PING_SECONDS:
            quiet = time.monotonic()
            yield PING
        if follower.over or await hub.closed_within(BUSY_SECONDS if told else IDLE_SECONDS):
            return
