"""Being told that something in a folder has changed."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from watchfiles import awatch

log = logging.getLogger("gpulane.console")

DEBOUNCE_MS, STEP_MS = 50, 25
"""What comes close together is one change; between steps the watching thread sleeps."""

BETWEEN_SECONDS = 0.15
"""Looks are no closer together, however much happens: where there is much to see, one takes 20 ms."""

AGAIN_SECONDS = 2.0

Folders = Sequence[Path]


async def looks(folders: Callable[[], Folders], every: float) -> AsyncIterator[None]:
    """When it is time to look: now, whenever something has changed there, and after `every` seconds, as the
    kernel tells nothing of links' targets, of network file systems, and of what is no file.

    `folders` is asked in a thread; they may change, and those that are not there are not watched."""
    changed = asyncio.Event()
    watching: Folders = ()
    watcher: asyncio.Task[None] | None = None
    try:
        while True:
            found = watching
            with contextlib.suppress(OSError):
                found = await asyncio.to_thread(lambda: [path for path in folders() if path.is_dir()])
            if found != watching or watcher is None or watcher.done():
                if watcher:
                    watcher.cancel()
                watching, watcher = found, asyncio.create_task(_watch(found, changed))
            changed.clear()
            yield
            await asyncio.sleep(BETWEEN_SECONDS)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(changed.wait(), every)
    finally:
        if watcher:
            watcher.cancel()


async def _watch(folders: Folders, changed: asyncio.Event) -> None:
    try:
        watch = awatch(*folders, watch_filter=None, debounce=DEBOUNCE_MS, step=STEP_MS, recursive=False)
        async for _ in watch:
            changed.set()
    except (OSError, RuntimeError) as error:  # one is gone, or there are too many watches: looks go on
        log.debug("%s are not watched: %s", folders, error)
        await asyncio.sleep(AGAIN_SECONDS)
