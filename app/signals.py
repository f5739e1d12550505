"""What signals mean to a scheduler."""

import asyncio
import os
import signal
import time
from collections.abc import Callable

from app.engine import Engine
from app.narrate import log
from app.shutdown import shutting_down

SECOND_PRESS_SECONDS = 3.0


class Signals:
    """SIGTERM, and SIGINT without a terminal: stop now. Ctrl-C on a terminal: drain; twice: stop now.

    SIGHUP stops nothing: the terminal is gone, the tasks go on.
    """

    def __init__(
        self, engine: Engine, notice: Callable[[str], None] | None, machine_down: Callable[[], None]
    ) -> None:
        """`notice`: of the live view, where there is one; the log is told in any case. `machine_down` is
        called when a SIGTERM turns out to be the machine's shutdown, and no user's wish."""
        self._engine, self._notice, self._machine_down = engine, notice, machine_down
        self._asking: asyncio.Task[None] | None = None
        self._had_terminal = _foreground() is not None
        self._pressed_at: float | None = None
        self.ended_by: signal.Signals | None = None  #: what the exit code tells

    def install(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop, signal.SIGTERM)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGHUP, self._hung_up)

    def exit_code(self) -> int | None:
        """128 + signal when one ended the scheduler."""
        return None if self.ended_by is None else 128 + self.ended_by

    async def understood(self) -> None:
        """Until it is known what a SIGTERM meant."""
        if self._asking:
            await self._asking

    async def _ask_machine(self) -> None:
        if await asyncio.to_thread(shutting_down):
            log.info("the machine is being shut down")
            self._machine_down()

    def _hung_up(self) -> None:
        if self._had_terminal:  # it may come twice: from the terminal and from the shell
            log.info("the terminal is gone; the scheduler goes on")
        self._had_terminal = False

    def _interrupt(self) -> None:
        pressed, self._pressed_at = self._pressed_at, time.monotonic()
        again = pressed is not None and self._pressed_at - pressed < SECOND_PRESS_SECONDS
        if again or _foreground() != os.getpgrp():
            self._stop(signal.SIGINT)
            return
        self.ended_by = self.ended_by or signal.SIGINT
        self._engine.drain()
        running = len(self._engine.core.running)
        if running:
            tasks = "1 task still runs" if running == 1 else f"{running} tasks still run"
            log.info("draining: %s, nothing more starts; Ctrl-C twice: stop now", tasks)
            if self._notice:
                self._notice("draining: nothing more starts; Ctrl-C twice: stop now")

    def _stop(self, number: signal.Signals) -> None:
        self.ended_by = number
        if number == signal.SIGTERM and self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask_machine())
        if self._engine.core.ending != "stop":
            running = ", running tasks are asked to end" if self._engine.core.running else ""
            log.info("%s: stopping%s", number.name, running)
            if self._notice:
                self._notice("")  # what the first one said is not so any more
        self._engine.stop()


def _foreground() -> int | None:
    """The process group that a Ctrl-C on our terminal goes to; None: we have none (any more). Asked of the
    terminal that we were started from and not of our output, which may go through a pipe to `tee`."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.tcgetpgrp(terminal)
    except OSError:
        return None
    finally:
        os.close(terminal)
