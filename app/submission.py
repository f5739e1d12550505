"""Submitted tasks: a command file that `gpulane submit` writes, each task its own queue, all in one line.

The file holds what is to be done; what has ended leaves it when its scheduler is started anew, and stays in
history under an id that lasts.
"""

import contextlib
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.amend import CommandFile, alone, amend, check_script
from app.background import Background, start
from app.client import Client
from app.command_file.document import Document
from app.command_file.parse import Parsed
from app.model.faults import BadInput, GpulaneError
from app.model.paths import Home
from app.model.state import FINISHED, Running
from app.model.task import TaskSpec
from app.options import RunOptions
from app.preparation import find_files, make_folders
from app.store.lasting import KeptTask, largest_queue, task_of_queue, tasks_of_file
from app.store.plan_lock import plan_holder, take_plan

NAME = "submitted_gpus.txt"
HEADER = """\
# Submitted tasks, in the order they came: ./gpulane submit appends here, and ./gpulane tasks lists them all.
# Each is its own queue, and they stand in line (fifo). What has ended is taken out when the scheduler is
# started anew by ./gpulane submit or ./gpulane scheduler start; history keeps it.
"""
PATIENCE = 30.0
"""Seconds for a scheduler to take a new block up, or to refuse it."""

LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Submitted:
    task: KeptTask
    pid: int  #: of its scheduler
    started: bool  #: it was started for this
    simulated: bool  #: it runs on simulated GPUs


@dataclass(frozen=True, slots=True)
class Place:
    """The file of a home, and what belongs to it."""

    home: Home
    file: CommandFile

    @classmethod
    def find(cls) -> "Place":
        """Raises BadInput."""
        path = Home.find().root / "command" / NAME
        files = find_files(RunOptions(mode="multi", command_file=str(path), check=True))
        return cls(files.home, CommandFile(files.command, "multi", str(path)))

    @property
    def path(self) -> str:
        return str(self.file.path)

    def tasks(self) -> list[KeptTask]:
        """All that were ever submitted, oldest first; of one that a new run has had again, the newest."""
        newest = {(one.spec.queue_id, one.key): one for one in self._kept()}
        return sorted(newest.values(), key=lambda one: one.id)

    def _kept(self) -> list[KeptTask]:
        return tasks_of_file(self.home.history, self.path, os.getuid())

    def ended(self) -> set[tuple[int, str]]:
        """Queue and digest of what will not run again."""
        status: defaultdict[tuple[int, str], set[bool]] = defaultdict(set)
        for one in self.tasks():
            status[(one.spec.queue_id, one.key.digest)].add(one.state.status in FINISHED)
        return {which for which, over in status.items() if over == {True}}


def submit(spec: TaskSpec, simulate: str | None = None) -> Submitted:
    """Append a task, whose queue is chosen here, and start its scheduler if none runs.

    Raises BadInput; then nothing was changed."""
    check_script(spec.script)
    place = Place.find()
    spec = replace(spec, options=replace(spec.options, fifo=True))
    make_folders(place.home)
    try:
        place.file.path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise BadInput(f"{place.file.path.parent} can't be made: {error.strerror}") from error
    with alone(place.file.path):
        holder = plan_holder(place.home.state, place.file.path)
        return _append(place, spec, int(holder), simulate) if holder else _start(place, spec, simulate)


def start_scheduler(simulate: str | None = None) -> int:
    """Of what is still to be done; its pid. Raises BadInput: there is nothing, or one runs."""
    place = Place.find()
    make_folders(place.home)
    if not place.file.path.exists():
        raise BadInput("nothing was submitted yet; ./gpulane submit starts the scheduler")
    with alone(place.file.path):
        if not _clean(place, simulate):
            raise BadInput("all that was submitted has ended; the next ./gpulane submit starts it")
        return _background(place, simulate)


def _append(place: Place, spec: TaskSpec, pid: int, simulate: str | None, started: bool = False) -> Submitted:
    """As an edit of the file that a living scheduler watches."""
    with Client(place.home.control_socket(pid)) as client:
        state = _fit_to_take(client, pid, simulate)
        with _taken_back(place, client) as new:
            queue = new(spec)
            task = _taken_up(place, queue, client)
    return Submitted(task, pid, started, bool(state["simulated"]))


def _start(place: Place, spec: TaskSpec, simulate: str | None) -> Submitted:
    """With what is left of earlier ones, if there is anything: then the new one comes as an edit, so that it
    is checked against the machine (a resume would let it wait for ever)."""
    if _clean(place, simulate):
        pid = _background(place, simulate)
        return _append(place, spec, pid, simulate, started=True)
    running = any(isinstance(one.state, Running) for one in place.tasks())
    with _taken_back(place) as new:
        queue = new(spec)
        try:
            pid = _background(place, simulate, *([] if running else ["--fresh"]))
        except BadInput as bad:
            raise BadInput(_bare(place, str(bad))) from bad
        with Client(place.home.control_socket(pid)) as client:
            task = _taken_up(place, queue, client)
    return Submitted(task, pid, True, simulate is not None)


