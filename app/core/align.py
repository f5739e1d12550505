"""Identity under edits: which task of a new version of a command file is which of the old one.

Two steps. Within each queue the two versions are aligned as sequences, as a diff would: as many blocks
as possible keep their order, and of several equally good alignments the one that keeps most unfinished
tasks is taken. So deleting one of several identical blocks never loses a pending task, and deleting a
pending block beside a finished twin does not run the twin again. What is left over (moved within its
queue, or to another one) is matched by digest alone, unfinished tasks first.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.model.task import TaskKey, TaskSpec


@dataclass(frozen=True, slots=True)
class OldTask:
    """A task of the old plan."""

    key: TaskKey
    queue_id: int
    finished: bool  #: completed or cancelled: nothing is lost when it goes
    started: bool  #: an attempt of it runs


RUNNING, MATCH, UNFINISHED = 1 << 42, 1 << 21, 1
"""Weights of a pair, each outweighing any number of the next: no running task is given up for tidiness."""

MOST_PAIRS = 300_000
"""Pairs of equal blocks in a queue up to which it is aligned as a sequence (about 1 us a pair). Beyond it
(600 identical blocks in a changed queue) its tasks are matched by digest alone."""


def align(
    old: Sequence[OldTask],
    new: Sequence[TaskSpec],
    used: Iterable[TaskKey] = (),
    departed: Iterable[TaskKey] = (),
) -> tuple[TaskKey, ...]:
    """One key for each task of the new version, all distinct.

    `old` is the plan so far in the order of its file; `used` is every key the run has ever given out, tasks
    that are gone included: a new task gets the smallest occurrence of its digest that was never used.
    `departed` are tasks that the old plan no longer had and that are remembered, as they are done or held by
    their user: an edit that is undone, or a file saved in two steps, brings them back as what they were.
    """
    digests = [spec.digest() for spec in new]
    pairs = dict(_by_sequence(old, new, digests))
    pairs.update(_by_digest(old, new, digests, pairs))
    keys = {at_new: old[at_old].key for at_old, at_new in pairs.items()}
    keys.update(_returned(departed, digests, keys))
    occurrences = _Occurrences((*used, *(task.key for task in old)))
    return tuple(keys.get(at) or occurrences.smallest_unused(digest) for at, digest in enumerate(digests))


def _returned(
    departed: Iterable[TaskKey], digests: Sequence[str], taken: Mapping[int, TaskKey]
) -> Iterator[tuple[int, TaskKey]]:
    """Keys of departed tasks for what is left over, by place in the new version."""
    there: dict[str, list[TaskKey]] = defaultdict(list)
    for key in sorted(departed, reverse=True):
        there[key.digest].append(key)
    for at, digest in enumerate(digests):
        if at not in taken and there.get(digest):
            yield at, there[digest].pop()


class _Occurrences:
    """Gives out occurrence numbers, each once."""

    def __init__(self, used: Iterable[TaskKey]) -> None:
        self._used = set(used)
        self._next: dict[str, int] = {}

    def smallest_unused(self, digest: str) -> TaskKey:
        key = TaskKey(digest, self._next.get(digest, 0))
        while key in self._used:
            key = TaskKey(digest, key.occurrence + 1)
        self._next[digest] = key.occurrence + 1
        return key


Pair = tuple[int, int]
"""Positions in the old and the new version."""


def _by_sequence(old: Sequence[OldTask], new: Sequence[TaskSpec], digests: Sequence[str]) -> Iterator[Pair]:
    """Pairs of tasks that kept their queue and, within it, their order."""
    new_queues = _grouped((spec.queue_id, at) for at, spec in enumerate(new))
    for queue_id, olds in _grouped((task.queue_id, at) for at, task in enumerate(old)).items():
        news = new_queues.get(queue_id, [])
        before, after = [old[at].key.digest for at in olds], [digests[at] for at in news]
        if before == after:
            yield from zip(olds, news, strict=True)
        elif _pairs(before, after) <= MOST_PAIRS:
            weights = [_weight(old[at]) for at in olds]
            pairs = {olds[i]: news[j] for i, j in _heaviest(before, after, weights)}
            yield from _running_first(old, olds, pairs).items()


def _running_first(old: Sequence[OldTask], olds: Sequence[int], pairs: dict[int, int]) -> dict[int, int]:
    """A running task that an order of its queue leaves out takes the place of a twin that does not run."""
    for at in olds:
        if old[at].started and at not in pairs:
            twins = [i for i in pairs if old[i].key.digest == old[at].key.digest and not old[i].started]
            if twins:
                pairs[at] = pairs.pop(min(twins, key=lambda i: _weight(old[i])))
    return pairs


def _pairs(before: Sequence[str], after: Sequence[str]) -> int:
    counts = Counter(after)
    return sum(counts[digest] for digest in before)


def _weight(task: OldTask) -> int:
    if task.finished:
        return MATCH
    return MATCH + UNFINISHED + (RUNNING if task.started else 0)


_Chain = tuple[int, int, "_Chain | None"]
"""A pair and the pair before it in an alignment."""


def _heaviest(before: Sequence[str], after: Sequence[str], weights: Sequence[int]) -> list[Pair]:
    """The heaviest common subsequence, after Jacobson and Vo (1992).

    `ends` are the new positions at which the best alignments so far end, `totals` their weights: both rise,
    so the best alignment that ends before a position is found by bisection.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for j in range(len(after) - 1, -1, -1):
        places[after[j]].append(j)  # backwards: an old task must not follow itself
    ends: list[int] = []
    totals: list[int] = []
    chains: list[_Chain] = []
    for i, digest in enumerate(before):
        for j in places.get(digest, ()):
            at = bisect_left(ends, j)
            total = weights[i] + (totals[at - 1] if at else 0)
            stop = at
            if at < len(ends) and ends[at] == j and totals[at] >= total:
                continue
            while stop < len(ends) and totals[stop] <= total:
                stop += 1
            chain = (i, j, chains[at - 1] if at else None)
            ends[at:stop], totals[at:stop], chains[at:stop] = [j], [total], [chain]
    return _unwound(chains[-1] if chains else None)


