"""History from asyncio: one thread owns the connection, the loop hands it records and goes on."""

from collections.abc import Sequence
from pathlib import Path

from app.model.records import Record
from app.store.schema import HistoryError, NewerHistory
from app.store.write import Writer
from app.threads import OwnerThread

__all__ = ["History", "HistoryError", "NewerHistory", "Record"]


class History:
    """history.db, for one scheduler. Commits are made in the order they were asked for."""

    def __init__(self) -> None:
        self._thread = OwnerThread("history")
        self._writer: Writer

    @classmethod
    async def open(cls, path: Path) -> "History":
        """Raises HistoryError, NewerHistory."""
        history = cls()
        try:
            history._writer = await history._thread.call(lambda: Writer(path))
        except BaseException:
            history._thread.finish()
            raise
        return history

    async def commit(self, records: Sequence[Record]) -> None:
        """Write all of them in one transaction, or none. Returns when they are committed: a kill can't take
        them any more. Raises HistoryError when that can't be done now (disk full, locked for too long)."""
        await self._thread.call(lambda: self._writer.write(records))

    async def close(self) -> None:
        """After everything that was asked for."""
        await self._thread.call(self._writer.close)
        self._thread.finish()
