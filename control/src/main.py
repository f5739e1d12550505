"""The console as an ASGI application: every call, one OpenAPI document."""

import contextlib
import platform
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from control.src import problems
from control.src.console import Console
from control.src.gate import Door, Gate
from control.src.routes import auth, bindings, events, logs, pages, scheduler

ROUTERS = (auth, scheduler, logs, bindings, events, pages)

VERSION = "1"
ABOUT = """\
The console of gpulane on this machine, for one user. It edits command files and settings, starts and stops
schedulers, and shows what they do; killing it touches none of them.

Times are wall-clock seconds, memory is GB of 1,024 MiB. Errors are RFC 9457 problem details. Scripts send
`Authorization: Bearer SECRET`; whoever has the secret runs code as this user.
"""


def create_app(console: Console, door: Door) -> FastAPI:
    """`door`: where it is reached."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with console.running():
            yield

    app = FastAPI(
        title=f"gpulane console on {platform.node()}",
        version=VERSION,
        description=ABOUT,
        lifespan=lifespan,
        responses=problems.RESPONSES,
        generate_unique_id_function=operation_id,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.console = console
    problems.install(app)
    for module in ROUTERS:
        app.include_router(module.router)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    app.add_middleware(
        Gate, door=door, sessions=lambda: console.sessions, cookie=console.cookie, audit=console.audit
    )
    return app


def operation_id(route: APIRoute) -> str:
    return route.name


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, the same on every machine."""
    if app.openapi_schema is None:
        found = get_openapi(title="gpulane console", version=VERSION, description=ABOUT, routes=app.routes)
        schemas = found["components"]["schemas"]
        schemas["Problem"] = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schemas["Problem"].pop("$defs", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        found["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
        }
        found["security"] = [{"bearer": []}]
        app.openapi_schema = found
    return app.openapi_schema
