"""Which task of an edited file is which of the old one."""

import itertools
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.align import OldTask, align
from app.model.task import TaskKey, TaskSpec

DONE, PENDING, RUNNING = "done", "pending", "running"


def block(text: str) -> TaskSpec:
    """ "A" is a block of queue 1, "A2" the same block in queue 2."""
    return TaskSpec(int(text[1:] or "1"), f"echo {text[0]}", 1, 20.0)


def plan(text: str) -> list[OldTask]:
    """ "A:done A2:running B" as the first start of that file made it."""
    words = [word.partition(":") for word in text.split()]
    specs = [block(name) for name, _, _ in words]
    keys = align((), specs)
    return [
        OldTask(key, spec.queue_id, status == DONE, status == RUNNING)
        for key, spec, (_, _, status) in zip(keys, specs, words, strict=True)
    ]


def edited(old: Sequence[OldTask], text: str, used: Sequence[TaskKey] = ()) -> list[int | None]:
    """For each block of the new file the position of its task in the old one; None: a new task."""
    places = {task.key: at for at, task in enumerate(old)}
    return [places.get(key) for key in align(old, [block(name) for name in text.split()], used)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("A B A", "A B A", [0, 1, 2]),
        ("A:done A", "A", [1]),  # one of two twins went: the finished one
        ("A:done A:running A", "A A", [1, 2]),
        ("A:done A:running A", "A", [1]),
        ("A:done A", "A A A", [0, 1, None]),
        ("A:done B A", "A B", [0, 1]),  # the pending A itself was deleted
        ("A:done B A", "B A", [1, 2]),
        ("A:running B A", "B A", [1, 0]),  # whatever happens, it is not run a second time
        ("A:done C:running A:running", "A C", [2, 1]),  # two run since one was moved here
        ("A B C", "C A B", [2, 0, 1]),  # moved within its queue
        ("A:done A2", "A", [0]),  # the pending twin of another queue was deleted
        ("A2:done A3", "A", [1]),  # moved to another queue, one of them deleted
        ("A A2", "A2 A", [1, 0]),
        ("A B", "A2 B2", [0, 1]),  # renumbered
        ("A:done", "B", [None]),
        ("", "A A", [None, None]),
    ],
)
def test_edits(old: str, new: str, expected: list[int | None]) -> None:
    assert edited(plan(old), new) == expected


def test_a_new_twin_gets_the_smallest_number_that_was_never_used() -> None:
    digest = block("A").digest()
    old = [OldTask(TaskKey(digest, 0), 1, True, False), OldTask(TaskKey(digest, 3), 1, False, False)]
    used = [TaskKey(digest, number) for number in (0, 1, 3)]  # 1 was deleted some edits ago

    keys = align(old, [block("A")] * 5, used)

    assert [key.occurrence for key in keys] == [0, 3, 2, 4, 5]


STATES = (DONE, PENDING, RUNNING)


def test_one_block_deleted_or_added_loses_no_task_that_is_still_there() -> None:
    """All files of up to 4 blocks of 2 kinds (3 in 2 queues), in all states, under every single edit."""
    for length, names in (
        (1, "AB"),
        (2, "AB"),
        (3, "AB"),
        (4, "AB"),
        (2, ("A", "B", "A2")),
        (3, ("A", "B", "A2")),
    ):
        for blocks in itertools.product(names, repeat=length):
            keys = align((), [block(name) for name in blocks])
            for states in itertools.product(STATES, repeat=length):
                old = [
                    OldTask(key, block(name).queue_id, state == DONE, state == RUNNING)
                    for key, name, state in zip(keys, blocks, states, strict=True)
                ]
                for at in range(length):
                    _assert_kept(old, blocks, old[:at] + old[at + 1 :], blocks[:at] + blocks[at + 1 :])
                for at, name in itertools.product(range(length + 1), names):
                    _assert_kept(old, blocks, old, (*blocks[:at], name, *blocks[at:]))


def _assert_kept(
    old: list[OldTask], before: tuple[str, ...], staying: list[OldTask], after: tuple[str, ...]
) -> None:
    """No fewer unfinished and running tasks than among the blocks that stayed, for each kind of block."""
    kept = set(align(old, [block(name) for name in after]))

    def count(tasks: Sequence[OldTask], running: bool) -> Counter[tuple[str, int]]:
        return Counter(
            (task.key.digest, task.queue_id)
            for task in tasks
            if (task.started if running else not task.finished)
        )

    survivors = [task for task in old if task.key in kept]
    for running in (False, True):
        lost = count(staying, running) - count(survivors, running)
        assert not lost, f"{before} -> {after} loses {lost}"


names = st.sampled_from(["A", "B", "C", "A2", "B2"])
words = st.tuples(names, st.sampled_from(STATES)).map(":".join)


@given(st.lists(words, max_size=12), st.lists(names, max_size=12))
def test_keys_are_distinct_and_no_matching_task_is_left_over(
    old_words: list[str], new_names: list[str]
) -> None:
    old, new = plan(" ".join(old_words)), [block(name) for name in new_names]

    keys = align(old, new)

    assert len(set(keys)) == len(new)
    assert [key.digest for key in keys] == [spec.digest() for spec in new]
    for digest, wanted in Counter(spec.digest() for spec in new).items():
        there = [task for task in old if task.key.digest == digest]
        assert len([task for task in there if task.key in keys]) == min(len(there), wanted)


@given(st.lists(words, max_size=12), st.lists(names, max_size=12))
def test_a_running_task_whose_block_is_there_keeps_its_key(
    old_words: list[str], new_names: list[str]
) -> None:
    old, new = plan(" ".join(old_words)), [block(name) for name in new_names]
    running = Counter((task.key.digest, task.queue_id) for task in old if task.started)
    blocks = Counter((spec.digest(), spec.queue_id) for spec in new)

    keys = set(align(old, new))

    kept = Counter((task.key.digest, task.queue_id) for task in old if task.started and task.key in keys)
    assert all(kept[place] >= min(count, blocks[place]) for place, count in running.items())


@given(st.lists(words, max_size=12))
def test_an_unchanged_file_keeps_every_key(old_words: list[str]) -> None:
    old = plan(" ".join(old_words))
    assert align(old, [block(word.partition(":")[0]) for word in old_words]) == tuple(
        task.key for task in old
    )


@pytest.mark.parametrize("kinds", [1, 300, 100_000])
def test_a_hundred_thousand_tasks_are_not_quadratic(kinds: int) -> None:
    """0.5 s here; if it were quadratic, the suite's time limit would end it."""
    specs = [TaskSpec(1, f"echo {at % kinds}", 1, 20.0) for at in range(100_000)]
    old = [OldTask(key, 1, at < 50_000, at == 50_000) for at, key in enumerate(align((), specs))]

    keys = align(old, specs[:70_000] + specs[70_001:])

    assert old[50_000].key in keys
    assert len(keys) == 99_999
