"""Who waits, by the cards it is for and by queue, and how long; of schedulers that are gone, too."""

import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from app.model.paths import Home
from app.model.state_file import StateFile
from app.store.states import list_states
from app.store.waits import Started, Unfinished, started, unfinished

QUEUED = ("pending", "waiting", "backoff")


@dataclass(frozen=True, slots=True)
class Schedulers:
    """Whose tasks they are: nobody starts those of one that is gone, and so they wait for nothing."""

    living: frozenset[str]  #: the names of their runs
    left: dict[str, StateFile]  #: by the names of theirs, what others have left
    now: float  #: wall time

    def runs(self, one: Unfinished) -> bool:
        return one.run in self.living

    def waits(self, one: Unfinished) -> float | None:
        """Seconds; None: it does not."""
        return self.now - one.since if one.status in QUEUED and self.runs(one) else None


@dataclass(slots=True)
class Group:
    """Tasks that wait for the same cards in the same queue."""

    tasks: list[Unfinished] = field(default_factory=list)
    started: int = 0
    waited: float = 0.0  #: seconds, all that started together

    def number(self, *statuses: str) -> int:
        return sum(one.status in statuses for one in self.tasks)

    def longest(self, schedulers: Schedulers) -> float | None:
        waits = map(schedulers.waits, self.tasks)
        return max((each for each in waits if each is not None), default=None)

    @property
    def mean(self) -> float | None:
        return self.waited / self.started if self.started else None


def read(home: Home) -> tuple[list[Unfinished], list[Started], Schedulers]:
    """Raises HistoryError."""
    return unfinished(home.history, os.getuid()), started(home.history, os.getuid()), _schedulers(home)


def _schedulers(home: Home) -> Schedulers:
    """One of another host can't be judged from here, and counts as living."""
    states = [(one.alive, one.state) for one in list_states(home) if isinstance(one.state, StateFile)]
    living = frozenset(state.run for alive, state in states if alive is not False)
    return Schedulers(living, {state.run: state for alive, state in states if alive is False}, time.time())


Groups = dict[tuple[str, str, int], Group]
"""By cards, command file and queue."""


def grouped(waiting: list[Unfinished], begun: list[Started]) -> Groups:
    groups: Groups = defaultdict(Group)
    for one in waiting:
        groups[one.group, one.command_file, one.queue_id].tasks.append(one)
    for each in begun:
        which = each.group, each.command_file, each.queue_id
        if which in groups:
            groups[which].started += each.count
            groups[which].waited += each.waited
    return dict(sorted(groups.items()))


def as_json(waiting: list[Unfinished], groups: Groups, schedulers: Schedulers) -> dict[str, Any]:
    by_cards: dict[str, dict[str, Any]] = {}
    for (cards, file, number), group in groups.items():
        found = by_cards.setdefault(
            cards, {"count": 0, "held": 0, "running": 0, "queues": [], "experiments": []}
        )
        found["count"] += group.number(*QUEUED)
        found["held"] += group.number("held")
        found["running"] += group.number("running")
        found["queues"].append(
            {
                "file": file,
                "queue": number,
                "count": group.number(*QUEUED),
                "longest_wait": group.longest(schedulers),
                "mean_wait": group.mean,
                "started": group.started,
            }
        )
    for one in waiting:
        if one.status != "running":
            by_cards[one.group]["experiments"].append(
                {
                    "id": one.id,
                    "task": f"{one.queue_id}/{one.index}",
                    "file": one.command_file,
                    "name": one.name,
                    "status": one.status,
                    "created": one.created,
                    "waits": schedulers.waits(one),
                    "scheduler_runs": schedulers.runs(one),
                }
            )
    return {"queued": sum(found["count"] for found in by_cards.values()), "device_groups": by_cards}
