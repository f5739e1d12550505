"""Errors as RFC 9457 problem details: what is wrong, where, and what would be right."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from app.client import NoAnswer, RequestRefused
from app.model.faults import BadInput, GpulaneError
from app.model.faults import Fault as FileFault
from control.src.web.headers import HEADERS

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One thing wrong in a file or a request. Line and column count from 1; 0: the whole."""

    file: str
    line: int
    column: int
    problem: str
    hint: str = ""

    @classmethod
    def of(cls, fault: FileFault) -> "Fault":
        return cls(
            file=fault.file, line=fault.line, column=fault.column, problem=fault.problem, hint=fault.hint
        )


MOST_FAULTS = 1000
"""That are listed: who has mended these is told of the next."""

MOST_SAID = 20
"""In one sentence."""


def listed(faults: Iterable[FileFault]) -> list[Fault]:
    """The first of them."""
    return [Fault.of(fault) for fault in islice(faults, MOST_FAULTS)]


def said(bad: BadInput) -> str:
    """In words, as long as somebody reads."""
    more = len(bad.faults) - MOST_SAID
    return str(bad) if more <= 0 else "\n".join([*map(str, bad.faults[:MOST_SAID]), f"and {more:,} more"])


class ProblemDetails(BaseModel):
    """RFC 9457. `detail` is a sentence for people; more members may follow, as the type has them."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "bad-input",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "command_gpus.txt:3:1: '2x' is no GPU count; write a whole number",
                    "faults": [
                        {
                            "file": "command_gpus.txt",
                            "line": 3,
                            "column": 1,
                            "problem": "'2x' is no GPU count",
                            "hint": "write a whole number",
                        }
                    ],
                }
            ]
        },
    )

    type: str = Field(description="what went wrong, in a word for programs")
    title: str
    status: int
    detail: str
    faults: list[Fault] = Field(default=[], description="each with its line and column, where there are some")


class Refused(Exception):
    """Answered as a problem. `more`: further members of it."""

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail, self.more = status, kind, detail, more


RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What is wrong, and what would be right.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    },
    422: {
        "description": "The request, or the file it carries, has faults.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    },
    503: {
        "description": "A scheduler, the driver or history does not answer now.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    },
}
"""Of every call."""


def body(status: int, kind: str, detail: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}


class _Ascii(JSONResponse):
    """What is refused is quoted, and may hold what UTF-8 can't."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode()


def response(status: int, kind: str, detail: str, **more: Any) -> JSONResponse:
    headers = {}
    if "retry_after" in more:
        headers["Retry-After"] = str(more["retry_after"])
    return _Ascii(body(status, kind, detail, **more), status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Whatever a route raises is answered as a problem."""

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return of_refused(error)

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, __: Exception) -> JSONResponse:
        answer = response(500, "bug", "this is a bug of gpulane; control/logs/console.log says more")
        answer.headers.update(HEADERS)  # it is answered outside of the gate
        return answer

    @app.exception_handler(GpulaneError)
    async def gpulane_error(_: Request, error: GpulaneError) -> JSONResponse:
        return of_error(error)

    @app.exception_handler(OSError)
    async def system(_: Request, error: OSError) -> JSONResponse:
        where = f"{error.filename}: " if error.filename else ""
        return response(503, "not-now", f"{where}{error.strerror or error}")

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [_fault(detail, error.body) for detail in error.errors()]
        said = "; ".join(f"{each['file']}: {each['problem']}" for each in faults)
        return response(422, "invalid-request", said, faults=faults)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        answer = response(error.status_code, _kind(error.status_code), str(error.detail))
        answer.headers.update(error.headers or {})
        return answer


def of_refused(error: Refused) -> JSONResponse:
    return response(error.status, error.kind, error.detail, **error.more)


def of_error(error: GpulaneError) -> JSONResponse:
    """What its user can mend."""
    if isinstance(error, BadInput):
        faults = [fault.model_dump() for fault in listed(error.faults)]
        return response(422, "bad-input", said(error), faults=faults)
    if isinstance(error, RequestRefused):
        return response(409, "refused", str(error))
    kind = "no-answer" if isinstance(error, NoAnswer) else "not-now"
    return response(503, kind, str(error))


def _fault(detail: dict[str, Any], sent: Any) -> dict[str, Any]:
    """Where in the request, in its own words: "query.config_index", "body.text"."""
    if detail["type"] == "json_invalid" and isinstance(sent, str):
        before = sent[: detail["loc"][-1]]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = f"it is no JSON: {detail['ctx']['error']}"
        return Fault(file="body", line=line, column=column, problem=problem).model_dump()
    where = ".".join(map(str, detail["loc"]))
    return Fault(file=where, line=0, column=0, problem=detail["msg"]).model_dump()


def _kind(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "-")
