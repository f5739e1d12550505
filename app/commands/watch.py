"""`-w`: what a command shows, kept up to date until its user has seen enough."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import Segment, Segments
from rich.text import Text

from app.commands.find import Scheduler
from app.commands.show import gone
from app.view.live import LiveView, suits
from app.view.look import QUIET
from app.view.summary import print_summary
from app.view.text import clean, count

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
        state = one.state()
        print_summary(state, console)
        if state.left and not one.alive():
            console.print(Text(f"it {gone(one, state)}; to go on: {clean(one.going_on())}"), soft_wrap=True)


async def _draw(one: Scheduler, console: Console) -> None:
    view = asyncio.create_task(LiveView(one.state, console, elsewhere=True).run())
    while one.alive() and not view.done():
        await asyncio.wait({view}, timeout=EVERY)
    view.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await view


def watch_tables(make: Callable[[], Sequence[RenderableType]]) -> None:
    """One below the other, drawn again and again; once, where there is no terminal."""
    console = Console()
    if not suits(console):
        console.print(Group(*make()))
        return
    with _until_ctrl_c(), Live(_fitted(make(), console), console=console, screen=True) as live:
        while True:
            time.sleep(EVERY)
            live.update(_fitted(make(), console), refresh=True)


def _fitted(shown: Sequence[RenderableType], console: Console) -> RenderableType:
    """Each with a fair share of the lines; a last one tells how many there is no room for."""
    parts = [console.render_lines(each, pad=False) for each in shown]
    if sum(map(len, parts)) <= console.height:
        return Group(*shown)
    parts = [lines if any(segment.text.strip() for segment in lines[0]) else lines[1:] for lines in parts]
    kept: list[RenderableType] = []
    shares = _shares([len(lines) for lines in parts], console.height - 1)
    for lines, share in zip(parts, shares, strict=True):
        kept += [Segments([*line, Segment.line()]) for line in lines[:share]]
    more = count(sum(map(len, parts)) - sum(shares), "more line")
    last = Text(f"and {more}: without -w all are shown", QUIET, no_wrap=True, overflow="ellipsis")
    return Group(*kept, last)


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """What each gets of the room: none more than it wants, and what one leaves the others have."""
    shares = [0] * len(wanted)
    smallest_first = sorted(range(len(wanted)), key=wanted.__getitem__)
    for others, at in zip(range(len(wanted), 0, -1), smallest_first, strict=True):
        shares[at] = min(wanted[at], (room - sum(shares)) // others)
    return shares
