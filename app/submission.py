"""Submitted tasks: a command file that `gpulane submit` writes, each task its own queue, all in one line.

The file holds what is to be done; what has ended leaves it when its scheduler is started anew, and stays in
history under an id that lasts.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from app import background, takeup
from app.amend import Amended, Change, CommandFile, alone, amend, check_script, drafted
from app.client import Client, NoAnswer
from app.command_file.document import Document
from app.command_file.lane import asked
from app.command_file.parse import Parsed
from app.home import home_here, make_folders
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state import FINISHED, Running
from app.model.task import TaskSpec
from app.options import RunOptions
from app.preparation import find_files
from app.store.lasting import KeptTask, largest_queue, task_of_queue, tasks_of_file
from app.store.plan_lock import plan_holder, take_plan

PRIVATE = 0o600
HEADER = """\
# Submitted tasks, in the order they came: ./gpulane submit appends here, and ./gpulane tasks lists them all.
# Each is its own queue, and they stand in line (fifo). What has ended is taken out when the scheduler is
# started anew by ./gpulane submit or ./gpulane scheduler start; history keeps it.
"""


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
        """Whatever is wrong with the settings: what runs, and what there was, is told all the same. Raises
        BadInput where they can't tell where that lies."""
        return cls.of(home_here())

    @classmethod
    def of(cls, home: Home) -> "Place":
        path = home.submitted
        return cls(home, CommandFile(path.resolve(), "multi", str(path), PRIVATE))

    @classmethod
    def to_run(cls) -> "Place":
        """Raises BadInput for all that a start would refuse as well."""
        path = Home.find().submitted
        files = find_files(RunOptions(mode="multi", command_file=str(path), check=True))
        return cls(files.home, CommandFile(files.command, "multi", str(path), PRIVATE))

    @property
    def path(self) -> str:
        return str(self.file.path)

    def tasks(self) -> list[KeptTask]:
        """All that were ever submitted, oldest first; of one that a new run has had again, the newest."""
        newest = {(one.spec.queue_id, one.key): one for one in self._kept()}
        return sorted(newest.values(), key=lambda one: one.id)

    def task_of(self, queue: int) -> KeptTask | None:
        return task_of_queue(self.home.history, self.path, os.getuid(), queue)

    def _kept(self) -> list[KeptTask]:
        return tasks_of_file(self.home.history, self.path, os.getuid())

    def ended(self) -> set[tuple[int, str]]:
        """Queue and digest of what will not run again."""
        status: defaultdict[tuple[int, str], set[bool]] = defaultdict(set)
        for one in self.tasks():
            status[(one.spec.queue_id, one.key.digest)].add(one.state.status in FINISHED)
        return {which for which, over in status.items() if over == {True}}


def spec_of(
    wishes: Iterable[tuple[str, str | None]], script: str, gpus: int, memory_gb: float | None
) -> TaskSpec:
    """A task to submit, whose queue is chosen then. `wishes`: as `lane.asked` takes them. Raises BadInput."""
    found = asked([*wishes, *([("gpus", "0")] if gpus == 0 else [])])
    options = replace(found.options, fifo=True)
    return TaskSpec(0, script, 0 if found.cpu else gpus, memory_gb, options)


def model_of(gpu_type: str | None) -> str | None:
    """As the option has it; None: any."""
    return None if gpu_type is None or gpu_type.strip().lower() in ("", "any", "auto") else gpu_type


def submit(spec: TaskSpec, simulate: str | None = None) -> Submitted:
    """Append a task, whose queue is chosen here, and start its scheduler if none runs.

    Raises BadInput, NoAnswer; then nothing was changed."""
    check_script(spec.script)
    place = Place.to_run()
    make_folders(place.home)
    try:
        place.file.path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise BadInput(f"{place.file.path.parent} can't be made: {error.strerror}") from error
    with alone(place.file.path):
        while True:
            try:
                with takeup.connected(place.home, place.file.path) as client:
                    return _append(place, spec, client, simulate) if client else _start(place, spec, simulate)
            except NoAnswer:
                if plan_holder(place.home.state, place.file.path) is not None:
                    raise
                # It has ended just now, without the new task: once more, with another one.


def start_scheduler(simulate: str | None = None) -> int:
    """Of what is still to be done; its pid. Raises BadInput: there is nothing, or one runs."""
    place = Place.to_run()
    make_folders(place.home)
    if not place.file.path.exists():
        raise BadInput("nothing was submitted yet; ./gpulane submit starts the scheduler")
    with alone(place.file.path):
        if not _clean(place, simulate):
            raise BadInput("all that was submitted has ended; the next ./gpulane submit starts it")
        return _background(place, simulate)


def log_of(place: Place) -> Path:
    """Of its scheduler's output."""
    return background.log_of(place.home, place.file.path, "multi")


def _append(place: Place, spec: TaskSpec, client: Client, simulate: str | None) -> Submitted:
    """As an edit of the file that a living scheduler watches."""
    state = takeup.state_of(client)
    _refuse_unfit(state, simulate, place)
    task = _added(place, spec, client)
    return Submitted(task, state["pid"], False, bool(state["simulated"]))


def _start(place: Place, spec: TaskSpec, simulate: str | None) -> Submitted:
    """With what is left of earlier ones, if there is anything: then the new one comes as an edit, so that it
    is checked against the machine (a resume would let it wait for ever)."""
    left = _clean(place, simulate)
    if left:
        pid = _background(place, simulate)
        with Client(place.home.control_socket(pid)) as client:
            task = _added(place, spec, client)
    else:
        task, pid = _started_with(place, spec, simulate)
    return Submitted(task, pid, True, simulate is not None)


