"""Looking at the cards every few seconds, for the samples and for whoever listens."""

import asyncio
import logging
import time

from control.src.cards import gpus, samples
from control.src.cards.gpus import Gpus
from control.src.cards.samples import Samples
from control.src.web.hub import Hub

log = logging.getLogger("gpulane.console")


class Sampling:
    """For the event loop's thread."""

    def __init__(self, cards: Gpus, kept: Samples, hub: Hub) -> None:
        self._cards, self._kept, self._hub = cards, kept, hub
        self._trouble = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._once()
                self._trouble = ""
            except Exception as error:
                if str(error) != self._trouble:  # said once, and not every five seconds
                    log.exception("the cards could not be sampled; trying again")
                self._trouble = str(error)
            await asyncio.sleep(samples.seconds_to_next())

    async def _once(self) -> None:
        picture = await self._cards.picture(max_age=samples.EVERY / 2)
        taken = samples.taken(picture)
        if taken:
            await asyncio.to_thread(self._kept.add, taken, time.time())
        if self._hub.listeners:
            self._hub.tell("gpu", gpus.answer(picture))
