"""What the API answers with. Times are wall-clock seconds, memory is GB of 1,024 MiB."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from app.model import state_file
from app.model.task import Mode
from control.src.schedulers.states import Ended

ConfigIndex = Annotated[int, Field(ge=0, le=9999, description="the N of configuration N")]
Time = Annotated[float | None, Query(ge=0, le=1e11, allow_inf_nan=False, description="wall-clock seconds")]
PathMode = Annotated[Mode, Path(description="single: one GPU a task; multi: as many as each asks for")]


class Said(BaseModel):
    """What a word has changed."""

    ok: Literal[True] = True
    changed: bool = Field(description="false: it was so already")
    said: str = Field(
        description="a sentence for people", examples=["paused: nothing starts; 2 tasks run on"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """From the median of at least three like attempts that went well; null: nothing tells it."""

    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTask(state_file.Task):
    estimate: Estimate | None  #: null: fewer than three like ones have been seen


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQueue(state_file.Queue):
    tasks: tuple[ShownTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownState(state_file.StateFile):
    queues: tuple[ShownQueue, ...]


class Left(BaseModel):
    """What one that is gone has left."""

    running: list[str] = Field(description='tasks that run on under their supervisors: "3/1"')
    unfinished: int
    resume: str = Field(description="what to type to go on")


class Scheduler(BaseModel):
    """One that runs, or has left its state."""

    id: str = Field(description="its state file's name: unlike a pid it means one scheduler alone")
    pid: int
    version: str = Field(description="another one with each change")
    alive: bool | None = Field(description="by its lock; null: it is another host's, and not judged")
    ended: Ended | None = Field(
        description="of one that is gone: all was done; it was told to; the machine went down; or it died"
    )
    unreadable: str | None = Field(description="why its state can't be read")
    configuration: int | None = Field(default=None, description="which configuration of its mode it runs")
    stale_after: float = Field(
        default=15, description="seconds without a word after which what it says may be old"
    )
    left: Left | None = None
    state: ShownState | None


class Schedulers(BaseModel):
    """All schedulers, living and dead."""

    now: float = Field(description="this machine's clock")
    schedulers: list[Scheduler]


class Started(BaseModel):
    """A scheduler that has been started."""

    ok: Literal[True] = True
    pid: int
    log_file: str = Field(description="what it prints")
    command_file: str
    mode: Mode
    config_index: int | None
    resumed: bool = Field(description="it goes on with what was left")
    ended: bool = Field(description="it has ended already, as its tasks were few and short")
    said: str


class Word(BaseModel):
    """What a verb is about. `key`: the task's as it was seen; refused where another stands there now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"task": "1/0"}]})

    task: str | None = Field(
        default=None, description='queue/index, its name, or the start of its key: "3/1"'
    )
    key: str | None = None
    gpu: str | None = Field(default=None, description="kill: all of its tasks there; an index")
    id: str | None = Field(default=None, description="gpu: the card's index or uuid")
    state: Literal["on", "off"] | None = None
    held_by: str | None = Field(default=None, description="release: all that this one holds (fuse)")
    name: str | None = Field(default=None, description="set: which setting")
    value: str | bool | int | float | None = Field(
        default=None, description="set: to what; a text as YAML would read it"
    )


class Ending(BaseModel):
    task: str
    key: str
    since: float
    until: float | None


class Change(BaseModel):
    """What would start a task."""

    kind: str
    text: str
    all: bool
    after: list[Ending]


class Why(BaseModel):
    ok: Literal[True] = True
    said: str
    because: list[str]
    stuck: bool = False
    waits: bool = False
    changes: list[Change] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedTask(state_file.Task):
    queue: int


class Tasks(BaseModel):
    ok: Literal[True] = True
    total: int
    tasks: list[QueuedTask]


class SchedulerSettings(BaseModel):
    """As the scheduler has them now."""

    ok: Literal[True] = True
    settings: dict[str, str]
