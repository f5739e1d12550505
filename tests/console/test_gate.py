"""Who is let in: by name, by page, by secret and by role, for every method and every path."""

import asyncio
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from starlette.types import Message

from control.src.main import bare_app
from control.src.web import gate
from control.src.web.gate import Door, Gate
from tests.console.world import Console

EVERY = (
    ("GET", "/healthz"),
    ("GET", "/"),
    ("GET", "/login.js"),
    ("GET", "/api/scheduler/running"),
    ("GET", "/api/events"),
    ("GET", "/metrics"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/scheduler/multi/start"),
    ("PUT", "/api/commands/multi"),
    ("DELETE", "/api/commands/multi/1"),
    ("PATCH", "/api/commands/multi"),
    ("OPTIONS", "/api/scheduler/running"),
)

GUARDED = (
    ("GET", "/api/scheduler/running"),
    ("GET", "/api/events"),
    ("GET", "/metrics"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/audit"),
    ("GET", "/api/no-such-thing"),
    ("POST", "/api/scheduler/multi/start"),
    ("POST", "/api/scheduler/1/pause"),
    ("PUT", "/api/commands/multi"),
    ("DELETE", "/api/commands/multi/1"),
)

WRITES = tuple(each for each in GUARDED if each[0] != "GET")


@pytest.fixture
def browser(shared: Console) -> Iterator[httpx.Client]:
    """Logged in by a link, as a page of the console."""
    with shared.client(Origin=shared.url, **{"Sec-Fetch-Site": "same-origin"}) as http:
        token = once(shared)
        assert http.post("/api/auth/login", json={"secret": token}).status_code == 200
        yield http


def once(console: Console) -> str:
    """The token of a fresh login link."""
    found = re.search(r"/login#(\S+)", console.start().said)
    assert found
    return found[1]


def raw(console: Console, head: bytes) -> bytes:
    """The first line of the answer to what no client would send."""
    address, port = console.url.removeprefix("http://").split(":")
    with socket.create_connection((address, int(port)), timeout=20) as peer:
        peer.sendall(head + f"Host: {address}:{port}\r\n\r\n".encode())
        with peer.makefile("rb") as answer:
            return answer.readline()


# By name


@pytest.mark.parametrize(("method", "path"), EVERY)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:29214", "127.0.0.1", "localhost:1", ""])
def test_a_foreign_name_is_sent_away(shared: Console, method: str, path: str, host: str) -> None:
    with shared.client(shared.secret()) as http:
        answer = http.request(method, path, headers={"Host": host})
    assert answer.status_code in (421, 400), answer.text  # 400: no name at all, says the server itself


def test_the_console_is_known_by_its_names_and_its_port(shared: Console) -> None:
    port = shared.url.rpartition(":")[2]
    with shared.client(shared.secret()) as http:
        for name in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
            assert http.get("/api/auth/check", headers={"Host": f"{name}:{port}"}).status_code == 200


# By page


@pytest.mark.parametrize(("method", "path"), EVERY)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
def test_another_sites_page_is_sent_away(shared: Console, method: str, path: str, origin: str) -> None:
    with shared.client(shared.secret(), Origin=origin) as http:
        assert http.request(method, path).status_code == 403


@pytest.mark.parametrize(("method", "path"), EVERY)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_port_of_this_machine_is_another_site(
    shared: Console, method: str, path: str, site: str
) -> None:
    with shared.client(shared.secret(), **{"Sec-Fetch-Site": site}) as http:
        assert http.request(method, path).status_code == 403


def test_a_link_in_a_mail_leads_to_the_page(shared: Console) -> None:
    said = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    with shared.client(**said) as http:
        assert http.get("/login").status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]
)
@pytest.mark.parametrize("own", [True, False])
def test_a_body_that_a_form_could_send_is_refused(
    shared: Console, browser: httpx.Client, kind: str | None, own: bool
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    headers |= {} if own else {"Origin": "http://evil.example"}
    answer = browser.post("/api/scheduler/1/kill", content=b'{"task": "1/0"}', headers=headers)
    assert answer.status_code == (415 if own else 403)


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_cookie_alone_writes_nothing_without_the_pages_origin(
    shared: Console, browser: httpx.Client, method: str, path: str
) -> None:
    with shared.client() as http:
        http.cookies.update(browser.cookies)
        answer = http.request(method, path)
        assert (answer.status_code, answer.json()["type"]) == (403, "strange-origin")
        assert http.get("/api/auth/check").status_code == 200


def test_no_answer_invites_other_origins(shared: Console) -> None:
    with shared.client(shared.secret()) as http:
        for path in ("/healthz", "/api/auth/check", "/login"):
            headers = http.get(path).headers
            assert not [name for name in headers if name.startswith("access-control")]
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers


def test_a_websocket_is_not_opened() -> None:
    """Whoever asks: the server has none today, and the gate would close one that it had tomorrow."""
    sent: list[Message] = []

    async def app(*_: object) -> None:
        raise AssertionError("it has been let in")

    async def receive() -> Message:
        raise AssertionError("nothing is to be read")

    async def send(message: Message) -> None:
        sent.append(message)

    nobody: Any = None  # of all that a gate asks about a request
    door = Gate(app, nobody, nobody, "cookie", nobody)
    asyncio.run(door({"type": "websocket", "path": "/api/events", "headers": []}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


# By secret


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_without_a_login_nothing_is_told_or_done(shared: Console, method: str, path: str) -> None:
    with shared.client(Origin=shared.url) as http:
        answer = http.request(method, path)
        assert (answer.status_code, answer.json()["type"]) == (401, "no-login")
        bad = {"Cookie": f"gpulane-{'0' * 16}=x; other=y"}
        assert http.request(method, path, headers=bad).status_code == 401


@pytest.mark.parametrize("where", ["?token={}", "?secret={}", "?access_token={}"])
def test_a_secret_in_an_address_is_none_and_is_not_logged(shared: Console, where: str) -> None:
    with shared.client() as http:
        answer = http.get("/api/scheduler/running" + where.format(shared.secret()))
    assert answer.status_code == 401
    assert all(
        shared.secret() not in path.read_text(errors="replace")
        for path in shared.folder.iterdir()
        if path.is_file() and path.name != "secrets.json"
    )


def test_healthz_alone_is_open_and_says_nothing(shared: Console) -> None:
    with shared.client() as http:
        assert http.get("/healthz").json() == {"status": "ok"}


def test_a_link_logs_in_once(shared: Console) -> None:
    token = once(shared)
    with shared.client(Origin=shared.url) as http:
        first = http.post("/api/auth/login", json={"secret": token})
        assert first.json()["role"] == "write"
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert token not in cookie
        assert http.get("/api/auth/check").status_code == 200
    with shared.client(Origin=shared.url) as http:
        assert http.post("/api/auth/login", json={"secret": token}).status_code == 401


def test_two_consoles_of_one_host_have_cookies_of_their_own(shared: Console, console: Console) -> None:
    names = []
    for one in (shared, console):
        with one.client(Origin=one.url) as http:
            http.post("/api/auth/login", json={"secret": one.secret()})
            names += list(http.cookies)
    assert len(set(names)) == 2


def test_logging_out_ends_the_session_everywhere(shared: Console, browser: httpx.Client) -> None:
    with shared.client(Origin=shared.url) as copy:
        copy.cookies.update(browser.cookies)
        assert copy.get("/api/auth/check").status_code == 200
        assert browser.post("/api/auth/logout").status_code == 200
        assert copy.get("/api/auth/check").status_code == 401


def test_a_session_outlives_the_console_and_not_its_secret(console: Console) -> None:
    with console.client(Origin=console.url) as http:
        http.post("/api/auth/login", json={"secret": console.secret()})
        jar = http.cookies
    console.stop()
    console.start()
    with console.client(Origin=console.url) as http:
        http.cookies.update(jar)
        assert http.get("/api/auth/check").status_code == 200
    console.stop()
    (console.folder / "secrets.json").unlink()
    console.start()
    with console.client(Origin=console.url) as http:
        http.cookies.update(jar)
        assert http.get("/api/auth/check").status_code == 401


def test_guessing_is_slow_and_leaves_others_in_peace(console: Console) -> None:
    with console.client(Origin=console.url) as known:
        known.post("/api/auth/login", json={"secret": console.secret()})
        with console.client(Origin=console.url) as http:
            codes = [
                http.post("/api/auth/login", json={"secret": f"guess {n}"}).status_code for n in range(12)
            ]
            assert codes == [401] * 10 + [429] * 2
            late = http.get("/api/auth/check", headers={"Authorization": "Bearer guess"})
            assert late.status_code == 429
            assert 1 <= int(late.headers["retry-after"]) <= 60
        assert known.get("/api/auth/check").status_code == 200


def test_what_is_no_secret_is_refused(console: Console) -> None:
    """By one that has no wrong ones yet: it takes ten before it refuses to look at them."""
    head = b"GET /api/auth/check HTTP/1.1\r\nAuthorization: Bearer "
    for given in (b"", b"x", "\u00e9".encode() * 50, b"Bearer", b"\x01", b"\xff", b"a b c"):
        said = raw(console, head + given + b"\r\n")
        assert said.split()[1] in (b"400", b"401"), given


# By role


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_the_read_only_secret_changes_nothing(shared: Console, method: str, path: str) -> None:
    with shared.reader as http:
        answer = http.request(method, path)
        assert (answer.status_code, answer.json()["type"]) == (403, "read-only")


def test_the_read_only_secret_sees(shared: Console) -> None:
    with shared.reader as http:
        assert http.get("/api/scheduler/running").status_code == 200
        assert http.get("/api/auth/check").json()["role"] == "read"
        assert http.post("/api/auth/link").status_code == 403


# Bodies


def test_a_body_that_is_too_large_is_refused_before_it_is_read(shared: Console) -> None:
    head = f"Content-Type: application/json\r\nContent-Length: {10**12}\r\nX-Gpulane: 1\r\n"
    assert b" 413 " in raw(shared, f"POST /api/auth/login HTTP/1.1\r\n{head}".encode())


def test_one_that_does_not_say_how_large_it_is_is_cut(shared: Console) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(21):
            yield b" " * 1024 * 1024

    with shared.http as http:
        answer = http.post(
            "/api/scheduler/1/kill", content=chunks(), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413


async def endless() -> Message:
    """Somebody who sends nothing more."""
    await anyio.sleep_forever()
    raise AssertionError


def test_a_login_that_comes_too_slowly_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "LOGIN_SECONDS", 0.0)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    nobody: Any = None
    app = Gate(bare_app(), lambda: Door(frozenset({"x"})), nobody, "cookie", nobody)
    headers = {"host": "x", "x-gpulane": "1", "content-type": "application/json", "content-length": "40"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/auth/login",
        "raw_path": b"/api/auth/login",
        "query_string": b"",
        "client": None,
        "http_version": "1.1",
        "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(asyncio.wait_for(app(scope, endless, send), 20))
    assert sent[0]["status"] == 408


def test_one_that_is_here_whole_may_be_answered_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits meanwhile for its sender to go is not told that it came too slowly."""
    monkeypatch.setattr(gate, "LOGIN_SECONDS", 0.0)

    async def test() -> list[str]:
        told = iter([b"{", b"}"])

        async def receive() -> Message:
            body = next(told, None)
            if body is not None:
                return {"type": "http.request", "body": body, "more_body": body == b"{"}
            await anyio.lowlevel.checkpoint()
            return {"type": "http.disconnect"}

        hurried = gate._hurried(receive)
        return [(await hurried())["type"] for _ in range(3)]

    assert asyncio.run(test()) == ["http.request", "http.request", "http.disconnect"]


# Files


def test_what_it_keeps_is_its_users_alone(shared: Console) -> None:
    assert stat.S_IMODE(shared.folder.stat().st_mode) == 0o700
    open_ = [path.name for path in shared.folder.iterdir() if path.is_file() and path.stat().st_mode & 0o077]
    assert open_ == []


def test_the_audit_names_who_wrote_what(shared: Console, browser: httpx.Client) -> None:
    browser.post("/api/scheduler/multi/start?config_index=77")
    with shared.reader as http:
        entry = http.get("/api/audit?limit=1").json()["entries"][0]
    assert entry["path"] == "/api/scheduler/multi/start"
    assert entry["what"] == "config_index=77"
    assert entry["status"] == 404
    assert entry["login"].startswith("browser ")


def test_a_link_for_who_may_only_look(shared: Console) -> None:
    token = shared.post("/api/auth/link", {"role": "read"})["token"]
    with shared.client() as http:
        answer = http.post("/api/auth/login", json={"secret": token}, headers={"Origin": shared.url})
        assert answer.json()["role"] == "read"
        assert http.post("/api/auth/link", headers={"Origin": shared.url}).status_code == 403
    assert shared.get("/api/audit")["entries"][0]["what"] == "read-only"


def test_who_puts_tls_in_front_of_it_is_of_the_same_name(shared: Console) -> None:
    with shared.client(shared.secret(), Origin=shared.url.replace("http:", "https:")) as http:
        assert http.post("/api/auth/link").status_code == 200


def test_a_browser_that_is_logged_in_is_seen_and_logged_out_and_its_stream_ends(shared: Console) -> None:
    with shared.client(Origin=shared.url) as other, ExitStack() as streams:
        other.post("/api/auth/login", json={"secret": shared.secret("read")}).raise_for_status()
        stream = streams.enter_context(other.stream("GET", "/api/events"))
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        [one] = [each for each in other.get("/api/auth/logins").json()["logins"] if each["own"]]
        assert (one["role"], one["since"] <= one["seen_at"]) == ("read", True)
        assert other.delete(f"/api/auth/logins/{one['id']}").status_code == 403
        assert "read-only is logged out" in shared._ask("DELETE", f"/api/auth/logins/{one['id']}")["said"]
        assert other.get("/api/auth/check").status_code == 401
        shared.world.file("1\ntrue\n1\n1\n")
        assert "event: commands" not in list(lines)  # it ends, without what comes now
    shared.refused("DELETE", f"/api/auth/logins/{one['id']}", 404)
    ended = shared.get("/api/audit")["entries"][1]
    assert (ended["what"], ended["status"]) == (one["name"], 200)
