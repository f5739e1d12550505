"""The way in, and the page itself: what `control/src/dashboard/dist` holds, built beforehand."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

router = APIRouter(include_in_schema=False)

LOGIN = Path(__file__).parents[1] / "login"
DIST = Path(__file__).parents[1] / "dashboard" / "dist"

FOR_EVER = "public, max-age=31536000, immutable"
"""Of what has its content's digest in its name; only index.html says which of them are wanted."""


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        named = "-" in path and answer.status_code == 200
        answer.headers["Cache-Control"] = FOR_EVER if named else "no-cache"
        return answer


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


@router.get("/login.woff2")
async def font() -> Response:
    """The page's own, whose name says its content's digest."""
    found = next((DIST / "assets").glob("inter-latin-*.woff2"), None)
    return FileResponse(found, media_type="font/woff2") if found else Response(status_code=404)


@router.get("/")
@router.get("/ui")
async def root() -> Response:
    return RedirectResponse("/ui/state")


@router.get("/ui/{page:path}")
async def page(page: str) -> Response:
    """One page for all addresses below /ui: which one is wanted it sees itself."""
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(DIST / "index.html", media_type="text/html; charset=utf-8", headers=headers)


@router.get("/favicon.svg")
async def icon() -> Response:
    return FileResponse(DIST / "favicon.svg", media_type="image/svg+xml")


assets = Mount("/assets", GZipMiddleware(_Assets(directory=DIST / "assets")))
"""Scripts, styles and fonts; not in the router, which would look for its parameters."""
