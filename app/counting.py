"""A table's `run_num` follows what its scheduler has completed."""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.stop import stop_after_delay, stop_never
from tenacity.wait import wait_exponential, wait_fixed

from app.core.events import Action, Edited, Ended, Event
from app.core.machine import Core
from app.model.faults import BadInput
from app.model.problems import Problem, problem
from app.model.records import Moved
from app.model.state import Completed
from app.narrate import counted, log
from app.preparation import Files
from app.signature import Signature, signature
from app.tables.count import Counts, Rewritten, Settled
from app.tables.journal import Due, Journal
from app.tables.on_disk import BeingSaved, TableBusy
from app.tables.rows import Identity

LATER = (TableBusy, BadInput, OSError)
"""The table is open elsewhere, in the middle of an edit, or locked: tried again."""

LONGEST_WAIT = 5.0
LOOK_SECONDS = 1.0
LAST_SECONDS = 5.0
"""What a scheduler waits at its end for a table that is open elsewhere, and at its start for a save."""

SHOWN_SECONDS = 1.2
"""What takes no longer is nothing to be told: everybody saves now and then."""

SHARE = 10
"""Between two writes so many times as long as one takes: a table of 50,000 rows is no small file."""


def counts_of(files: Files, journal: Journal) -> Counts:
    lock = files.home.counts(files.command).with_suffix(".lock")
    return Counts(files.command, files.mode, files.commands, journal, lock)


async def count_earlier(files: Files, journal: Journal) -> None:
    """What an earlier run has left to be counted. Raises BadInput where that can't be done now."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(BeingSaved),
        wait=wait_fixed(0.2),
        stop=stop_after_delay(LAST_SECONDS),
        reraise=True,
    )
    try:
        await retrying(asyncio.to_thread, counts_of(files, journal).settle, last=True)
    except TableBusy as busy:
        left = counted(len(journal.pending()), "run")
        raise BadInput(f"{busy}: close it first, as {left} are to be counted there") from busy


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
        self._unwritten: list[Callable[[], None]] = []  #: what the journal has not taken yet
        self._known: dict[str, set[str | None]] | None = None  #: see `_names`; None: to be looked up
        self._took = 0.0  #: seconds, the last time, without the waits for who has the file open
        self._lost: tuple[Due, ...] = ()  #: whose rows are not there at the moment
        self._problem: Problem | None = None

    def look(self) -> None:
        """Somebody has saved the file, and what was counted in it may be gone."""
        self._due.set()

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (self._problem,) if self._problem else ()

    def __call__(self, event: Event | None, actions: Sequence[Action]) -> None:
        if isinstance(event, Edited):
            self._known = None
        if not isinstance(event, Ended):
            return
        for action in actions:
            if isinstance(action, Moved) and isinstance(action.state, Completed):
                self._note(event.number, action)

    def _note(self, number: int, moved: Moved) -> None:
        task = self._core.known().get(moved.key)
        name, gone = (task.spec.options.name, not task.in_file) if task else (None, True)
        self._is_due(number, (moved.key.digest, name), gone)
        with contextlib.suppress(OSError):  # a full disk: it is tried again
            self._write_down()
        self._due.set()

    def _is_due(self, number: int | str, identity: Identity, gone: bool = False) -> None:
        names = self._names().get(identity[0], ())
        self._unwritten.append(partial(self._journal.due, self._run, number, identity, names, gone))

    def _write_down(self) -> None:
        """Raises OSError."""
        while self._unwritten:
            self._unwritten[0]()
            del self._unwritten[0]

    def _names(self) -> Mapping[str, Collection[str | None]]:
        """Of the rows in the file, by their tasks' digests."""
        if self._known is None:
            self._known = defaultdict(set)
            for key, task in self._core.known().items():
                if task.in_file:
                    self._known[key.digest].add(task.spec.options.name)
        return self._known

    def _find_unnoted(self) -> None:
        """What was completed by a scheduler that died before the journal had it."""
        done = {task.key: task for task in self._core.known().values() if isinstance(task.state, Completed)}
        # By digest: a row may have another name now.
        missing = Counter(key.digest for key in done) - self._journal.noted(self._run)
        names = {key.digest: task.spec.options.name for key, task in done.items()}
        for digest, number in missing.items():
            for each in range(number):
                self._is_due(f"{digest}-{each}", (digest, names[digest]))

    async def run(self) -> None:
        """Until cancelled."""
        self._find_unnoted()
        while True:
            seen = signature(self._path)
            try:
                await self._settle()
            except Exception as error:  # a bug about one file is no reason to end what runs
                log.exception("runs can't be counted in %s", self._path)
                self._problem = problem("not_counted", file=str(self._path), error=repr(error))
                await asyncio.sleep(LONGEST_WAIT)
                self._due.set()
            await asyncio.sleep(SHARE * self._took)
            await self._sleep(seen)

    async def _sleep(self, seen: Signature | None) -> None:
        """Until something is due; or while a row is not there, until the file is another one."""
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._due.wait(), LOOK_SECONDS if self._lost else None)
            if self._due.is_set() or signature(self._path) != seen:
                self._due.clear()
                return

    async def finish(self) -> None:
        """The last ones. What can't be counted now, the next start on the table counts."""
        try:
            await self._settle(LAST_SECONDS)
        except LATER as error:
            left = counted(len(self._journal.pending()), "run")
            log.warning("%s could not be counted yet, the next start does it: %s", left, error)

    async def _settle(self, seconds: float | None = None) -> None:
        """For so many seconds, the last time; None: until it can be done."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(LATER),
            wait=wait_exponential(multiplier=0.2, max=LONGEST_WAIT),
            stop=stop_never if seconds is None else stop_after_delay(seconds),
            before_sleep=self._say,
            reraise=True,
        )
        settled: Settled = await retrying(self._try, seconds is not None)
        self._lost, self._problem = settled.lost, None
        if settled.again:
            log.warning(
                "somebody has saved a copy of %s that was older than its counts: %s counted again (to have a "
                "row run again, raise its need_run_num)",
                *(self._path, counted(settled.again, "run")),
            )
        for due in self._lost if seconds is not None else ():
            log.warning("row %s is not in the table any more: its run is not counted", due.identity[1])

    async def _try(self, last: bool) -> Settled:
        self._write_down()
        began = time.monotonic()
        settled = await asyncio.to_thread(self._counts.settle, last)
        self._took = time.monotonic() - began
        return settled

    def _say(self, tried: RetryCallState) -> None:
        if (tried.seconds_since_start or 0.0) < SHOWN_SECONDS:
            return
        error = tried.outcome.exception() if tried.outcome else None
        self._problem = problem("not_counted", file=str(self._path), error=str(error))
