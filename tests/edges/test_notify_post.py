"""Messages through apprise to a real server: one that answers, refuses, hangs, or is not there."""

import asyncio
import logging
import socket

import pytest

from app.core import plan
from app.core.machine import Core
from app.engine import now
from app.model.paths import PROJECT, RunPaths
from app.model.settings import Notify, Settings
from app.notify import letter, notifier, post
from app.notify.news import News
from app.notify.notifier import Notifier
from app.notify.post import TRIES, Post
from tests.listening import Listening, listening
from tests.unit.test_machine import planned, spec
from tests.waiting import eventually

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")  # apprise imports it


async def at_once(_: float) -> None:
    """A pause between tries that is none."""


def send(*urls: str) -> list[str | None]:
    return asyncio.run(Post(at_once).send(urls, "a title", "a body"))


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
        server.answers = [500] * TRIES
        assert send(server.url) == ["it could not be reached, or refused it"]


def test_one_that_hangs_keeps_no_other_from_hearing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "ANSWER_SECONDS", 2.0)
    with listening(hangs=True) as deaf, listening() as server:
        assert send(deaf.url, server.url) == ["no answer within 2 s", None]
        assert len(server.got) == 1


def test_what_went_wrong_is_in_the_log_and_nothing_of_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    urls = (f"json://me:sesame@127.0.0.1:{closed}/secret", "slack://secret")
    asyncio.run(Post(at_once).tell(urls, "a title", "a body"))
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
        made._take(News("task_failed", text))
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
    monkeypatch.setattr(notifier, "LAST_SECONDS", 0.3)
    with listening(hangs=True) as server:
        asyncio.run(asyncio.wait_for(end(), 20))
        assert server.got == []
    assert "the last message was not taken within 0 s, and is given up" in caplog.messages
