"""Submitted tasks: a command file that `gpulane submit` writes, all in one line, each its own queue or at the
end of an earlier one's.

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
from app.amend import Amended, CommandFile, alone, amend, check_script, drafted
from app.client import Client, NoAnswer
from app.command_file.document import Document
from app.command_file.lane import asked
from app.command_file.parse import Parsed
from app.home import home_here, make_folders
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state import FINISHED, RUN_DONE, Running, Status
from app.model.state_file import StateFile
from app.model.task import TaskSpec
from app.options import RunOptions
from app.preparation import find_files
from app.store.lasting import KeptTask, largest_queue, task_of_queue, tasks_of_file
from app.store.plan_lock import plan_holder, take_plan

PRIVATE = 0o600
HEADER = """\
# Submitted tasks, in the order they came: ./gpulane submit appends here, and ./gpulane tasks lists them all.
# Each is its own queue, or at the end of an earlier one's, and they stand in line (fifo). When the scheduler
# is started anew by ./gpulane submit or ./gpulane scheduler start, what has failed is taken out, and once all
# has ended everything; history keeps it.
"""

Which = tuple[int, str]
"""Queue and digest."""


@dataclass(frozen=True, slots=True)
class New:
    """A task to submit."""

    spec: TaskSpec  #: whose queue is chosen when it is submitted
    simulate: str | None = None  #: the cards of a scheduler that is started for it; None: the machine's
    queue: int | None = None  #: of the submitted tasks it comes behind; None: one of its own


@dataclass(frozen=True, slots=True)
class Submitted:
    task: KeptTask
    pid: int  #: of its scheduler
    started: bool  #: it was started for this
    simulated: bool  #: it runs on simulated GPUs

    @property
    def where(self) -> str:
        """Where it stands, for a sentence."""
        return f"{'behind others in its queue' if self.task.index else 'in line'} at {self.task.label}"


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

    def sorted_out(self, parsed: Parsed) -> "SortedOut":
        """What leaves the file before a start. Until all has ended only what would run again leaves: what has
        failed, or was skipped for that. The rest keeps the indices of its queue true; and a new task like one
        that has left an unfinished run would be taken for that one."""
        status: defaultdict[Which, set[Status]] = defaultdict(set)
        for one in self.tasks():
            status[(one.spec.queue_id, one.key.digest)].add(one.state.status)
        ended = {which for which, found in status.items() if found <= FINISHED}
        left = {one.queue_id for one in parsed.tasks if (one.queue_id, one.digest()) not in ended}
        return SortedOut({which for which in ended if not (left and status[which] <= RUN_DONE)}, left)


@dataclass(frozen=True, slots=True)
class SortedOut:
    gone: set[Which]
    left: set[int]  #: queues with something still to be done


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


def submit(new: New) -> Submitted:
    """Append a task, and start its scheduler if none runs.

    Raises BadInput, NoAnswer; then nothing was changed."""
    check_script(new.spec.script)
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
                    return _append(place, new, client) if client else _start(place, new)
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
        if not _clean(place, simulate is not None):
            raise BadInput("all that was submitted has ended; the next ./gpulane submit starts it")
        return _background(place, simulate)


def may_go_on(home: Home, state: StateFile) -> bool:
    """Whether a scheduler is to be started again that left this state, whatever its file. One of submitted
    tasks runs nothing again that has ended, and is not to be where all have. Raises BadInput."""
    place = Place.of(home)
    if state.command_file != place.path:
        return True
    with alone(place.file.path):
        return bool(_clean(place, state.simulated))


def log_of(place: Place) -> Path:
    """Of its scheduler's output."""
    return background.log_of(place.home, place.file.path, "multi")


def _append(place: Place, new: New, client: Client) -> Submitted:
    """As an edit of the file that a living scheduler watches."""
    state = takeup.state_of(client)
    _refuse_unfit(state, new.simulate, place)
    task = _added(place, new, client)
    return Submitted(task, state["pid"], False, bool(state["simulated"]))


def _start(place: Place, new: New) -> Submitted:
    """With what is left of earlier ones, if there is anything: then the new one comes as an edit, so that it
    is checked against the machine (a resume would let it wait for ever)."""
    left = _clean(place, bool(new.simulate))
    _refuse_over(place, new.queue, left)
    if left:
        pid = _background(place, new.simulate)
        with Client(place.home.control_socket(pid)) as client:
            task = _added(place, new, client)
    else:
        task, pid = _started_with(place, new)
    return Submitted(task, pid, True, new.simulate is not None)


def _added(place: Place, new: New, client: Client) -> KeptTask:
    written = _written(place, new)
    try:
        with takeup.kept_if_taken(written.amended, client):
            return takeup.until(client, written.taken)
    except BadInput as bad:
        raise _bare(place, bad) from bad


def _started_with(place: Place, new: New) -> tuple[KeptTask, int]:
    fresh = ["--fresh"] if _begins_anew(place, set()) else []
    written = _written(place, new)
    try:
        with takeup.kept_if_taken(written.amended, None):
            pid = _background(place, new.simulate, *fresh)
            with Client(place.home.control_socket(pid)) as client:
                return takeup.until(client, written.taken), pid
    except BadInput as bad:
        raise _bare(place, bad) from bad


