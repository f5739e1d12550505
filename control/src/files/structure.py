"""A command file as queues of tasks, and queues of tasks back into the file: what is not changed stays, with
its comments, byte for byte."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.command_file.document import Document
from app.command_file.pieces import HEAD, Pieces, Row
from app.command_file.render import block_lines
from app.model.faults import BadInput, Fault
from app.model.task import NO_OPTIONS, Mode, Options, TaskSpec


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

    Raises BadInput with what can't be, by its place in the request; in words by its task."""
    try:
        return _rewritten(document, wanted)
    except BadInput as bad:
        tasks = _tasks(document, wanted)
        words = [replace(fault, file=tasks.get(fault.file, fault.file)) for fault in bad.faults]
        raise BadInput(bad.faults, "\n".join(map(str, words))) from bad


def _tasks(document: Document, wanted: Sequence[tuple[int, Sequence[Wanted]]]) -> dict[str, str]:
    """What people call it, by its place in the request: {"queues.0.tasks.1": "task 3/1"}."""
    names = {}
    for queue_id, tasks in wanted:
        index = 0
        for task in tasks:
            names[task.where] = f"task {queue_id}/{index}"
            block = task.block if task.block in range(len(document)) else None
            before = document.task(block) if block is not None else None
            index += task.repeat or (before[1] if before else 1)
    return names


def _rewritten(document: Document, wanted: Sequence[tuple[int, Sequence[Wanted]]]) -> Document:
    _refuse_twice(document, wanted)
    present = {number: document.task(number) for number in range(len(document))}
    named: dict[int, int] = {}  # block -> queue
    pieces = document.pieces()
    for queue_id, tasks in wanted:
        for task in tasks:
            if task.block is not None:
                named[task.block] = queue_id
                _replace(document, pieces, task, queue_id, present[task.block])
    ids = [number for number in present if present[number] is None or number in named]
    for number in sorted(present.keys() - set(ids), reverse=True):
        pieces.remove(number)
    movers = {
        each for each, queue_id in named.items() if (was := present[each]) and was[0].queue_id != queue_id
    }
    _set_in_order(pieces, ids, _order(ids, named, movers, wanted))
    for queue_id, tasks in wanted:
        _add_new(document.mode, pieces, queue_id, tasks)
    return document.of(pieces)


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


def _replace(
    document: Document, pieces: Pieces, task: Wanted, queue_id: int, before: tuple[TaskSpec, int] | None
) -> None:
    spec, repeat = _spec(task, queue_id, before)
    if before == (spec, repeat):
        return
    block = task.block or 0
    try:
        pieces.replace(block, document.replaced(block, spec, repeat))
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
    order = Row(next(coming[named[each]]) if each in named else each for each in ids if each not in movers)
    places = {each: place for place, each in enumerate(ids)}
    for blocks in its.values():
        for before, block in zip([None, *blocks], blocks, strict=False):
            if block in movers:
                above = reversed(ids[: places[block]]) if before is None else ()
                order.insert(block, _behind(before, blocks, above, order))
    return list(order)


def _behind(before: int | None, queue: Sequence[int], above: Iterable[int], order: Row) -> int:
    """Behind which one a block goes that comes into this queue behind `before`."""
    if before is not None:
        return before
    after = next((each for each in queue if each in order), None)
    if after is not None:
        return order.before(after)
    return next((each for each in above if each in order), HEAD)


def _set_in_order(pieces: Pieces, ids: Sequence[int], target: Sequence[int]) -> None:
    """With as few blocks moved as can be."""
    places = {each: place for place, each in enumerate(target)}
    stay = _longest_rising([places[each] for each in ids])
    for place, each in enumerate(target):
        if place not in stay:
            pieces.move(each, target[place - 1] if place else HEAD)


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


def _add_new(mode: Mode, pieces: Pieces, queue_id: int, tasks: Sequence[Wanted]) -> None:
    """New tasks behind the one before them in their queue, else before the one behind, else at the end."""
    first = next((task.block for task in tasks if task.block is not None), HEAD)
    behind = pieces.before(first)
    for task in tasks:
        if task.block is not None:
            behind = task.block
            continue
        spec, repeat = _spec(task, queue_id, None)
        try:
            behind = pieces.insert(block_lines(spec, mode, repeat), behind)
        except BadInput as bad:
            raise _at(task, bad) from bad


def _at(task: Wanted, bad: BadInput) -> BadInput:
    return BadInput([Fault(task.where, 0, 0, str(bad))])
