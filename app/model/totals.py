"""What a scheduler has counted since it started: attempts, waits, decisions. Times are seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

WAITS = (1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
DECISIONS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)

Outcome = Literal[
    "completed",
    "exit",
    "signal",
    "out_of_memory",
    "timeout",
    "killed",
    "stopped",
    "lost",
    "not_launched",
]
"""How an attempt ended: well, or the kind of its cause."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many were how long."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]  #: up to each bound and above the one before, then above the last
    total: float = 0.0  #: of all of them


def none_yet(bounds: tuple[float, ...]) -> Histogram:
    return Histogram(bounds, (0,) * (len(bounds) + 1))


@dataclass(frozen=True, slots=True)
class Totals:
    """Since a scheduler started."""

    attempts: Mapping[Outcome, int] = field(default_factory=dict)  #: that have ended
    #: of tasks at the head of their queues, until they got their GPUs
    waits: Histogram = field(default_factory=lambda: none_yet(WAITS))
    #: looking at the machine, placing, taking leases
    decisions: Histogram = field(default_factory=lambda: none_yet(DECISIONS))