def _unwound(chain: _Chain | None) -> list[Pair]:
    pairs = []
    while chain:
        i, j, chain = chain
        pairs.append((i, j))
    return pairs


def _by_digest(
    old: Sequence[OldTask], new: Sequence[TaskSpec], digests: Sequence[str], matched: Mapping[int, int]
) -> Iterator[Pair]:
    """Pairs among what is left over: within the same queue first, then across queues."""
    taken = set(matched.values())
    olds = _grouped((old[at].key.digest, at) for at in range(len(old)) if at not in matched)
    news = _grouped((digests[at], at) for at in range(len(new)) if at not in taken)
    for digest in olds.keys() & news.keys():
        if len(olds[digest]) == len(news[digest]) == 1:  # the common case, at a third of the cost
            yield olds[digest][0], news[digest][0]
            continue
        here = _grouped((old[at].queue_id, at) for at in olds[digest])
        there = _grouped((new[at].queue_id, at) for at in news[digest])
        stayed = [
            pair for queue in here.keys() & there.keys() for pair in _first(old, here[queue], there[queue])
        ]
        yield from stayed
        gone, placed = {i for i, _ in stayed}, {j for _, j in stayed}
        yield from _first(
            old, [i for i in olds[digest] if i not in gone], [j for j in news[digest] if j not in placed]
        )


Name = TypeVar("Name", str, int)


def _grouped(items: Iterable[tuple[Name, int]]) -> dict[Name, list[int]]:
    groups: dict[Name, list[int]] = defaultdict(list)
    for name, at in items:
        groups[name].append(at)
    return groups


def _first(old: Sequence[OldTask], olds: Sequence[int], news: Sequence[int]) -> Iterator[Pair]:
    """As many pairs as there can be: running tasks first, then unfinished ones; their order is kept."""
    chosen = sorted(olds, key=lambda at: -_weight(old[at]))[: len(news)]
    return zip(sorted(chosen), news, strict=False)  # what is left of `news` is new