def _added(place: Place, spec: TaskSpec, client: Client) -> KeptTask:
    amended, queue = _written(place, spec)
    try:
        with takeup.kept_if_taken(amended, client):
            return takeup.until(client, lambda: place.task_of(queue))
    except BadInput as bad:
        raise _bare(place, bad) from bad


def _started_with(place: Place, spec: TaskSpec, simulate: str | None) -> tuple[KeptTask, int]:
    """The first of a new run; one that still runs of an older run is adopted."""
    fresh = [] if any(isinstance(one.state, Running) for one in place.tasks()) else ["--fresh"]
    amended, queue = _written(place, spec)
    try:
        with takeup.kept_if_taken(amended, None):
            pid = _background(place, simulate, *fresh)
            with Client(place.home.control_socket(pid)) as client:
                return takeup.until(client, lambda: place.task_of(queue)), pid
    except BadInput as bad:
        raise _bare(place, bad) from bad


def with_one_more(
    place: Place, spec: TaskSpec, living: takeup.State | None, simulate: str | None
) -> tuple[str, int]:
    """The text of the file as submitting this would leave it, and the queue it gets; nothing is written.
    `living`: its scheduler's state; None: none runs, and what has ended is taken out, as at a start. Raises
    BadInput for all that submitting would be refused for."""
    queue = 0
    if living:
        _refuse_unfit(living, simulate, place)

    def change(document: Document, parsed: Parsed) -> Document:
        nonlocal queue
        if not living:
            ended = place.ended()
            document = _without(ended)(document, parsed)
            left = {one.queue_id for one in parsed.tasks if (one.queue_id, one.digest()) not in ended}
            _refuse_other_gpus(place, left, simulate)
        whole, queue = _one_more(place, spec, document, parsed)
        return whole

    return drafted(place.file, change), queue


def _written(place: Place, spec: TaskSpec) -> tuple[Amended, int]:
    """With the next free queue id, which is given once."""
    queue = 0

    def change(document: Document, parsed: Parsed) -> Document:
        nonlocal queue
        whole, queue = _one_more(place, spec, document, parsed)
        return whole

    return amend(place.file, change), queue


def _one_more(place: Place, spec: TaskSpec, document: Document, parsed: Parsed) -> tuple[Document, int]:
    before = largest_queue(place.home.history, place.path, os.getuid())
    queue = 1 + max([before, *(task.queue_id for task in parsed.tasks)])
    whole = document if document.text.strip() else Document(HEADER, document.mode)
    return whole.insert(len(whole), replace(spec, queue_id=queue)), queue


def _background(place: Place, simulate: str | None, *flags: str) -> int:
    more = ["--watch", *(["--simulate", simulate] if simulate else []), *flags]
    how = background.first(place.home, place.file.path, "multi", more, folder=str(place.home.root))
    return background.start(place.home, how)


def _clean(place: Place, simulate: str | None) -> bool:
    """Take out what has ended, while no scheduler can start; whether anything is left. Raises BadInput."""
    held = take_plan(place.home.state, place.file.path)
    try:
        ended = place.ended()
        parsed = amend(place.file, _without(ended), may_be_empty=True).parsed
    finally:
        held.release()
    left = {task.queue_id for task in parsed.tasks}
    _refuse_other_gpus(place, left, simulate)
    return bool(left)


def _refuse_other_gpus(place: Place, left: set[int], simulate: str | None) -> None:
    """Raises BadInput where what is left in these queues is for simulated GPUs and a scheduler would run on
    real ones, or the other way round."""
    other = [one for one in place.tasks() if one.spec.queue_id in left and one.simulated != bool(simulate)]
    if other:
        there, here = ("simulated", "the real") if not simulate else ("the real", "simulated")
        how = "" if simulate else "start with --simulate, as before; or "
        raise BadInput(
            f"task {other[0].id} was submitted for {there} GPUs and would run on {here} ones; {how}let it "
            f"end, or cancel it first (./gpulane cancel {other[0].id})"
        )


def _without(ended: set[tuple[int, str]]) -> Change:
    """`ended`: queue and digest."""

    def change(document: Document, parsed: Parsed) -> Document:
        if parsed.faults and len(document):
            raise BadInput(parsed.faults)
        gone = {document.block_at(one.line) for one in parsed.tasks if (one.queue_id, one.digest()) in ended}
        for block in sorted(gone, reverse=True):
            document = document.remove(block)
        return document

    return change


def _refuse_unfit(state: takeup.State, simulate: str | None, place: Place) -> None:
    """Raises BadInput where a scheduler of this state would not take a new task up."""
    pid = state["pid"]
    if state["status"] in ("draining", "stopping", "finished"):
        raise BadInput(f"the scheduler with pid {pid} is {state['status']}; submit again when it has ended")
    if simulate and not state["simulated"]:
        raise BadInput(f"the scheduler with pid {pid} runs on real GPUs; leave --simulate out")
    takeup.refuse_unmended(state, place.home.submitted.name)


def _bare(place: Place, bad: BadInput) -> BadInput:
    """Faults without the lines of the file that they are no longer in."""
    return BadInput(re.sub(rf"^{re.escape(place.path)}:\d+:\d+: ", "", str(bad), flags=re.MULTILINE))
