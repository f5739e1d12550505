"""Distributions as bins, for small charts."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, Field

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
SECONDS = (
    *(0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE),
    *(30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY),
)
LEAST = 6
"""Bins of a histogram, so that it shows where little stands: of one alone nothing can be read."""

PERCENT = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)


class Bin(BaseModel):
    low: float = Field(description="and no less")
    high: float | None = Field(description="less than this; null: whatever")
    count: int


class Spread(BaseModel):
    count: int
    median: float | None
    bins: list[Bin] = Field(description="from the first to the last that holds something, and six at least")


def histogram(values: Iterable[float], edges: Sequence[float]) -> Spread:
    """Values below the first edge count as that."""
    ordered = sorted(values)
    counts = Counter(max(0, bisect_right(edges, value) - 1) for value in ordered)
    highs = [*edges[1:], None]
    first = min(*counts, len(edges) - LEAST) if counts else 0
    end = max(*counts, first + LEAST - 1) + 1 if counts else 0
    bins = [Bin(low=edges[at], high=highs[at], count=counts[at]) for at in range(first, end)]
    return Spread(count=len(ordered), median=_median(ordered), bins=bins)


def _median(ordered: Sequence[float]) -> float | None:
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
