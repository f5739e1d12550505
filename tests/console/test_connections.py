"""Connections of who sends nothing, or opens too many."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from control.src.web import connections
from control.src.web.connections import CROWD, HEAD_SECONDS, MOST, Connection

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
OWN = f"uid {os.getuid()}"


class Wire(asyncio.Transport):
    """What a connection writes to."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 9)})
        self.how, self.sent = "open", b""

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.how = "closed"

    def abort(self) -> None:
        self.how = "aborted"

    def is_closing(self) -> bool:
        return self.how != "open"


class Timers:
    """The loop's, that go off when the test says so."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._set: dict[asyncio.TimerHandle, tuple[float, Callable[[], None]]] = {}
        self.number = 0  #: that were ever set

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def call_later(self, seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
        handle = self._loop.call_later(1e6, do)
        self._set[handle] = seconds, do
        self.number += 1
        return handle

    def go_off(self, seconds: float) -> int:
        """Those that were set for so long and are not cancelled; how many."""
        due = [(one, do) for one, (its, do) in self._set.items() if its == seconds and not one.cancelled()]
        for handle, do in due:
            handle.cancel()
            do()
        return len(due)


class Server:
    """One without a socket. Its application answers once it is let."""

    def __init__(self) -> None:
        self.state, self.timers = ServerState(), Timers()
        self.may_answer, self.has_answered = asyncio.Event(), asyncio.Event()
        self._config = uvicorn.Config(self._app, interface="asgi3", log_config=None, lifespan="off")
        self._config.load()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        self.has_answered.set()

    def connect(self) -> tuple[Connection, Wire]:
        loop: Any = self.timers
        connection, wire = Connection(self._config, self.state, {}, loop), Wire()
        connection.connection_made(wire)
        return connection, wire


def test_a_head_that_does_not_come_is_not_waited_for() -> None:
    async def test() -> None:
        server = Server()
        for begun in (b"", REQUEST[:-2]):
            connection, wire = server.connect()
            if begun:
                connection.data_received(begun)
            assert server.timers.go_off(HEAD_SECONDS) == 1
            assert wire.how == "closed"

    asyncio.run(test())


def test_an_answer_may_take_its_time_and_the_next_head_may_not() -> None:
    async def test() -> None:
        server = Server()
        connection, wire = server.connect()
        connection.data_received(REQUEST)
        assert server.timers.go_off(HEAD_SECONDS) == 0
        server.may_answer.set()
        await asyncio.wait_for(server.has_answered.wait(), 20)
        assert b" 204 " in wire.sent
        assert server.timers.go_off(HEAD_SECONDS) == 0  # between requests uvicorn has a patience of its own
        connection.data_received(REQUEST[:-2])
        assert wire.how == "open"
        assert server.timers.go_off(HEAD_SECONDS) == 1
        assert wire.how == "closed"

    asyncio.run(test())


def test_bytes_that_come_one_by_one_are_no_excuse() -> None:
    async def test() -> None:
        server = Server()
        connection, wire = server.connect()
        for at in range(len(REQUEST) - 1):
            connection.data_received(REQUEST[at : at + 1])
        assert server.timers.number == 1  # none begins anew
        assert server.timers.go_off(HEAD_SECONDS) == 1
        assert wire.how == "closed"

    asyncio.run(test())


def test_who_has_gone_is_waited_for_no_more() -> None:
    async def test() -> None:
        server = Server()
        connection, _ = server.connect()
        connection.connection_lost(None)
        assert server.timers.go_off(HEAD_SECONDS) == 0

    asyncio.run(test())


@pytest.mark.parametrize(
    ("open_already", "who", "how"),
    [
        (CROWD - 1, "uid 54321", "open"),
        (CROWD, "uid 54321", "aborted"),
        (CROWD, "192.0.2.7", "aborted"),
        (CROWD, OWN, "open"),
        (CROWD, "unix", "open"),
        (MOST, OWN, "aborted"),
    ],
)
def test_of_a_crowd_only_this_user_is_let_in(
    open_already: int, who: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "name_of", lambda *_: who)

    async def test() -> None:
        server = Server()
        others: Any = {object() for _ in range(open_already)}
        server.state.connections.update(others)
        assert server.connect()[1].how == how

    asyncio.run(test())


def test_that_some_are_turned_away_is_said_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "name_of", lambda *_: "uid 54321")
    monkeypatch.setattr(connections, "CROWD", 0)
    monkeypatch.setattr(Connection, "_said_at", -1e9)

    async def test() -> None:
        server = Server()
        for _ in range(3):
            server.connect()

    asyncio.run(test())
    assert len([one for one in caplog.messages if "turned away" in one]) == 1
