"""The running tasks: where, since when, how much memory, and what they said last."""

from dataclasses import dataclass

from app.model.state import Running
from app.model.state_file import Queue, StateFile, Task
from app.view.line import Line, cut, padded, put, right, text_cells
from app.view.look import OURS, QUIET, STATE, STRONG, WARN
from app.view.queues import current
from app.view.section import Body, Scene, Section
from app.view.text import clean, duration, figure, ordinal

ONE_LINE = 110  #: from this width on the log stands in the task's own row


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    name: str
    task: Task
    state: Running


def running(scene: Scene, width: int) -> Section:
    rows = _running(scene.state)
    number = max(len(rows), scene.state.counts.get("running", 0))
    lines = 1 if width >= ONE_LINE else 2
    return Section(
        heading=[put("Running", STRONG), put(f"  {number:,}", QUIET)],
        least=2 if len(rows) < 2 else 3,
        enough=1 + max(1, min(len(rows), 8)),
        wanted=1 + max(1, lines * len(rows)),
        body=lambda room: _lines(scene, width, room, rows, number),
    )


def _running(state: StateFile) -> list[_Row]:
    """The longest running first."""
    found = [row for queue in state.queues if queue.status == "running" for row in _of(queue)]
    return sorted(found, key=lambda row: row.state.since)


def _of(queue: Queue) -> list[_Row]:
    task = current(queue)
    if task is None or not isinstance(task.state, Running):
        return []
    return [_Row(f"{queue.queue_id}/{task.index}", clean(title(task)), task, task.state)]


def title(task: Task) -> str:
    """Its name, else the first line of its script."""
    first = next((line.strip() for line in task.commands.splitlines() if line.strip()), "")
    return (task.name or first) + ("" if task.in_file else " (no longer in the file)")


def _lines(scene: Scene, width: int, room: int, rows: list[_Row], number: int) -> Body:
    if not rows:
        return Body([[put("nothing runs", QUIET)]])
    shown = rows[:room]
    columns = _columns(shown, width)
    spare = room - len(shown)
    ellipsis = scene.look.ellipsis
    lines: list[Line] = []
    for row in shown:
        facts = _facts(row, columns, scene)
        last = put(scene.tails.last(row.state.log_path, scene.now), QUIET)
        if width < ONE_LINE and spare > 0:
            spare -= 1
            indent = put(" " * (columns[0] + 3))
            lines += [cut(facts, width, ellipsis), cut([indent, last], width, ellipsis)]
        else:
            lines.append(cut([*facts, put("  "), last], width, ellipsis))
    return Body(lines, number - len(shown))


def _columns(rows: list[_Row], width: int) -> tuple[int, int, int, int]:
    """Cells for label, name, place and memory."""
    name = max(text_cells(row.name) for row in rows)
    return (
        max(len(row.label) for row in rows),
        min(name, max(6, width // 5)),
        max(len(_place(row.state)) for row in rows),
        max(len(_memory(row.state)) for row in rows),
    )


def _facts(row: _Row, columns: tuple[int, int, int, int], scene: Scene) -> Line:
    look, state = scene.look, row.state
    label, name, place, memory = columns
    line = [put(f"{look.icon['running']} ", STATE["running"]), put(row.label.ljust(label + 1), STRONG)]
    line += [*padded([put(row.name)], name, look.ellipsis), right(duration(scene.now - state.since), 9)]
    line.append(put(f"  {_place(state)}".ljust(place + 2), OURS))
    line.append(put(f"  {_memory(state)}".ljust(memory + 2), QUIET))
    if state.attempt > 1:
        line.append(put(f"  {ordinal(state.attempt)} try", STATE["backoff"]))
    if state.stopping:
        words = "past its timeout, stopping" if state.stopping == "timeout" else "stopping"
        line.append(put(f"  {words}", WARN))
    return line


def _place(state: Running) -> str:
    return f"GPU {','.join(state.gpu_ids)}" if state.gpu_ids else "CPU"


def _memory(state: Running) -> str:
    """Used of asked, per GPU; empty on the CPU."""
    if not state.gpu_ids:
        return ""
    used = "" if state.used_gb is None else figure(state.used_gb)
    if state.memory_gb is None:
        return f"{used} GB, whole card" if used else "whole card"
    asked = f"{figure(state.memory_gb)} GB" + (" each" if len(state.gpu_ids) > 1 else "")
    return f"{used} of {asked}" if used else asked
