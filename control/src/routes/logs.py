"""Logs: whose is which, and reading, searching, following them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from app.model.faults import GpulaneError
from control.src.console import Console, TheConsole, TheLogin
from control.src.logs import listed as log_list
from control.src.logs import models as log_models
from control.src.logs import parts as log_parts
from control.src.logs.follow import MOST, Follower, follow
from control.src.logs.models import LARGEST, MOST_BYTES, Found, LogList, TaskLog
from control.src.logs.opening import LogFile, shown
from control.src.logs.search import search
from control.src.logs.tasks import writer_has_ended
from control.src.web.problems import Refused
from control.src.web.sessions import Login
from control.src.which_log import TheLog, Which, of_task, open_at, path_of, reading

router = APIRouter(tags=["logs"])

Offset = Annotated[
    int, Query(alias="from", ge=-LARGEST, le=LARGEST, description="a byte; negative: from the end")
]
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
DOWNLOAD: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@dataclass(frozen=True, slots=True)
class Range:
    """Which part of a log."""

    start: int | None
    before: int | None
    bytes: int
    lines: int | None
    tail: int | None
    generation: str | None


def _range(
    start: Annotated[
        int | None,
        Query(alias="from", ge=-LARGEST, le=LARGEST, description="the first byte; negative: from the end"),
    ] = None,
    before: Annotated[
        int | None, Query(ge=0, le=LARGEST, description="instead of `from`: what ends at this byte")
    ] = None,
    bytes: Annotated[
        int | None, Query(ge=log_parts.LEAST, le=MOST_BYTES, description="at most; 65536 if nothing is said")
    ] = None,
    lines: Annotated[int | None, Query(ge=1, le=100_000, description="at most")] = None,
    tail: Annotated[int | None, Query(ge=1, le=100_000, description="the last so many lines")] = None,
    generation: Annotated[
        str | None, Query(max_length=100, description="as it was answered, to be told of another file")
    ] = None,
) -> Range:
    most = bytes or (MOST_BYTES if tail else 64 * 1024)
    return Range(start, before, most, lines, tail, generation)


TheRange = Annotated[Range, Depends(_range)]


@router.get("/api/log/content")
def log_content(which: TheLog, part: TheRange, console: TheConsole, who: TheLogin) -> TaskLog:
    """A part of a task's log: the one that was bound to it, else that of its last attempt. Without `from`:
    its end."""
    its = of_task(console, which)
    with reading(console, its.log_path, who) as file:
        return TaskLog(
            **_part(file, part), key=its.key, bound=its.bound, attempt=its.attempt, attempts=its.attempts
        )


@router.get("/api/log/read")
def read_log(
    log_path: Annotated[log_models.LogPath, Query(description="absolute, or from work_dir")],
    part: TheRange,
    console: TheConsole,
    who: TheLogin,
) -> log_models.Part:
    """A part of a log by its path. Without `from`: its end."""
    with reading(console, log_path, who) as file:
        return log_models.Part(**_part(file, part))


@router.get("/api/log/search")
def search_log(
    which: TheLog,
    console: TheConsole,
    who: TheLogin,
    query: Annotated[str, Query(max_length=500, description="in one line")] = "",
    regex: Annotated[bool, Query(description="it is a regular expression, as Python writes them")] = False,
    case: Annotated[bool, Query(description="capitals matter")] = False,
    errors: Annotated[
        bool, Query(description="what looks like an error instead: tracebacks, out of memory, FAILED, ...")
    ] = False,
    start: Offset = 0,
    line: Annotated[
        int | None, Query(ge=1, le=LARGEST, description="the number of the line at `from`")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="at most so many")] = 100,
) -> Found:
    """Search for at most 2 seconds. `next` and `next_line`: where to go on. The first error:
    `errors=true&limit=1`."""
    if not errors and (not query or "\n" in query):
        raise Refused(422, "invalid-request", "query: what is sought, in one line; or errors=true")
    with reading(console, path_of(console, which), who) as file:
        at = start if start >= 0 else log_parts.line_start(file.fd, max(0, file.size + start), file.size)
        number = 1 if at == 0 else line
        matches, end = search(file, at, number, limit, query=query, regex=regex, case=case, errors=errors)
        return Found(
            log_path=shown(file.path),
            size=file.size,
            generation=file.generation,
            matches=[log_models.Match.model_validate(each) for each in matches],
            next=end["next"],
            next_line=end["line"] if end["next"] is not None else None,
        )


_followers = {"now": 0}


@router.get("/api/log/follow", response_class=StreamingResponse, responses=STREAM)
async def follow_log(
    which: TheLog,
    console: TheConsole,
    who: TheLogin,
    start: Offset = -64 * 1024,
    last_event_id: Annotated[str | None, Header(description="of the event to go on behind")] = None,
) -> StreamingResponse:
    """Server-sent events as a log grows; their ids are offsets, at which a stream goes on that was cut.

    `open` at first · `data` {from, to, text} · `skipped` {from, to}: more has come than can be shown ·
    `truncated` {why}: it was emptied, or replaced, and begins anew · `gone`: the file is not there now ·
    `refused`: it may not be read any more · `end`: its attempt has ended, and all was told; close the stream.
    """
    if _followers["now"] >= MOST:
        raise Refused(503, "busy", f"{MOST} streams follow logs already", retry_after=5)
    if last_event_id and last_event_id.isascii() and last_event_id.isdecimal() and len(last_event_id) < 19:
        start = int(last_event_id)

    path = await run_in_threadpool(_checked, console, which, who)

    def ended() -> bool:
        with contextlib.suppress(GpulaneError):
            return writer_has_ended(console.home(), path)
        return False

    follower = Follower(lambda: open_at(console, path, who), start, ended)

    async def events() -> Any:
        _followers["now"] += 1
        try:
            async for event in follow(follower, console.hub):
                yield event
        finally:
            _followers["now"] -= 1

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


@router.get("/api/log/download", response_class=StreamingResponse, responses=DOWNLOAD)
def download_log(which: TheLog, console: TheConsole, who: TheLogin) -> StreamingResponse:
    """The whole file, as it is now."""
    file = open_at(console, path_of(console, which), who)
    name = shown(file.path).rpartition("/")[2]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    }
    return StreamingResponse(_bytes(file), media_type="text/plain; charset=utf-8", headers=headers)


@router.get("/api/log/list")
def list_logs(
    console: TheConsole,
    who: TheLogin,
    limit: Annotated[int, Query(ge=1, le=1000, description="at most so many")] = 100,
) -> LogList:
    """The logs of tasks, failed ones first and then the newest, and those of schedulers: `limit` of each."""
    where = console.reach()
    found = log_list.attempts(console.home().history, where, who.role, limit)
    return LogList(logs=found, schedulers=log_list.schedulers(where, who.role, limit))


def _checked(console: Console, which: Which, who: Login) -> str:
    """The real path of a log that may be read. Raises Refused, HistoryError."""
    with open_at(console, path_of(console, which), who) as file:
        return file.path


def _part(file: LogFile, asked: Range) -> dict[str, Any]:
    """Raises OSError."""
    fd, size = file.fd, file.size
    if asked.tail is not None:
        found = log_parts.behind(fd, size, asked.bytes, asked.tail)
    elif asked.before is not None:
        found = log_parts.behind(fd, min(asked.before, size), asked.bytes, asked.lines)
    elif asked.start is None:
        found = log_parts.behind(fd, size, asked.bytes, asked.lines)
    elif asked.start < 0:
        start = log_parts.line_start(fd, max(0, size + asked.start), size)
        found = log_parts.ahead(fd, size, start, asked.bytes, asked.lines)
    else:
        found = log_parts.ahead(fd, size, asked.start, asked.bytes, asked.lines)
    rest = size - found.end
    shorter = max(asked.start or 0, asked.before or 0) > size
    return {
        "log_path": shown(file.path),
        "size": size,
        "mtime": file.mtime,
        "inode": file.inode,
        "generation": file.generation,
        "from": found.start,
        "to": found.end,
        "text": found.text,
        "truncated": found.start > 0 or rest > 0,
        "at_line_start": log_parts.is_line_start(fd, found.start),
        "at_end": rest <= 0 or (rest <= 3 and not log_parts.ahead(fd, size, found.end, log_parts.LEAST).text),
        "binary": found.binary,
        "invalid": found.invalid,
        "replaced": shorter or asked.generation not in (None, file.generation),
    }


def _bytes(file: LogFile) -> Iterator[bytes]:
    """Up to where it ends now: one that grows all the time would have no end."""
    with file:
        at = 0
        while at < file.size:
            data = log_parts.read_at(file.fd, at, min(256 * 1024, file.size - at))
            if not data:
                return
            yield data
            at += len(data)
