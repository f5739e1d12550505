"""A user's hold outlasts what becomes of its block: an edit that makes it another task, and one that takes it
out of the file until another puts it back. The file's own word and the fuse's do not."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from app.model.state import FUSE
from app.model.task import Planned, TaskKey


class Stood(NamedTuple):
    """A task of the plan so far."""

    key: TaskKey
    queue_id: int
    done: bool  #: for good
    held_by: str | None


def by_user(held_by: str | None) -> bool:
    """Is it somebody, rather than the file or the fuse, who wants it held?"""
    return held_by not in (None, "file", FUSE)


def inherited(old: Sequence[Stood], new: Sequence[Planned], added: Collection[TaskKey]) -> dict[TaskKey, str]:
    """Who holds tasks that are new in the file, having held those in whose places these have come.

    Between two that stayed in their queue, as many new ones as there were others to run are those, edited.
    `old`: in the order of its file; `added`: which of `new` were never there before.
    """
    before = {one.key: one for one in old}
    stayed = {one.key for one in new if one.key in before and before[one.key].queue_id == one.spec.queue_id}
    gone = before.keys() - {one.key for one in new} - {one.key for one in old if one.done}
    left = _gaps([(one.queue_id, one.key) for one in old], stayed, gone)
    come = _gaps([(one.spec.queue_id, one.key) for one in new], stayed, added)
    return {
        key: holder
        for place, keys in come.items()
        if len(keys) == len(left.get(place, ()))
        for key, its in zip(keys, left[place], strict=True)
        if (holder := before[its].held_by) and by_user(holder)
    }


Place = tuple[int, TaskKey | None]
"""In a queue, behind one that stayed, or at its front."""


def _gaps(
    tasks: Iterable[tuple[int, TaskKey]], stayed: Collection[TaskKey], among: Collection[TaskKey]
) -> dict[Place, list[TaskKey]]:
    """Those `among` the tasks, by what they stand behind."""
    gaps: defaultdict[Place, list[TaskKey]] = defaultdict(list)
    behind: dict[int, TaskKey] = {}
    for queue_id, key in tasks:
        if key in stayed:
            behind[queue_id] = key
        elif key in among:
            gaps[queue_id, behind.get(queue_id)].append(key)
    return gaps
