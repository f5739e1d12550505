"""What every request passes before a route sees it: whose name it was sent to, whose page sent it, who asks,
and whether they may. One place for all methods and all paths, static files too."""

import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import anyio
from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.model.faults import GpulaneError
from control.src.web import problems
from control.src.web.audit import Audit
from control.src.web.headers import HEADERS
from control.src.web.problems import Refused
from control.src.web.sessions import Login, Sessions, Wrong

OPEN = frozenset({"/healthz", "/api/auth/login", "/login", "/login.js", "/login.css", "/login.woff2"})
"""What is served without a login: whether it lives, and the way in."""

SHELL = re.compile(r"/ui(/.*)?|/assets/.*|/favicon\.svg|/")
"""The page itself, which holds nothing of anybody's: its data it has to ask for."""

SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST", "PUT", "DELETE"}
READERS_MAY = frozenset({"/api/auth/login", "/api/auth/logout"})
"""Writes that are no writes, and for the read-only role, too."""

ASKING = re.compile(
    r"/api/commands/(single|multi)/(validate|preview)|/api/config/preview|/api/scheduler/\d+/why"
)
"""POSTs that change nothing: a text comes with them."""

STREAM = "text/event-stream"
"""Of answers that go on as long as their login is one."""

LARGEST_BODY = 20 * 1024 * 1024
LOGIN_SECONDS = 10.0
LARGEST_LOGIN = 4 * 1024
"""Of who is not logged in: nobody is to fill our memory."""

WHICH_SITES = ("same-origin", "none")


@dataclass(frozen=True, slots=True)
class Door:
    """Where the console is reached."""

    hosts: frozenset[str]  #: of Host headers, exact, with their ports
    any_port: frozenset[str] = (
        frozenset()
    )  #: names that do with any port: behind a Unix socket nobody knows it

    def knows(self, host: str) -> bool:
        name = re.sub(r":\d+$", "", host)
        return host in self.hosts or name in self.any_port