def _begins_anew(place: Place, left: set[int]) -> bool:
    """Is the new one the first of a new run? One that still runs of an older run is adopted."""
    return not left and not any(isinstance(one.state, Running) for one in place.tasks())


@dataclass(frozen=True, slots=True)
class Draft:
    """The file as submitting a task would leave it, with it at the end."""

    text: str
    fresh: bool  #: it would be started as a new run


def with_one_more(place: Place, new: New, living: takeup.State | None) -> Draft:
    """Nothing is written. `living`: its scheduler's state; None: none runs, and what has ended is taken out,
    as at a start. Raises BadInput for all that submitting would be refused for, but for what only the
    machine's driver tells."""
    fresh = False
    if living:
        _refuse_unfit(living, new.simulate, place)

    def change(document: Document, parsed: Parsed) -> Document:
        nonlocal fresh
        if not living:
            found = place.sorted_out(parsed)
            fresh = _begins_anew(place, found.left)
            document = _without(found.gone, document, parsed)
            _refuse_other_gpus(place, found.left, bool(new.simulate))
        return _one_more(place, new, document, parsed)[0]

    return Draft(drafted(place.file, change), fresh)


@dataclass(frozen=True, slots=True)
class _Written:
    """The file with a new task, which its scheduler is to take up."""

    place: Place
    amended: Amended
    queue: int
    before: int  #: the id of the last task of that queue so far; 0: it had none

    def taken(self) -> KeptTask | None:
        task = self.place.task_of(self.queue)
        return task if task and task.id > self.before else None


def _written(place: Place, new: New) -> _Written:
    queue, before = 0, 0

    def change(document: Document, parsed: Parsed) -> Document:
        nonlocal queue, before
        whole, queue = _one_more(place, new, document, parsed)
        last = place.task_of(queue)
        before = last.id if last else 0
        return whole

    return _Written(place, amend(place.file, change), queue, before)


def _one_more(place: Place, new: New, document: Document, parsed: Parsed) -> tuple[Document, int]:
    """And its queue: a queue id is given once."""
    if new.queue is None:
        before = largest_queue(place.home.history, place.path, os.getuid())
        queue = 1 + max([before, *(task.queue_id for task in parsed.tasks)])
    else:
        queue = new.queue
        _refuse_over(place, queue, place.sorted_out(parsed).left)
    whole = document if document.text.strip() else Document(HEADER, document.mode)
    return whole.insert(len(whole), replace(new.spec, queue_id=queue)), queue


def _background(place: Place, simulate: str | None, *flags: str) -> int:
    more = ["--watch", *(["--simulate", simulate] if simulate else []), *flags]
    how = background.first(place.home, place.file.path, "multi", more, folder=str(place.home.root))
    return background.start(place.home, how)


def _clean(place: Place, simulated: bool) -> set[int]:
    """Take out what would run again, while no scheduler can start; queues with something still to be done.
    Raises BadInput."""
    found = SortedOut(set(), set())

    def change(document: Document, parsed: Parsed) -> Document:
        nonlocal found
        found = place.sorted_out(parsed)
        return _without(found.gone, document, parsed)

    held = take_plan(place.home.state, place.file.path)
    try:
        amend(place.file, change, may_be_empty=True)
    finally:
        held.release()
    _refuse_other_gpus(place, found.left, simulated)
    return found.left


def _refuse_other_gpus(place: Place, left: set[int], simulated: bool) -> None:
    """Raises BadInput where what is left in these queues is for simulated GPUs and a scheduler would run on
    real ones, or the other way round."""
    there = (one for one in place.tasks() if one.spec.queue_id in left and one.state.status not in FINISHED)
    other = [one for one in there if one.simulated != simulated]
    if other:
        its, here = ("simulated", "the real") if not simulated else ("the real", "simulated")
        how = "" if simulated else "start with --simulate, as before; or "
        raise BadInput(
            f"task {other[0].id} was submitted for {its} GPUs and would run on {here} ones; {how}let it "
            f"end, or cancel it first (./gpulane cancel {other[0].id})"
        )


def _refuse_over(place: Place, queue: int | None, left: set[int]) -> None:
    """Raises BadInput where nothing is still to be done in this queue: a new task would be behind nobody."""
    if queue is None or queue in left:
        return
    if place.task_of(queue) is None:
        raise BadInput(f"no submitted task has queue {queue}; ./gpulane tasks lists them")
    raise BadInput(
        f"all submitted tasks of queue {queue} have ended; name no queue, and it gets one of its own"
    )


def _without(gone: set[Which], document: Document, parsed: Parsed) -> Document:
    if parsed.faults and len(document):
        raise BadInput(parsed.faults)
    blocks = {document.block_at(one.line) for one in parsed.tasks if (one.queue_id, one.digest()) in gone}
    for block in sorted(blocks, reverse=True):
        document = document.remove(block)
    return document


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
