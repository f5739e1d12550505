"""What does not run though its turn has come, and why."""

from dataclasses import dataclass

from app.model.state import Backoff, Held, Status, Waiting
from app.model.state_file import Queue, StateFile
from app.view.line import Line, put, wrapped
from app.view.look import PLAIN, QUIET, STATE, STRONG
from app.view.queues import current
from app.view.running import title
from app.view.section import Scene, Section
from app.view.text import duration

MOST_LINES = 3  #: of one reason
INDENT = 4


@dataclass(frozen=True, slots=True)
class _Row:
    status: Status
    label: str
    name: str
    when: str
    why: str
    order: tuple[int, float]


def waiting(scene: Scene, width: int) -> Section | None:
    """None when nothing waits."""
    rows = sorted(_rows(scene.state, scene.now), key=lambda row: row.order)
    number = sum(scene.state.counts.get(status, 0) for status in ("waiting", "backoff"))
    number = max(number, len(rows))
    if not rows:
        return None
    # A screen has no more rows than this, and the sentences of 1,000 queues need not be broken for it.
    full = sum(len(_lines(row, scene, width, MOST_LINES)) for row in rows[:100])
    return Section(
        heading=[put("Waiting", STRONG), put(f"  {number:,}, the longest first", QUIET)],
        least=3,
        enough=1 + min(full, 6),
        wanted=1 + full + (number > len(rows)),
        body=lambda room: _body(scene, width, room, rows, number),
    )


def _rows(state: StateFile, now: float) -> list[_Row]:
    rows = (_row(queue, now) for queue in state.queues if queue.status in ("waiting", "backoff", "held"))
    return [row for row in rows if row is not None]


def _row(queue: Queue, now: float) -> _Row | None:
    task = current(queue)
    if task is None:
        return None
    label, name = f"{queue.queue_id}/{task.index}", title(task)
    match task.state:
        case Waiting() as state:
            return _Row("waiting", label, name, duration(now - state.since), state.reason, (0, state.since))
        case Backoff() as state:
            of = "" if state.of is None else f" of {state.of}"
            why = f"retry {state.retry}{of} after: {state.error}"
            return _Row("backoff", label, name, f"in {duration(state.until - now)}", why, (1, state.until))
        case Held() as state:
            by = "the command file" if state.by == "file" else state.by
            return _Row("held", label, name, duration(now - state.since), f"held by {by}", (2, state.since))
        case _:
            return None


def _body(scene: Scene, width: int, room: int, rows: list[_Row], number: int) -> list[Line]:
    for most in range(MOST_LINES, 0, -1):
        lines = [line for row in rows[: room + 1] for line in _lines(row, scene, width, most)]
        if len(lines) <= room and number == len(rows) <= room:
            return lines
    lines = []
    shown = 0
    for row in rows:
        more = _lines(row, scene, width, 2 if shown < room // 4 else 1)
        if len(lines) + len(more) > room - 1:
            break
        lines += more
        shown += 1
    return [*lines, [put(f"and {number - shown:,} more", QUIET)]]


def _lines(row: _Row, scene: Scene, width: int, most: int) -> list[Line]:
    head: Line = [
        put(f"{scene.look.icon[row.status]} ", STATE[row.status]),
        put(f"{row.label} ", STRONG),
        put(f"{_short(row.name, width // 4, scene)} ", PLAIN),
        put(f"{row.when}  ", STATE[row.status]),
    ]
    size = sum(segment.cell_length for segment in head)
    pieces = wrapped(row.why, max(width - size, 1), width - INDENT, most, scene.look.ellipsis)
    first, *rest = pieces or [""]
    return [[*head, put(first)], *([put(" " * INDENT + piece)] for piece in rest)]


def _short(name: str, width: int, scene: Scene) -> str:
    pieces = wrapped(name, width, width, 1, scene.look.ellipsis)
    return pieces[0] if pieces else ""
