"""What attempts leave running when their main process has ended: ended, spared and named, or waited for."""

import asyncio
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from app.execution import trees
from app.execution.strays import left_behind
from app.execution.trees import Marks
from app.model.faults import Problem

POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Lingering:
    """An attempt whose processes may not or can't be ended; its leases stay until they are gone."""

    marks: Marks
    leases: tuple[str, ...]
    problem: Problem | None


class Leftovers:
    """Ends them, and gives leases back when they are gone."""

    def __init__(self, end_them: bool, release: Callable[[Collection[str]], None]) -> None:
        """`end_them`: the setting `kill_leftovers`."""
        self._end_them, self._release = end_them, release
        self._unswept: list[Marks] = []
        self._lingering: list[Lingering] = []
        self.problems: dict[str, Problem] = {}  #: by log path, of spared and undying processes

    def sweep_later(self, marks: Marks) -> None:
        """Its cards went on at once; look for strays of it when there is time."""
        if self._end_them:
            self._unswept.append(marks)

    async def end(self, marks: Marks, leases: tuple[str, ...], patience: float, forced: bool) -> None:
        """Give them `patience` seconds, end what is left (always if `forced`), release the leases."""
        if self._end_them or forced:
            left = await asyncio.to_thread(self._end_now, marks, patience, forced)
        else:
            left = tuple(await asyncio.to_thread(trees.find, marks))
        if not left:
            self._release(leases)
            return
        names = ", ".join(f"{process.command} (pid {process.pid})" for process in left[:5])
        text = f"{names}, left running by an attempt, keeps its card: {marks.log_path}"
        problem = Problem("leftovers", text) if self._end_them else None
        self._lingering.append(Lingering(marks, leases, problem))

    async def sweep(self) -> None:
        """One look for strays of ended attempts, and one at what lingers."""
        unswept = list(self._unswept)
        if unswept:
            for marks in await asyncio.to_thread(left_behind, unswept):
                await self.end(marks, (), 0.0, forced=False)
            del self._unswept[: len(unswept)]  # only now: a look that is cancelled is made again
        for each in list(self._lingering):
            if not await asyncio.to_thread(trees.find, each.marks):
                self._lingering.remove(each)
                self._release(each.leases)

    def all_problems(self) -> list[Problem]:
        return [*self.problems.values(), *(each.problem for each in self._lingering if each.problem)]

    def _end_now(self, marks: Marks, patience: float, forced: bool) -> tuple[trees.Process, ...]:
        """In a thread. What survives even this."""
        if patience:
            trees.signal_tree(marks, signal.SIGTERM)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline and trees.find(marks):
                time.sleep(POLL_SECONDS)
        killed = trees.kill_tree(marks, spare_servers=not forced)
        if killed.spared:
            names = ", ".join(f"{each.command} (pid {each.pid})" for each in killed.spared[:5])
            text = f"left running by a task and spared: {names}; end it yourself when it is not needed"
            self.problems[marks.log_path] = Problem("spared", text)
        return killed.survived
