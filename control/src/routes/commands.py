"""Command files: read, checked, saved, made, deleted, and their last versions."""

import time
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from app.command_file.document import Document
from app.model.faults import BadInput
from app.model.task import Mode
from app.takeup import LOOK_SECONDS, refusal
from control.src.console import Console, TheConsole, TheLogin
from control.src.files import command_models as models
from control.src.files.configurations import Read, Seens, Text, why_kept
from control.src.files.editing import Present, Wish, real
from control.src.files.past_versions import version_list, version_text
from control.src.files.structure import Block, Wanted, blocks_of, rewritten
from control.src.schedulers.masking import mask_text
from control.src.schedulers.models import ConfigIndex, PathMode
from control.src.web.problems import Refused, listed
from control.src.web.sessions import Login

router = APIRouter(tags=["commands"])

Index = Annotated[ConfigIndex, Query(description="which configuration of the mode")]
VersionId = Annotated[int, Path(ge=0, le=10**16, description="its id, as the list of versions has it")]
MOST_BLOCKS = 10_000
"""That are told one by one."""

TAKEN_SECONDS, REFUSED_SECONDS = 0.3, 0.8
"""In which an edit is taken up, or refused; before that a scheduler may speak of an older one."""

Draft = Annotated[bool, Query(description="save it although it has faults")]


async def _seens(console: TheConsole) -> Seens:
    """On the event loop, where states are looked at."""
    states = console.states
    files = {one.command_file for one in states.all if one.command_file}
    return {each: seen for each in files if (seen := states.last(each))}


def _wish(
    if_match: Annotated[str | None, Header(max_length=1000, description="an etag, or *")] = None,
    if_none_match: Annotated[str | None, Header(max_length=1000, description="*: make it")] = None,
) -> Wish:
    return Wish(if_match, if_none_match)


TheSeens = Annotated[Seens, Depends(_seens)]
TheWish = Annotated[Wish, Depends(_wish)]


@router.get("/api/commands/{mode}/list")
def list_commands(mode: PathMode, console: TheConsole, seens: TheSeens) -> models.Configurations:
    """All configurations of a mode, in few words."""
    found = [
        models.Configuration.model_validate(_few(console, each, seens))
        for each in console.configurations.listed(mode)
    ]
    return models.Configurations(configurations=found)


@router.get("/api/commands/{mode}/all")
def all_commands(mode: PathMode, console: TheConsole, who: TheLogin, seens: TheSeens) -> models.CommandFiles:
    """All configurations of a mode with their texts."""
    found = [_to(who, _whole(console, each, seens)) for each in console.configurations.listed(mode)]
    return models.CommandFiles(configurations=found)


@router.get("/api/commands/{mode}")
def get_commands(
    mode: PathMode,
    console: TheConsole,
    who: TheLogin,
    seens: TheSeens,
    response: Response,
    config_index: Index = 0,
) -> models.CommandFile:
    """One configuration: its text, its tasks, and everything that is wrong with it. The etag is for If-Match
    of a save. A read-only login sees masks for values of variables (`#LANE env.NAME=`) whose names sound
    secret."""
    found = console.configurations.read(mode, config_index)
    if found.present.data is None and not found.faults:
        raise _missing(found)
    if found.etag:
        response.headers["ETag"] = f'"{found.etag}"'
    return _to(who, _whole(console, found, seens))


@router.put("/api/commands/{mode}")
def put_commands(
    request: Request,
    response: Response,
    mode: PathMode,
    change: models.CommandChange,
    console: TheConsole,
    who: TheLogin,
    seens: TheSeens,
    wish: TheWish,
    config_index: Index = 0,
    draft: Draft = False,
) -> models.SavedCommandFile:
    """Save a configuration: its whole text, or all of its queues. Add, copy, reorder and move are changes of
    those, and so is bringing back a version.

    `If-Match` says which version you have seen (`*`: whatever is there; `If-None-Match: *` makes a file that
    is not there); where another is there by now, the
    answer is 412 with `theirs` and a `diff`. With faults nothing is saved (422), except as a draft: a
    scheduler that runs goes on under the last good version, and a start refuses it. A file that is
    `unreadable` is not saved over (409)."""
    request.state.what = f"configuration {config_index} of {mode}" + (", as a draft" if draft else "")
    text = _text_of(change, mode)
    changed, found = console.configurations.save(mode, config_index, text, wish, draft, who.name)
    request.state.what += f": {found.tasks} tasks, {len(found.faults)} faults, etag {found.etag}"
    response.headers["ETag"] = f'"{found.etag}"'
    saved = _saved(console, found, seens, changed)
    if changed and not found.faults and saved.running and (refused := _refusal(console, saved.running)):
        saved.said = (
            f"Saved. The scheduler with pid {saved.running} does not take it up, and goes on under the last "
            f"good version: {refused}"
        )
    return saved


