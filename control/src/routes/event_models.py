"""What events tell: a stream has the JSON of one of these behind `data:`, and its name behind `event:`."""

from typing import Any

from pydantic import BaseModel, Field

from app.model.task import Mode
from control.src.schedulers.models import ShownTask

TaskKey = str


class Hello(BaseModel):
    """`hello`, the first one."""

    now: float = Field(description="this machine's clock")
    versions: dict[str, str] = Field(description="of each scheduler, by its id")


class QueueChange(BaseModel):
    """What has changed in a queue."""

    queue_id: int
    set: dict[str, Any] = Field(description="keys of ShownQueue, each with another value now")
    tasks: list[ShownTask] = Field(description="those that are new or changed")
    order: list[TaskKey] | None = Field(description="of all; null: it is the same")


class SchedulerChange(BaseModel):
    """`scheduler`: what has changed in one."""

    id: str
    from_: str | None = Field(alias="from", description="the version before; null: it is new")
    set: dict[str, Any] = Field(description="keys of Scheduler, each with another value now")
    state: dict[str, Any] | None = Field(
        default=None,
        description="keys of ShownState, each with another value; null: it can't be read now",
    )
    queues: list[QueueChange] = Field(default=[], description="those that are new or changed")
    order: list[int] | None = Field(default=None, description="of all queues; null: it is the same")


class Gone(BaseModel):
    """`gone`: a state that is no more."""

    id: str
    pid: int


class CommandsChange(BaseModel):
    """`commands`: a command file was saved, made or deleted, by anybody."""

    mode: Mode
    index: int
    etag: str | None


class SettingsChange(BaseModel):
    """`config` or `settings`: so were they."""

    etag: str | None


class BindingsChange(BaseModel):
    """`bindings`: a log was bound to a task here, or a binding taken away."""

    mode: Mode
    config_index: int
