"""`ls` and `gpus`: what the state files say, as tables."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from app.commands.find import Place, Scheduler, shown_path
from app.model.state import (
    FINISHED,
    RUN_DONE,
    Backoff,
    Failed,
    Held,
    Running,
    Skipped,
    TaskState,
    Waiting,
    holder,
    in_order,
)
from app.model.state_file import Card, Queue, StateFile, Task
from app.view.look import PLAIN, QUIET, STATE, STRONG
from app.view.table import Rows
from app.view.text import clean, count, duration, figure

if TYPE_CHECKING:  # it takes a moment to load
    from app.commands.cards import Seen

FEW_QUEUES = 12


def schedulers_shown(found: list[Scheduler], every_task: bool = False) -> Iterator[Group]:
    """Each with its queues, and why those wait that do; with `every_task` all tasks that its state names."""
    for one in found:
        state = one.seen
        parts: list[RenderableType] = [] if one is found[0] else [Text()]
        shown = [queue for queue in state.queues if every_task or _is_shown(one, queue)]
        parts.append(_head(one, state))
        if shown:
            parts.append(_queues(one, state, sorted(shown, key=lambda queue: queue.queue_id), every_task))
        if done := len(state.queues) - len(shown):
            parts.append(Text(f"{'and ' if shown else ''}{count(done, 'queue')} done", QUIET))
        if state.more_queues.queues:
            parts.append(Text(f"and {count(state.more_queues.queues, 'more queue')}", QUIET))
        if one.ran is False and state.status != "finished" and state.left:
            parts.append(Text(f"to go on: {clean(one.going_on())}", QUIET))
        lines = [line for problem in state.problems for line in problem.text.splitlines()]
        parts += [Text(clean(line), STATE["waiting"]) for line in lines]
        yield Group(*parts)


def _head(one: Scheduler, state: StateFile) -> Text:
    text = Text(clean(shown_path(state.command_file)), STRONG)
    text.append(f"  pid {state.pid}  ", QUIET)
    if one.frozen():
        text.append(f"stopped since {duration(time.time() - state.updated_at)}", STATE["failed"])
        text.append(f", and nothing goes on until kill -CONT {state.pid}", QUIET)
    elif one.ran:
        text.append(state.status, STATE["running"])
        text.append(f", started {duration(time.time() - state.started_at)} ago", QUIET)
    else:
        text.append(gone(one, state), STATE["completed" if state.status == "finished" else "failed"])
    for status_, number in in_order(state.counts):
        text.append(f"  {number:,} {status_}", STATE[status_])
    return text


def gone(one: Scheduler, state: StateFile) -> str:
    if one.ran is None:
        return f"{state.status} on {clean(state.host)}"
    if state.status == "finished":
        return "finished"
    how = "was ended by a shutdown" if state.ended_by_shutdown else "died"
    how = "was ended" if state.ended_as_asked else how
    return f"{how} with {count(state.left, 'task')} to go"


def _is_shown(one: Scheduler, queue: Queue) -> bool:
    """Of one that runs those that are done are shown while they are few."""
    well = queue.status in RUN_DONE and queue.current is None
    return not well or (bool(one.ran) and len(one.seen.queues) <= FEW_QUEUES)


def _queues(one: Scheduler, state: StateFile, queues: Sequence[Queue], every_task: bool) -> Rows:
    table = Rows("queue", "done", "task", "", header_style=QUIET)
    for queue in queues:
        name = f" {queue.queue_name}" if queue.queue_name else ""
        cells = [f"{queue.queue_id}{name}", f"{queue.counts.get('completed', 0):,} of {queue.total:,}"]
        tasks = queue.tasks if every_task else [task for task in (_current(queue),) if task]
        if not tasks:
            table.add(*map(Text, map(clean, cells)), Text(), Text(queue.status, STATE[queue.status]))
        for task in tasks:
            title = f"{queue.queue_id}/{task.index}" + (f" {task.name}" if task.name else "")
            place = Place(one, queue.queue_id, task)
            table.add(*map(Text, map(clean, [*cells, title])), _standing(place, state))
            cells = ["", ""]
        if every_task and (left := queue.total - len(tasks)) > 0:
            table.add(Text(), Text(), Text(f"and {left:,} more", QUIET), Text())
    return table


def _current(queue: Queue) -> Task | None:
    """What it is about: the task that runs or is next, or that has stopped it."""
    if queue.current is not None:
        return queue.head
    stopped = [task for task in queue.tasks if isinstance(task.state, Failed)]
    return stopped[-1] if queue.status in ("failed", "skipped") and stopped else None


def _standing(place: Place, state: StateFile) -> Text:
    """Of one whose scheduler has gone, as it was then; but what runs, runs."""
    one, task = place.scheduler, place.task
    status = task.state.status
    runs_on = one.ran is False and place.runs_on()
    if one.ran is False and status not in FINISHED and not runs_on:
        return Text(f"was {status}", STATE[status])
    text = Text("still running" if runs_on else status, STATE[status])
    detail = _detail(task.state, time.time() if one.ran or runs_on else state.updated_at)
    return text.append(clean(detail) + ("" if task.in_file else ", no longer in the file"), PLAIN)


def _detail(state: TaskState, now: float) -> str:
    match state:
        case Running():
            used = "" if state.used_gb is None else f", {figure(state.used_gb)} GB used"
            where = f"on GPU {', '.join(state.gpu_ids)}" if state.gpu_ids else "on CPU"
            return f" {where} for {duration(now - state.since)}{used}"
        case Waiting():
            return f" for {duration(now - state.since)}: {state.reason}"
        case Backoff():
            return f", retry in {duration(state.until - now)} after: {state.error}"
        case Held():
            return f" by {holder(state.by)}"
        case Failed():
            return f": {state.error}"
        case Skipped():
            return f": {state.because}"
        case _:
            return ""


def gpus_shown(seen: "Seen") -> Table:
    """What is used and promised on each, and by whom."""
    table = Table(box=None, pad_edge=False, header_style=QUIET)
    for heading in ("GPU", "name", "free", "of", "use", "temp", "power", "who"):
        table.add_column(heading, justify="left" if heading in ("name", "who") else "right")
    for card in seen.cards:
        who = ", ".join(_who(card, seen.tenants.get(card.uuid, ())))
        table.add_row(
            *map(Text, (card.index, clean(card.name), figure(card.free_gb), f"{figure(card.total_gb)} GB")),
            *map(Text, (_measured(card.use, "%"), _measured(card.temperature_c, "°C"))),
            *map(Text, (_measured(card.power_w, " W"), clean(who))),
        )
    return table


def _measured(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.0f}{unit}"


def _who(card: Card, tenants: Sequence[str]) -> Iterator[str]:
    if card.health != "ok":
        yield card.health
    if card.off_since is not None:
        yield f"turned off {duration(time.time() - card.off_since)} ago"
    if card.aside is not None:
        died = f"{card.aside.tasks} tasks died there within seconds"
        yield f"set aside for {duration(card.aside.until - time.time())}, as {died}"
    yield from tenants
    for lease in card.other_leases:
        asked = "the whole card" if lease.declared_gb is None else f"{figure(lease.declared_gb)} GB"
        yield f"{lease.user}, {lease.label}: {asked}"
    for process in card.processes if not tenants else [each for each in card.processes if not each.task]:
        used = "" if process.used_gb is None else f" {figure(process.used_gb)} GB"
        whose = f"task {process.task}" if process.task else process.user or "somebody"
        yield f"{whose}: {process.command} (pid {process.pid}){used}"