def _refusal(console: Console, pid: int) -> str | None:
    """What a scheduler has against its file as it stands: that it could never run here, for example."""
    began = time.monotonic()
    while True:
        seen, passed = console.states.of(pid), time.monotonic() - began
        refused = refusal(seen.top) if seen and seen.top else None
        if passed > (TAKEN_SECONDS if refused is None else REFUSED_SECONDS):
            return refused
        time.sleep(LOOK_SECONDS)


@router.post("/api/commands/{mode}/new", status_code=201)
def new_commands(
    request: Request,
    response: Response,
    mode: PathMode,
    console: TheConsole,
    who: TheLogin,
    seens: TheSeens,
    new: models.NewConfiguration | None = None,
    draft: Draft = False,
) -> models.SavedCommandFile:
    """Make a configuration, at the next free index: empty, with a text, or as a copy of another one."""
    new = new or models.NewConfiguration()
    text, copies = new.text or "", False
    if new.from_index is not None:
        if new.text is not None:
            raise Refused(422, "invalid-request", "give text or from_index, not both")
        other = console.configurations.read(mode, new.from_index)
        if other.present.data is None:
            raise _missing(other)
        text, copies = other.present.text(other.path.name), True
    index = console.configurations.make(mode, text, draft or copies, who.name)
    request.state.what = f"configuration {index} of {mode} made"
    found = console.configurations.read(mode, index)
    response.headers["ETag"] = f'"{found.etag}"'
    return _saved(console, found, seens, True, "Made")


@router.delete("/api/commands/{mode}/{index:int}")
def delete_commands(
    request: Request,
    mode: PathMode,
    index: Annotated[ConfigIndex, Path()],
    console: TheConsole,
    seens: TheSeens,
    wish: TheWish,
) -> models.Deleted:
    """Delete a configuration: the version that `If-Match` names, or without it whatever is there. Its text
    stays among its versions. Number 0 stays, and one of which something runs. While its last run is
    unfinished no new configuration gets its number."""
    request.state.what = f"configuration {index} of {mode} deleted"
    console.configurations.delete(mode, index, wish, seens)
    return models.Deleted(said=f"Configuration {index} is deleted. Its last versions are kept.")


@router.post("/api/commands/{mode}/validate")
def validate_commands(mode: PathMode, body: models.ToValidate, console: TheConsole) -> models.Validated:
    """What the scheduler would say of a text; nothing is written. With `queues`: of that text with those
    queues, and how it then reads."""
    shown = console.home().command_file(mode, body.config_index or 0).name
    text = body.text
    if body.queues is not None:
        text = rewritten(Document(text, mode), _wanted(body.queues)).text
    checked = console.configurations.check(text, mode, shown if body.config_index is not None else "text")
    structure, broken = _structure(Document(text, mode)) if body.structured else ([], [])
    return models.Validated(
        valid=not checked.faults,
        text=text,
        structure=structure,
        broken=broken,
        faults=listed(checked.faults),
        fault_count=len(checked.faults),
        tasks=len(checked.parsed.tasks),
        queues=checked.queues,
    )


@router.get("/api/commands/{mode}/versions")
def command_versions(mode: PathMode, console: TheConsole, config_index: Index = 0) -> models.VersionList:
    """The last 20 versions of a configuration, a deleted one's, too."""
    configurations = console.configurations
    present = configurations.read(mode, config_index).present.data
    return version_list(configurations.versions(mode, config_index), present)


@router.get("/api/commands/{mode}/versions/{version}")
def command_version(
    mode: PathMode, version: VersionId, console: TheConsole, who: TheLogin, config_index: Index = 0
) -> models.VersionText:
    """One of them, and how the file differs from it. To bring it back, save its text."""
    configurations = console.configurations
    present = configurations.read(mode, config_index).present.data
    show = mask_text if who.role == "read" else str
    return version_text(configurations.versions(mode, config_index), version, present, show)


