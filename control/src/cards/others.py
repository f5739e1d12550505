"""When what is no task has had memory of a card, from what was sampled of it."""

from collections.abc import Iterable, Iterator
from typing import Any

from control.src.database import Database

LEAST_GB = 0.5
"""What the driver itself keeps is nobody's."""

GAP = 2.5
"""Times what a sample stands for, after which the next one belongs to another bar."""

MOST = 200_000
SAMPLES = f"""SELECT uuid, at, span, {{0}} FROM samples
    WHERE at >= ? AND at < ? AND {{0}} >= ? ORDER BY uuid, at LIMIT {MOST}"""
WHOSE = (("others_gb", False), ("stray_gb", True))
"""Columns, and whether what they count is this user's own."""

Raw = dict[str, Any]


def bars(database: Database, since: float, until: float, most: int) -> list[Raw]:
    """The longest of them, by their begin. Raises DatabaseError."""
    found = [
        {**bar, "own": own}
        for column, own in WHOSE
        for bar in joined(database.rows(SAMPLES.format(column), (since, until, LEAST_GB)))
    ]
    if len(found) > most:
        found = sorted(found, key=lambda bar: bar["start"] - bar["end"])[:most]
    return sorted(found, key=lambda bar: (bar["start"], bar["uuid"], bar["own"]))


def joined(samples: Iterable[tuple[str, float, float, float]]) -> Iterator[Raw]:
    """Bars of samples (uuid, at, span, GB) that follow one another. Of one card after the other."""
    bar: Raw | None = None
    for uuid, at, span, gb in samples:
        if bar is None or bar["uuid"] != uuid or at > bar["end"] - span + GAP * span:
            if bar:
                yield bar
            bar = {"uuid": uuid, "start": at, "end": at, "gb": 0.0}
        bar["end"], bar["gb"] = at + span, max(bar["gb"], gb)
    if bar:
        yield bar
