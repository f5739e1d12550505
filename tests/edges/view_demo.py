"""A live view to look at: `python -m tests.edges.view_demo [believable|hostile|huge|churn] [BEATS]`.

Ends with its summary at SIGINT or SIGTERM; SIGUSR1 gives a notice. BEATS is a file that gets a byte every
20 ms as long as the event loop turns, and "gone" when the view gave up.
"""

import asyncio
import contextlib
import itertools
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from app.model.state_file import StateFile
from app.view.live import LiveView
from app.view.summary import print_summary
from tests import view_samples


def snapshots(kind: str) -> Callable[[], StateFile]:
    if kind == "churn":  # every picture is wholly new
        counter = itertools.count()
        base = view_samples.huge(50)

        def changing() -> StateFile:
            name = f"{next(counter)} " * 20
            return replace(base, queues=tuple(replace(queue, queue_name=name) for queue in base.queues))

        return changing
    state = vars(view_samples)[kind]()
    return lambda: state


async def beat(path: Path) -> None:
    with path.open("a", buffering=1) as file:
        while True:
            file.write(".")
            file.flush()
            await asyncio.sleep(0.02)


async def main(kind: str = "believable", beats: str = "/dev/null") -> None:
    console = Console()
    view = LiveView(snapshots(kind), console)
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    loop.add_signal_handler(signal.SIGUSR1, view.notice, "draining: 5 tasks still run")
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    run, beating = asyncio.create_task(view.run()), asyncio.create_task(beat(Path(beats)))
    ending = asyncio.create_task(over.wait())
    await asyncio.wait([run, ending], return_when=asyncio.FIRST_COMPLETED)
    beating.cancel()
    if run.done():
        run.result()
        Path(beats).write_text("gone")
        return
    run.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await run
    print_summary(snapshots("believable")(), console)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
