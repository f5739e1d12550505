"""The state file logs/state/{pid}.json: what a scheduler tells the world about itself.

Everything that shows a scheduler reads this. Additions get defaults, so that an old file loads for ever;
what an old reader would misunderstand raises SCHEMA.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import from_json

from app.model.blockers import Allowance
from app.model.faults import GpulaneError
from app.model.gpu import Health, SetAside
from app.model.problems import Problem
from app.model.state import FINISHED, Status, TaskState
from app.model.task import Mode, Options
from app.model.totals import Totals

SCHEMA = 1

SchedulerStatus = Literal["running", "draining", "paused", "stopping", "finished"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task as shown. Times are wall-clock seconds, memory is GB of 1,024 MiB."""

    index: int  #: in its queue, from 0, in the present file
    key: str  #: "<digest>-<occurrence>"
    name: str | None
    commands: str  #: the script before substitution
    gpu_count: int
    memory_gb: float | None  #: as the file says, per GPU; None: whole cards
    options: Options
    attempts: int  #: made so far in this run
    retries: int  #: of its budget used up
    log_path: str | None  #: of the last attempt
    state: TaskState
    in_file: bool = True  #: False: its block was taken out, and its attempt runs on
    clipped: tuple[str, ...] = ()  #: fields that were cut to TEXT_LIMIT, e.g. "commands", "state.error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue: counts over all its tasks, and those near its head, what is no longer in the file first."""

    queue_id: int
    queue_name: str | None
    status: Status  #: of its current task; of its last one when all are finished
    total: int
    counts: Mapping[Status, int]  #: statuses nobody is in may be left out
    current: (
        int | None
    )  #: index of the task that runs, or of the first unfinished one; None: all are finished
    tasks: tuple[Task, ...]

    @property
    def head(self) -> Task | None:
        """The task that runs, wherever an edit has put it; else the first unfinished one."""
        running = (task for task in self.tasks if task.state.status == "running")
        unfinished = (task for task in self.tasks if task.state.status not in FINISHED)
        return next(running, None) or next(unfinished, None)


@dataclass(frozen=True, slots=True)
class MoreQueues:
    """The queues that are not listed."""

    queues: int = 0
    counts: Mapping[Status, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProcess:
    """A process the driver shows on a card."""

    pid: int
    user: str | None
    command: str
    used_gb: float | None
    task: str | None  #: "3/1" when it belongs to an attempt of this scheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLease:
    """A lease on a card that is not this scheduler's: another user's, or another scheduler's of this user."""

    user: str
    label: str
    declared_gb: float | None  #: None: the whole card
    exclusive: bool
    used_gb: float = 0.0  #: by its processes now; the larger of the two counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One GPU, or one MIG device, and who has what of it."""

    uuid: str
    index: str
    name: str
    health: Health
    total_gb: float
    free_gb: float  #: what one more task could get
    own_used_gb: float  #: by attempts of this scheduler
    own_promised_gb: float  #: to attempts of this scheduler
    others_gb: float  #: used by what belongs to no lease
    other_leases: tuple[OtherLease, ...]
    use: float | None  #: utilisation, 0..100
    temperature_c: float | None
    power_w: float | None
    processes: tuple[CardProcess, ...]
    off_since: float | None  #: turned off by its user at
    simulated: bool = False
    aside: SetAside | None = None  #: by this scheduler, as tasks die there and nowhere else


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedWith:
    """What it takes to start a scheduler again as it was, beside its files."""

    simulate: str | None  #: "4x24"
    watch: bool
    folder: str  #: where it was started
    metrics_port: str | None = None  #: "9100", or "0.0.0.0:9100"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFile:
    """A scheduler at one moment."""

    schema: int = SCHEMA
    pid: int
    process_start: int  #: /proc/PID/stat field 22
    boot_id: str
    host: str
    user: str
    mode: Mode
    simulated: bool = False  #: it runs on simulated GPUs
    config_index: int | None  #: the N of "configuration N"; None: a file of another name
    command_file: str  #: real path
    config_file: str | None  #: None: defaults
    run: str  #: names its folder under logs/runs/
    started_at: float
    updated_at: float
    status: SchedulerStatus
    counts: Mapping[Status, int]
    queues: tuple[Queue, ...]
    gpus: tuple[Card, ...]
    allowance: Allowance | None
    problems: tuple[Problem, ...]
    more_queues: MoreQueues = MoreQueues()
    started_with: StartedWith | None = None  #: None: an older scheduler's
    machine_down: bool = False  #: it was told to stop while its machine was being shut down
    totals: Totals = field(default_factory=Totals)  #: since it started

    @property
    def left(self) -> int:
        """Tasks that have not ended."""
        return sum(number for status, number in self.counts.items() if status not in FINISHED)

    @property
    def ended_as_asked(self) -> bool:
        """Of one that is gone: its user told it to end with tasks left, and nothing of it runs any more."""
        asked = self.status in ("draining", "stopping") and not self.machine_down
        return asked and not self.counts.get("running")

    @property
    def ended_by_shutdown(self) -> bool:
        """Of one that is gone: its machine went down, and nothing of it runs any more."""
        return self.machine_down and not self.counts.get("running")


class NewerSchema(GpulaneError):
    """A state file that a newer gpulane wrote."""

    def __init__(self, schema: int) -> None:
        super().__init__(
            f"this state file has schema {schema}, and this gpulane knows schemas up to {SCHEMA}: "
            "it was written by a newer version; update this checkout to read it"
        )


class UnreadableState(GpulaneError):
    """A state file that is damaged, or no state file."""


@functools.cache
def adapter() -> TypeAdapter[StateFile]:
    """Made when it is needed: that takes a moment, and most verbs read no state."""
    return TypeAdapter(StateFile)


def load(data: bytes) -> StateFile:
    """Read a state file. Fields it does not know are ignored. Raises NewerSchema, UnreadableState."""
    try:
        state = adapter().validate_json(data)
    except ValidationError as error:
        _refuse_newer(data)
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise UnreadableState(f"not a state file: {place}: {first['msg']}") from error
    if state.schema > SCHEMA:
        raise NewerSchema(state.schema)
    return state


def load_heads(data: bytes) -> StateFile:
    """The same with no more tasks than say how each queue stands, which of long queues takes half as long."""
    try:
        found = from_json(data)
        for queue in found["queues"]:
            queue["tasks"] = _heads(queue["tasks"])
        state = adapter().validate_python(found)
    except (ValueError, TypeError, KeyError):
        return load(data)  # that can tell what is wrong
    return state if state.schema <= SCHEMA else load(data)


def _heads(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The task that runs or the first unfinished one, and those that have failed."""
    stands = [task["state"]["status"] for task in tasks]
    left = next((at for at, status in enumerate(stands) if status not in FINISHED), None)
    return [tasks[at] for at, status in enumerate(stands) if at == left or status in ("running", "failed")]


def _refuse_newer(data: bytes) -> None:
    """A newer file need not validate: say the real cause. Raises NewerSchema."""
    try:
        found = from_json(data)
    except ValueError:
        return
    schema = found.get("schema") if isinstance(found, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise NewerSchema(schema)


class _AsWritten(GenerateJsonSchema):
    """Every field is always written, so readers may count on the tags of states, blockers and causes."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        return True


def json_schema() -> dict[str, Any]:
    """What help/state.schema.json holds."""
    return adapter().json_schema(mode="serialization", schema_generator=_AsWritten) | {
        "$schema": GenerateJsonSchema.schema_dialect
    }
