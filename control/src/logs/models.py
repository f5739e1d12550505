"""What the API of logs answers with. Offsets are bytes, times are wall-clock seconds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.model.state import Cause, Status
from app.model.task import Mode
from control.src.schedulers.models import ConfigIndex

MOST_BYTES = 1024 * 1024
LARGEST = 2**63 - 1
LONGEST_PATH = 4096

QueueId = Annotated[int, Field(ge=0, le=LARGEST)]
ProcessIndex = Annotated[int, Field(ge=0, le=10**9, description="of the task in its queue, from 0")]
LogPath = Annotated[str, Field(min_length=1, max_length=LONGEST_PATH)]


class WhichTask(BaseModel):
    """A task by its place; the same may stand in the query."""

    mode: Mode | None = None
    config_index: ConfigIndex | None = None
    queue_id: QueueId | None = None
    process_index: ProcessIndex | None = None


class Bind(WhichTask):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "mode": "multi",
                    "config_index": 0,
                    "queue_id": 1,
                    "process_index": 0,
                    "log_path": "train_car.log",
                }
            ]
        }
    )

    log_path: LogPath | None = Field(
        default=None, description="absolute, or from work_dir; below the log roots"
    )
    key: str | None = Field(
        default=None, max_length=100, description="the task's as it was seen: refused if another stands there"
    )


class Bound(BaseModel):
    """A log that was bound to a task."""

    mode: Mode
    config_index: int
    queue_id: int = Field(description="where the task stands now; where it stood, if it is not in the file")
    process_index: int
    key: str = Field(description="the task's: it moves with its block")
    log_path: str
    bound_at: float
    present: bool = Field(description="its task stands in the file")
    exists: bool = Field(description="its file can be read")
    size: int | None
    mtime: float | None
    problem: str | None = Field(default=None, description="why its file can't be read")


class BindingList(BaseModel):
    bindings: list[Bound]
    damaged: str = Field(default="", description="what became of a bindings file that could not be read")


class Part(BaseModel):
    """A part of a log. To go on: `from` = this `to`; to go back: `before` = this `from`."""

    model_config = ConfigDict(
        serialize_by_alias=True,
        validate_by_name=True,
        json_schema_extra={
            "examples": [
                {
                    "log_path": "/home/me/gpulane/logs/runs/r/1-0-1f2e3d4c.1.log",
                    "size": 8123,
                    "mtime": 1764270000.5,
                    "inode": 1234,
                    "generation": "803.4d2",
                    "from": 8100,
                    "to": 8123,
                    "text": "epoch 3: loss 0.231\n\u2713\n",
                    "truncated": True,
                    "at_line_start": True,
                    "at_end": True,
                    "binary": False,
                    "encoding": "utf-8",
                    "invalid": False,
                    "replaced": False,
                }
            ]
        },
    )

    log_path: str
    size: int = Field(description="of the whole file")
    mtime: float
    inode: int
    generation: str = Field(description="another one when another file has taken its place")
    from_: int = Field(alias="from", description="the offset of the first byte")
    to: int = Field(description="the offset behind the last byte")
    text: str = Field(
        description="hostile: control characters stand as they are; show it as text and nothing else"
    )
    truncated: bool = Field(description="the file has more before it or after it")
    at_line_start: bool
    at_end: bool = Field(description="nothing whole follows now")
    binary: bool = Field(description="there are NULs in it")
    encoding: Literal["utf-8"] = "utf-8"
    invalid: bool = Field(description="bytes that are no UTF-8 were replaced")
    replaced: bool = Field(
        description="the file is another one than `generation`, or has become shorter than `from`: begin anew"
    )


class TaskLog(Part):
    """With whose it is."""

    key: str
    bound: bool = Field(description="it was bound to the task; else it is an attempt's")
    attempt: int | None = Field(description="which one's, from 1")
    attempts: int = Field(description="that have a log")


class Match(BaseModel):
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    from_: int = Field(alias="from", description="the offset of its first byte")
    to: int
    line_at: int = Field(description="the offset at which its line begins")
    line: int | None = Field(
        description="its line's number, from 1; null: not known, as the search began later"
    )
    text: str = Field(description="its line, or what of it stands around")
    clipped: bool


class Found(BaseModel):
    log_path: str
    size: int
    generation: str
    matches: list[Match]
    next: int | None = Field(description="`from` to go on with; null: all was searched")
    next_line: int | None = Field(description="`line` to go on with")


class Attempt(BaseModel):
    """The last attempt of a task, whose log it is."""

    log_path: str
    size: int | None = Field(description="null: the file is not there")
    mtime: float | None
    run: str
    command_file: str
    queue_id: int
    index: int | None = Field(description="null: gone from the file")
    key: str
    name: str | None
    status: Status = Field(description="of the task")
    attempt: int
    attempts: int
    gpu_ids: list[str]
    started_at: float | None
    ended_at: float | None
    exit_status: int | None
    error: str | None = Field(description="how the attempt ended, if not well")
    cause: Cause | None


class SchedulerLog(BaseModel):
    log_path: str
    size: int
    mtime: float


class LogList(BaseModel):
    logs: list[Attempt] = Field(description="of failed tasks first, then the newest first")
    schedulers: list[SchedulerLog] = Field(description="what schedulers themselves have said")
