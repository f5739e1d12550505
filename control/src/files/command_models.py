"""What the API says of command files. A queue's `tasks` are its blocks, with `repeat` three tasks are one."""

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.command_file.lines import split_lines
from app.model.task import Mode, Options
from control.src.files.structure import Wanted
from control.src.schedulers.masking import mask_text, masked
from control.src.web.problems import Fault

QueueId = Annotated[int, Field(ge=0, lt=10**18)]
MOST_CHARACTERS = 20_000_000


class Configuration(BaseModel):
    """A command file in few words."""

    mode: Mode
    index: int = Field(description="the N of configuration N", examples=[0])
    path: str
    exists: bool = Field(description="configuration 0 is listed where there is no such file yet, too")
    etag: str | None = Field(
        description="of the text as it stands, for If-Match", examples=["9f86d081884c7d65"]
    )
    size: int = Field(description="bytes")
    modified: float | None
    tasks: int = Field(description="those that its sound blocks make")
    queues: int
    faults: int = Field(description="what a scheduler would refuse it for, counted")
    unreadable: bool = Field(
        description="there is a file that can't be read as a text, in UTF-8: a save is refused (409), and "
        "`text` is empty"
    )
    running: int | None = Field(description="the pid of the scheduler that runs it")
    deletable: bool
    why_not: str | None = Field(description="why it can't be deleted, in a sentence")


class Configurations(BaseModel):
    configurations: list[Configuration]


class Task(BaseModel):
    """A block."""

    queue_id: int
    process_index: int = Field(description="the place of its (first) task in the queue, as in queue/index")
    block: int = Field(description="which block of the file, from 0: a save names it by this")
    first_line: int
    last_line: int
    commands: str
    gpu_count: int
    memory_gb: float | None = Field(description="for each GPU; null: the whole card")
    options: Options
    repeat: int

    def masked(self) -> "Task":
        env = tuple(masked(self.options.env).items())
        return self.model_copy(
            update={"commands": mask_text(self.commands), "options": replace(self.options, env=env)}
        )


class Queue(BaseModel):
    """A queue of a command file."""

    queue_id: int
    queue_name: str | None
    tasks: list[Task]


class Broken(BaseModel):
    """A block with faults: no task is made of it."""

    block: int
    first_line: int
    last_line: int


class CommandFile(Configuration):
    """With all that it says."""

    text: str
    all_faults: list[Fault] = Field(description="1,000 at most")
    structure: list[Queue] | None = Field(
        description="the sound blocks, by queue; null: there are more than 10,000, and only the text has them"
    )
    broken: list[Broken]

    def masked(self) -> "CommandFile":
        """As a read-only login sees it. A fault in a line with a mask would quote what it stands for."""
        text = mask_text(self.text)
        before, after = (split_lines(each) for each in (self.text, text))
        hidden = {
            number for number, pair in enumerate(zip(before, after, strict=True), 1) if len({*pair}) > 1
        }
        faults = [_without_words(fault) if fault.line in hidden else fault for fault in self.all_faults]
        queues = [
            queue.model_copy(update={"tasks": [task.masked() for task in queue.tasks]})
            for queue in self.structure or ()
        ]
        return self.model_copy(
            update={"text": text, "all_faults": faults, "structure": self.structure and queues}
        )


def _without_words(fault: Fault) -> Fault:
    said = {"column": 0, "problem": "something in this line is wrong", "hint": "who may write sees what"}
    return fault.model_copy(update=said)


class CommandFiles(BaseModel):
    configurations: list[CommandFile]


class SavedCommandFile(CommandFile):
    changed: bool = Field(description="false: it said so already")
    said: str = Field(examples=["Saved. The scheduler with pid 4711 takes it over."])


class TaskToSave(BaseModel):
    """What is left out stays as the block has it; a new task needs commands and memory_gb."""

    model_config = ConfigDict(extra="forbid")

    block: int | None = Field(
        default=None, ge=0, description="the block that says it now; null: it is new, or a copy"
    )
    commands: str | None = Field(default=None, min_length=1, max_length=MOST_CHARACTERS)
    gpu_count: int | None = Field(default=None, ge=0, le=999_999)
    memory_gb: float | None = Field(default=None, ge=0, description="for each GPU; null: the whole card")
    options: Options | None = None
    repeat: int | None = Field(default=None, ge=1, le=10_000)

    def wanted(self, where: str) -> Wanted:
        return Wanted(
            where,
            self.block,
            self.commands,
            self.gpu_count,
            self.memory_gb,
            "memory_gb" in self.model_fields_set,
            self.options,
            self.repeat,
        )


class QueueToSave(BaseModel):
    model_config = ConfigDict(extra="forbid")

    queue_id: QueueId
    tasks: list[TaskToSave] = Field(max_length=1_000_000)


class CommandChange(BaseModel):
    """One of both: the whole text, or all queues. Of queues, what they leave out of the file is removed, and
    comments and spacing of the blocks that are not changed stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "1\npython train.py\n2\n20\n"},
                {
                    "queues": [
                        {
                            "queue_id": 1,
                            "tasks": [
                                {"block": 0},
                                {"commands": "python eval.py", "gpu_count": 1, "memory_gb": 8},
                            ],
                        }
                    ]
                },
            ]
        },
    )

    text: str | None = Field(default=None, max_length=MOST_CHARACTERS)
    queues: list[QueueToSave] | None = None


class NewConfiguration(BaseModel):
    """What it is to say; nothing yet, if neither is given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"from_index": 0}]})

    text: str | None = Field(default=None, max_length=MOST_CHARACTERS)
    from_index: int | None = Field(default=None, ge=0, le=9999, description="a copy of this configuration")


class ToValidate(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "1\nsleep 5\n1\n20\n"}]}
    )

    text: str = Field(max_length=MOST_CHARACTERS)
    queues: list[QueueToSave] | None = Field(
        default=None, description="that the text is to have instead of its own, as a save takes them"
    )
    structured: bool = Field(default=False, description="answer with the blocks, too")
    config_index: int | None = Field(default=None, ge=0, le=9999, description="whose name faults carry")


class Validated(BaseModel):
    valid: bool
    text: str = Field(description="as it was sent; with `queues`, as it then reads")
    structure: list[Queue] | None = Field(
        description="the sound blocks, by queue, where they were asked for; null: there are more than 10,000"
    )
    broken: list[Broken]
    faults: list[Fault] = Field(description="1,000 at most")
    fault_count: int = Field(description="all of them")
    tasks: int
    queues: int


class Deleted(BaseModel):
    ok: bool = True
    said: str


class Version(BaseModel):
    id: int
    saved_at: float
    login: str | None = Field(description="who has saved it; null: it was written by hand")
    size: int = Field(description="bytes")
    tasks: int | None
    present: bool = Field(description="it is what the file says now")


class VersionList(BaseModel):
    versions: list[Version] = Field(description="the newest first")


class VersionText(Version):
    text: str
    diff: str | None = Field(
        description="unified, from this version to the file as it stands; null: too long to be compared"
    )
