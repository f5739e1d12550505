"""What the API says of the settings files."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.model.blockers import Blocker
from app.model.task import Mode
from app.previewed import State
from control.src.files.setting_keys import Key
from control.src.web.problems import Fault

Plain = None | bool | int | float | str
Value = Plain | list[Plain]


class Config(BaseModel):
    """The scheduler's settings. Addresses of notify.urls are never shown: `kept-secret://...` stands for
    each, and saved again it means what stood there."""

    file: str
    exists: bool = Field(description="where there is no file all settings are defaults")
    etag: str | None = Field(description="for If-Match")
    modified: float | None
    text: str | None = Field(
        description="null for a read-only login where the text is no YAML, and may show what it must not"
    )
    unreadable: bool = Field(
        description="there is a file that can't be read as a text, in UTF-8: a save is refused (409)"
    )
    values: dict[str, Any] = Field(
        description="of every key what holds; the default where its own value has a fault",
        examples=[{"gpu_left": 1, "retry_config.backoff_duration": 600.0}],
    )
    given: list[str] = Field(description="keys that the file says")
    keys: list[Key]
    faults: list[Fault]


class SavedConfig(Config):
    changed: bool
    said: str


class Values(BaseModel):
    """Of single keys. null is a value where its key has one; `reset` has keys whose default is to hold."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"values": {"gpu_left": 1}, "reset": ["max_gpu"]}]}
    )

    values: dict[str, Value] = Field(default={}, max_length=200)
    reset: list[str] = Field(default=[], max_length=200)


class ConfigChange(Values):
    """The whole text, or single keys, whose comments and neighbours stay as they are."""

    text: str | None = Field(default=None, max_length=300_000)


class ConfigDraft(BaseModel):
    """A text that is not saved."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "gpu_left: 1\n"}]})

    text: str = Field(max_length=300_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a task."""

    state: State
    gpus: tuple[str, ...]  #: indices on which it would start
    reason: str | None  #: why it does not start now, in a sentence
    blockers: tuple[Blocker, ...]
    gpu_count: int  #: while it waits: needed
    memory_gb: float | None  #: while it waits: per GPU; None: whole cards
    ready: int  #: while it waits: cards that would do now


class WaitingTask(BaseModel):
    """A task that waits, at the head of its queue."""

    scheduler: int = Field(description="its pid")
    mode: Mode
    config_index: int | None
    task: str = Field(examples=["3/1"])
    key: str
    name: str | None
    before: Outcome = Field(description="as things stand")
    after: Outcome = Field(description="with the text saved")
    changed: bool = Field(description="it starts in one of them alone, or on other cards")


class Reader(BaseModel):
    """A living scheduler that reads this file."""

    scheduler: int = Field(description="its pid")
    mode: Mode
    config_index: int | None
    refused: str | None = Field(description="why it would go on with the settings that it has")
    unknown: str | None = Field(description="why nothing can be said of its tasks")


class ConfigPreview(BaseModel):
    """What saving the text would change at once. With `faults` it would not be saved."""

    said: str = Field(examples=["of 3 tasks that wait, 1 would start or wait otherwise"])
    total: int = Field(description="tasks that wait at the heads of their queues")
    changed: int = Field(description="those of them that are changed")
    tasks: list[WaitingTask] = Field(description="the changed ones first, 200 at most")
    schedulers: list[Reader]
    elsewhere: list[int] = Field(description="pids of living schedulers with other settings files")
    faults: list[Fault]


class TrialAnswer(BaseModel):
    """What came of a trial message to one address."""

    address: str = Field(
        description="its place and scheme, never the address itself", examples=["notify.urls 1 (slack)"]
    )
    error: str | None = Field(description="why it did not take it; null: it did")


class Trial(BaseModel):
    """What came of trial messages."""

    answers: list[TrialAnswer]
    said: str


class ControlConfig(BaseModel):
    """The console's settings. Secrets can be written, never read."""

    file: str
    exists: bool
    etag: str | None = Field(description="for If-Match")
    modified: float | None
    unreadable: bool = Field(
        description="there is a file that can't be read as a text, in UTF-8: a save is refused (409)"
    )
    values: dict[str, Any] = Field(description="as the file has them; without secrets")
    given: list[str] = Field(description="keys that the file says")
    secrets: dict[str, str] = Field(
        description="in the file, or made at the first start", examples=[{"secret": "made"}]
    )
    restart: list[str] = Field(description="keys that hold with the console's next start only")
    waiting: list[str] = Field(description="those of them whose value in the file is another one by now")
    absent_roots: list[str] = Field(description="of log-roots those that are no folder, or not yet")
    command_line: list[str] = Field(description="keys that this start was told otherwise")
    urls: list[str] = Field(description="where it is reached", examples=[["http://127.0.0.1:29214"]])
    uds: str | None = Field(description="the Unix socket that it listens on instead")
    port_taken: int | None = Field(description="the port that it was to have, and another program had")
    keys: list[Key]
    faults: list[Fault] = Field(description="of the file as it stands; what held before holds on")


class SavedControlConfig(ControlConfig):
    changed: bool
    said: str
