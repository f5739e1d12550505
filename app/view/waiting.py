"""What does not run though its turn has come, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.model.state import Backoff, Held, Status, TaskState, Waiting, holder
from app.model.state_file import Queue, StateFile, Task
from app.view.line import Line, cells, padded, put, right, text_cells, wrapped
from app.view.look import QUIET, STATE, STRONG
from app.view.queues import ENDING, current
from app.view.running import title
from app.view.section import Body, Scene, Section
from app.view.text import clean, duration

MOST_LINES = 3  #: of one reason


_ORDER: Mapping[Status, int] = {"waiting": 0, "backoff": 1, "held": 2}


@dataclass(frozen=True, slots=True)
class _Row:
    status: Status
    label: str
    name: str
    when: str
    why: str


def waiting(scene: Scene, width: int) -> Section | None:
    """Tasks that wait, the longest waiting first, then those in backoff and held ones; None without any."""
    found = _found(scene.state)
    if not found:
        return None
    counts = scene.state.counts
    number = max(counts.get("waiting", 0) + counts.get("backoff", 0), len(found))
    ending = scene.state.status in ENDING
    rows = [_row(queue, task, scene.now, ending) for queue, task in found[: scene.rows]]
    columns = _columns(rows, width)
    full = sum(len(_lines(row, columns, scene, width, MOST_LINES)) for row in rows)
    return Section(
        heading=[put("Waiting", STRONG), put(f"  {number:,}, the longest first", QUIET)],
        least=3,
        enough=1 + min(full, 6),
        wanted=1 + full,
        body=lambda room: _body(scene, width, room, rows, number),
    )


def _found(state: StateFile) -> list[tuple[Queue, Task]]:
    found = []
    for queue in state.queues:
        task = current(queue) if queue.status in _ORDER else None
        if task and isinstance(task.state, Waiting | Backoff | Held):
            found.append((queue, task))
    return sorted(found, key=lambda pair: _order(pair[1].state))


def _order(state: TaskState) -> tuple[int, float]:
    match state:
        case Waiting(since=at) | Backoff(until=at) | Held(since=at):
            return _ORDER[state.status], at
        case _:
            return 9, 0.0


def _row(queue: Queue, task: Task, now: float, ending: bool) -> _Row:
    label, name = f"{queue.queue_id}/{task.index}", clean(title(task))
    match task.state:
        case Waiting() as state:
            return _Row("waiting", label, name, duration(now - state.since), state.reason)
        case Backoff() as state if ending:
            return _Row("backoff", label, name, "", f"not retried before the next start; {state.error}")
        case Backoff() as state:
            of = "" if state.of is None else f" of {state.of}"
            why = f"retry {state.retry}{of} after: {state.error}"
            return _Row("backoff", label, name, f"in {duration(state.until - now)}", why)
        case Held() as state:
            return _Row("held", label, name, duration(now - state.since), f"held by {holder(state.by)}")
        case other:
            return _Row(other.status, label, name, "", "")


def _body(scene: Scene, width: int, room: int, rows: list[_Row], number: int) -> Body:
    """As many tasks as possible, and of the first ones the sentence in full as far as there is room."""
    shown = rows[:room]
    columns = _columns(shown, width)
    full = [_lines(row, columns, scene, width, MOST_LINES) for row in shown]
    spare = room - len(shown)
    lines: list[Line] = []
    for row, sentence in zip(shown, full, strict=True):
        more = min(len(sentence) - 1, spare)
        spare -= more
        lines += sentence if more == len(sentence) - 1 else _lines(row, columns, scene, width, 1 + more)
    return Body(lines, number - len(shown))


def _columns(rows: list[_Row], width: int) -> tuple[int, int, int]:
    """Cells for label, name, and time."""
    name = min(max(text_cells(row.name) for row in rows), max(6, width // 7))
    return max(len(row.label) for row in rows), name, max(len(row.when) for row in rows)


def _lines(row: _Row, columns: tuple[int, int, int], scene: Scene, width: int, most: int) -> list[Line]:
    ellipsis = scene.look.ellipsis
    label, name, when = columns
    head: Line = [put(f"{scene.look.icon[row.status]} ", STATE[row.status])]
    head.append(put(row.label.ljust(label + 1), STRONG))
    head += [
        *padded([put(row.name)], name, ellipsis),
        right(row.when, when + 1, STATE[row.status]),
        put("  "),
    ]
    indent = cells(head) if width >= 100 else 4
    first, *rest = wrapped(row.why, max(width - cells(head), 1), width - indent, most, ellipsis) or [""]
    return [[*head, put(first)], *([put(" " * indent + piece)] for piece in rest)]