class Gate:
    """ASGI middleware. The login of a request that is let in stands in `scope["state"]["login"]`."""

    def __init__(
        self,
        app: ASGIApp,
        door: Callable[[], Door],
        sessions: Callable[[], Sessions],
        cookie: str,
        audit: Audit,
    ) -> None:
        self._app, self._door, self._sessions, self._cookie, self._audit = app, door, sessions, cookie, audit
        self._wrong = Wrong()
        self._writing = anyio.CapacityLimiter(1)  #: to the audit: a slow disk is to hold no more threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # there is no WebSocket here
            await send({"type": "websocket.close", "code": 1008})
            return
        status, streams, ended = 0, False, False

        async def answer(message: Message) -> None:
            nonlocal status, streams, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                streams = Headers(raw=message["headers"]).get("content-type", "").startswith(STREAM)
                _harden(message, scope["path"])
            elif ended:
                return
            elif streams and self._known(Headers(scope=scope)) is None:
                ended, message = True, {"type": "http.response.body"}  # and its route is told of a disconnect
            await send(message)

        try:
            login = self._let_in(scope)
        except Refused as refused:
            await problems.of_refused(refused)(scope, receive, answer)
            return
        scope["state"] = {**scope.get("state", {}), "login": login, "wrong": lambda: self.wrong(scope)}
        try:
            await self._app(scope, _limited(receive) if login else _hurried(receive), answer)
        except Exception:
            status = status or 500
            raise
        finally:
            await self._note(scope, login, status)

    async def _note(self, scope: Scope, login: Login | None, status: int) -> None:
        """In a thread, as a disk may take its time. Who may only read has written nothing."""
        if (
            login
            and login.role == "write"
            and scope["method"] not in SAFE
            and not ASKING.fullmatch(scope["path"])
        ):
            await to_thread.run_sync(self._audit.note, login, scope, status, limiter=self._writing)

    def _let_in(self, scope: Scope) -> Login | None:
        """Who asks. Raises Refused."""
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        self._refuse_strange_host(headers)
        bearer = _bearer(headers)
        _refuse_strange_page(headers, scope, bearer is not None)
        if method not in METHODS:
            raise Refused(405, "method-not-allowed", f"{method} is not answered here")
        _refuse_strange_body(headers, method)
        login = self._login(headers, scope, bearer)
        if login is None and not (path in OPEN or (method in SAFE and SHELL.fullmatch(path))):
            raise Refused(
                401,
                "no-login",
                "log in first: with the link that the console's start has printed, or a secret",
            )
        if login and login.role == "read" and not _may_read(method, path):
            raise Refused(403, "read-only", "this login is read-only, and changes nothing")
        return login

    def _refuse_strange_host(self, headers: Headers) -> None:
        """Ends DNS rebinding: a page of another name can't have its requests answered."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._door().knows(hosts[0].lower()):
            named = hosts[0] if len(hosts) == 1 else "no name, or several"
            raise Refused(
                421,
                "strange-host",
                f"this console is not known as {named[:100]!r}; if it is meant, write it into allowed-hosts "
                "of config/control_setting.yaml (an SSH tunnel on another port: localhost:PORT)",
            )

    def _login(self, headers: Headers, scope: Scope, bearer: str | None) -> Login | None:
        """Raises Refused, for who has come with wrong secrets too often."""
        tries = scope["path"] == "/api/auth/login" or bearer is not None
        wait = self._wrong.wait(scope["client"], scope.get("server")) if tries else 0
        if wait:
            raise Refused(
                429, "too-many-tries", f"too many wrong secrets; try again in {wait} s", retry_after=wait
            )
        try:
            login = self._known(headers)
        except GpulaneError as error:
            raise Refused(503, "not-now", str(error)) from error
        if login is None and bearer is not None:
            self._wrong.note(scope["client"], scope.get("server"))
            raise Refused(401, "wrong-secret", "that is not the console's secret")
        return login

    def _known(self, headers: Headers) -> Login | None:
        """Whose secret or cookie comes with these."""
        bearer, held = _bearer(headers), _cookie(headers, self._cookie)
        if bearer is not None:
            return self._sessions().by_secret(bearer)
        return self._sessions().find(held) if held else None

    def wrong(self, scope: Scope) -> None:
        """A login that was none."""
        self._wrong.note(scope["client"], scope.get("server"))


def _may_read(method: str, path: str) -> bool:
    return method in SAFE or path in READERS_MAY or ASKING.fullmatch(path) is not None


def _refuse_strange_page(headers: Headers, scope: Scope, bearer: bool) -> None:
    """A page of another origin, another port of this host among them, may neither write nor read."""
    method = scope["method"]
    origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    host = headers.get("host", "").lower()
    ours = f"http://{host}", f"https://{host}"  # who puts TLS in front of us is of the same name
    if any(origin.lower() not in ours for origin in origins):
        raise Refused(403, "strange-origin", "another site's page has sent this")
    page = (
        headers.get("sec-fetch-mode") == "navigate"
        and method in SAFE
        and headers.get("sec-fetch-dest") == "document"
    )
    if any(site not in WHICH_SITES for site in sites) and not page:
        raise Refused(403, "strange-origin", "another site's page has sent this")
    if method not in SAFE and not origins and not sites and not bearer and headers.get("x-gpulane") is None:
        raise Refused(
            403,
            "strange-origin",
            "who sends no Origin has to send Authorization: Bearer SECRET, or X-Gpulane: 1",
        )


def _refuse_strange_body(headers: Headers, method: str) -> None:
    """A form or plain text can be sent by any page without being asked first; JSON can't."""
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if method in SAFE or not has_body:
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "not-json", "a body is sent as application/json")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        raise Refused(413, "too-large", f"a request has at most {LARGEST_BODY >> 20} MiB")


def _hurried(receive: Receive) -> Receive:
    """Of who is not logged in: little, and soon."""
    small = _limited(receive, LARGEST_LOGIN)
    until, is_whole = anyio.current_time() + LOGIN_SECONDS, False

    async def hurried() -> Message:
        nonlocal is_whole
        if is_whole:  # what comes is that it has gone
            return await small()
        with anyio.move_on_at(until):
            message = await small()
            is_whole = not message.get("more_body", False)
            return message
        raise HTTPException(408, f"a login is sent within {LOGIN_SECONDS:g} s")

    return hurried


def _limited(receive: Receive, most: int = LARGEST_BODY) -> Receive:
    """Of a body no more bytes than are allowed, whatever it said of its length."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, f"a request has at most {most >> 10} KiB")
        return message

    return limited


def _bearer(headers: Headers) -> str | None:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _cookie(headers: Headers, name: str) -> str | None:
    # Not SimpleCookie, which reads none after one that it does not like: other ports of this host set theirs.
    return cookie_parser(headers.get("cookie", "")).get(name)


def _harden(message: MutableMapping[str, Any], path: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers[name] = value
    if path.startswith("/api/") and "cache-control" not in headers:
        headers["Cache-Control"] = "no-store"
