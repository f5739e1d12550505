"""What a text would do if it were saved or started."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from app.cards_now import Looked
from app.model.faults import BadInput
from app.model.faults import Fault as FileFault
from app.model.task import Mode
from app.previewed import Removed, Row, State
from app.submission import New, Place, with_one_more
from control.src.console import Console, TheConsole, TheLogin
from control.src.files.editing import real
from control.src.files.previews import LONGEST, MOST_ROWS, Answer, Question, of_task, refused, sentence
from control.src.schedulers.models import ConfigIndex, PathMode
from control.src.submitted.models import TaskCreate
from control.src.submitted.submitting import faults_of, to_submit
from control.src.web import problems
from control.src.web.problems import Fault, Refused
from control.src.web.sessions import Login

router = APIRouter(tags=["commands"])

NOT_NOW = FileFault("body", 0, 0, "nothing can be submitted as things stand", "who may write sees why")


class PreviewRequest(BaseModel):
    """Either a command file's text, or one task to submit."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "1\npython train.py\n1\n20\n"}]})

    text: str | None = Field(default=None, max_length=LONGEST)
    task: TaskCreate | None = None
    simulate: str | None = Field(
        default=None,
        max_length=40,
        description='"4x24": on such simulated cards; "": on the machine\'s; null: as its scheduler has it. '
        "A scheduler that runs keeps its cards; of a task its own `simulate` counts where this is null",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow(Row):
    """A task, and what becomes of it."""

    seconds: Annotated[float | None, Field(description="that such a task takes as a rule")]


class Preview(BaseModel):
    """What it would do. With `faults` it would be refused whole, and what runs goes on."""

    said: str = Field(examples=["2 start now, 1 waits, 9 come behind others in their queues"])
    how: Literal["fresh", "resume", "edit"] = Field(
        description="a start begins a run; a start goes on with one; a living scheduler takes the edit up"
    )
    simulate: str | None = Field(description="the simulated cards it was worked out for")
    total: int = Field(description="tasks in the text")
    counts: dict[State, int]
    tasks: list[ShownRow] = Field(description="in the order of the file, 2,000 at most")
    removed: list[Removed] = Field(description="tasks that the file has no more; those that run, run on")
    faults: list[Fault] = Field(description="1,000 at most")
    notes: list[str]


@router.post("/api/commands/{mode}/preview")
async def preview_commands(
    mode: PathMode,
    body: PreviewRequest,
    console: TheConsole,
    who: TheLogin,
    config_index: Annotated[ConfigIndex, Query()] = 0,
) -> Preview:
    """What saving or starting a text would do, task by task; nothing is written. With `task` instead of a
    text: what would become of it if it were submitted."""
    if (body.text is None) == (body.task is None):
        raise Refused(422, "invalid-request", "send either text, or task")
    if body.task is not None and mode != "multi":
        raise Refused(422, "invalid-request", "submitted tasks are of mode multi")
    looked = await console.gpus.now.look()
    if body.task is not None:
        return await run_in_threadpool(_of_task, console, who, body.task, body.simulate, looked)
    return await run_in_threadpool(_of_text, console, mode, config_index, body, looked)


def _of_text(console: Console, mode: Mode, index: int, body: PreviewRequest, looked: Looked) -> Preview:
    path = console.command_file(mode, index)
    asked = Question(mode, path, body.text or "", body.simulate, console.states.last(str(path)))
    answer = console.previews.of(asked, looked)
    return _answer(answer, answer.found.rows[:MOST_ROWS], sentence(answer.found), asked.simulation)


def _of_task(console: Console, who: Login, task: TaskCreate, simulate: str | None, looked: Looked) -> Preview:
    """By the code that submits it, but for the writing."""
    home, simulate = console.home(), task.simulate if simulate is None else simulate
    path = real(home.submitted)
    # On the cards it says, whatever an earlier scheduler had.
    asked = Question("multi", path, "", simulate or "", console.states.last(str(path)))
    new: New | None = None
    try:
        new = replace(to_submit(home, task, find_folder=who.role == "write"), simulate=simulate)
        draft = with_one_more(Place.to_run(), new, asked.living)
    except BadInput as bad:
        # What is wrong with the task is its sender's own; what is in its way are lines of others.
        found = refused(faults_of(bad) if new is None or who.role == "write" else [NOT_NOW])
        return _answer(Answer(found), (), sentence(found), asked.simulation)
    asked = replace(asked, text=draft.text, fresh=draft.fresh)
    answer = console.previews.of(asked, looked)
    if not answer.found.faults:
        try:
            console.previews.refuse_start(asked, looked)
        except BadInput as bad:
            answer = Answer(refused(faults_of(bad)))
    found = answer.found
    rows = found.rows[-1:]
    said = of_task(rows[0]) if rows and not found.faults else sentence(found)
    return _answer(answer, rows, said, asked.simulation)


def _answer(answer: Answer, rows: Sequence[Row], said: str, simulate: str | None) -> Preview:
    found = answer.found
    names = [each.name for each in fields(Row)]
    shown = [
        ShownRow(**{name: getattr(row, name) for name in names}, seconds=answer.seconds.get(row.key))
        for row in rows
    ]
    return Preview(
        said=said,
        how=found.how,
        simulate=simulate,
        total=found.total,
        counts=dict(found.counts),
        tasks=shown,
        removed=list(found.removed),
        faults=problems.listed(found.faults),
        notes=list(answer.notes),
    )
