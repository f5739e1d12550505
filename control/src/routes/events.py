"""What changes, as it changes: one stream for everything a page shows."""

import time
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from app.metrics.families import families
from control.src.console import TheConsole
from control.src.hub import encoded

router = APIRouter(tags=["events"])


@router.get(
    "/api/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(console: TheConsole) -> StreamingResponse:
    """Server-sent events. The first, `hello`, has the version of each scheduler; whoever has loaded another
    one loads it again. Then:

    `scheduler`: what has changed in one, since the version `from` (see help/api.md) · `gone`: a state that is
    no more · `gpu`: the cards, when they are sampled · `commands`: a command file was changed, by anybody ·
    `config`, `settings`: so were they.
    """
    hello = {"now": time.time(), "versions": console.states.versions()}
    stream = console.hub.listen(encoded("hello", hello))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.get(
    "/metrics",
    tags=["metrics"],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(console: TheConsole) -> Response:
    """Prometheus metrics of all living schedulers, and of the console."""
    states = [one.state for one in console.states.all if one.alive and one.state]
    registry = CollectorRegistry()
    registry.register(_Families(states))
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")


class _Families(Collector):
    def __init__(self, states: Any) -> None:
        self._states = states

    def collect(self) -> Any:
        return families(self._states)
