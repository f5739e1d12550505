"""History from the engine's side: records gathered, committed together, and kept when the disk is full."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from app import procfs
from app.core.events import Action, Launch
from app.model.backend import AttemptRecord, Running
from app.model.problems import Problem, problem
from app.model.records import AttemptEnded, AttemptLaunched, AttemptRecorded, HeldBy, Moved, Record
from app.store.schema import HistoryError


class Journal(Protocol):
    """Where records go. The real one is app.store.history.History."""

    async def commit(self, records: Sequence[Record]) -> None: ...


class Recorder:
    """Nothing is launched before it is recorded; what can't be recorded now is kept and tried again."""

    def __init__(self, journal: Journal, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._journal, self._sleep = journal, sleep
        self._waiting: list[Record] = []
        self._order = asyncio.Lock()
        self.problem: Problem | None = None

    def add(self, *records: Record) -> None:
        self._waiting += records

    async def flush(self) -> bool:
        """Commit what was added. False: it could not be, and `problem` says why."""
        async with self._order:  # two at once could commit the later records first
            return await self._flush()

    async def _flush(self) -> bool:
        batch, self._waiting = self._waiting, []
        if not batch:
            return self.problem is None
        try:
            await self._journal.commit(batch)
        except BaseException as error:
            self._waiting = batch + self._waiting
            if not isinstance(error, HistoryError):
                raise
            self.problem = problem("history", error=str(error))
            return False
        self.problem = None
        return True

    async def recover(self, given_up: Callable[[], bool] = lambda: False) -> None:
        """Commit what was added, if need be when the disk takes it again, or until nobody waits for it any
        more."""
        policy = AsyncRetrying(
            wait=wait_exponential(min=0.2, max=5),
            retry=retry_if_exception_type(HistoryError),
            sleep=self._sleep,
        )
        async for attempt in policy:
            with attempt:
                if not await self.flush() and self.problem is not None and not given_up():
                    raise HistoryError(self.problem.text)


def of_actions(actions: Sequence[Action], at: float) -> Iterator[Record]:
    """In their order: a task is waiting before its attempt is recorded, and running only after."""
    for action in actions:
        match action:
            case Moved() | HeldBy() | AttemptEnded():
                yield action
            case Launch():
                yield AttemptRecorded(_attempt(action, at))


def launched(running: Running) -> Record:
    return AttemptLaunched(running.number, running.pid, running.start, running.started_at)


def _attempt(launch: Launch, at: float) -> AttemptRecord:
    spec, grant = launch.spec, launch.grant
    return AttemptRecord(
        key=spec.key,
        number=spec.number,
        attempt=spec.attempt,
        gpu_ids=grant.gpu_ids,
        gpu_uuids=grant.gpu_uuids,
        leases=grant.leases,
        memory_gb=grant.memory_gb,
        log_path=spec.log_path,
        terminal=spec.terminal,
        session_name=spec.session_name,
        started_at=at,
        boot_id=procfs.boot_id(),
    )
