"""What a text would do if it were saved or started."""

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from app.model.task import Mode
from app.preview import Preview as Found
from app.preview import Removed, Row, State
from control.src.console import Console, TheConsole
from control.src.files.previews import LONGEST, Question, of_task, sentence, submitted_spec, with_task
from control.src.schedulers.models import ConfigIndex, PathMode
from control.src.web.problems import Fault, Refused

router = APIRouter(tags=["commands"])


class NewTask(BaseModel):
    """A task to submit, as the form has it."""

    name: str | None = Field(default=None, max_length=500)
    gpu_type: str | None = Field(default=None, max_length=200, description="part of the card's name")
    gpu_count: int = Field(default=1, ge=0, le=1024)
    memory_gb: float | None = Field(default=None, gt=0, le=1e6, description="per GPU; null: whole cards")
    command: str = Field(max_length=LONGEST)


class PreviewRequest(BaseModel):
    """Either a command file's text, or one task to submit."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "1\npython train.py\n1\n20\n"}]})

    text: str | None = Field(default=None, max_length=LONGEST)
    task: NewTask | None = None
    simulate: str | None = Field(
        default=None,
        max_length=40,
        description='"4x24": on such simulated cards; "": on the machine\'s; null: as its scheduler has it. '
        "A scheduler that runs keeps its cards",
    )


class Preview(BaseModel):
    """What it would do. With `faults` it would be refused whole, and what runs goes on."""

    said: str = Field(examples=["2 start now, 1 waits, 9 come behind others in their queues"])
    how: Literal["fresh", "resume", "edit"] = Field(
        description="a start begins a run; a start goes on with one; a living scheduler takes the edit up"
    )
    simulate: str | None = Field(description="the simulated cards it was worked out for")
    total: int = Field(description="tasks in the text")
    counts: dict[State, int]
    tasks: list[Row] = Field(description="in the order of the file, 2,000 at most")
    removed: list[Removed] = Field(description="tasks that the file has no more; those that run, run on")
    faults: list[Fault]
    notes: list[str]


@router.post("/api/commands/{mode}/preview")
async def preview_commands(
    mode: PathMode,
    body: PreviewRequest,
    console: TheConsole,
    config_index: Annotated[ConfigIndex, Query()] = 0,
) -> Preview:
    """What saving or starting a text would do, task by task; nothing is written. With `task` instead of a
    text: what would become of it if it were submitted."""
    if (body.text is None) == (body.task is None):
        raise Refused(422, "invalid-request", "send either text, or task")
    if body.task is not None and mode != "multi":
        raise Refused(422, "invalid-request", "submitted tasks are of mode multi")
    looked = await console.gpus.now.look()
    path, text, queue = await run_in_threadpool(_meant, console, mode, config_index, body)
    asked = Question(mode, path, text, body.simulate, console.states.last(str(path)))
    found, notes = await run_in_threadpool(console.previews.of, asked, looked)
    rows = [row for row in found.rows if queue is None or row.queue == queue]
    said = of_task(rows[0]) if queue is not None and rows and not found.faults else sentence(found)
    return _answer(found, rows, said, notes, asked.simulation)


def _meant(console: Console, mode: Mode, index: int, body: PreviewRequest) -> tuple[Path, str, int | None]:
    """The file (real path), its text, and the queue of a task to submit."""
    home = console.home()
    if body.task is None:
        return home.command_file(mode, index).resolve(), body.text or "", None
    one = body.task
    spec = submitted_spec(one.command, one.gpu_count, one.memory_gb, one.name, one.gpu_type)
    return home.submitted, *with_task(home, home.submitted, spec)


def _answer(found: Found, rows: list[Row], said: str, notes: list[str], simulate: str | None) -> Preview:
    return Preview(
        said=said,
        how=found.how,
        simulate=simulate,
        total=found.total,
        counts=dict(found.counts),
        tasks=rows,
        removed=list(found.removed),
        faults=[Fault.of(fault) for fault in found.faults],
        notes=notes,
    )
