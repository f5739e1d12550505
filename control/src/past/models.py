"""What has run, as the API shows it."""

from pydantic import BaseModel, Field

from app.model.state import Cause, Status, TaskState
from app.store.figures import DeviceFigures, MemoryFigures, QueueFigures
from app.store.past import PastRun
from control.src.past.histograms import Spread


class HistoryRun(BaseModel):
    run: PastRun
    goes_on: bool = Field(description="its scheduler runs")


class HistoryAttempt(BaseModel):
    number: int = Field(description="of the run; names its log")
    attempt: int = Field(description="of the task, from 1")
    gpu_ids: list[str]
    gpu_uuids: list[str]
    asked_gb: float | None = Field(description="per GPU; null: whole cards")
    peak_gb: float | None = Field(description="the most seen in use on any one card")
    recorded_at: float
    started_at: float | None
    ended_at: float | None
    seconds: float | None = Field(description="that it ran; null: nobody knows")
    exit_code: int | None
    how: str = Field(
        description="completed, failed, timeout, killed, stopped, lost, running, no end known",
        examples=["completed"],
    )
    error: str | None = Field(description="the cause in a sentence")
    cause: Cause | None
    log_path: str


class HistoryTask(BaseModel):
    id: int
    run_id: int
    run: str
    command_file: str
    queue_id: int
    index: int | None = Field(description="null: gone from the file")
    task: str = Field(examples=["3/0"])
    key: str
    name: str | None
    commands: str
    gpu_count: int
    declared_gb: float | None = Field(description="per GPU; null: whole cards")
    planned_at: float
    waited: float = Field(description="seconds for GPUs, all its starts together")
    status: Status
    state: TaskState
    attempts: list[HistoryAttempt]


class Charts(BaseModel):
    """Of the newest 20,000 of what the filters leave."""

    seconds: Spread = Field(description="that attempts ran")
    waited: Spread = Field(description="seconds for GPUs, of each start")
    memory: Spread = Field(description="percent of the declared memory that was used at most")
    whole_cards: int = Field(description="measured attempts that had declared no memory")


class Figures(BaseModel):
    queues: list[QueueFigures]
    devices: list[DeviceFigures]
    memory: list[MemoryFigures]


class History(BaseModel):
    runs: list[HistoryRun] = Field(description="newest first; on the first page alone, and not with `sort`")
    tasks: list[HistoryTask] = Field(
        description="those that began last first; with `sort` one for each attempt, in that order"
    )
    next: str | None = Field(description="`before` of the next page; null: there is none")
    charts: Charts | None = Field(description="on the first page alone, and not with `sort`")
    figures: Figures | None = Field(description="where they are asked for")
    command_files: list[str] = Field(description="that history knows, newest first")
