"""Messages through apprise to a real server: one that answers, refuses, hangs, or is not there."""

import asyncio
import logging
import os
import signal
import socket
from pathlib import Path

import pytest

from app.core import plan
from app.core.machine import Core
from app.engine import now
from app.model.paths import PROJECT, RunPaths
from app.model.settings import Notify, Settings
from app.notify import letter, notifier
from app.notify.news import News
from app.notify.notifier import Notifier
from app.notify.post import Post
from tests.conftest import children, command_line, living
from tests.listening import Listening, listening
from tests.unit.test_machine import planned, spec
from tests.waiting import eventually

AT_ONCE = (0.0, 0.0)
"""Three tries without a pause between them."""


def couriers() -> set[int]:
    """Those that live, among our children: what they leave behind becomes one as well."""
    return {pid for pid in living(children()) if "courier.py" in command_line(pid)}


def send(*urls: str, seconds: float = 30.0) -> list[str | None]:
    return asyncio.run(Post(AT_ONCE).send(urls, "a title", "a body", seconds))


def test_a_message_arrives_with_its_title_and_body() -> None:
    with listening() as server:
        assert send(server.url) == [None]
        (got,) = server.got
    assert (got["title"], got["message"]) == ("a title", "a body")


def test_one_that_refuses_is_tried_again_and_then_given_up() -> None:
    with listening() as server:
        server.answers = [500, 503]
        assert send(server.url) == [None]
        assert server.asked == 3
        server.answers = [500] * 3
        assert send(server.url) == ["it could not be reached, or refused it"]


def test_one_that_hangs_keeps_no_other_from_hearing_however_often() -> None:
    async def many(*urls: str) -> list[list[str | None]]:
        post = Post(AT_ONCE)
        return await asyncio.gather(*(post.send(urls, "a title", "a body", 3.0) for _ in range(6)))

    with listening(drips=True) as slow, listening() as server:
        assert asyncio.run(many(slow.url, server.url)) == [["no answer within 3 s", None]] * 6
        assert (slow.asked, len(server.got)) == (6, 6)
    assert couriers() == set(), "killed with all that it has started"


def test_the_address_is_in_no_argument_and_no_environment() -> None:
    async def look() -> str:
        sending = asyncio.create_task(Post().send([slow.url], "a title", "a body"))
        await asyncio.to_thread(eventually, lambda: slow.asked)
        (courier,) = couriers()
        shown = "".join(Path(f"/proc/{courier}/{name}").read_text() for name in ("cmdline", "environ"))
        sending.cancel()
        await asyncio.wait({sending})
        return shown

    with listening(drips=True) as slow:
        assert "sesame" not in asyncio.run(look())
    eventually(lambda: not couriers(), 5)


def test_a_courier_that_is_killed_is_told_of() -> None:
    async def send_and_kill() -> list[str | None]:
        sending = asyncio.create_task(Post().send([slow.url], "a title", "a body"))
        await asyncio.to_thread(eventually, lambda: slow.asked)
        for courier in couriers():
            os.kill(courier, signal.SIGKILL)
        return await sending

    with listening(drips=True) as slow:
        assert asyncio.run(send_and_kill()) == ["the process that sends it has not answered"]
    eventually(lambda: not couriers(), 5)


def test_what_went_wrong_is_in_the_log_and_nothing_of_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    urls = (f"json://me:sesame@127.0.0.1:{closed}/secret", "slack://secret")
    asyncio.run(Post(AT_ONCE).tell(urls, "a title", "a body"))
    said = [record.message for record in caplog.records if record.name == "gpulane"]
    assert said == [
        "notify.urls 1 (json) did not take a message: it could not be reached, or refused it",
        "notify.urls 2 (slack) did not take a message: it could not be reached, or refused it",
    ]
    assert not [text for text in caplog.messages if "sesame" in text or "secret" in text]


def told(server: Listening, *texts: str) -> Notifier:
    settings = Settings(notify=Notify(urls=(server.url,)))
    core = Core(plan.fresh(planned(spec(1)), now()), settings, RunPaths(PROJECT), "/", now())
    made = Notifier(core, "/a/command_gpus.txt")
    for text in texts:
        made._take(News("task_failed", text, text))
    return made


def test_forty_failures_are_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter, "GATHER_SECONDS", 0.2)

    async def run() -> None:
        made = told(server, *(f"task {n}/0 failed" for n in range(40)))
        running = asyncio.create_task(made.run())
        await asyncio.to_thread(eventually, lambda: server.got)
        running.cancel()
        await made.close()

    with listening() as server:
        asyncio.run(asyncio.wait_for(run(), 20))
        (got,) = server.got
    assert got["title"].endswith(": 40 failures")
    assert "and 20 more" in got["message"]


def test_the_last_message_waits_for_nothing_and_nobody_waits_long_for_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notifier, "LAST_SECONDS", 20.0)

    async def end() -> None:
        await told(server, "all tasks have ended").close()

    with listening() as server:
        asyncio.run(asyncio.wait_for(end(), 20))
        assert len(server.got) == 1
    monkeypatch.setattr(notifier, "LAST_SECONDS", 1.0)
    with listening(hangs=True) as server:
        asyncio.run(asyncio.wait_for(end(), 20))
        assert server.got == []
    assert "notify.urls 1 (json) did not take a message: no answer within 1 s" in caplog.messages


def test_a_message_that_is_on_its_way_is_given_up_at_the_end_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(letter, "GATHER_SECONDS", 0.0)
    monkeypatch.setattr(notifier, "LAST_SECONDS", 0.5)
    monkeypatch.setattr(notifier, "START_SECONDS", 0.5)

    async def run() -> None:
        made = told(slow, "a task has failed")
        running = asyncio.create_task(made.run())
        await asyncio.to_thread(eventually, lambda: slow.asked)
        running.cancel()
        await made.close()

    with listening(drips=True) as slow:
        asyncio.run(asyncio.wait_for(run(), 20))
    eventually(lambda: not couriers(), 5)
    assert "a message that was on its way is given up: the scheduler ends" in caplog.messages
