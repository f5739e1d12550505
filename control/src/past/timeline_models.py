"""The timeline as the API shows it: lanes, and what lies in them."""

from typing import Literal

from pydantic import BaseModel, Field

from app.model.state import Cause, Status
from app.model.task import Mode


class GpuLane(BaseModel):
    uuid: str
    index: str
    name: str | None = Field(description="null: no scheduler that is seen has it")
    total_gb: float | None
    simulated: bool


class QueueLane(BaseModel):
    command_file: str
    mode: Mode
    configuration: int | None
    queue_id: int
    queue_name: str | None


class TimelineTask(BaseModel):
    """Whose bars they are."""

    id: int
    task: str = Field(description="queue/index", examples=["3/0"])
    name: str | None
    key: str
    run: str
    command_file: str
    mode: Mode
    configuration: int | None
    queue_id: int
    queue_name: str | None
    gpu_count: int
    memory_gb: float | None
    status: Status
    scheduler: int | None = Field(description="the pid of its scheduler; null: that does not run")


class TimelineBar(BaseModel):
    """An attempt."""

    task: int = Field(description="the id of its task")
    attempt: int
    number: int
    start: float
    end: float | None = Field(description="null: it runs, or nobody knows")
    how: str = Field(
        description="running, no end known, completed, failed, timeout, killed, stopped, lost",
        examples=["running"],
    )
    exit_code: int | None
    error: str | None
    cause: Cause | None
    gpu_ids: list[str]
    gpu_uuids: list[str]
    asked_gb: float | None
    peak_gb: float | None
    log_path: str


class TimelineSpan(BaseModel):
    """A task that did not run."""

    task: int = Field(description="the id of its task")
    state: Literal["waiting", "held", "backoff"]
    start: float
    end: float | None = Field(description="null: it is still so")


class TimelineEstimate(BaseModel):
    """What comes, as far as like ones before tell it."""

    id: int | None = Field(description="of its task; null: history does not have it yet")
    scheduler: int = Field(description="pid")
    command_file: str
    queue_id: int
    task: str
    name: str | None
    key: str
    status: Status
    gpu_ids: list[str] = Field(description="of one that runs")
    gpu_count: int
    start: float | None
    end: float


class OthersBar(BaseModel):
    """Memory on a card that is no task's."""

    uuid: str
    own: bool = Field(description="this user's own processes have it; false: other people")
    start: float
    end: float
    gb: float = Field(description="the most in that time")


class Thinned(BaseModel):
    """What is left out of the window: the shortest, which no picture shows."""

    bars: int
    spans: int = Field(description="without those that are shorter than `shortest`")
    shortest: float = Field(description="seconds; shorter spans are left out")


class Timeline(BaseModel):
    now: float
    since: float
    until: float
    gpus: list[GpuLane]
    queues: list[QueueLane]
    tasks: list[TimelineTask]
    bars: list[TimelineBar]
    spans: list[TimelineSpan]
    estimates: list[TimelineEstimate]
    others: list[OthersBar]
    thinned: Thinned
