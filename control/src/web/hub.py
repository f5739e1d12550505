"""Server-sent events: each is put into bytes once, however many listen."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

from pydantic_core import to_json

ROOM = 32 * 1024 * 1024
"""Bytes of events that may wait for one listener (all wait for the same ones). Who reads so slowly is sent
away, comes back and loads anew."""

PING_SECONDS = 15.0
PING = b": still here\n\n"

RETRY = b"retry: 1000\n\n"


class Hub:
    """Where events come from, for all that listen. For the event loop's thread."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
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
            listener.end()

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
        listener = _Listener()
        if self._closed.is_set():
            return
        self._listeners.add(listener)
        try:
            yield RETRY + first()
            while (event := await listener.get()) is not None:
                yield event
        finally:
            self._listeners.discard(listener)

    def _send(self, event: bytes) -> None:
        for listener in list(self._listeners):
            if not listener.put(event):
                self._listeners.discard(listener)
                listener.end()


class _Listener:
    """Events that wait for one who reads."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._bytes = 0

    def put(self, event: bytes) -> bool:
        """False: there is no room."""
        if self._bytes + len(event) > ROOM:
            return False
        self._bytes += len(event)
        self._events.put_nowait(event)
        return True

    async def get(self) -> bytes | None:
        """None: there are no more."""
        event = await self._events.get()
        self._bytes -= len(event or b"")
        return event

    def end(self) -> None:
        """What waits is not read any more."""
        while not self._events.empty():
            self._events.get_nowait()
        self._events.put_nowait(None)


def encoded(kind: str, data: Any, number: int | None = None) -> bytes:
    """JSON has no line end in it, so that one `data:` line holds it."""
    head = f"event: {kind}\n" + (f"id: {number}\n" if number is not None else "")
    return head.encode() + b"data: " + (data if isinstance(data, bytes) else to_json(data)) + b"\n\n"
