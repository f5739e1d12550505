"""Handing a message to apprise, beside the loop: a notifier that is broken, slow or hangs is a log line."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from app.narrate import log
from app.notify.addresses import quiet, shown
from app.threads import SpareThreads

TRIES = 3
ANSWER_SECONDS = 20.0
"""For one try. apprise gives up a connection after 4, but some notifiers talk several times."""

THREADS = 4
"""Of them some may hang; what waits for one behind those is given up in time as well."""


class NotTaken(Exception):
    """The notifier has not taken a message; says why, and nothing of its address."""


class Post:
    """Sends to every address, each on its own."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._threads = SpareThreads("notify", THREADS)

    async def send(self, urls: Sequence[str], title: str, body: str) -> list[str | None]:
        """For each address why it did not take the message, after some tries; None: it did."""
        return list(await asyncio.gather(*(self._deliver(url, title, body) for url in urls)))

    async def tell(self, urls: Sequence[str], title: str, body: str) -> None:
        """`send`, and say what failed in the log."""
        for position, failed in enumerate(await self.send(urls, title, body)):
            if failed:
                log.warning("%s did not take a message: %s", shown(urls, position), failed)

    async def _deliver(self, url: str, title: str, body: str) -> str | None:
        policy = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential(min=1, max=30),
            retry=retry_if_exception_type(NotTaken),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            async for attempt in policy:
                with attempt:
                    await self._once(url, title, body)
        except NotTaken as failed:
            return str(failed)
        return None

    async def _once(self, url: str, title: str, body: str) -> None:
        """Raises NotTaken. What apprise raises may hold the address, so only its kind is told."""
        try:
            said = self._threads.run(partial(_hand_over, url, title, body))
            if not await asyncio.wait_for(said, ANSWER_SECONDS):
                raise NotTaken("it could not be reached, or refused it")
        except asyncio.TimeoutError:
            raise NotTaken(f"no answer within {ANSWER_SECONDS:.0f} s") from None
        except NotTaken:
            raise
        except Exception as error:
            raise NotTaken(f"apprise failed ({type(error).__name__})") from None


def _hand_over(url: str, title: str, body: str) -> bool:
    """Whether it was taken. Blocks."""
    import apprise

    quiet()
    asset = apprise.AppriseAsset(app_id="gpulane", app_desc="gpulane", app_url="", async_mode=False)
    notifier = apprise.Apprise(asset=asset)
    if not notifier.add(url):
        return False
    return bool(notifier.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
