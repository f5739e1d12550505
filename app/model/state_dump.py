"""Writing a state file: fast, and under 1 MB however many tasks there are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from app.model.problems import Problem
from app.model.state import Status, interest
from app.model.state_file import Card, MoreQueues, Queue, StateFile, Task, adapter

TEXT_LIMIT = 2_000  #: characters
SIZE_LIMIT = 1_000_000  #: bytes
QUEUES_IN_FULL = 300
TASKS_IN_FULL = 1_500  #: over all queues; a task is some 500 bytes
MOST_PROCESSES = 32  #: and leases, of a card
MOST_PROBLEMS = 50

_TASK: TypeAdapter[Task] = TypeAdapter(Task)
_QUEUE: TypeAdapter[Queue] = TypeAdapter(Queue)


def shown(total: int, head: int, queues: int) -> range:
    """Which tasks of a queue to show: the unfinished near its head and the last finished before it.

    `total` tasks, the first unfinished at place `head` (`total`: all finished), one queue of `queues`.
    """
    room = min(50, max(4, TASKS_IN_FULL // max(queues, 1)))
    first = max(0, min(head - room // 4, total - room))
    return range(first, min(total, first + room))


class Dumper:
    """Makes the bytes of a state file, again and again.

    A Queue or Task that is the very object of the last time is not serialised again: who builds a
    StateFile keeps those that have not changed, and so a change costs what changed.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Queue, dict[str, tuple[Task, bytes]], bytes]] = {}

    def dump(self, state: StateFile) -> bytes:
        """At most SIZE_LIMIT bytes. Queues that don't fit are counted in `more_queues`, the least
        interesting first; long texts are cut and named in `clipped`."""
        bare = replace(
            state, queues=(), gpus=tuple(map(_card, state.gpus)), problems=_problems(state.problems)
        )
        top = _json(adapter(), bare)
        parts, left_out = self._queues(state.queues, SIZE_LIMIT - len(top) - 1_000)
        if left_out:
            top = _json(adapter(), replace(bare, more_queues=_counted(state.more_queues, left_out)))
        return top.replace(b'"queues":[]', b'"queues":[' + b",".join(parts) + b"]", 1)

    def _queues(self, queues: tuple[Queue, ...], room: int) -> tuple[list[bytes], list[Queue]]:
        """The queues that fit into `room` bytes, in their order, and those that don't."""
        order = sorted(range(len(queues)), key=lambda at: interest(queues[at].status))[:QUEUES_IN_FULL]
        kept: dict[int, tuple[Queue, dict[str, tuple[Task, bytes]], bytes]] = {}
        full = {at: self._part(queues[at], kept) for at in order}
        self._kept = kept
        parts = full if sum(map(len, full.values())) + len(full) <= room else _squeezed(queues, full, room)
        return [parts[at] for at in sorted(parts)], [q for at, q in enumerate(queues) if at not in parts]

    def _part(
        self, queue: Queue, kept: dict[int, tuple[Queue, dict[str, tuple[Task, bytes]], bytes]]
    ) -> bytes:
        found = self._kept.get(queue.queue_id)
        if found is None or found[0] is not queue:
            before = found[1] if found else {}
            tasks = {task.key: _kept_task(task, before.get(task.key)) for task in queue.tasks}
            found = (queue, tasks, _queue_json(queue, [data for _, data in tasks.values()]))
        kept[queue.queue_id] = found
        return found[2]


def _kept_task(task: Task, before: tuple[Task, bytes] | None) -> tuple[Task, bytes]:
    return before if before and before[0] is task else (task, _task_json(task))


def dump(state: StateFile) -> bytes:
    """Dumper.dump for once."""
    return Dumper().dump(state)


def _queue_json(queue: Queue, tasks: Iterable[bytes]) -> bytes:
    listed = b",".join(tasks)
    return _json(_QUEUE, replace(queue, tasks=())).replace(b'"tasks":[]', b'"tasks":[' + listed + b"]", 1)


def _squeezed(queues: tuple[Queue, ...], full: dict[int, bytes], room: int) -> dict[int, bytes]:
    """The current task of as many queues as fit into half the room, then all tasks of as many as fit, both in
    the order of `full`."""
    parts: dict[int, bytes] = {}
    most = room // 2
    for at in full:
        current = _slim(queues[at])
        part = _queue_json(current, map(_task_json, current.tasks))
        if len(part) < room - most:
            parts[at] = part
            room -= len(part) + 1
    for at, slim in parts.items():
        growth = len(full[at]) - len(slim)
        if growth <= room:
            parts[at] = full[at]
            room -= growth
    return parts


def _slim(queue: Queue) -> Queue:
    """With its current task alone."""
    return replace(queue, tasks=(queue.head,) if queue.head else ())


def _task_json(task: Task) -> bytes:
    data = _json(_TASK, task)
    if len(data) <= TEXT_LIMIT:  # then no text in it is longer
        return data
    cut: list[str] = []
    short = _fitted(task, "", cut)
    return _json(_TASK, replace(short, clipped=tuple(dict.fromkeys(cut)))) if cut else data


def _json(adapter: TypeAdapter[Any], value: object) -> bytes:
    try:
        return adapter.dump_json(value)
    except PydanticSerializationError:  # half characters, from a path that is not UTF-8
        return adapter.dump_json(_fitted(value, "", []))


def _fitted(value: Any, path: str, cut: list[str]) -> Any:
    """The same with every text in it cut to TEXT_LIMIT and made of whole characters; `cut` names them."""
    if isinstance(value, str):
        if len(value) > TEXT_LIMIT:
            cut.append(path)
        return value[:TEXT_LIMIT].encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: _fitted(item, path, cut) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_fitted(item, path, cut) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            one.name: _fitted(getattr(value, one.name), f"{path}.{one.name}".lstrip("."), cut)
            for one in fields(value)
        }
        return replace(value, **changed)
    return value


def _card(card: Card) -> Card:
    return replace(
        card, processes=card.processes[:MOST_PROCESSES], other_leases=card.other_leases[:MOST_PROCESSES]
    )


def _problems(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(_fitted(problem, "", []) for problem in problems[:MOST_PROBLEMS])


def _counted(more: MoreQueues, left_out: Iterable[Queue]) -> MoreQueues:
    counts: Counter[Status] = Counter(more.counts)
    number = more.queues
    for queue in left_out:
        counts.update(queue.counts)
        number += 1
    return MoreQueues(number, dict(counts))
