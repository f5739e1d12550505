"""How a home's schedulers are: which run, what waits and for how long, what has gone wrong. Reads only."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from app.client import Client, NoAnswer, RequestRefused
from app.doctor import troubles
from app.doctor.troubles import NAMED, Limits, Trouble
from app.model.faults import GpulaneError
from app.model.paths import Home
from app.model.state import RUN_DONE, Status, TaskState, Waiting
from app.model.state_file import Queue, StateFile, Task, adapter, load
from app.store.lock import is_alive
from app.store.own_file import read_own
from app.store.past import Wanted, open_past, start_failures
from app.store.state_file import StateError
from app.store.states import Found, list_states
from app.view.text import duration

MOST_AT_ONCE = 16
"""Schedulers asked side by side: one that hangs holds up nobody's answer."""

BEGINNING_SECONDS = 2.0
"""A scheduler that has just begun may have a state and no socket yet."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """A queue that is not done."""

    queue_id: int
    queue_name: str | None
    left: int  #: tasks that have not ended, the running one included
    head: int | None  #: index of the task whose turn it is
    status: Status  #: of that
    since: float | None  #: wall time since when it waits or runs
    reason: str  #: why it waits; ""
    devices: str  #: the cards it may have: "0,1", "auto" for any, "cpu"


@dataclass(frozen=True, slots=True)
class Group:
    """Heads of queues that wait for the same cards."""

    devices: str
    waiting: int
    longest: float  #: seconds


@dataclass(frozen=True, slots=True)
class SchedulerHealth:
    pid: int
    command_file: str
    status: str  #: as it says; "dead"; "ended" by its user with tasks left; "elsewhere"
    started_at: float
    counts: Mapping[Status, int]
    backlog: tuple[Backlog, ...]
    groups: tuple[Group, ...]
    troubles: tuple[Trouble, ...]
    notes: tuple[Trouble, ...]  #: worth knowing, and not wrong


@dataclass(frozen=True, slots=True)
class Health:
    schedulers: tuple[SchedulerHealth, ...]
    troubles: tuple[Trouble, ...]  #: of no single scheduler


def look(home: Home, limits: Limits) -> Health:
    """Asks every living scheduler, all at once, and reads what the dead have left. Raises StateError."""
    try:
        found = list_states(home)
    except OSError as error:
        raise StateError(f"{home.state} can't be read: {error.strerror}") from error
    states = [one.state for one in found if isinstance(one.state, StateFile)]

    def asked(one: Found) -> SchedulerHealth | None:
        return look_at(home, one, limits, states)

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        known = tuple(each for each in pool.map(asked, found) if each)
    wrong = tuple(each for each in map(troubles.unreadable, found) if each)
    return Health(known, (*wrong, *_not_started(home, limits)))


def look_at(
    home: Home, one: Found, limits: Limits, among: Sequence[StateFile] = ()
) -> SchedulerHealth | None:
    """One of them, asked if it lives; `among`: all there are. None: it can't be read, or ended well or so
    long ago that it is no news."""
    state, silent = one.state, None
    if not isinstance(state, StateFile):
        return None
    if one.alive:
        try:
            state = _ask(home, one.pid, limits.patience)
        except NoAnswer:
            if not is_alive(home.state_lock(one.pid)):
                ended = _as_it_ended(one)
                return look_at(home, ended, limits, among) if ended else None
            silent = troubles.silent(one, state)
    gone = troubles.ended(home, state) if one.alive is False else None
    if one.alive is False and not gone and state.updated_at < limits.since:
        return None
    which = troubles.chosen(state, among)
    living = troubles.living(state, limits, which) if one.alive else ()
    found = (*filter(None, (gone, silent)), *troubles.failed(state, bool(one.alive), which), *living)
    status = "elsewhere" if one.alive is None else gone.kind if gone else state.status
    backlog = tuple(_backlog(queue) for queue in state.queues if queue.current is not None)
    return SchedulerHealth(
        one.pid,
        state.command_file,
        status,
        state.started_at,
        state.counts,
        backlog,
        _groups(backlog),
        tuple(each for each in found if each.kind != "ended"),
        tuple(each for each in found if each.kind == "ended"),
    )


def _as_it_ended(one: Found) -> Found | None:
    """One that has ended since it was found; None: it has left nothing that can be read."""
    try:
        return replace(one, alive=False, state=load(read_own(one.path)))
    except (OSError, GpulaneError):
        return None


def _ask(home: Home, pid: int, patience: float) -> StateFile:
    """Its state, from itself. Raises NoAnswer."""
    began = time.monotonic()
    while True:
        try:
            with Client(home.control_socket(pid), patience) as client:
                return adapter().validate_python(client.ask("status")["state"])
        except RequestRefused as refused:
            raise NoAnswer(str(refused)) from refused
        except NoAnswer:
            late = time.monotonic() - began > min(patience, BEGINNING_SECONDS)
            if late or not is_alive(home.state_lock(pid)):
                raise
            time.sleep(0.05)


def _backlog(queue: Queue) -> Backlog:
    head = queue.head
    left = sum(
        number for status, number in queue.counts.items() if status not in (*RUN_DONE, "failed", "skipped")
    )
    return Backlog(
        queue.queue_id,
        queue.queue_name,
        left,
        head.index if head else None,
        head.state.status if head else queue.status,
        _since(head.state) if head else None,
        head.state.reason if head and isinstance(head.state, Waiting) else "",
        _devices(head) if head else "auto",
    )


def _since(state: TaskState) -> float | None:
    since: float | None = getattr(state, "since", None)
    return since


def _devices(task: Task) -> str:
    if not task.gpu_count:
        return "cpu"
    return ",".join(task.options.devices) if task.options.devices else "auto"


def _groups(backlog: Sequence[Backlog]) -> tuple[Group, ...]:
    waits: dict[str, list[float]] = {}
    for one in backlog:
        if one.status == "waiting" and one.since is not None:
            waits.setdefault(one.devices, []).append(time.time() - one.since)
    return tuple(Group(devices, len(each), max(each)) for devices, each in sorted(waits.items()))


def _not_started(home: Home, limits: Limits) -> Iterator[Trouble]:
    """Attempts that could not even begin."""
    if not home.history.exists():
        return
    try:
        with open_past(home.history) as past:
            found = start_failures(past, Wanted(since=limits.since, limit=NAMED))
    except GpulaneError as error:
        yield Trouble("problem", str(error), "./gpulane doctor says more")
        return
    for label, why, at in found:
        text = f"task {label} could not be started {duration(time.time() - at)} ago: {why}"
        yield Trouble("not_started", text, f"./gpulane history --task {label.split()[0]} shows its attempts")