def _text_of(change: models.CommandChange, mode: Mode) -> Text:
    """Raises Refused."""
    if (change.text is None) == (change.queues is None):
        raise Refused(422, "invalid-request", "a save has either text or queues")
    queues = change.queues
    if queues is None:
        given = change.text or ""
        return lambda _: given
    wanted = _wanted(queues)

    def text(now: Present) -> str:
        return rewritten(Document(now.text("the file"), mode), wanted).text

    return text


def _wanted(queues: Sequence[models.QueueToSave]) -> list[tuple[int, list[Wanted]]]:
    return [
        (queue.queue_id, [task.wanted(f"queues.{q}.tasks.{t}") for t, task in enumerate(queue.tasks)])
        for q, queue in enumerate(queues)
    ]


def _saved(
    console: Console, found: Read, seens: Seens, changed: bool, word: str = "Saved"
) -> models.SavedCommandFile:
    whole = _whole(console, found, seens)
    return models.SavedCommandFile(
        **dict(whole), changed=changed, said=_said(changed, len(found.faults), whole.running, word)
    )


def _said(changed: bool, faults: int, running: int | None, word: str) -> str:
    if not changed:
        return "It said so already."
    if not faults:
        return f"{word}." + (f" The scheduler with pid {running} takes it over." if running else "")
    many = f"{faults} faults" if faults > 1 else "1 fault"
    if running is None:
        return f"{word} as a draft with {many}. A start refuses it."
    return (
        f"{word} as a draft with {many}. The scheduler with pid {running} refuses it, and goes on under the "
        "last good version."
    )


def _few(console: Console, read: Read, seens: Seens) -> dict[str, object]:
    path, home = _real(read), console.home()
    seen = seens.get(path)
    kept = why_kept(home, read.index, real(read.path), seens) if path else ("its links go in a circle", None)
    data = read.present.data
    return {
        "mode": read.mode,
        "index": read.index,
        "path": str(read.path),
        "exists": data is not None or bool(read.faults),
        "etag": read.etag,
        "size": len(data or b""),
        "modified": read.present.modified or None,
        "tasks": read.tasks,
        "queues": read.queues,
        "faults": len(read.faults),
        "unreadable": read.unreadable,
        "running": seen.pid if seen and seen.alive else None,
        "deletable": kept is None,
        "why_not": kept[0] if kept else None,
    }


def _real(read: Read) -> str:
    try:
        return str(real(read.path))
    except BadInput:
        return ""


def _whole(console: Console, read: Read, seens: Seens) -> models.CommandFile:
    structure, broken = _structure(Document(read.text, read.mode))
    return models.CommandFile.model_validate(
        {
            **_few(console, read, seens),
            "text": read.text,
            "all_faults": listed(read.faults),
            "structure": structure,
            "broken": broken,
        }
    )


def _structure(document: Document) -> tuple[list[models.Queue] | None, list[models.Broken]]:
    """None: it is too large."""
    if len(document) > MOST_BLOCKS:
        return None, []
    queues, broken = blocks_of(document)
    return [_queue(document, queue_id, blocks) for queue_id, blocks in queues.items()], [
        models.Broken(block=number, first_line=first, last_line=last)
        for number in broken
        for first, last in [document.span(number)]
    ]


def _to(who: Login, found: models.CommandFile) -> models.CommandFile:
    """As a login may see it."""
    return found if who.role == "write" else found.masked()


def _queue(document: Document, queue_id: int, blocks: list[Block]) -> models.Queue:
    names = (block.spec.options.queue_name for block in blocks)
    tasks, first = [], 0
    for block in blocks:
        spec, span = block.spec, document.span(block.number)
        tasks.append(
            models.Task(
                queue_id=queue_id,
                process_index=first,
                block=block.number,
                first_line=span[0],
                last_line=span[1],
                commands=spec.script,
                gpu_count=spec.gpus,
                memory_gb=spec.memory_gb,
                options=spec.options,
                repeat=block.repeat,
            )
        )
        first += block.repeat
    return models.Queue(queue_id=queue_id, queue_name=next(filter(None, names), None), tasks=tasks)


def _missing(read: Read) -> Refused:
    return Refused(404, "no-configuration", f"there is no configuration {read.index} ({read.path.name})")
