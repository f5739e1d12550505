"""A command file as queues of tasks, and queues of tasks back into the file: what is not changed stays, with
its comments, byte for byte."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.command_file.document import Document
from app.model.faults import BadInput, Fault
from app.model.task import NO_OPTIONS, Options, TaskSpec

NEW = -1


@dataclass(frozen=True, slots=True)
class Block:
    """A task as its block says it."""

    number: int  #: of the block in the file, from 0
    spec: TaskSpec
    repeat: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task as somebody wants it. What is None stays as its block has it."""

    where: str  #: in the request, for faults
    block: int | None  #: which block says it now; None: it is new
    commands: str | None = None
    gpu_count: int | None = None
    memory_gb: float | None = None
    memory_given: bool = False  #: for memory_gb None is an amount: the whole card
    options: Options | None = None
    repeat: int | None = None


def blocks_of(document: Document) -> tuple[dict[int, list[Block]], list[int]]:
    """The sound blocks by their queue, in the file's order, and the numbers of those with faults."""
    queues: dict[int, list[Block]] = {}
    broken = []
    for number in range(len(document)):
        found = document.task(number)
        if found is None:
            broken.append(number)
        else:
            queues.setdefault(found[0].queue_id, []).append(Block(number, *found))
    return queues, broken


def rewritten(document: Document, wanted: Sequence[tuple[int, Sequence[Wanted]]]) -> Document:
    """The file with these queues: sound blocks that none of them names go, and blocks with faults stay.

    Raises BadInput with what can't be, by its place in the request."""
    _refuse_twice(document, wanted)
    present = {number: document.task(number) for number in range(len(document))}
    named: dict[int, int] = {}  # block -> queue
    for queue_id, tasks in wanted:
        for task in tasks:
            if task.block is not None:
                named[task.block] = queue_id
                document = _replaced(document, task, queue_id, present[task.block])
    ids = [number for number in present if present[number] is None or number in named]
    for number in sorted(present.keys() - set(ids), reverse=True):
        document = document.remove(number)
    movers = {
        each for each, queue_id in named.items() if (was := present[each]) and was[0].queue_id != queue_id
    }
    document, ids = _ordered(document, ids, _order(ids, named, movers, wanted))
    for queue_id, tasks in wanted:
        document = _with_new(document, ids, queue_id, tasks)
    return document


def _refuse_twice(document: Document, wanted: Sequence[tuple[int, Sequence[Wanted]]]) -> None:
    faults = [
        Fault("queues", 0, 0, f"queue {queue_id} is given twice", "give each queue once")
        for queue_id, times in Counter(queue_id for queue_id, _ in wanted).items()
        if times > 1
    ]
    seen: set[int | None] = set()
    for task in (task for _, tasks in wanted for task in tasks if task.block is not None):
        if not 0 <= (task.block or 0) < len(document):
            faults.append(Fault(task.where, 0, 0, f"the file has no block {task.block}", "read it again"))
        elif task.block in seen:
            problem = f"block {task.block} is given twice"
            faults.append(Fault(task.where, 0, 0, problem, "a copy is a new task, without block"))
        seen.add(task.block)
    if faults:
        raise BadInput(faults)


def _replaced(
    document: Document, task: Wanted, queue_id: int, before: tuple[TaskSpec, int] | None
) -> Document:
    spec, repeat = _spec(task, queue_id, before)
    if before == (spec, repeat):
        return document
    try:
        return document.replace(task.block or 0, spec, repeat)
    except BadInput as bad:
        raise _at(task, bad) from bad


def _spec(task: Wanted, queue_id: int, before: tuple[TaskSpec, int] | None) -> tuple[TaskSpec, int]:
    old, times = before or (None, 1)
    if old is None and (task.commands is None or not task.memory_given):
        raise BadInput([Fault(task.where, 0, 0, "a new task needs commands and memory_gb")])
    return TaskSpec(
        queue_id,
        task.commands if task.commands is not None else old.script if old else "",
        task.gpu_count if task.gpu_count is not None else old.gpus if old else 1,
        task.memory_gb if task.memory_given or old is None else old.memory_gb,
        task.options if task.options is not None else old.options if old else NO_OPTIONS,
    ), task.repeat if task.repeat is not None else times


def _order(
    ids: Sequence[int],
    named: dict[int, int],
    movers: set[int],
    wanted: Sequence[tuple[int, Sequence[Wanted]]],
) -> list[int]:
    """Each queue's blocks in the order wanted, in the places that the queue has in the file. Those that come
    from another queue stand beside their neighbours; where these come, too, the first stays where it is."""
    its = {queue_id: [t.block for t in tasks if t.block is not None] for queue_id, tasks in wanted}
    coming = {queue_id: iter([each for each in its[queue_id] if each not in movers]) for queue_id in its}
    order = [next(coming[named[each]]) if each in named else each for each in ids if each not in movers]
    for blocks in its.values():
        for before, block in zip([None, *blocks], blocks, strict=False):
            if block in movers:
                order.insert(_place(block, before, blocks, ids, order), block)
    return order


def _place(
    block: int, before: int | None, queue: Sequence[int], ids: Sequence[int], order: Sequence[int]
) -> int:
    """Of a block that comes into this queue behind `before`, in `order`, which it is not in yet."""
    if before is not None:
        return order.index(before) + 1
    there = set(order)
    behind = next((each for each in queue if each in there), None)
    if behind is not None:
        return order.index(behind)
    above = next((each for each in reversed(ids[: ids.index(block)]) if each in there), None)
    return 0 if above is None else order.index(above) + 1


def _ordered(document: Document, ids: list[int], target: Sequence[int]) -> tuple[Document, list[int]]:
    """With as few blocks moved as can be."""
    ids = list(ids)
    places = {each: place for place, each in enumerate(target)}
    stay = _longest_rising([places[each] for each in ids])
    for place, each in enumerate(target):
        if place in stay:
            continue
        at = ids.index(each)
        del ids[at]
        to = ids.index(target[place - 1]) + 1 if place else 0
        ids.insert(to, each)
        document = document.move(at, to)
    return document, ids


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """Of a permutation: the most that stand in rising order already."""
    ends: list[int] = []  # the smallest end of a rising run, by the run's length
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(ends, number)
        before[number] = ends[at - 1] if at else None
        ends[at : at + 1] = [number]
    found, last = set(), ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found


def _with_new(document: Document, ids: list[int], queue_id: int, tasks: Sequence[Wanted]) -> Document:
    """New tasks behind the one before them in their queue, else before the one behind; `ids` follows."""
    before: int | None = None
    for position, task in enumerate(tasks):
        if task.block is not None:
            before = ids.index(task.block)
            continue
        behind = next((later.block for later in tasks[position:] if later.block is not None), None)
        at = before + 1 if before is not None else len(ids) if behind is None else ids.index(behind)
        spec, repeat = _spec(task, queue_id, None)
        try:
            document = document.insert(at, spec, repeat)
        except BadInput as bad:
            raise _at(task, bad) from bad
        ids.insert(at, NEW)
        before = at
    return document


def _at(task: Wanted, bad: BadInput) -> BadInput:
    return BadInput([Fault(task.where, 0, 0, str(bad))])
