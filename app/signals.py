"""What signals mean to a scheduler."""

import asyncio
import signal
import time
from collections.abc import Callable

from app.engine import Engine
from app.narrate import log

SECOND_PRESS_SECONDS = 3.0


class Signals:
    """SIGTERM, and SIGINT without a terminal: stop now. Ctrl-C on a terminal: drain; twice: stop now.

    SIGHUP stops nothing: the terminal is gone, the tasks go on.
    """

    def __init__(self, engine: Engine, on_terminal: bool, notice: Callable[[str], None]) -> None:
        self._engine, self._on_terminal, self._notice = engine, on_terminal, notice
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

    def _hung_up(self) -> None:
        if self._on_terminal:  # it may come twice: from the terminal and from the shell
            log.info("the terminal is gone; the scheduler goes on")
        self._on_terminal = False

    def _interrupt(self) -> None:
        pressed, self._pressed_at = self._pressed_at, time.monotonic()
        if not self._on_terminal or (
            pressed is not None and self._pressed_at - pressed < SECOND_PRESS_SECONDS
        ):
            self._stop(signal.SIGINT)
            return
        self.ended_by = self.ended_by or signal.SIGINT
        self._engine.drain()
        running = len(self._engine.core.running)
        if running:
            tasks = "1 task still runs" if running == 1 else f"{running} tasks still run"
            log.info("draining: %s, nothing more starts; Ctrl-C twice: stop now", tasks)
            self._notice("draining: nothing more starts; Ctrl-C twice: stop now")

    def _stop(self, number: signal.Signals) -> None:
        self.ended_by = number
        running = ", running tasks are asked to end" if self._engine.core.running else ""
        log.info("%s: stopping%s", number.name, running)
        self._engine.stop()
