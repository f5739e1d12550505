"""Which scheduler a command is for, and which of its tasks."""

import functools
import os
import shlex
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from app import procfs
from app.client import PATIENCE, Client, NoAnswer
from app.core.naming import Names, meant, nearest
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.problems import named
from app.model.state import FINISHED, Running
from app.model.state_file import MoreQueues, Queue, StateFile, Task, load
from app.store.lock import is_alive
from app.store.own_file import read_own
from app.store.states import list_states
from app.view.text import clean

LONGEST_ID = 18
ENDING_SECONDS = 0.05


@functools.cache
def _tasks() -> TypeAdapter[list[Task]]:
    """Made when it is needed: that takes as long as much of the rest."""
    return TypeAdapter(list[Task])


@dataclass(frozen=True, slots=True)
class Scheduler:
    """One that runs, or has left its state."""

    home: Home
    path: Path  #: of its state file
    pid: int
    seen: StateFile
    ran: bool | None  #: when it was found; None: it is another host's

    def alive(self) -> bool:
        return bool(self.ran) and is_alive(self.home.state_lock(self.pid))

    def state(self) -> StateFile:
        """As it says now, or said last. Raises GpulaneError."""
        try:
            return load(read_own(self.path))
        except FileNotFoundError:
            return self.seen

    def frozen(self) -> bool:
        """Somebody has stopped it (Ctrl-Z, SIGSTOP), and it does nothing until that is lifted."""
        process = procfs.stat(self.pid) if self.ran else None
        return process is not None and process.stopped and process.start == self.seen.process_start

    def at_last(self) -> "Scheduler":
        """Itself while it lives; then who runs its file now, or has run it last."""
        return self if self.alive() else next(iter(of_file(self.home, self.seen.command_file)), self)

    def going_on(self) -> str:
        """What its user types to go on with what it has left."""
        from app.going_on import command_line  # it takes a moment to load

        return command_line(self.home, self.seen)

    def left_running(self) -> list["Place"]:
        """Its tasks that run on though it has gone."""
        return [place for place in self.listed() if place.runs_on()] if self.ran is False else []

    def ask(self, verb: str, **arguments: object) -> dict[str, Any]:
        """Raises RequestRefused, NoAnswer."""
        if self.frozen():
            raise NoAnswer(
                f"the scheduler with pid {self.pid} is stopped; kill -CONT {self.pid} lets it go on"
            )
        with Client(self.home.control_socket(self.pid)) as client:
            return client.ask(verb, **arguments)

    def named(self, text: str) -> list["Place"]:
        """Its tasks that may be meant: of one that runs it is asked, else its state is read.

        Raises NoAnswer."""
        deadline = time.monotonic() + PATIENCE
        while self.alive() and not self.frozen():
            try:
                answer = self.ask("tasks", task=text, count=100)["tasks"]
            except NoAnswer:
                time.sleep(ENDING_SECONDS)  # one that has just ended holds its lock a moment longer
                if self.alive() and time.monotonic() > deadline:
                    raise
                continue
            return self._placed(answer)
        listed = self.listed()
        return [listed[at] for at in meant(text, (place.names for place in listed))]

    def _placed(self, answer: list[dict[str, Any]]) -> list["Place"]:
        """Tasks as it has answered with them."""
        tasks = _tasks().validate_python(answer)
        return [Place(self, each["queue"], task) for each, task in zip(answer, tasks, strict=True)]

    def whole(self) -> StateFile:
        """Its state with all of its tasks: the file names those near the heads of its queues. Of one that has
        gone as the file has it. Raises GpulaneError."""
        state = self.state()
        if not self.alive() or self.frozen():
            return state
        listed = {queue.queue_id: queue for queue in state.queues}
        found: dict[int, list[Task]] = defaultdict(list)
        with Client(self.home.control_socket(self.pid)) as client:
            at, total = 0, 1
            while at < total:
                answer = client.ask("tasks", **{"from": at})
                for place in self._placed(answer["tasks"]):
                    found[place.queue].append(place.task)
                at, total = at + max(1, len(answer["tasks"])), answer["total"]
        queues = tuple(_filled(listed.get(number), number, tasks) for number, tasks in found.items())
        return replace(state, queues=queues, more_queues=MoreQueues())

    @property
    def names_a_part(self) -> bool:
        """Whether its state has no room for all of its tasks."""
        every = sum(self.seen.counts.values())
        return sum(len(queue.tasks) for queue in self.seen.queues) < every

    def listed(self) -> list["Place"]:
        """The tasks that its state names."""
        return [Place(self, queue.queue_id, task) for queue in self.state().queues for task in queue.tasks]


