"""The queues: a strip of cells each, how far they are, and where they stand."""

from collections.abc import Mapping

from rich.segment import Segment

from app.model.state import (
    Backoff,
    Failed,
    Held,
    Running,
    Skipped,
    Status,
    TaskState,
    Waiting,
    interest,
)
from app.model.state_file import Queue, Task
from app.view.line import Line, cut, padded, put, right, text_cells
from app.view.look import PLAIN, QUIET, STATE, STRONG, Look
from app.view.section import Body, Scene, Section
from app.view.text import clean, duration, ordinal

ENDING = ("draining", "stopping", "finished")
"""Schedulers that start nothing more."""

COMPACT = 24  #: cells of a queue when several share a row

ORDER: tuple[Status, ...] = (
    "completed",
    "cancelled",
    "failed",
    "skipped",
    "running",
    "backoff",
    "waiting",
    "held",
    "pending",
)
"""Of the cells in a strip, as a queue is worked off."""


def queues(scene: Scene, width: int) -> Section:
    """A row each. With too few rows only the most interesting ones; with far too few several share a row."""
    state = scene.state
    number = len(state.queues) + state.more_queues.queues
    over = [queue for queue in state.queues if finished(queue)]
    failed = sum(queue.counts.get("failed", 0) > 0 for queue in over)
    done = f"  {len(over) - failed:,} of {number:,} done" + (f", {failed:,} failed" if failed else "")
    across = max(1, (width + 2) // (COMPACT + 2))
    return Section(
        heading=[put("Queues", STRONG), put(done if number else "  none", QUIET)],
        least=1 + max(1, min(-(-number // across), 3)),
        enough=1 + min(number, 5),
        wanted=1 + len(state.queues),
        body=lambda rows: _body(scene, width, rows, across),
    )


def finished(queue: Queue) -> bool:
    return queue.current is None


def current(queue: Queue) -> Task | None:
    """The first unfinished task; the last one of a finished queue."""
    return queue.head or (queue.tasks[-1] if queue.tasks else None)


def _body(scene: Scene, width: int, rows: int, across: int) -> Body:
    every = scene.state.queues
    shared = len(every) > 2 * rows
    shown = _most_interesting(every, rows * across if shared else rows)
    left_out = len(every) + scene.state.more_queues.queues - len(shown)
    if shared:
        return Body(_shared(shown, scene, across), left_out)
    names = max((text_cells(_title(queue)) for queue in shown), default=0)
    room = max(6, min(names, width // 5))
    strip = max(6, min(40, (width - room) // 4))
    failed = any(queue.counts.get("failed") for queue in shown)
    return Body([_row(queue, scene, width, room, strip, failed) for queue in shown], left_out)


def _most_interesting(queues: tuple[Queue, ...], most: int) -> list[Queue]:
    """So many of them at most, in the file's order."""
    if len(queues) <= most:
        return list(queues)
    order = sorted(range(len(queues)), key=lambda at: (interest(queues[at].status), at))
    return [queues[at] for at in sorted(order[:most])]


def _shared(shown: list[Queue], scene: Scene, across: int) -> list[Line]:
    """Several queues a row."""
    look = scene.look
    lines: list[Line] = []
    for first in range(0, len(shown), across):
        line: Line = []
        for queue in shown[first : first + across]:
            small = padded(_name(queue), 8, look.ellipsis)
            small += [put(" "), *padded(cells_of(queue.counts, queue.total, 6, look), 6, look.ellipsis)]
            done = f" {queue.counts.get('completed', 0):,} of {queue.total:,}"
            line += [*padded([*small, put(done, QUIET)], COMPACT, look.ellipsis), put("  ")]
        lines.append(line[:-1])
    return lines


def _name(queue: Queue) -> Line:
    return [put(str(queue.queue_id)), put(f" {queue.queue_name}" if queue.queue_name else "", QUIET)]


def _title(queue: Queue) -> str:
    return clean(f"{queue.queue_id} {queue.queue_name or ''}".strip())


def _row(queue: Queue, scene: Scene, width: int, room: int, strip: int, failed: bool) -> Line:
    """`room` cells for its title, `strip` for its cells, and a column of failures if any queue has one."""
    look = scene.look
    done = queue.counts.get("completed", 0)
    line = [*padded(_name(queue), room, look.ellipsis), put("  ")]
    line += padded(cells_of(queue.counts, queue.total, strip, look), strip, look.ellipsis)
    line += [right(f"{done:,}", 6), put(f" of {queue.total:,}".ljust(9), QUIET)]
    if failed:
        number = queue.counts.get("failed", 0)
        text = f"{look.icon['failed']} {number}" if number else ""
        line += padded([put(text, STATE["failed"])], 6, look.ellipsis)
    return cut([*line, *_where(queue, scene)], width, look.ellipsis)


def cells_of(counts: Mapping[Status, int], total: int, width: int, look: Look) -> Line:
    """A cell a task, or at most `width` cells in proportion, at least one for everything there is."""
    sizes = {status: counts.get(status, 0) for status in ORDER}
    if total > width:
        sizes = _scaled(sizes, total, width)
    return [Segment(look.cell[status] * sizes[status], STATE[status]) for status in ORDER if sizes[status]]


def _scaled(counts: Mapping[Status, int], total: int, width: int) -> dict[Status, int]:
    sizes = {status: max(1, number * width // total) if number else 0 for status, number in counts.items()}
    largest = max(sizes, key=lambda status: counts[status])
    sizes[largest] = max(1, sizes[largest] + width - sum(sizes.values()))
    return sizes


def _where(queue: Queue, scene: Scene) -> Line:
    """The queue's state: icon and word, and which task it is about."""
    status = queue.status
    line = [put(f"{scene.look.icon[status]} ", STATE[status])]
    task = current(queue)
    if task is None or queue.current is None:
        failed = queue.counts.get("failed", 0)
        return [*line, put(status if status != "completed" or not failed else "failed", STATE[status])]
    line.append(put(f"{status} ", STATE[status]))
    line.append(put(f"{queue.queue_id}/{task.index} ", STRONG if status == "running" else PLAIN))
    return [*line, put(_detail(task.state, scene), QUIET)]


def _detail(state: TaskState, scene: Scene) -> str:
    now = scene.now
    match state:
        case Running():
            again = f"{ordinal(state.attempt)} try, " if state.attempt > 1 else ""
            return again + duration(now - state.since)
        case Waiting() | Held():
            return duration(now - state.since)
        case Backoff() if scene.state.status not in ENDING:
            return f"in {duration(state.until - now)}"
        case Failed():
            return state.error
        case Skipped():
            return state.because
        case _:
            return ""
