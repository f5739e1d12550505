"""`-w`: what a command shows, kept up to date until its user has seen enough."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import Segment, Segments
from rich.text import Text

from app.commands.find import Scheduler
from app.view.live import LiveView, suits
from app.view.look import QUIET
from app.view.summary import print_summary

EVERY = 1.0
"""Seconds between two looks."""


@contextlib.contextmanager
def _until_ctrl_c() -> Iterator[None]:
    """Which ends it well, with the terminal as it was: elsewhere it ends a command at once."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        yield


def watch_one(one: Scheduler) -> None:
    """The live view of a scheduler, until it has ended; then how it went."""
    console = Console()
    if not suits(console):
        print_summary(one.state(), console)
        return
    with _until_ctrl_c():
        asyncio.run(_draw(one, console))
        print_summary(one.state(), console)


async def _draw(one: Scheduler, console: Console) -> None:
    view = asyncio.create_task(LiveView(one.state, console, elsewhere=True).run())
    while one.alive() and not view.done():
        await asyncio.wait({view}, timeout=EVERY)
    view.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await view


def watch_tables(make: Callable[[], RenderableType]) -> None:
    """Drawn again and again; once, where there is no terminal."""
    console = Console()
    if not suits(console):
        console.print(make())
        return
    with _until_ctrl_c(), Live(_fitted(make(), console), console=console, screen=True) as live:
        while True:
            time.sleep(EVERY)
            live.update(_fitted(make(), console), refresh=True)


def _fitted(shown: RenderableType, console: Console) -> RenderableType:
    """With a last line that tells how many there is no room for."""
    lines = console.render_lines(shown, pad=False)
    more = len(lines) - console.height
    if more <= 0:
        return shown
    kept = [Segments([*line, Segment.line()]) for line in lines[: console.height - 1]]
    return Group(*kept, Text(f"and {more + 1} more lines: without -w all are shown", QUIET))
