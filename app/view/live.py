"""The live view: what a scheduler does, on the terminal it was started from."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

from rich.console import Console

from app.model.state_file import StateFile
from app.view.line import Line
from app.view.log_tail import LogTails
from app.view.look import look_for
from app.view.page import page
from app.view.screen import Screen
from app.view.section import Scene

EVERY = 0.25  #: seconds between two looks at the state
NOTICE = 8.0  #: seconds a notice stays

# A picture may cost so much of a core: where something happens, and where only clocks go on.
BUSY_SHARE, IDLE_SHARE = 0.04, 0.008


def suits(console: Console) -> bool:
    """Whether a live view can be drawn there: a terminal that can place its cursor. FORCE_COLOR, which makes
    rich take a pipe for a terminal, does not count."""
    try:
        return console.file.isatty() and not console.is_dumb_terminal
    except ValueError:  # closed
        return False


class LiveView:
    """Draws `snapshot()` again and again. The terminal may be resized, stopped or closed at any time."""

    def __init__(
        self,
        snapshot: Callable[[], StateFile],
        console: Console | None = None,
        stays: bool = False,
        elsewhere: bool = False,
    ) -> None:
        """`stays`: the scheduler, for edits, when all is done; `elsewhere`: this is not its own terminal."""
        self._snapshot, self._stays, self._elsewhere = snapshot, stays, elsewhere
        self._console = console or Console()
        self._look = look_for(self._console)
        self._screen = Screen(self._console)
        self._tails = LogTails()
        self._wake = asyncio.Event()
        self._notice, self._notice_until = "", 0.0
        self._seen: StateFile | None = None
        self._size = (0, 0)
        self._second = 0
        self._fresh = True

    async def run(self) -> None:
        """Until cancelled, or until the terminal is gone. Never raises for what the terminal does."""
        with self._signals():
            try:
                while not self._screen.gone:
                    started = time.thread_time()
                    changed = self._step()
                    cost = time.thread_time() - started
                    await self._pause(max(EVERY, cost / (BUSY_SHARE if changed else IDLE_SHARE)))
            finally:
                self.close()

    def notice(self, text: str, seconds: float = NOTICE) -> None:
        """Show a line at the bottom, for some seconds."""
        self._notice, self._notice_until = text, time.monotonic() + seconds
        self._fresh = True
        self._wake.set()

    def close(self) -> None:
        """Give the terminal back as it was. Harmless when called again."""
        self._screen.close()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        self._wake.clear()

    def _step(self) -> bool:
        """Draw if there is something new. True when that was more than the clocks."""
        if not self._screen.ours:  # in the background: the terminal is somebody else's now
            self._fresh = True
            return False
        state, size, second = self._snapshot(), self._screen.size, int(time.time())
        changed = self._fresh or size != self._size or _differ(state, self._seen)
        if not changed and second == self._second:
            return False
        if self._screen.draw(self._picture(state, size), whole=size != self._size):
            self._seen, self._size, self._second, self._fresh = state, size, second, False
        return changed

    def _picture(self, state: StateFile, size: tuple[int, int]) -> list[Line]:
        notice = self._notice if time.monotonic() < self._notice_until else ""
        width, height = size
        scene = Scene(state, time.time(), self._look, self._tails, height, self._stays, self._elsewhere)
        return page(scene, width, notice)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """The terminal's own signals: resized, and Ctrl-Z."""
        loop = asyncio.get_running_loop()
        added = []
        for number, handler in ((signal.SIGWINCH, self._wake.set), (signal.SIGTSTP, self._suspend)):
            # A shell without job control has Ctrl-Z ignored; and only a main thread may take signals.
            if number == signal.SIGTSTP and signal.getsignal(number) != signal.SIG_DFL:
                continue
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(number, handler)
                added.append(number)
        try:
            yield
        finally:
            for number in added:
                loop.remove_signal_handler(number)

    def _suspend(self) -> None:
        """Ctrl-Z: give the terminal back, then stop as everybody does."""
        self._screen.leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._fresh = True
        self._wake.set()


def _differ(one: StateFile, other: StateFile | None) -> bool:
    """Whether more than measurements and clocks changed. Queues that are the same objects cost nothing."""
    if one is other:
        return False
    if other is None:
        return True
    return (one.status, one.counts, one.problems, one.allowance, one.queues) != (
        other.status,
        other.counts,
        other.problems,
        other.allowance,
        other.queues,
    )
