"""The queues: a strip of cells each, how far they are, and where they stand."""

from collections.abc import Mapping

from rich.segment import Segment

from app.model.state import STATUSES, Backoff, Failed, Held, Running, Skipped, Status, TaskState, Waiting
from app.model.state_dump import interest
from app.model.state_file import Queue, Task
from app.view.line import Line, cut, padded, put, right
from app.view.look import PLAIN, QUIET, STATE, STRONG, Look
from app.view.section import Scene, Section
from app.view.text import count, duration, ordinal

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
    state = scene.state
    number = len(state.queues) + state.more_queues.queues
    done = sum(finished(queue) for queue in state.queues)
    return Section(
        heading=[put("Queues", STRONG), put(f"  {done} of {number} done" if number else "  none", QUIET)],
        least=3,
        enough=1 + min(number, 5),
        wanted=1 + number,
        body=lambda rows: _rows(scene, width, rows),
    )


def finished(queue: Queue) -> bool:
    return queue.current is None


def current(queue: Queue) -> Task | None:
    """The first unfinished task; the last one of a finished queue."""
    if not queue.tasks:
        return None
    if queue.current is None:
        return queue.tasks[-1]
    at = queue.current - queue.tasks[0].index
    return queue.tasks[at] if 0 <= at < len(queue.tasks) else None


def _rows(scene: Scene, width: int, rows: int) -> list[Line]:
    shown = scene.state.queues
    left_out = scene.state.more_queues.queues
    if len(shown) + left_out > rows:
        # The most interesting ones, in the file's order.
        order = sorted(range(len(shown)), key=lambda at: (interest(shown[at].status), at))
        kept = sorted(order[: rows - 1])
        left_out += len(shown) - len(kept)
        shown = tuple(shown[at] for at in kept)
    names = max((len(_title(queue)) for queue in shown), default=0)
    room = max(6, min(names, width // 5))
    strip = max(6, min(40, (width - room) // 4))
    lines = [_row(queue, scene, width, room, strip) for queue in shown]
    if left_out:
        lines.append([put(f"and {count(left_out, 'more queue')}", QUIET)])
    return lines


def _title(queue: Queue) -> str:
    return f"{queue.queue_id} {queue.queue_name or ''}".strip()


def _row(queue: Queue, scene: Scene, width: int, room: int, strip: int) -> Line:
    look = scene.look
    title = [put(str(queue.queue_id)), put(f" {queue.queue_name}" if queue.queue_name else "", QUIET)]
    done = queue.counts.get("completed", 0)
    line = [*padded(title, room, look.ellipsis), put("  ")]
    line += padded(cells_of(queue.counts, queue.total, strip, look), strip, look.ellipsis)
    line += [right(f"{done:,}", 6), put(f" of {queue.total:,}".ljust(8), QUIET)]
    failed = queue.counts.get("failed", 0)
    line += padded(
        [put(f"{look.icon['failed']} {failed}", STATE["failed"])] if failed else [], 5, look.ellipsis
    )
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
    return [*line, put(_detail(task.state, scene.now), QUIET)]


def _detail(state: TaskState, now: float) -> str:
    match state:
        case Running():
            again = f"{ordinal(state.attempt)} try, " if state.attempt > 1 else ""
            return again + duration(now - state.since)
        case Waiting() | Held():
            return duration(now - state.since)
        case Backoff():
            return f"in {duration(state.until - now)}"
        case Failed():
            return state.error
        case Skipped():
            return state.because
        case _:
            return ""


def total_counts(counts: Mapping[Status, int]) -> list[tuple[Status, int]]:
    """The states somebody is in, in a fixed order."""
    return [(status, counts[status]) for status in STATUSES if counts.get(status)]
