"""Server-sent events: each is put into bytes once, however many listen."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

from pydantic_core import to_json

ROOM = 1_000
"""Events that may wait for one listener. Who reads so slowly is sent away, comes back and loads anew."""

PING_SECONDS = 15.0
PING = b": still here\n\n"

RETRY = b"retry: 1000\n\n"


class Hub:
    """Where events come from, for all that listen. For the event loop's thread."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._numbers = itertools.count(1)
        self._closed = asyncio.Event()

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def tell(self, kind: str, data: Any) -> None:
        """An event for everybody. `data`: JSON in one line, or what it can hold."""
        if self._listeners:
            self._send(encoded(kind, data, next(self._numbers)))

    def close(self) -> None:
        """Nobody listens any more: the console ends."""
        self._closed.set()
        for listener in list(self._listeners):
            _end(listener)

    async def run(self) -> None:
        """Now and then something goes to all, so that both ends notice when the other is gone."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            self._send(PING)

    async def closed_within(self, seconds: float) -> bool:
        """Wait so long, or until the console ends: for streams of their own."""
        try:
            await asyncio.wait_for(self._closed.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True

    async def listen(self, first: Callable[[], bytes]) -> AsyncIterator[bytes]:
        """Events as bytes, from now on. `first`: what is to be said before; asked for once nothing is missed
        any more."""
        listener: asyncio.Queue[bytes | None] = asyncio.Queue(ROOM)
        if self._closed.is_set():
            return
        self._listeners.add(listener)
        try:
            yield RETRY + first()
            while True:
                if (event := await listener.get()) is None:
                    return
                yield event
        finally:
            self._listeners.discard(listener)

    def _send(self, event: bytes) -> None:
        for listener in list(self._listeners):
            try:
                listener.put_nowait(event)
            except asyncio.QueueFull:
                self._listeners.discard(listener)
                _end(listener)


def _end(listener: "asyncio.Queue[bytes | None]") -> None:
    while not listener.empty():
        listener.get_nowait()
    listener.put_nowait(None)


def encoded(kind: str, data: Any, number: int | None = None) -> bytes:
    """JSON has no line end in it, so that one `data:` line holds it."""
    head = f"event: {kind}\n" + (f"id: {number}\n" if number is not None else "")
    return head.encode() + b"data: " + (data if isinstance(data, bytes) else to_json(data)) + b"\n\n"
