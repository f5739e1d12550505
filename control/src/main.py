"""The console as an ASGI application: every call, one OpenAPI document."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.types import Lifespan

from control.src import autostart
from control.src.console import Console
from control.src.routes import (
    auth,
    bindings,
    commands,
    config,
    events,
    experiments,
    gpu,
    history,
    logs,
    pages,
    preview,
    scheduler,
    tasks,
    timeline,
)
from control.src.watched import Watched
from control.src.web import problems
from control.src.web.gate import Door, Gate
from control.src.web.parameters import only_known

ROUTERS = (
    *(auth, scheduler, commands, preview, config, gpu),
    *(logs, bindings, tasks, experiments, history, timeline, events, pages),
)

VERSION = "1"
ANSWERS = Path(__file__).with_name("answers.json")
"""An example of each JSON answer, by operation; `tests/record_answers.py` makes it."""
ABOUT = """\
The console of gpulane on this machine, for one user. It edits command files and settings, starts and stops
schedulers, and shows what they do; killing it touches none of them.

Times are wall-clock seconds, memory is GB of 1,024 MiB. Errors are RFC 9457 problem details. Scripts send
`Authorization: Bearer SECRET`; whoever has the secret runs code as this user.

Examples of answers are recorded ones, in which long lists and texts are cut.
"""


def create_app(console: Console, door: Callable[[], Door]) -> FastAPI:
    """`door`: where it is reached, at the moment."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with console.running(Watched(console).run, lambda: autostart.run(console)):
            yield

    app = bare_app(lifespan)
    app.state.console, app.state.door = console, door
    app.add_middleware(
        Gate, door=door, sessions=lambda: console.sessions, cookie=console.cookie, audit=console.audit
    )
    return app


def bare_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Every call, and nothing that could answer them."""
    app = FastAPI(
        lifespan=lifespan,
        responses=problems.RESPONSES,
        generate_unique_id_function=operation_id,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    for module in ROUTERS:
        app.include_router(module.router, dependencies=[Depends(only_known)])
    app.router.routes.append(pages.assets)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


def operation_id(route: APIRoute) -> str:
    return route.name


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, the same on every machine."""
    if app.openapi_schema is None:
        found = get_openapi(title="gpulane console", version=VERSION, description=ABOUT, routes=app.routes)
        schemas = found["components"]["schemas"]
        schemas["ProblemDetails"] = problems.ProblemDetails.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        schemas |= schemas["ProblemDetails"].pop("$defs", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        found["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
        }
        found["security"] = [{"bearer": []}]
        _show_answers(found)
        app.openapi_schema = found
    return app.openapi_schema


def json_answer(call: Mapping[str, Any]) -> dict[str, Any]:
    """What the document says of a call's answer when it goes well; empty: that is no JSON."""
    for status, answer in call["responses"].items():
        if status.startswith("2"):
            found: dict[str, Any] = answer.get("content", {}).get("application/json", {})
            return found
    return {}


def _show_answers(found: Mapping[str, Any]) -> None:
    examples = json.loads(ANSWERS.read_text())
    for calls in found["paths"].values():
        for call in calls.values():
            if call["operationId"] in examples:
                # By a name: the page's types would have each as a comment, were it an example without one.
                json_answer(call)["examples"] = {"recorded": {"value": examples[call["operationId"]]}}
