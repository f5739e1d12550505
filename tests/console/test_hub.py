"""Who listens to events more slowly than they come."""

import asyncio

import pytest

from control.src.web import hub
from control.src.web.hub import RETRY, Hub


def test_who_reads_too_slowly_is_sent_away_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ROOM", 1_000)
    told = b'"' + b"x" * 400 + b'"'

    async def test() -> None:
        one = Hub()
        slow, quick = one.listen(lambda: b"a"), one.listen(lambda: b"b")
        assert [await anext(slow), await anext(quick)] == [RETRY + b"a", RETRY + b"b"]
        for number in range(1, 4):  # the third finds no room
            one.tell("gpu", told)
            assert f"id: {number}\n".encode() in await asyncio.wait_for(anext(quick), 20)
            assert one.listeners == (1 if number == 3 else 2)
        assert [event async for event in slow] == []
        one.tell("gpu", told)
        assert await asyncio.wait_for(anext(quick), 20)
        one.close()
        assert [event async for event in quick] == []
        assert one.listeners == 0

    asyncio.run(asyncio.wait_for(test(), 60))
