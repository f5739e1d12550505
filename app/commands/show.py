"""`ls` and `gpus`: what the state files say, as tables."""

import time
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.commands.find import Scheduler, shown_path
from app.model.state import Backoff, Failed, Held, Running, Skipped, TaskState, Waiting
from app.model.state_file import Card, Queue, StateFile
from app.view.look import PLAIN, QUIET, STATE, STRONG
from app.view.queues import current, in_order
from app.view.text import clean, count, duration, figure


def print_schedulers(console: Console, found: list[Scheduler]) -> None:
    """Each with its queues, and why those wait that do."""
    for at, one in enumerate(found):
        state = one.seen
        if at:
            console.print()
        console.print(_head(one, state), soft_wrap=True)
        console.print(_queues(state))
        if state.more_queues.queues:
            console.print(Text(f"and {count(state.more_queues.queues, 'more queue')}", QUIET))
        for problem in state.problems:
            console.print(Text(clean(problem.text), STATE["waiting"]), soft_wrap=True)


def _head(one: Scheduler, state: StateFile) -> Text:
    status = state.status if one.ran else _gone(one, state)
    text = Text(clean(shown_path(state.command_file)), STRONG)
    text.append(f"  pid {state.pid}  ", QUIET)
    text.append(status, STATE["running"] if one.ran else STATE["failed"])
    if one.ran:
        text.append(f" for {duration(time.time() - state.started_at)}", QUIET)
    for status_, number in in_order(state.counts):
        text.append(f"  {number:,} {status_}", STATE[status_])
    return text


def _gone(one: Scheduler, state: StateFile) -> str:
    if one.ran is None:
        return f"{state.status} on {clean(state.host)}"
    if state.status == "finished":
        return "finished"
    left = sum(state.counts.get(status, 0) for status in ("running", "waiting", "pending", "backoff", "held"))
    return f"ended with {count(left, 'task')} to go: start it again to go on"


def _queues(state: StateFile) -> Table:
    table = Table("queue", "done", "task", "", box=None, pad_edge=False, header_style=QUIET)
    for queue in state.queues:
        task = current(queue)
        name = f" {queue.queue_name}" if queue.queue_name else ""
        done = f"{queue.counts.get('completed', 0):,} of {queue.total:,}"
        label = f"{queue.queue_id}/{task.index}" if task else ""
        title = f" {task.name}" if task and task.name else ""
        table.add_row(
            Text(clean(f"{queue.queue_id}{name}")),
            Text(done),
            Text(clean(f"{label}{title}")),
            _standing(queue, state),
        )
    return table


def _standing(queue: Queue, state: StateFile) -> Text:
    task = current(queue)
    text = Text(f"{queue.status} ", STATE[queue.status])
    return text.append(clean(_detail(task.state, state.updated_at)), PLAIN) if task else text


def _detail(state: TaskState, now: float) -> str:
    match state:
        case Running():
            used = "" if state.used_gb is None else f", {figure(state.used_gb)} GB used"
            where = f"on GPU {', '.join(state.gpu_ids)}" if state.gpu_ids else "on CPU"
            return f"{where} for {duration(now - state.since)}{used}"
        case Waiting():
            return f"for {duration(now - state.since)}: {state.reason}"
        case Backoff():
            return f"retry in {duration(state.until - now)} after: {state.error}"
        case Held():
            return "by the command file" if state.by == "file" else f"by {state.by}"
        case Failed():
            return state.error
        case Skipped():
            return state.because
        case _:
            return ""


def print_gpus(console: Console, cards: tuple[Card, ...]) -> None:
    """What is used and promised on each, and by whom."""
    table = Table(box=None, pad_edge=False, header_style=QUIET)
    for heading in ("GPU", "name", "free", "of", "use", "temp", "power", "who"):
        table.add_column(heading, justify="left" if heading in ("name", "who") else "right")
    for card in cards:
        table.add_row(
            *map(Text, (card.index, clean(card.name), figure(card.free_gb), f"{figure(card.total_gb)} GB")),
            *map(Text, (_measured(card.use, "%"), _measured(card.temperature_c, "°C"))),
            *map(Text, (_measured(card.power_w, " W"), clean(", ".join(_who(card))))),
        )
    console.print(table)


def _measured(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.0f}{unit}"


def _who(card: Card) -> Iterator[str]:
    if card.health != "ok":
        yield card.health
    if card.off_since is not None:
        yield f"turned off {duration(time.time() - card.off_since)} ago"
    if card.own_promised_gb or card.own_used_gb:
        yield f"ours {figure(card.own_used_gb)} of {figure(card.own_promised_gb)} GB"
    for lease in card.other_leases:
        asked = "the whole card" if lease.declared_gb is None else f"{figure(lease.declared_gb)} GB"
        yield f"{lease.user}, {lease.label}: {asked}"
    for process in card.processes:
        used = "" if process.used_gb is None else f" {figure(process.used_gb)} GB"
        whose = f"task {process.task}" if process.task else process.user or "somebody"
        yield f"{whose}: {process.command} (pid {process.pid}){used}"
