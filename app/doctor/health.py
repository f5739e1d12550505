"""How a home's schedulers are: which run, what waits and for how long, what has gone wrong. Reads only."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from app import procfs
from app.client import Client, NoAnswer, RequestRefused
from app.model.faults import GpulaneError
from app.model.paths import Home
from app.model.state import RUN_DONE, Failed, Status, TaskState, Waiting
from app.model.state_file import ADAPTER, Queue, StateFile, Task, load
from app.store.lock import is_alive
from app.store.past import Wanted, open_past, start_failures
from app.store.state_file import StateError
from app.store.states import Found, list_states
from app.view.text import count, duration

MOST_AT_ONCE = 16
"""Schedulers asked side by side: one that hangs holds up nobody's answer."""

BEGINNING_SECONDS = 2.0
"""A scheduler that has just begun may have a state and no socket yet."""

NAMED = 5
"""Failed tasks of one scheduler that are named."""

MACHINE = frozenset({"driver_silent", "leases_unreadable", "launch_refused", "too_few_cards"})
"""Blockers that no waiting helps."""

HARMLESS = frozenset(
    {"group_writable", "compete_gpus_unused", "state_dir", "visible_devices", "spared", "file_gone"}
    | {"lease_directory_private", "lease_directory_group", "lease_odd_files", "lease_directory_gone"}
)
"""Problems of a state that only are worth knowing."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong, and what to do."""

    kind: str  #: dead, silent, failed, stuck, not_started, problem, unreadable
    text: str
    advice: str


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
    status: str  #: as it says; "dead", "elsewhere"
    started_at: float
    counts: Mapping[Status, int]
    backlog: tuple[Backlog, ...]
    groups: tuple[Group, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Health:
    schedulers: tuple[SchedulerHealth, ...]
    troubles: tuple[Trouble, ...]  #: of no single scheduler


@dataclass(frozen=True, slots=True)
class Limits:
    """What is no trouble yet, or no more. Seconds, and a wall time."""

    stuck_after: float  #: a wait that nothing of ours can end is one after so long
    since: float  #: what ended before is no news
    patience: float  #: for a scheduler to answer


def look(home: Home, limits: Limits) -> Health:
    """Asks every living scheduler, all at once, and reads what the dead have left. Raises StateError."""
    try:
        found = list_states(home)
    except OSError as error:
        raise StateError(f"{home.state} can't be read: {error.strerror}") from error
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        schedulers = pool.map(lambda one: look_at(home, one, limits), _readable(found))
        known = tuple(each for each in schedulers if each)
    unreadable = tuple(_unreadable(one) for one in found if not isinstance(one.state, StateFile))
    return Health(known, (*unreadable, *_not_started(home, limits)))


def _readable(found: Iterable[Found]) -> list[Found]:
    return [one for one in found if isinstance(one.state, StateFile)]


def _unreadable(one: Found) -> Trouble:
    return Trouble("unreadable", f"{one.path}: {one.state}", "if no scheduler has this pid, move it away")


def look_at(home: Home, one: Found, limits: Limits) -> SchedulerHealth | None:
    """One of them, asked if it lives. None: it ended well, or so long ago that it is no news."""
    state, silent = one.state, None
    assert isinstance(state, StateFile)
    if one.alive:
        try:
            state = _ask(home, one.pid, limits.patience)
        except NoAnswer:
            if not is_alive(home.state_lock(one.pid)):
                ended = _as_it_ended(one)
                return look_at(home, ended, limits) if ended else None
            silent = _silent(one, state)
    dead = one.alive is False and _left(state)
    if one.alive is False and (state.status == "finished" or not dead) and state.updated_at < limits.since:
        return None
    gone = (Trouble("dead", *_dead(state)),) if dead and state.status != "finished" else ()
    told = (silent,) if silent else ()
    troubles = (
        *gone,
        *told,
        *_failed(state, bool(one.alive)),
        *(_living(state, limits) if one.alive else ()),
    )
    status = "elsewhere" if one.alive is None else "dead" if gone else state.status
    backlog = tuple(_backlog(queue) for queue in state.queues if queue.current is not None)
    return SchedulerHealth(
        one.pid,
        state.command_file,
        status,
        state.started_at,
        state.counts,
        backlog,
        _groups(backlog),
        troubles,
    )


def _as_it_ended(one: Found) -> Found | None:
    """One that has ended since it was found; None: it has left nothing that can be read."""
    try:
        return replace(one, alive=False, state=load(one.path.read_bytes()))
    except (OSError, GpulaneError):
        return None


def _ask(home: Home, pid: int, patience: float) -> StateFile:
    """Its state, from itself. Raises NoAnswer."""
    began = time.monotonic()
    while True:
        try:
            with Client(home.control_socket(pid), patience) as client:
                return ADAPTER.validate_python(client.ask("status")["state"])
        except RequestRefused as refused:
            raise NoAnswer(str(refused)) from refused
        except NoAnswer:
            late = time.monotonic() - began > min(patience, BEGINNING_SECONDS)
            if late or not is_alive(home.state_lock(pid)):
                raise
            time.sleep(0.05)


def _silent(one: Found, state: StateFile) -> Trouble:
    process = procfs.stat(one.pid)
    how = "is stopped (SIGSTOP)" if process and process.state == "T" else "does not answer"
    text = f"it lives, and {how}; its state is {duration(time.time() - state.updated_at)} old"
    return Trouble(
        "silent", text, f"if it is stopped: kill -CONT {one.pid}; kill -9 leaves its tasks running"
    )


def _left(state: StateFile) -> int:
    return sum(number for status, number in state.counts.items() if status not in RUN_DONE)


def _dead(state: StateFile) -> tuple[str, str]:
    running = state.counts.get("running", 0)
    more = f"; {count(running, 'task')} ran then, and may run on" if running else ""
    text = f"it has ended with {count(_left(state), 'task')} to go{more}"
    return text, f"./gpulane run {state.command_file} goes on with them"


def _failed(state: StateFile, lives: bool) -> Iterator[Trouble]:
    number = state.counts.get("failed", 0)
    named = [
        (queue, task) for queue in state.queues for task in queue.tasks if isinstance(task.state, Failed)
    ]
    for queue, task in named[:NAMED]:
        label = f"{queue.queue_id}/{task.index}"
        error = task.state.error if isinstance(task.state, Failed) else ""
        title = f"{label} ({task.name})" if task.name else label
        again = f"./gpulane retry {label} runs it again" if lives else "the next start runs it again"
        advice = f"./gpulane logs {label} shows its end; {again}"
        yield Trouble("failed", f"task {title} failed for good: {error}", advice)
    more = number - len(named[:NAMED])
    if more > 0:
        text = f"and {count(more, 'more task')} failed"
        yield Trouble("failed", text, "./gpulane history --failed shows them")


def _living(state: StateFile, limits: Limits) -> Iterator[Trouble]:
    for queue in state.queues:
        head = queue.head
        if head and isinstance(head.state, Waiting) and (why := _stuck(head.state, limits)):
            label = f"{queue.queue_id}/{head.index}"
            waited = duration(time.time() - head.state.since)
            advice = f"./gpulane why {label} shows all that is in its way"
            yield Trouble(why, f"task {label} waits for {waited}: {head.state.reason}", advice)
    for problem in state.problems:
        if problem.kind not in HARMLESS:
            yield Trouble("problem", problem.text, "./gpulane doctor says more of the machine")


def _stuck(state: Waiting, limits: Limits) -> str | None:
    """The kind of trouble that a wait is; None: it is an ordinary one."""
    kinds = {blocker.kind for blocker in state.blockers}
    if "launch_refused" in kinds:
        return "not_started"
    if kinds & MACHINE:
        return "stuck"
    return "stuck" if state.stuck and time.time() - state.since > limits.stuck_after else None


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
