"""Handing a message to those who take it, through a child process that is killed when its time is over: a
notifier that is broken, slow or hangs is a log line."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Sequence

from app.narrate import log
from app.notify.addresses import COURIER, shown

PAUSES = (1.0, 2.0)
"""Before the second try, and the third."""

ANSWER_SECONDS = 20.0
"""For a message, all tries. apprise gives up a connection after 4, but some notifiers talk several times."""

START_SECONDS = 5.0
"""What loading apprise may take before that."""

REAP_SECONDS = 2.0
"""What has been killed is gone at once, unless the kernel itself hangs with it."""


class Post:
    """Sends to every address, each on its own."""

    def __init__(self, pauses: Sequence[float] = PAUSES) -> None:
        self._pauses = pauses

    async def send(
        self, urls: Sequence[str], title: str, body: str, seconds: float = ANSWER_SECONDS
    ) -> list[str | None]:
        """For each address why it did not take the message, after some tries; None: it did.

        After `seconds`, or when cancelled, whatever still hangs is killed.
        """
        within = seconds + START_SECONDS
        request = {"call": "send", "seconds": seconds, "within": within, "pauses": self._pauses}
        request |= {"urls": urls, "title": title, "body": body}
        said: dict[int, str | None] = {}
        try:
            async with _courier(json.dumps(request).encode()) as answers:
                listening = asyncio.ensure_future(_listen(answers, said))
                try:
                    await asyncio.wait({listening}, timeout=within)
                finally:
                    listening.cancel()
        except (OSError, RuntimeError) as error:  # no process, or no thread, is to be had
            return [f"it can't be sent now: {error}"] * len(urls)
        return [said.get(at, "the process that sends it has not answered") for at in range(len(urls))]

    async def tell(self, urls: Sequence[str], title: str, body: str, seconds: float = ANSWER_SECONDS) -> None:
        """`send`, and say what failed in the log."""
        for position, failed in enumerate(await self.send(urls, title, body, seconds)):
            if failed:
                log.warning("%s did not take a message: %s", shown(urls, position), failed)


async def _listen(answers: asyncio.StreamReader, said: dict[int, str | None]) -> None:
    """Until its end: what each address has failed in, if it has."""
    async for line in answers:
        answer = json.loads(line)
        said[answer["at"]] = answer["error"]


@contextlib.asynccontextmanager
async def _courier(request: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """Its answers. Afterwards it is gone, with all that it has started."""
    child = await asyncio.create_subprocess_exec(
        *COURIER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    assert child.stdin
    assert child.stdout
    try:
        child.stdin.write(request)
        child.stdin.close()
        yield child.stdout
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(child.wait(), REAP_SECONDS)
