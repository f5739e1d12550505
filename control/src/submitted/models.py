"""Submitted tasks as the API takes and shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.model.state import Cause, Status, TaskState
from control.src.schedulers.models import Estimate

TaskStatus = Literal["queued", "running", "completed", "failed", "cancelled"]

COARSE: dict[Status, TaskStatus] = {
    "held": "queued",
    "pending": "queued",
    "waiting": "queued",
    "backoff": "queued",
    "running": "running",
    "completed": "completed",
    "failed": "failed",
    "skipped": "failed",
    "cancelled": "cancelled",
}
"""Our states as others read them."""

LONGEST_SCRIPT = 1024 * 1024
LARGEST = 2**63 - 1
Text = Annotated[str, Field(max_length=4096)]
Variable = Annotated[str, Field(max_length=200)]


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class TaskWishes(BaseModel):
    """What a task asks for: a detail has it under the names under which a new one takes it."""

    name: Text | None = None
    gpu_type: Text | None = Field(
        default=None, description="part of the card's name; null or any: all", examples=["A100"]
    )
    gpu_count: int = Field(default=1, ge=0, le=1024, description="0: it runs on the CPU")
    command: str = Field(
        min_length=1,
        max_length=LONGEST_SCRIPT,
        description="a bash script of any number of lines",
        examples=["conda activate pt212\ncd /data/exp\npython test.py --num 10"],
    )
    memory_gb: float | None = Field(
        default=None, ge=0, le=1e6, allow_inf_nan=False, description="per GPU; null: the whole card"
    )
    cwd: Text | None = Field(default=None, description="an absolute path; null: the settings' work_dir")
    retries: int | None = Field(default=None, ge=0, le=999_999_999, description="null: as the settings say")
    timeout: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="an attempt may run so long", examples=["2h"]
    )
    priority: int = Field(default=0, ge=-999_999_999, le=999_999_999, description="larger first")
    hold: bool = Field(default=False, description="not before it is released")
    env: dict[Variable, Text] = Field(default={}, max_length=1000, description="variables of its own")
    devices: Annotated[str, Field(max_length=1000)] | None = Field(
        default=None, description="only these cards", examples=["0,1"]
    )
    tmux: bool = Field(default=False, description="in a tmux session that one can attach to")
    simulate: Annotated[str, Field(max_length=40)] | None = Field(
        default=None,
        description="a scheduler that is started for it has simulated GPUs",
        examples=["4x24"],
    )


class TaskCreate(TaskWishes):
    """A task to submit."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "examples": [
                {"name": "car", "gpu_type": "A100", "gpu_count": 1, "command": "python train.py --car"}
            ]
        },
    }

    queue: int | None = Field(
        default=None,
        ge=0,
        le=LARGEST,
        description="at the end of this queue of submitted tasks, not all of which have ended; null: a queue "
        "of its own",
    )
    copy_of: int | None = Field(
        default=None, ge=1, le=LARGEST, description="whose secrets stand where env shows ********"
    )


class TaskSummary(BaseModel):
    id: int = Field(description="lasts, whatever becomes of its block")
    name: str | None
    status: TaskStatus
    state: Status = Field(description="more exactly")
    reason: str | None = Field(description="why it does not run, in a sentence")
    gpu_type: str | None
    gpu_count: int
    memory_gb: float | None
    created_at: float
    started_at: float | None = Field(description="of its last attempt")
    finished_at: float | None
    assigned_gpus: list[str] = Field(description="indices, of its last attempt")
    task: str = Field(description="queue/index", examples=["3/0"])
    key: str
    estimate: Estimate | None


class TaskAttempt(BaseModel):
    attempt: int
    gpu_ids: list[str]
    started_at: float
    ended_at: float | None
    exit_code: int | None
    error: str | None
    cause: Cause | None
    peak_memory_gb: float | None
    log_path: str
    tmux_session: str | None


class TaskDetail(TaskSummary, TaskWishes):
    """With all that a copy takes; what is secret in env is masked."""

    detail: TaskState = Field(description="the facts of its state")
    exit_code: int | None
    error: str | None
    tmux_session: str | None = Field(description="tmux -L NAME attach, while it runs")
    log_path: str | None
    attempts: list[TaskAttempt]
    run: str
    command_file: str
    simulated: bool
    scheduler: int | None = Field(description="the pid of its scheduler; null: that does not run")


class TaskCreated(TaskDetail):
    said: str = Field(description="a sentence for people")
    scheduler_started: bool


class TaskCancelled(BaseModel):
    success: Literal[True] = True
    changed: bool
    said: str
    task: TaskSummary


class TaskLogResponse(BaseModel):
    task_id: int
    lines: list[str]
    truncated: bool = Field(description="there is more before these")
    log_path: str | None
    attempt: int | None


class TaskCounts(BaseModel):
    """Of all that were submitted."""

    total: int
    by_status: dict[TaskStatus, int]
    by_state: dict[Status, int]


class Experiment(BaseModel):
    id: int
    status: Literal["pending", "queued", "running"] = Field(description="pending: held; nobody starts it")
    state: Status = Field(description="more exactly")
    task: str
    name: str | None
    command_file: str
    created_at: float
    waits: float | None = Field(description="seconds in the queue; null: it is in none")
    scheduler_runs: bool


class ExperimentQueue(BaseModel):
    command_file: str
    queue: int
    count: int
    longest_wait: float | None
    mean_wait: float | None = Field(description="of those that have started")
    started: int


class DeviceGroup(BaseModel):
    count: int = Field(description="that are queued")
    held: int
    running: int
    queues: list[ExperimentQueue]
    experiments: list[Experiment] = Field(description="that are queued, in the order they were created")
    pending: list[Experiment] = Field(description="that are held")


class QueueStatus(BaseModel):
    scheduler_running: bool
    user_queued_count: int
    device_groups: dict[str, DeviceGroup] = Field(description="by cards: 0; 0,1; auto; cpu")


class QueuedExperiment(BaseModel):
    id: int
    status: Literal["queued"] = "queued"


class Queued(BaseModel):
    success: Literal[True] = True
    message: str
    experiment: QueuedExperiment


Raw = dict[str, Any]
