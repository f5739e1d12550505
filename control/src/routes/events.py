"""What changes, as it changes: one stream for everything a page shows; and figures for Prometheus."""

import time
from collections.abc import Iterator

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.metrics.families import families
from control.src.cards.models import Gpus
from control.src.console import Console, TheConsole
from control.src.routes.event_models import (
    BindingsChange,
    CommandsChange,
    Gone,
    Hello,
    SchedulerChange,
    SettingsChange,
)
from control.src.web.hub import encoded

router = APIRouter()


class Events(StreamingResponse):
    media_type = "text/event-stream"


class Exposition(Response):
    media_type = "text/plain; version=0.0.4"


Event = Hello | SchedulerChange | Gone | Gpus | CommandsChange | SettingsChange | BindingsChange


@router.get("/api/events", tags=["events"], response_class=Events, responses={200: {"model": Event}})
async def events(console: TheConsole) -> Events:
    """Server-sent events. The first, `hello`, has the version of each scheduler; whoever has loaded another
    one loads it again. Then:

    - `scheduler`: what has changed in one since the version `from` (null: it is new). Of `set` and `state`
      every key has another value now; of `queues` and their `tasks` there are those that are new or changed;
      `order` has the ids, or keys, of all, where it is another one now: what is not in it is gone.
    - `gone`: a state that is no more.
    - `gpu`: the cards, whenever they are sampled.
    - `commands`: a command file was changed, by anybody; `config`, `settings`: so were they.
    - `bindings`: a log was bound to a task, or is not any more.
    """

    def hello() -> bytes:
        return encoded("hello", {"now": time.time(), "versions": console.states.versions()})

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Events(console.hub.listen(hello), headers=headers)


@router.get("/metrics", tags=["metrics"], response_class=Exposition)
def metrics(console: TheConsole) -> Exposition:
    """Prometheus metrics of all living schedulers, and of the console."""
    registry = CollectorRegistry()
    registry.register(_Metrics(console))
    return Exposition(generate_latest(registry))


class _Metrics(Collector):
    def __init__(self, console: Console) -> None:
        self._console = console

    def collect(self) -> Iterator[Metric]:
        seen = self._console.states.all
        yield from families([one.state for one in seen if one.alive and one.state])
        yield _gauge("gpulane_console_listeners", "Open event streams.", self._console.hub.listeners)
        dead = sum(one.ended == "died" for one in seen)
        yield _gauge("gpulane_schedulers_died", "Schedulers that died and were not resumed.", dead)


def _gauge(name: str, text: str, value: float) -> Metric:
    gauge = GaugeMetricFamily(name, text)
    gauge.add_metric((), value)
    return gauge