def log_of(place: Place) -> Path:
    """Of its scheduler's output."""
    return Background(place.home, place.file.path, "multi").log


def _background(place: Place, simulate: str | None, *flags: str) -> int:
    more = ["--simulate", simulate] if simulate else []
    return start(Background(place.home, place.file.path, "multi", [*more, *flags], place.home.root))


def _clean(place: Place, simulate: str | None) -> bool:
    """Take out what has ended, while no scheduler can start; whether anything is left. Raises BadInput."""
    held = take_plan(place.home.state, place.file.path)
    try:
        ended = place.ended()
        parsed = amend(
            place.file, lambda document, before: _without(document, before, ended), may_be_empty=True
        )
    finally:
        held.release()
    left = {task.queue_id for task in parsed.tasks}
    other = [one for one in place.tasks() if one.spec.queue_id in left and one.simulated != bool(simulate)]
    if other:
        there, here = ("simulated", "the real") if not simulate else ("the real", "simulated")
        raise BadInput(
            f"task {other[0].id} was submitted for {there} GPUs and would run on {here} ones; let it end, or "
            f"cancel it first (./gpulane cancel {other[0].id})"
        )
    return bool(left)


def _without(document: Document, parsed: Parsed, ended: set[tuple[int, str]]) -> Document:
    if parsed.faults and len(document):
        raise BadInput(parsed.faults)
    gone = {document.block_at(one.line) for one in parsed.tasks if (one.queue_id, one.digest()) in ended}
    for block in sorted(gone, reverse=True):
        document = document.remove(block)
    return document


def _fit_to_take(client: Client, pid: int, simulate: str | None) -> dict[str, Any]:
    """Its state. Raises BadInput where it would not take a new task up."""
    state: dict[str, Any] = client.ask("status")["state"]
    if not state["watches"]:
        raise BadInput(
            f"the scheduler with pid {pid} runs {NAME} without --watch and takes nothing up; end it first "
            f"(./gpulane drain --pid {pid}), and submit again"
        )
    if state["status"] in ("draining", "stopping", "finished"):
        raise BadInput(f"the scheduler with pid {pid} is {state['status']}; submit again when it has ended")
    if simulate and not state["simulated"]:
        raise BadInput(f"the scheduler with pid {pid} runs on real GPUs; leave --simulate out")
    if refused := _refusal(state):
        raise BadInput(f"{NAME} as it stands is not taken up; mend it first: {refused}")
    return state


def _refusal(state: dict[str, Any]) -> str | None:
    found = (each["facts"]["faults"] for each in state["problems"] if each["kind"] == "edit_refused")
    return next(found, None)


def _bare(place: Place, faults: str) -> str:
    """Faults without the lines of the file that they are no longer in."""
    return re.sub(rf"^{re.escape(place.path)}:\d+:\d+: ", "", faults, flags=re.MULTILINE)


@contextlib.contextmanager
def _taken_back(place: Place, client: Client | None = None) -> "Iterator[Any]":
    """Gives the function that appends; what it has appended is out of the file again if this fails."""
    before = place.file.path.read_bytes() if place.file.path.exists() else None
    added: list[int] = []

    def new(spec: TaskSpec) -> int:
        def change(document: Document, parsed: Parsed) -> Document:
            last = max((task.queue_id for task in parsed.tasks), default=0)
            added.append(max(last, largest_queue(place.home.history, place.path, os.getuid())) + 1)
            whole = document if document.text.strip() else Document(HEADER, document.mode)
            return whole.insert(len(whole), replace(spec, queue_id=added[-1]))

        amend(place.file, change)
        return added[-1]

    try:
        yield new
    except BaseException:
        if added:
            _take_back(place, before, added[-1])
            if client is not None:
                _until_taken_back(client)
        raise


def _take_back(place: Place, before: bytes | None, queue: int) -> None:
    if before is None:
        place.file.path.unlink(missing_ok=True)
        return

    def without(document: Document, parsed: Parsed) -> Document:
        lines = [task.line for task in parsed.tasks if task.queue_id == queue]
        return document.remove(document.block_at(lines[0])) if lines else document

    amend(place.file, without, may_be_empty=True)


def _until_taken_back(client: Client) -> None:
    """Else the next one would be told of this one's fault."""
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(GpulaneError):
        while _refusal(client.ask("status")["state"]) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)


def _taken_up(place: Place, queue: int, client: Client) -> KeptTask:
    """The task, once history has it. Raises BadInput with what its scheduler has against it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        task = task_of_queue(place.home.history, place.path, os.getuid(), queue)
        if task is not None:
            return task
        if refused := _refusal(client.ask("status")["state"]):
            raise BadInput(_bare(place, refused))
        if time.monotonic() > deadline:
            raise BadInput(f"its scheduler did not take it up within {PATIENCE:g} s; see ./gpulane ls")
        time.sleep(LOOK_SECONDS)
