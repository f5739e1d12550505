"""History from asyncio: one thread owns the connection, the loop hands it records and goes on."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from app.model.records import Record
from app.store.schema import HistoryError, NewerHistory
from app.store.write import Writer

__all__ = ["History", "HistoryError", "NewerHistory", "Record"]

T = TypeVar("T")


class History:
    """history.db, for one scheduler. Commits are made in the order they were asked for."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="history", daemon=True)
        self._writer: Writer
        self.run_id: int | None = None  #: the run that records belong to, since RunStarted or RunResumed

    @classmethod
    async def open(cls, path: Path) -> "History":
        """Raises HistoryError, NewerHistory."""
        history = cls()
        history._thread.start()
        try:
            history._writer = await history._call(lambda: Writer(path))
        except BaseException:
            history._jobs.put(None)
            raise
        return history

    async def commit(self, records: Sequence[Record]) -> None:
        """Write all of them in one transaction, or none. Returns when they are committed: a kill can't take
        them any more. Raises HistoryError when that can't be done now (disk full, locked for too long)."""
        self.run_id = await self._call(lambda: self._writer.write(records))

    async def close(self) -> None:
        """After everything that was asked for."""
        await self._call(lambda: self._writer.close())
        self._jobs.put(None)
        self._thread.join()

    async def _call(self, work: Callable[[], T]) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((work, future))
        return await future

    def _serve(self) -> None:
        """The thread. Not an executor: that costs twice as much of the loop's time per commit."""
        while (job := self._jobs.get()) is not None:
            work, future = job
            result: Any = None
            error: BaseException | None = None
            try:
                result = work()
            except BaseException as raised:
                error = raised
            with suppress(RuntimeError):  # the loop has been closed: nobody waits for an answer
                future.get_loop().call_soon_threadsafe(_settle, future, result, error)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():  # who waited was cancelled
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
