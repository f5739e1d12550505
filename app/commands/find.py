"""Which scheduler a command is for, and which of its tasks."""

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from app.client import Client, NoAnswer
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state_file import StateFile, Task, load
from app.store.lock import is_alive
from app.store.states import list_states

SHORTEST_KEY = 4


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
            return load(self.path.read_bytes())
        except FileNotFoundError:
            return self.seen

    def ask(self, verb: str, **arguments: object) -> dict[str, Any]:
        """Raises RequestRefused, NoAnswer."""
        with Client(self.home.control_socket(self.pid)) as client:
            return client.ask(verb, **arguments)

    def named(self, text: str) -> list["Place"]:
        """Its tasks that may be meant: of one that runs it is asked, else its state is read."""
        if self.alive():
            answer = self.ask("tasks", task=text, count=100)["tasks"]
            tasks = _tasks().validate_python(answer)
            return [Place(self, each["queue"], task) for each, task in zip(answer, tasks, strict=True)]
        return [Place(self, queue, task) for queue, task in self._listed() if _is(text, queue, task)]

    def _listed(self) -> Iterator[tuple[int, Task]]:
        for queue in self.state().queues:
            yield from ((queue.queue_id, task) for task in queue.tasks)


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

    def owner(self) -> Scheduler:
        """Its scheduler; that of the same file which runs now, where its own has ended."""
        if self.scheduler.alive():
            return self.scheduler
        file = self.scheduler.seen.command_file
        found = (one for one in schedulers(self.scheduler.home, None, None) if one.seen.command_file == file)
        return next((one for one in found if one.ran), self.scheduler)

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
    every = [
        Scheduler(home, one.path, one.pid, one.state, one.alive)
        for one in list_states(home)
        if isinstance(one.state, StateFile)
    ]
    found = [
        one
        for one in every
        if pid in (None, one.pid) and (file is None or _runs(home, file, one.seen.command_file))
    ]
    if not found and (pid is not None or file is not None):
        raise BadInput(f"there is no scheduler{_which(pid, file)}" + _there(every))
    return sorted(found, key=lambda one: (not one.ran, -one.seen.updated_at))


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
    found = [one for one in schedulers(home, pid, file) if one.ran]
    if not found:
        raise BadInput(f"no scheduler{_which(pid, file)} runs here; ./gpulane ls shows what there is")
    return found


def the_one(home: Home, pid: int | None, file: str | None) -> Scheduler:
    """The one that can be meant. Raises BadInput."""
    found = living(home, pid, file)
    if len(found) > 1:
        raise BadInput(f"several schedulers run; say which with --pid or --file{_there(found)}")
    return found[0]


def the_task(among: Sequence[Scheduler], text: str) -> Place:
    """The one that can be meant. Raises BadInput, NoAnswer."""
    matches = [place for one in among for place in _named(one, text)]
    running = [place for place in matches if place.scheduler.ran]
    matches = running or matches
    if not matches:
        raise BadInput(f"there is no task {text} here; ./gpulane ls shows what there is")
    if len(matches) > 1:
        shown = "\n".join(
            f"  {each.label}  --pid {each.scheduler.pid}  {each.task.key}  {each.task.state.status}"
            + ("" if each.task.in_file else ", no longer in the file")
            for each in matches
        )
        raise BadInput(
            f"{text} may be any of these; say which by queue/index or key, or with --pid:\n{shown}"
        )
    return matches[0]


def _named(one: Scheduler, text: str) -> list[Place]:
    try:
        return one.named(text)
    except NoAnswer:
        if one.alive():
            raise
        return one.named(text)  # it has ended meanwhile: as its state says


def _is(text: str, queue: int, task: Task) -> bool:
    by_key = len(text) >= SHORTEST_KEY and task.key.startswith(text)
    return text in (f"{queue}/{task.index}", task.name) or by_key


def shown_path(path: str) -> str:
    """From the working directory, where it is below that."""
    here = Path(os.getcwd())  # noqa: PTH109
    return str(Path(path).relative_to(here)) if here in Path(path).parents else path
