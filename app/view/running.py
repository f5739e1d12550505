"""The running tasks: where, since when, how much memory, and what they said last."""

from dataclasses import dataclass

from rich.cells import cell_len

from app.model.state import Running
from app.model.state_file import Queue, StateFile, Task
from app.view.line import Line, cells, cut, padded, put, right
from app.view.look import OURS, QUIET, STATE, STRONG, WARN
from app.view.queues import current
from app.view.section import Body, Scene, Section
from app.view.text import clean, duration, figure, ordinal

ONE_LINE = 110  #: from this width on the log stands in the task's own row
NAME = 24


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
    if task.name:
        return task.name
    return next((line.strip() for line in task.commands.splitlines() if line.strip()), "")


def _lines(scene: Scene, width: int, room: int, rows: list[_Row], number: int) -> Body:
    if not rows:
        return Body([[put("nothing runs", QUIET)]])
    shown = rows[:room]
    label = max(len(row.label) for row in shown)
    name = min(NAME if width < 150 else 32, max(cell_len(row.name) for row in shown))
    spare = room - len(shown)
    ellipsis = scene.look.ellipsis
    lines: list[Line] = []
    for row in shown:
        facts = _facts(row, scene, label, name)
        last = put(scene.tails.last(row.state.log_path, scene.now), QUIET)
        if width < ONE_LINE and spare > 0 and cells(facts) + 24 > width:
            spare -= 1
            lines += [cut(facts, width, ellipsis), cut([put(" " * (label + 3)), last], width, ellipsis)]
        else:
            lines.append(cut([*facts, put("  "), last], width, ellipsis))
    return Body(lines, number - len(shown))


def _facts(row: _Row, scene: Scene, label: int, name: int) -> Line:
    look, state = scene.look, row.state
    line = [put(f"{look.icon['running']} ", STATE["running"]), put(row.label.ljust(label + 1), STRONG)]
    line += [*padded([put(row.name)], name, look.ellipsis)]
    line.append(right(duration(scene.now - state.since), 9))
    where = f"GPU {','.join(state.gpu_ids)}" if state.gpu_ids else "CPU"
    line += (
        padded([put(f"  {where}", OURS)], 9, look.ellipsis) if len(where) < 8 else [put(f"  {where} ", OURS)]
    )
    line.append(put(_memory(state).ljust(16), QUIET))
    if state.attempt > 1:
        line.append(put(f"  {ordinal(state.attempt)} try", STATE["backoff"]))
    if state.stopping:
        words = "past its timeout, stopping" if state.stopping == "timeout" else "stopping"
        line.append(put(f"  {words}", WARN))
    return line


def _memory(state: Running) -> str:
    """Used of asked, over all its GPUs; empty on the CPU."""
    if not state.gpu_ids:
        return ""
    used = "" if state.used_gb is None else figure(state.used_gb)
    if state.memory_gb is None:
        return f"  {used} GB, whole" if used else "  whole card"
    asked = f"{figure(state.memory_gb * len(state.gpu_ids))} GB"
    return f"  {used} of {asked}" if used else f"  {asked}"
