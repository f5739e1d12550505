"""The way in, and the page itself once it is built."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse, Response

router = APIRouter(include_in_schema=False)

LOGIN = Path(__file__).parents[1] / "login"
DIST = Path(__file__).parents[1] / "dashboard" / "dist"


@router.get("/login")
async def login() -> Response:
    """One field; a link's token stands behind the #, which no server and no log ever sees."""
    return FileResponse(LOGIN / "login.html", media_type="text/html; charset=utf-8")


@router.get("/login.js")
async def script() -> Response:
    return FileResponse(LOGIN / "login.js", media_type="text/javascript; charset=utf-8")


@router.get("/login.css")
async def style() -> Response:
    return FileResponse(LOGIN / "login.css", media_type="text/css; charset=utf-8")


@router.get("/")
async def root() -> Response:
    return RedirectResponse("/ui/state" if (DIST / "index.html").exists() else "/login")
