"""Going on where the machine has run out of something for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

log = logging.getLogger("gpulane")

T = TypeVar("T")

AGAIN_SECONDS = 1.0


async def surely(what: str, do: Callable[[], Awaitable[T]]) -> T:
    """`do`, again every second for as long as the system refuses it: no descriptor left, most often.

    `what` can't be done meanwhile, for the log.
    """
    said = ""
    while True:
        try:
            return await do()
        except OSError as error:
            if str(error) != said:
                log.warning("%s can't be done now: %s", what, said := str(error))
            await asyncio.sleep(AGAIN_SECONDS)
