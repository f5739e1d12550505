"""A table's `run_num` follows what its scheduler has completed."""

import asyncio
import time
from collections.abc import Sequence

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.stop import stop_after_delay, stop_never
from tenacity.wait import wait_exponential

from app.core.events import Action, Ended, Event
from app.core.machine import Core
from app.model.faults import BadInput
from app.model.problems import Problem, problem
from app.model.records import Moved
from app.model.state import Completed
from app.narrate import counted, log
from app.preparation import Files
from app.signature import Signature
from app.tables.count import Counts, Rewritten, TableBusy
from app.tables.journal import Due, Journal

LATER = (TableBusy, BadInput, OSError)
"""The table is open elsewhere, in the middle of an edit, or locked: tried again."""

LONGEST_WAIT = 5.0
LAST_SECONDS = 5.0
"""What a scheduler waits at its end for a table that is open elsewhere."""

SHARE = 10
"""Between two writes so many times as long as one takes: a table of 50,000 rows is no small file."""


def counts_of(files: Files, journal: Journal) -> Counts:
    lock = files.home.counts(files.command).with_suffix(".lock")
    return Counts(files.command, files.mode, files.commands, journal, lock)


class Counting:
    """A listener of the engine's. What has ended well is noted at once, and counted as soon as it can be."""

    def __init__(
        self,
        core: Core,
        files: Files,
        run: str,
        journal: Journal,
        rewritten: Rewritten,
    ) -> None:
        """`rewritten` is told, in the loop's thread, what the file was and is when we have changed it."""
        self._core, self._run, self._journal = core, run, journal
        self._path, self._counts = files.command, counts_of(files, journal)
        loop = asyncio.get_running_loop()

        def tell(before: Signature | None, after: Signature) -> None:
            loop.call_soon_threadsafe(rewritten, before, after)

        self._counts.rewritten = tell
        self._due = asyncio.Event()
        self._problem: Problem | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (self._problem,) if self._problem else ()

    def __call__(self, event: Event | None, actions: Sequence[Action]) -> None:
        if not isinstance(event, Ended):
            return
        for action in actions:
            if isinstance(action, Moved) and isinstance(action.state, Completed):
                self._note(event.number, action)

    def _note(self, number: int, moved: Moved) -> None:
        known = self._core.known()
        name = known[moved.key].spec.options.name if moved.key in known else None
        self._journal.due(self._run, number, (moved.key.digest, name))
        self._due.set()

    async def run(self) -> None:
        """Until cancelled."""
        if self._journal.pending():
            self._due.set()
        while True:
            await self._due.wait()
            self._due.clear()
            began = time.monotonic()
            await self._settle()
            await asyncio.sleep(SHARE * (time.monotonic() - began))

    async def finish(self) -> None:
        """The last ones. What can't be counted now, the next start on the table counts."""
        if not self._journal.pending():
            return
        try:
            await self._settle(LAST_SECONDS)
        except LATER as error:
            left = counted(len(self._journal.pending()), "run")
            log.warning("%s could not be counted yet, the next start does it: %s", left, error)

    async def _settle(self, seconds: float | None = None) -> None:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(LATER),
            wait=wait_exponential(multiplier=0.2, max=LONGEST_WAIT),
            stop=stop_never if seconds is None else stop_after_delay(seconds),
            before_sleep=self._say,
            reraise=True,
        )
        lost: list[Due] = await retrying(asyncio.to_thread, self._counts.settle)
        self._problem = None
        for due in lost:
            log.warning("row %s is not in the table any more: its run is not counted", due.identity[1])

    def _say(self, tried: RetryCallState) -> None:
        error = tried.outcome.exception() if tried.outcome else None
        self._problem = problem("not_counted", file=str(self._path), error=str(error))
