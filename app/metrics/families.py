"""Prometheus metrics of schedulers, from what their state files say: for one's own port, and for the console.

Base units (seconds, bytes, ratios), and `_total` for what only grows; it begins anew with each scheduler.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from app.model.state import STATUSES, Waiting
from app.model.state_file import Card, StateFile
from app.model.totals import Histogram, Outcome

BYTES = 2.0**30
"""Of a GB, which is 1,024 MiB here."""

OF_SCHEDULER = ("command_file", "mode")
OF_CARD = ("gpu", "uuid", "name")
OUTCOMES: tuple[Outcome, ...] = Outcome.__args__  # type: ignore[attr-defined]


def families(states: Iterable[StateFile]) -> Iterator[Metric]:
    """All metrics of these schedulers; a card that several show is taken from the newest."""
    states = tuple(states)
    yield from _schedulers(states)
    yield from _totals(states)
    yield from _cards(states)


def _schedulers(states: Sequence[StateFile]) -> Iterator[Metric]:
    tasks = GaugeMetricFamily("gpulane_tasks", "Tasks by state.", labels=(*OF_SCHEDULER, "state"))
    problems = GaugeMetricFamily(
        "gpulane_problems", "Problems there are now, by kind.", labels=(*OF_SCHEDULER, "kind")
    )
    longest = GaugeMetricFamily(
        "gpulane_longest_wait_seconds", "How long the longest waiting task has waited.", labels=OF_SCHEDULER
    )
    written = GaugeMetricFamily(
        "gpulane_state_timestamp_seconds", "When these figures were taken.", labels=OF_SCHEDULER
    )
    started = GaugeMetricFamily(
        "gpulane_start_timestamp_seconds", "When the scheduler started.", labels=OF_SCHEDULER
    )
    for state in states:
        who = _who(state)
        for status in STATUSES:
            tasks.add_metric((*who, status), state.counts.get(status, 0))
        for kind, number in Counter(problem.kind for problem in state.problems).items():
            problems.add_metric((*who, kind), number)
        longest.add_metric(who, _longest_wait(state))
        written.add_metric(who, state.updated_at)
        started.add_metric(who, state.started_at)
    yield from (tasks, problems, longest, written, started)


def _totals(states: Sequence[StateFile]) -> Iterator[Metric]:
    attempts = CounterMetricFamily(
        "gpulane_attempts", "Attempts that have ended, by how.", labels=(*OF_SCHEDULER, "outcome")
    )
    waits = HistogramMetricFamily(
        "gpulane_wait_seconds", "How long tasks waited until they got their GPUs.", labels=OF_SCHEDULER
    )
    decisions = HistogramMetricFamily(
        "gpulane_decision_seconds", "How long it took to give out GPUs, leases included.", labels=OF_SCHEDULER
    )
    for state in states:
        who = _who(state)
        for outcome in OUTCOMES:
            attempts.add_metric((*who, outcome), state.totals.attempts.get(outcome, 0))
        _add(waits, who, state.totals.waits)
        _add(decisions, who, state.totals.decisions)
    yield from (attempts, waits, decisions)


def _add(family: HistogramMetricFamily, who: Sequence[str], counted: Histogram) -> None:
    sums = [float(number) for number in accumulate(counted.counts)]
    bounds = (*map(str, counted.bounds), "+Inf")
    family.add_metric(who, list(zip(bounds, sums, strict=True)), counted.total)


def _cards(states: Sequence[StateFile]) -> Iterator[Metric]:
    cards: dict[str, Card] = {}
    ours = GaugeMetricFamily(
        "gpulane_gpu_memory_own_bytes",
        "GPU memory that a scheduler's tasks use.",
        labels=(*OF_SCHEDULER, *OF_CARD),
    )
    promised = GaugeMetricFamily(
        "gpulane_gpu_memory_promised_bytes", "GPU memory promised to them.", labels=(*OF_SCHEDULER, *OF_CARD)
    )
    for state in sorted(states, key=lambda each: each.updated_at):
        for card in state.gpus:
            cards[card.uuid] = card
            labels = (*_who(state), *_which(card))
            ours.add_metric(labels, card.own_used_gb * BYTES)
            promised.add_metric(labels, card.own_promised_gb * BYTES)
    yield from (ours, promised)
    for name, text, values in (
        ("memory_total_bytes", "GPU memory.", [(c, c.total_gb * BYTES) for c in cards.values()]),
        (
            "memory_free_bytes",
            "What one more task could get.",
            [(c, c.free_gb * BYTES) for c in cards.values()],
        ),
        (
            "memory_others_bytes",
            "Used by nobody's lease.",
            [(c, c.others_gb * BYTES) for c in cards.values()],
        ),
        ("utilization_ratio", "GPU use.", [(c, c.use / 100) for c in cards.values() if c.use is not None]),
        ("temperature_celsius", "GPU temperature.", [(c, c.temperature_c) for c in cards.values()]),
        ("power_watts", "GPU power.", [(c, c.power_w) for c in cards.values()]),
        (
            "usable",
            "1: well, turned on, and not set aside.",
            [(c, float(_usable(c))) for c in cards.values()],
        ),
    ):
        family = GaugeMetricFamily(f"gpulane_gpu_{name}", text, labels=OF_CARD)
        for card, value in values:
            if value is not None:
                family.add_metric(_which(card), value)
        yield family


def _who(state: StateFile) -> tuple[str, ...]:
    return state.command_file, state.mode


def _which(card: Card) -> tuple[str, ...]:
    return card.index, card.uuid, card.name


def _usable(card: Card) -> bool:
    return card.health == "ok" and card.off_since is None and card.aside is None


def _longest_wait(state: StateFile) -> float:
    since = [t.state.since for q in state.queues for t in q.tasks if isinstance(t.state, Waiting)]
    return max(0.0, state.updated_at - min(since)) if since else 0.0
