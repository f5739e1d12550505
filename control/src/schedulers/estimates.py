"""When tasks begin and end, as far as like ones before tell it."""

import re
import sqlite3
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.model.faults import GpulaneError
from app.model.paths import Home
from app.store.resume import look

LEAST = 3
MOST_LOOKED_AT = 5_000
KNOWN_SECONDS = 30.0
ALIKE = 2.0
"""How much longer than the shortest the longest may be."""

SLACK = 5.0  #: seconds

WELL = """SELECT digest, commands, gpus, ended_at - started_at FROM attempts
    JOIN tasks ON tasks.id = attempts.task_id
    WHERE attempts.status = 0 AND started_at IS NOT NULL ORDER BY attempts.id DESC LIMIT ?"""

Raw = dict[str, Any]
FINISHED = ("completed", "failed", "cancelled", "skipped")


class Estimates:
    """Of one home. `add` for one thread, `seconds` for any."""

    def __init__(self, home: Callable[[], Home]) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._known_until = 0.0
        self._seconds: Mapping[Any, float] = {}
        self._by_key: dict[str, float | None] = {}  #: of tasks asked for, until more is known

    def add(self, state: Raw, now: float | None = None) -> None:
        """To every task of a state."""
        self._learn()
        now = time.time() if now is None else now
        # Of what runs longer than usual nobody knows when it ends, nor what comes after it.
        free_at = sorted(each for each in self._ends(state) if each[0] > now)
        for queue in state["queues"]:
            at: float | None = None
            for task in queue["tasks"]:
                start, at = self._place(task, at, free_at)
                at = None if at is not None and at < now else at
                lasts = self._lasts(task)
                known = lasts is not None and task["state"]["status"] not in FINISHED
                task["estimate"] = {"start": start, "end": at} if known else None

    def seconds(self, digest: str, commands: str, gpus: int) -> float | None:
        """That such a task usually takes: by the very same script, else by one that differs in numbers."""
        self._learn()
        found = self._seconds.get(digest)
        return self._seconds.get((shape(commands), gpus)) if found is None else found

    def _lasts(self, task: Raw) -> float | None:
        key = task["key"]
        if key not in self._by_key:
            digest = key.rpartition("-")[0]
            self._by_key[key] = self.seconds(digest, task["commands"], task["gpu_count"])
        return self._by_key[key]

    def _place(
        self, task: Raw, before: float | None, free_at: list[tuple[float, int]]
    ) -> tuple[float | None, float | None]:
        """When it begins and ends; `before`: when the one before it in its queue ends."""
        state, lasts = task["state"], self._lasts(task)
        match state["status"]:
            case "running":
                start = state["since"]
            case "backoff":
                start = state["until"]
            case "waiting":
                start = None if state["stuck"] else _taken(state["gpus"] - state["ready"], free_at)
            case "pending":
                start = before
            case status if status in FINISHED:
                return None, before
            case _:
                return None, None
        return start, None if start is None or lasts is None else start + lasts

    def _ends(self, state: Raw) -> Iterable[tuple[float, int]]:
        """When which number of cards becomes free."""
        for queue in state["queues"]:
            for task in queue["tasks"]:
                lasts = self._lasts(task)
                if task["state"]["status"] == "running" and lasts is not None:
                    yield task["state"]["since"] + lasts, len(task["state"]["gpu_ids"])

    def _learn(self) -> None:
        with self._lock:
            self._learn_alone()

    def _learn_alone(self) -> None:
        if time.monotonic() < self._known_until:
            return
        self._known_until = time.monotonic() + KNOWN_SECONDS
        same: defaultdict[Any, list[float]] = defaultdict(list)
        like: defaultdict[Any, list[float]] = defaultdict(list)
        try:
            for digest, commands, gpus, seconds in look(self._home().history, _well) or ():
                same[digest].append(seconds)
                like[(shape(commands), gpus)].append(seconds)
        except GpulaneError:
            return  # history can't be read now; what was known still holds
        self._by_key = {}
        told = [*same.items(), *((alike, all_) for alike, all_ in like.items() if agree(all_))]
        self._seconds = {key: statistics.median(all_) for key, all_ in told if len(all_) >= LEAST}


def _well(history: sqlite3.Connection) -> list[Any]:
    return history.execute(WELL, (MOST_LOOKED_AT,)).fetchall()


def _taken(cards: int, free_at: list[tuple[float, int]]) -> float | None:
    """When so many cards have become free; the next one that waits does not get the same."""
    at = None
    while free_at and (cards > 0 or at is None):
        at, number = free_at.pop(0)
        if number > cards > 0:
            free_at.insert(0, (at, number - cards))
        cards -= number
    return at if cards <= 0 else None


def agree(seconds: Sequence[float]) -> bool:
    """Whether most of them are about as long: else the very numbers in which they differ make them long."""
    outliers = len(seconds) // 10
    ordered = sorted(seconds)[outliers : len(seconds) - outliers]
    return ordered[-1] <= ALIKE * ordered[0] + SLACK


def shape(commands: str) -> str:
    """The same for scripts that differ in numbers alone, as those of a sweep do."""
    return re.sub(r"\d+(\.\d+)?([eE][-+]?\d+)?", "0", commands)
