"""What attempts leave running when their main process has ended: ended, spared and named, or waited for."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from app import procfs
from app.execution import trees
from app.execution.attempt import outlive
from app.execution.strays import left_behind
from app.execution.trees import Marks, Process
from app.local.surely import surely
from app.model.problems import Problem, named, problem

log = logging.getLogger("gpulane")

POLL_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class Lingering:
    """An attempt whose processes may not or can't be ended; its leases stay until they are gone."""

    marks: Marks
    leases: tuple[str, ...]
    left: Sequence[Process]


class Leftovers:
    """Ends them, and gives leases back when they are gone."""

    def __init__(
        self,
        end_them: bool,
        release: Callable[[Collection[str]], None],
        vouch: Callable[[Collection[str]], None],
        swept: Callable[[int], None],
    ) -> None:
        """`end_them`: the setting `kill_leftovers`; `release`, `vouch`: of leases, see LeaseStore; `swept` is
        told of each attempt that was looked after."""
        self.end_them, self._release, self._vouch, self._swept = end_them, release, vouch, swept
        self.freed: Callable[[], None] = lambda: None  #: called when a card is free after its attempt's end
        self._unswept: dict[int, Marks] = {}  #: by attempt
        self._lingering: dict[Lingering, asyncio.Task[None]] = {}
        self._spared: list[Process] = []

    async def close(self) -> None:
        """One last sweep, as far as that can be made now; what lingers is left with its leases."""
        try:
            await self.sweep()
        except OSError as error:
            log.warning("it was not looked for what attempts have left: %s", error)
        for watch in self._lingering.values():
            watch.cancel()

    def sweep_later(self, number: int, marks: Marks) -> None:
        """Its cards went on at once; look for strays of it when there is time."""
        if self.end_them:
            self._unswept[number] = marks
        else:
            self._swept(number)

    async def end(
        self,
        marks: Marks,
        leases: tuple[str, ...],
        patience: float,
        forced: bool,
        asked: Collection[Process] = (),
    ) -> None:
        """Give them `patience` seconds, end what is left (always if `forced`), release the leases. `asked`:
        processes that know already that they shall end."""
        if self.end_them or forced:
            known = await _ask(marks, patience, set(asked))
            killed = await asyncio.to_thread(trees.kill_tree, marks, not forced, known)
            if killed.ended and not forced:
                log.info(
                    "ended what an attempt has left running: %s; its log: %s",
                    _named(killed.ended),
                    marks.log_path,
                )
            self._spared += killed.spared
            left: Sequence[Process] = killed.survived
        else:
            left = await asyncio.to_thread(trees.find, marks, asked)
        if left:
            lingering = Lingering(marks, leases, left)
            self._lingering[lingering] = asyncio.create_task(self._outlive(lingering))
            self._vouch(leases)  # it keeps its cards, whether or not it has kept the locks
        else:
            self._release(leases)

    async def sweep(self) -> None:
        """One look for strays of ended attempts, and one at what was spared.

        Raises OSError, and what a watch of those that linger has failed with.
        """
        for watch in self._lingering.values():
            if watch.done():
                watch.result()
        if looked := dict(self._unswept):
            found = {marks.log_path for marks in await asyncio.to_thread(left_behind, list(looked.values()))}
            for number, marks in looked.items():  # one after the other: this may be cancelled
                if marks.log_path in found:
                    await self.end(marks, (), 0.0, forced=False)
                self._swept(number)
                del self._unswept[number]
        self._spared = [each for each in self._spared if procfs.start_time(each.pid) == each.start]

    def keepers(self) -> dict[str, tuple[str, ...]]:
        """Leases that outlast their attempts, and the processes that keep them."""
        return {name: _names(each.left) for each in self._lingering for name in each.leases}

    def problems(self) -> list[Problem]:
        """Of undying and of spared processes."""
        told = [
            problem("leftovers", log=each.marks.log_path, processes=_named(each.left))
            for each in self._lingering
            if self.end_them
        ]
        if self._spared:
            told.append(problem("spared", processes=_named(self._spared)))
        return told

    async def _outlive(self, lingering: Lingering) -> None:
        """Until nothing of it is left; then its cards are free."""
        while lingering.left:
            found = await surely("waiting for what an attempt has left", lambda: _next(lingering))
            lingering.left = [each for each in found if each not in self._spared]
        del self._lingering[lingering]
        self._release(lingering.leases)
        self.freed()


async def _next(lingering: Lingering) -> Sequence[Process]:
    """What is left when the first of those that are left has gone."""
    first = lingering.left[0]
    await outlive(first.pid, first.start)
    return await asyncio.to_thread(trees.find, lingering.marks, lingering.left)


async def _ask(marks: Marks, patience: float, asked: set[Process]) -> set[Process]:
    """Ask them to end, and give them so many seconds; all that were ever found to be its own. Not in one
    thread all the while: there are few."""
    deadline = time.monotonic() + patience
    left = await asyncio.to_thread(trees.ask_tree, marks, asked) if patience else []
    while left and time.monotonic() < deadline:
        await asyncio.sleep(POLL_SECONDS)
        left = await asyncio.to_thread(trees.find, marks, asked)
    return asked


def _named(processes: Sequence[Process]) -> str:
    return named(_names(processes))


def _names(processes: Sequence[Process]) -> tuple[str, ...]:
    return tuple(f"{each.command} (pid {each.pid})" for each in processes)
