"""News on its way: gathered, put into one message, sent beside everything else."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence

from app.config.load import Loaded
from app.core.events import Action, Event
from app.core.machine import Core
from app.model.faults import BadInput
from app.model.problems import Problem, problem
from app.model.settings import Notify
from app.narrate import log
from app.notify.addresses import installed, wrong_ones
from app.notify.letter import URGENT, Pace, letter
from app.notify.news import News, Newsroom
from app.notify.post import ANSWER_SECONDS, REAP_SECONDS, START_SECONDS, Post

LAST_SECONDS = 8.0
"""What the last message gets when its scheduler ends."""


class Notifier:
    """A listener of the engine's, deaf where nobody is to be told. Only `close` waits, and not for long."""

    def __init__(self, core: Core, about: str) -> None:
        """`about`: the command file."""
        self._core = core
        self._room = Newsroom(core, self._take)
        self._post = Post()
        self._sender, self._about = f"gpulane on {socket.gethostname()}", about
        self._news: list[News] = []
        self._some, self._urgent = asyncio.Event(), asyncio.Event()
        self._flight: asyncio.Task[None] | None = None

    def __call__(self, event: Event | None, actions: Sequence[Action]) -> None:
        if self._urls:
            self._room(event, actions)

    @property
    def _urls(self) -> Sequence[str]:
        """Whom to tell now: the settings may change."""
        urls = self._core.settings.notify.urls
        return urls if urls and installed() else ()

    def problems(self, now: Sequence[Problem]) -> None:
        """Those there are."""
        if self._urls:
            self._room.problems(now, time.time())

    def _take(self, news: News) -> None:
        self._news.append(news)
        self._some.set()
        if news.kind in URGENT:
            self._urgent.set()

    async def run(self) -> None:
        """Until cancelled. A fault in telling is no reason to stop scheduling."""
        try:
            await self._send_as_it_comes()
        except Exception:
            log.exception("notifications failed; the scheduler goes on without them")

    async def _send_as_it_comes(self) -> None:
        pace = Pace()
        while True:
            await self._some.wait()
            came = time.monotonic()
            await self._sleep(pace.due(came, urgent=False) - came)
            if self._urgent.is_set():
                await asyncio.sleep(pace.due(came, urgent=True) - came)
            self._send()
            if self._flight:
                await asyncio.shield(self._flight)
            pace.sent(time.monotonic())

    async def _sleep(self, seconds: float) -> None:
        """Or until something urgent has come."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._urgent.wait(), seconds)

    def _send(self, seconds: float = ANSWER_SECONDS) -> None:
        """All there is, in one message."""
        news, self._news = self._news, []
        self._some.clear()
        self._urgent.clear()
        if news and self._urls:
            told = self._post.tell(self._urls, *letter(news, self._sender, self._about), seconds)
            self._flight = asyncio.get_running_loop().create_task(told, name="notify")

    async def close(self) -> None:
        """Send what there still is, and wait a little for its arrival."""
        flights = [self._flight] if self._flight and not self._flight.done() else []
        self._send(LAST_SECONDS)
        if self._flight and self._flight not in flights:
            flights.append(self._flight)
        if not flights:
            return
        _, late = await asyncio.wait(flights, timeout=LAST_SECONDS + START_SECONDS)
        if late:
            log.warning("a message that was on its way is given up: the scheduler ends")
        for flight in late:
            flight.cancel()
        if late:
            await asyncio.wait(late, timeout=REAP_SECONDS)


def missing(wanted: Notify) -> tuple[Problem, ...]:
    """What keeps anything from being told."""
    if not wanted.urls or installed():
        return ()
    return (problem("notify_missing", command="./gpulane extra notify"),)


def refuse_wrong(loaded: Loaded) -> None:
    """Raises BadInput with every address of the settings that can't be sent to, at its line."""
    wrong = wrong_ones(loaded.settings.notify.urls)
    faults = [loaded.fault(("notify", "urls", each.position), each.problem, each.hint) for each in wrong]
    if faults:
        raise BadInput(faults)
