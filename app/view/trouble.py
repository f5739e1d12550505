"""What went wrong: failed tasks, and the problems of the machine in a box."""

from app.model.state import Failed
from app.model.state_file import StateFile
from app.view.line import Line, cut, padded, put, wrapped
from app.view.look import QUIET, STATE, STRONG, WARN, Look
from app.view.running import title
from app.view.section import Body, Scene, Section
from app.view.text import duration

MOST_LINES = 8
"""Of one problem, where there is room: an edit may have several faults."""


def failures(scene: Scene, width: int) -> Section | None:
    """The tasks that failed, the last one first; None when none did."""
    number = scene.state.counts.get("failed", 0)
    found = _failed(scene.state)
    if not found:
        return None
    return Section(
        heading=[put("Failed", STRONG), put(f"  {number:,}", QUIET)],
        least=2,
        enough=1 + min(len(found), 3),
        wanted=1 + len(found),
        body=lambda rows: _body(found, max(number, len(found)), scene, width, rows),
    )


def _failed(state: StateFile) -> list[tuple[str, str, Failed]]:
    found = [
        (f"{queue.queue_id}/{task.index}", title(task), task.state)
        for queue in state.queues
        if queue.counts.get("failed")
        for task in queue.tasks
        if isinstance(task.state, Failed)
    ]
    return sorted(found, key=lambda item: -item[2].ended_at)


def _body(found: list[tuple[str, str, Failed]], number: int, scene: Scene, width: int, rows: int) -> Body:
    shown = found[:rows]
    lines = []
    for label, name, state in shown:
        line: Line = [put(f"{scene.look.icon['failed']} ", STATE["failed"]), put(f"{label} ", STRONG)]
        line.append(put(f"{name}  "))
        line += [
            put(state.error, STATE["failed"]),
            put(f"  {duration(scene.now - state.ended_at)} ago", QUIET),
        ]
        lines.append(cut(line, width, scene.look.ellipsis))
    return Body(lines, number - len(shown))


def problems(scene: Scene, width: int) -> Section | None:
    """A box; None when there is nothing to say. Its heading is its upper edge."""
    texts = [line for problem in scene.state.problems for line in problem.text.splitlines()]  # a fault a line
    if not texts:
        return None
    look = scene.look
    full = [line for text in texts[:50] for line in _sentence(text, width, look, MOST_LINES)]
    return Section(
        heading=_edge(look, width, f" Problems {len(scene.state.problems)} ", 0),
        least=3,
        enough=2 + min(sum(len(_sentence(text, width, look, 2)) for text in texts[:3]), 4),
        wanted=2 + len(full),
        body=lambda rows: _boxed(texts, look, width, rows),
    )


def _sentence(text: str, width: int, look: Look, most: int) -> tuple[str, ...]:
    return wrapped(text, width - 4, width - 6, most, look.ellipsis)


def _boxed(texts: list[str], look: Look, width: int, rows: int) -> Body:
    inside: list[Line] = []
    for most in range(MOST_LINES, 0, -1):
        inside = [
            [put(("  " if at else "") + piece)]
            for text in texts
            for at, piece in enumerate(_sentence(text, width, look, most))
        ]
        if len(inside) <= rows - 1:
            break
    else:
        inside = [*inside[: rows - 2], [put(f"and {len(texts) - rows + 2} more", QUIET)]]
    side = look.box[4]
    lines = [
        [put(f"{side} ", WARN), *padded(line, width - 4, look.ellipsis), put(f" {side}", WARN)]
        for line in inside
    ]
    return Body([*lines, _edge(look, width, "", 2)])


def _edge(look: Look, width: int, words: str, corner: int) -> Line:
    """The upper edge from corner 0, the lower one from corner 2."""
    first, last = (look.box[0], look.box[1]) if corner == 0 else (look.box[3], look.box[2])
    return [
        put(first + look.rule, WARN),
        put(words, WARN),
        put(look.rule * max(0, width - 3 - len(words)) + last, WARN),
    ]