def _filled(queue: Queue | None, number: int, tasks: Sequence[Task]) -> Queue:
    """With all of its tasks; None: the state file had no room for it."""
    if queue is not None:
        return replace(queue, tasks=tuple(tasks), total=len(tasks))
    counts = Counter(task.state.status for task in tasks)
    left = (task for task in tasks if task.state.status not in FINISHED)
    current = next(left, None)
    status = (current or tasks[-1]).state.status
    index = current.index if current else None
    return Queue(
        queue_id=number,
        queue_name=tasks[0].options.queue_name,
        status=status,
        total=len(tasks),
        counts=counts,
        current=index,
        tasks=tuple(tasks),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A task of a scheduler, as it was found."""

    scheduler: Scheduler
    queue: int
    task: Task

    @property
    def label(self) -> str:
        """ "3/1 (car stage 1)"."""
        return f"{self.place}" + (f" ({self.task.name})" if self.task.name else "")

    @property
    def place(self) -> str:
        return f"{self.queue}/{self.task.index}"

    @property
    def names(self) -> Names:
        return Names(self.place, self.task.name, self.task.key)

    def runs_on(self) -> bool:
        """Whether its attempt runs, on this machine, as the kernel knows it."""
        state = self.task.state
        if not isinstance(state, Running):
            return False
        from app.execution.ends import is_written  # it takes a moment to load

        return is_written(Path(state.log_path))

    def owner(self) -> Scheduler:
        """Its scheduler; that of the same file which runs now, or has run last, where its own has ended."""
        return self.scheduler.at_last()

    def again(self) -> Task:
        """As it is now. Raises BadInput where an edit has taken it out."""
        found = [each.task for each in self.owner().named(self.task.key) if each.task.key == self.task.key]
        if not found:
            raise BadInput(f"{self.label} is no longer in its file")
        return found[0]

    def ask(self, verb: str) -> dict[str, Any]:
        """Raises RequestRefused, NoAnswer."""
        return self.scheduler.ask(verb, task=self.task.key, key=self.task.key)


def schedulers(home: Home, pid: int | None, file: str | None) -> list[Scheduler]:
    """Those that run and those that left something, as `--pid` and `--file` choose; the living first, and
    of the others the last. Raises BadInput where there is none such."""
    return look(home, pid, file)[0]


def of_file(home: Home, command_file: str) -> list[Scheduler]:
    """Those of this command file (real path), in the same order."""
    return [one for one in schedulers(home, None, None) if one.seen.command_file == command_file]


def look(
    home: Home, pid: int | None, file: str | None, read: Callable[[bytes], StateFile] = load
) -> tuple[list[Scheduler], list[str]]:
    """The same, and what is wrong with state files that can't be read."""
    states = list_states(home, read=read)
    every = [
        Scheduler(home, one.path, one.pid, one.state, one.alive)
        for one in states
        if isinstance(one.state, StateFile)
    ]
    unreadable = [wrong for one in states if (wrong := one.unreadable)]
    found = [
        one
        for one in every
        if pid in (None, one.pid) and (file is None or _runs(home, file, one.seen.command_file))
    ]
    if not found and (pid is not None or file is not None):
        raise BadInput(f"there is no scheduler{_which(pid, file)}" + _there(every))
    return sorted(found, key=_place), unreadable


def _place(one: Scheduler) -> tuple[bool, float]:
    """The living first, the eldest of them, which stays so; of the others, who ended last."""
    return (False, one.seen.started_at) if one.ran else (True, -one.seen.updated_at)


def _runs(home: Home, file: str, command_file: str) -> bool:
    """May a user have meant this command file? By its path, or by its name alone."""
    return str(home.resolve(file).resolve()) == command_file or file == Path(command_file).name


def _which(pid: int | None, file: str | None) -> str:
    return (f" with pid {pid}" if pid is not None else "") + (f" on {file}" if file else "")


def _there(found: Sequence[Scheduler]) -> str:
    listed = "".join(f"\n  --pid {one.pid}  {shown_path(one.seen.command_file)}" for one in found)
    return f"; there is:{listed}" if found else ", and nothing was left of one"


def living(home: Home, pid: int | None, file: str | None) -> list[Scheduler]:
    """Those that run on this machine. Raises BadInput if there is none."""
    return _running(schedulers(home, pid, file), pid, file)


def _running(every: Sequence[Scheduler], pid: int | None, file: str | None) -> list[Scheduler]:
    found = [one for one in every if one.ran]
    if not found:
        raise BadInput(f"no scheduler{_which(pid, file)} runs here{_left(every)}")
    return found


def to_ask(home: Home, pid: int | None, file: str | None, texts: Sequence[str]) -> list[Place]:
    """Tasks of schedulers that run. Raises BadInput, NoAnswer."""
    every = schedulers(home, pid, file)
    _running(every, pid, file)
    places = [the_task(every, text) for text in texts]
    for place in places:
        if not place.scheduler.ran:
            raise BadInput(_elsewhere(place))
    return places


def _left(every: Sequence[Scheduler]) -> str:
    """What the last one has left, if it has not finished."""
    for one in every:
        if one.ran is False and one.seen.status != "finished":
            running = [place.label for place in one.left_running()]
            more = f", and {named(running)} {'runs' if len(running) == 1 else 'run'} on" if running else ""
            if running and one.seen.command_file == str(one.home.submitted):
                more += " (./gpulane cancel ID ends it)"
            file = shown_path(one.seen.command_file)
            return f"; that of {file} (pid {one.pid}) has gone{more}. To go on: {one.going_on()}"
    return "; ./gpulane ls shows what there is"


def _elsewhere(place: Place) -> str:
    """Why its scheduler can't be asked."""
    one = place.scheduler
    is_where = (
        f"runs on {clean(one.seen.host)}" if one.ran is None else f"has gone; to go on: {one.going_on()}"
    )
    return (
        f"{place.label} is of {shown_path(one.seen.command_file)}, whose scheduler (pid {one.pid}) {is_where}"
    )


def the_one(home: Home, pid: int | None, file: str | None) -> Scheduler:
    """The one that can be meant. Raises BadInput."""
    found = living(home, pid, file)
    if len(found) > 1:
        raise BadInput(f"several schedulers run; say which with --pid or --file{_there(found)}")
    return found[0]


def the_task(among: Sequence[Scheduler], text: str) -> Place:
    """The one that can be meant. Raises BadInput, NoAnswer."""
    matches = [place for one in among for place in one.named(text)] or _by_id(among, text)
    alive = [place for place in matches if place.scheduler.ran or place.runs_on()]
    matches = alive or matches
    if not matches:
        for one in among:
            if not one.ran and one.names_a_part:
                file = shown_path(one.seen.command_file)
                raise BadInput(
                    f"{text} is none of those that the state of {file} (pid {one.pid}, now gone) names; "
                    f"./gpulane history --task {shlex.quote(text)} may know it"
                )
        there = nearest(text, (place.names for one in among for place in one.listed()))
        raise BadInput(
            f"there is no task {text or repr(text)} here{there or '; ./gpulane ls shows what there is'}"
        )
    if len(matches) > 1:
        raise BadInput(f"{text} may be any of these; {_apart(matches)}")
    return matches[0]


def _apart(matches: Sequence[Place]) -> str:
    """How to say which of these tasks is meant, and a line for each."""
    ways = []
    if len({each.place for each in matches}) == len(matches):
        ways.append("by queue/index")
    elif len({each.task.key for each in matches}) == len(matches):
        ways.append("by key")
    several = len({each.scheduler.pid for each in matches}) > 1
    ways += ["with --pid"] if several else []
    lines = (
        f"  {each.label}  --pid {each.scheduler.pid}  {each.task.key}  {each.task.state.status}"
        + ("" if each.task.in_file else ", no longer in the file")
        + (f"  {shown_path(each.scheduler.seen.command_file)}" if several else "")
        for each in matches
    )
    return f"say which {', or '.join(ways)}:\n" + "\n".join(lines)


def _by_id(among: Sequence[Scheduler], text: str) -> list[Place]:
    """By the number that `submit` called it; those of others' tasks could be mistaken for queues."""
    if not among or not text.isascii() or not text.isdigit():
        return []
    from app.store.lasting import task_by_id  # it loads what reads history

    home = among[0].home
    kept = task_by_id(home.history, int(text[:LONGEST_ID]))
    if kept is None or kept.command_file != str(home.submitted):
        return []
    its = [one for one in among if one.seen.command_file == kept.command_file]
    return [place for one in its for place in one.named(str(kept.key))]


def shown_path(path: str) -> str:
    """From the working directory, where it is below that."""
    here = Path(os.getcwd())  # noqa: PTH109
    below = here in Path(path).parents and here != Path("/")
    return str(Path(path).relative_to(here)) if below else path
