"""Logging in and out, and what was done by whom."""

import socket
from os import getuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from app.procfs import user_name
from control.src.console import Console, TheConsole, TheLogin
from control.src.schedulers.models import Said
from control.src.web.audit import sender
from control.src.web.models import (
    AuditLog,
    Credentials,
    HeldLogin,
    HeldLogins,
    Identity,
    LinkWanted,
    LoginLink,
)
from control.src.web.problems import Refused
from control.src.web.sessions import LIFE_SECONDS, Login

router = APIRouter(tags=["login"])


@router.get("/healthz", include_in_schema=False)
async def healthz() -> Response:
    """Whether it lives, and nothing more: the one answer that needs no login."""
    return JSONResponse({"status": "ok"})


@router.post("/api/auth/login", openapi_extra={"security": []})
def login(request: Request, response: Response, given: Credentials, console: TheConsole) -> Identity:
    """A secret, or the token of a login link, for a session cookie."""
    opened = console.sessions.open(given.secret)
    if opened is None:
        request.state.wrong()
        raise Refused(401, "wrong-secret", "that is not the console's secret, or the link was used already")
    held, who = opened
    response.set_cookie(
        console.cookie, held, max_age=int(LIFE_SECONDS), path="/", httponly=True, samesite="strict"
    )
    if who.role == "write":
        address = sender(request.scope["client"])
        console.audit.write(who.name, "POST", "/api/auth/login", "logged in", 200, address)
    return _identity(console, who)


@router.post("/api/auth/logout")
def logout(request: Request, response: Response, console: TheConsole, who: TheLogin) -> Said:
    """End this browser's session."""
    held = request.cookies.get(console.cookie)
    if held:
        console.sessions.end(held)
    response.delete_cookie(console.cookie, path="/", httponly=True, samesite="strict")
    return Said(changed=bool(held), said="logged out" if held else "a secret is no session")


@router.get("/api/auth/check")
async def check(console: TheConsole, who: TheLogin) -> Identity:
    """Who is logged in, and what they may do."""
    return _identity(console, who)


@router.post("/api/auth/link")
async def link(
    request: Request, console: TheConsole, who: TheLogin, wanted: LinkWanted | None = None
) -> LoginLink:
    """A token that logs in once, within ten minutes: behind # of `/login`."""
    role = wanted.role if wanted else "write"
    request.state.what = "" if role == "write" else "read-only"
    return LoginLink(token=console.sessions.make_once(role))


@router.get("/api/auth/logins")
def logins(request: Request, console: TheConsole, who: TheLogin) -> HeldLogins:
    """The browsers that are logged in, the eldest login first. A script holds a secret, and is none."""
    cookie = request.cookies.get(console.cookie)
    own = console.sessions.id_of(cookie) if cookie else None
    return HeldLogins(
        logins=[
            HeldLogin(
                id=one.id,
                name=one.login.name,
                role=one.login.role,
                since=one.created_at,
                seen_at=one.seen_at,
                own=one.id == own,
            )
            for one in console.sessions.all()
        ]
    )


@router.delete("/api/auth/logins/{id}")
def end_login(
    request: Request,
    console: TheConsole,
    who: TheLogin,
    login_id: Annotated[str, Path(alias="id", pattern=r"^[0-9a-f]{16}$", description="of a login")],
) -> Said:
    """Log a browser out, wherever it is."""
    ended = console.sessions.end_one(login_id)
    if ended is None:
        raise Refused(404, "no-login", "that browser is not logged in any more")
    request.state.what = ended.name
    return Said(changed=True, said=f"{ended.name} is logged out")


@router.get("/api/audit", tags=["audit"])
def audit(
    console: TheConsole,
    who: TheLogin,
    limit: Annotated[int, Query(ge=1, le=1000, description="at most so many")] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="entries with smaller ids")] = None,
) -> AuditLog:
    """Every write, the newest first."""
    return AuditLog.model_validate({"entries": console.audit.last(limit, before)})


def _identity(console: Console, who: Login) -> Identity:
    return Identity(
        role=who.role,
        name=who.name,
        user=user_name(getuid()),
        host=socket.gethostname(),
        home=str(console.home().root),
        version=_version(),
    )


def _version() -> str:
    return "0.1.0"
