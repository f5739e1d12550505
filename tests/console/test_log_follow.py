"""A growing log, followed."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psutil
import pytest

from control.src.logs import follow as log_follow
from control.src.logs.follow import CHUNK, MOST_BEHIND, Follower
from control.src.logs.opening import LogFile
from control.src.routes import logs as routes
from control.src.web.hub import RETRY, Hub
from control.src.web.problems import Refused
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually

Events = Iterator[tuple[str, Any, str]]


@contextmanager
def following(console: Console, last: str | None = None, **asked: Any) -> Iterator[Events]:
    """Events as kind, data and id."""
    headers = {} if last is None else {"Last-Event-ID": last}
    with (
        console.http as http,
        http.stream("GET", "/api/log/follow", params=asked, headers=headers) as stream,
    ):
        assert stream.status_code == 200, stream.read()
        yield _events(stream)


def _events(stream: httpx.Response) -> Events:
    kind = id_ = ""
    for line in stream.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind, id_ = value, ""
        elif name == "id":
            id_ = value
        elif name == "data":
            yield kind, json.loads(value), id_


def text_until(events: Events, end: str) -> tuple[str, str]:
    """What the data events say until that is said, and the last id."""
    said = ""
    for kind, data, id_ in events:
        if kind == "data":
            assert id_ == str(data["to"])
            said += data["text"]
            if said.endswith(end):
                return said, id_
    raise AssertionError(f"the stream has ended: {said!r}")


def add(path: Path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


@pytest.fixture
def log(shared: Console) -> Path:
    path = shared.root / "work" / "follow.log"
    path.unlink(missing_ok=True)
    path.write_text("one\n")
    return path


def test_what_is_added_is_told_and_no_character_is_cut(shared: Console, log: Path) -> None:
    with following(shared, log_path="follow.log") as events:
        kind, data, _ = next(events)
        assert (kind, data["from"], data["size"]) == ("open", 0, 4)
        assert text_until(events, "one\n")[0] == "one\n"
        han = "漢".encode()
        add(log, b"half " + han[:1])
        assert text_until(events, "half ")[0] == "half "
        add(log, han[1:] + b"\n")
        said, last = text_until(events, "\n")
        assert said == "漢\n"
    add(log, "meanwhile\n")
    with following(shared, last, log_path="follow.log") as events:
        assert text_until(events, "meanwhile\n")[0] == "meanwhile\n"


def test_a_log_that_is_emptied_replaced_or_gone_begins_anew(shared: Console, log: Path) -> None:
    with following(shared, log_path=str(log)) as events:
        text_until(events, "one\n")
        log.write_text("2\n")
        kind, data, id_ = next(events)
        assert (kind, data["why"], id_) == ("truncated", "truncated", "0")
        assert text_until(events, "2\n")[0] == "2\n"
        other = log.with_name("new")
        other.write_text("another file\n")
        other.replace(log)
        kind, data, _ = next(events)
        assert (kind, data["why"]) == ("truncated", "replaced")
        assert text_until(events, "file\n")[0] == "another file\n"
        log.unlink()
        assert next(events)[0] == "gone"
        log.write_text("back\n")
        assert next(events)[0] == "truncated"
        assert text_until(events, "back\n")[0] == "back\n"


def test_a_log_that_becomes_a_link_to_a_secret_is_followed_no_further(shared: Console, log: Path) -> None:
    with following(shared, log_path=str(log)) as events:
        text_until(events, "one\n")
        log.unlink()
        log.symlink_to(shared.folder / "secrets.json")
        told = list(events)
    assert [kind for kind, _, _ in told if kind != "gone"] == ["refused"]
    assert shared.secret() not in str(told)


def test_a_tasks_log_ends_with_its_attempt(shared: Console) -> None:
    shared.world.blocks([(1, f"echo begins\n{UNTIL_GO}\necho ends")])
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24")["pid"]
    shared.wait_for(pid, "1/0", "running")
    with following(shared, mode="multi", queue_id=1, process_index=0) as events:
        text_until(events, "begins\n")
        shared.world.go()
        assert text_until(events, "ends\n")[0] == "ends\n"
        assert [kind for kind, _, _ in events] == ["end"]
    eventually(lambda: shared.scheduler(pid)["alive"] is False)


def test_a_flood_leaves_out_and_says_so_and_takes_no_memory(shared: Console, log: Path) -> None:
    flood = (
        "import sys, time\n"
        "while True: sys.stdout.buffer.write((b'x' * 99 + b'\\n') * 1000); time.sleep(0.001)"
    )
    process = psutil.Process(shared.pid)
    with following(shared, log_path=str(log)) as events:
        text_until(events, "one\n")
        before = process.memory_info().rss
        with log.open("ab") as out:
            child = subprocess.Popen([sys.executable, "-c", flood], stdout=out)
        try:
            skipped, at = 0, 4
            for kind, data, _ in events:
                assert data["from"] == at
                at = data["to"]
                if kind == "data":
                    assert len(data["text"]) <= CHUNK
                else:
                    skipped += 1
                if skipped == 3:
                    break
        finally:
            child.kill()
            child.wait()
    assert process.memory_info().rss < before + 30 * 1024 * 1024
    log.unlink()


def test_one_that_listens_no_more_is_let_go(shared: Console, log: Path) -> None:
    def open_now() -> int:
        return len(psutil.Process(shared.pid).net_connections())

    before = open_now()
    with following(shared, log_path=str(log)) as events:
        text_until(events, "one\n")
        assert open_now() > before
    eventually(lambda: open_now() <= before)


def test_a_console_that_ends_lets_its_followers_go(console: Console) -> None:
    path = console.root / "work" / "x.log"
    path.write_text("one\n")
    with following(console, log_path=str(path)) as events:
        text_until(events, "one\n")
        console.stop()
        assert list(events) == []


def follower(path: Path, start: int, ended: bool = False) -> Follower:
    def open_() -> LogFile:
        return LogFile(str(path), os.open(path, os.O_RDONLY))

    return Follower(open_, start, lambda: ended)


def kinds(told: list[bytes]) -> list[str]:
    return [event.split(b"\n")[0].decode().removeprefix("event: ") for event in told]


def test_only_so_many_follow_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST", 2)
    path = tmp_path / "log"
    path.write_text("one\n")
    monkeypatch.setattr(routes, "_checked", lambda *_: str(path))
    monkeypatch.setattr(routes, "open_at", lambda *_: LogFile(str(path), os.open(path, os.O_RDONLY)))

    async def begun() -> Any:
        console: Any = SimpleNamespace(hub=Hub())
        nothing: Any = None
        stream: Any = (await routes.follow_log(nothing, console, nothing, 0)).body_iterator
        assert await anext(stream) == RETRY
        return stream

    async def test() -> None:
        first, second = await begun(), await begun()
        with pytest.raises(Refused, match="2 streams follow logs already"):
            await begun()
        await first.aclose()
        third = await begun()
        await second.aclose()
        await third.aclose()

    asyncio.run(test())


def test_only_so_much_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x\n" * MOST_BEHIND)
    one = follower(path, 0)
    told = one.look()
    assert kinds(told) == ["open", "skipped", "data"]
    assert sum(map(len, told)) < 2 * CHUNK + 1_000
    assert one.look() == []


def test_the_end_comes_after_all_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_follow, "END_SECONDS", -1e9)
    path = tmp_path / "log"
    path.write_bytes(b"a\n" * CHUNK)
    one, told = follower(path, 0, ended=True), []
    while not one.over:
        told += one.look()
    assert kinds(told) == ["open", *["data"] * 2, "end"]


def test_what_is_written_last_is_told_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_follow, "END_SECONDS", -1e9)
    path = tmp_path / "log"
    path.write_bytes(b"")

    def ended() -> bool:
        if path.stat().st_size == 0:
            path.write_bytes(b"a\n" * CHUNK)
        return True

    one = Follower(lambda: LogFile(str(path), os.open(path, os.O_RDONLY)), 0, ended)
    told: list[bytes] = []
    while not one.over:
        told += one.look()
    assert kinds(told) == ["open", *["data"] * 2, "end"]
