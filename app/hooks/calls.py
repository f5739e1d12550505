"""Calls to the functions of a hooks file, each with a time limit; one that hangs holds the others up for a
moment alone."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.hooks.child import Answer, Child, HookFailed

MOST_CHILDREN = 8

PATIENCE = 1.0
"""Seconds in which no child gets free, before a call that waits is given one more: most calls take no time,
and a child may have to load torch."""


class Built(NamedTuple):
    """What build_command answered."""

    command: str
    shown: str  #: as its user wrote it, where more was put around it
    printed: str


class Hooks:
    """The functions of one file, for one event loop. One child stays warm; more come while it is busy."""

    def __init__(self, path: Path, names: frozenset[str], folder: str, limit: float) -> None:
        """`names`: what it defines; `folder`: where it runs; `limit`: seconds for a call."""
        self.names, self.limit = names, limit
        self._path, self._folder = path, folder
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._waiting = 0  #: calls, for a child
        self._freed: asyncio.Future[None] | None = None

    async def build(self, row: Mapping[str, str], gpu_ids: Sequence[str], best: Sequence[str]) -> Built:
        """The command of a row on its cards; `best`: all that may be used, best first. Raises HookFailed."""
        first = _number(gpu_ids[0]) if gpu_ids else None
        order = [*gpu_ids, *(each for each in best if each not in gpu_ids)]
        request = {"row": dict(row), "gpu_id": first, "sorted_gpu_ids": list(map(_number, order))}
        answer = await self._ask({"call": "build", **request})
        return Built(**answer.value, printed=answer.printed)

    async def order(self, cards: Sequence[Mapping[str, Any]]) -> list[int] | None:
        """Places of these cards, the best first; None: the file has no comparator. Raises HookFailed."""
        places: list[int] | None = (await self._ask({"call": "order", "cards": list(cards)})).value
        if places is not None and sorted(places) != list(range(len(cards))):
            raise HookFailed("compare_gpus gave no order")
        return places

    async def close(self) -> None:
        for child in (*self._idle, *self._busy):
            await child.close()
        self._idle.clear()

    async def _ask(self, request: Mapping[str, Any]) -> Answer:
        self._waiting += 1
        try:
            child = await self._child()
        finally:
            self._waiting -= 1
        self._busy.add(child)
        try:
            return await child.ask(request, self.limit)
        finally:
            await self._give_back(child)

    async def _child(self) -> Child:
        """One that is free, or will be; one more where all are at work for long, or its file was saved."""
        patient = True
        while not self._idle:
            more = not patient and len(self._busy) < MOST_CHILDREN and all(each.loaded for each in self._busy)
            if more or not self._busy:
                return Child(self._path, self._folder)
            self._freed = self._freed or asyncio.get_running_loop().create_future()
            freed, _ = await asyncio.wait({self._freed}, timeout=PATIENCE)
            patient = bool(freed)
        child = self._idle.pop()
        if not child.old:
            return child
        await child.close()
        return Child(self._path, self._folder)

    async def _give_back(self, child: Child) -> None:
        self._busy.discard(child)
        spare = len(self._idle) > self._waiting
        if child.alive and not spare:
            self._idle.append(child)
        if self._freed:
            self._freed.set_result(None)
            self._freed = None
        if spare:
            await child.close()


def _number(index: str) -> int | str:
    """FlowLine's ids are numbers; a MIG device has none."""
    return int(index) if index.isdecimal() else index
