"""Searching a log of any size: for a while, then the answer says where to go on. In a process of its own, as
a regular expression can take for ever and Python can't be made to give it up."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from app.model.paths import LOG_RULE
from control.src.logs.opening import LogFile
from control.src.web.problems import Refused

CHILD = Path(__file__).with_name("searching.py")

SECONDS = 2.0
SLOW_SECONDS = 3.0
"""A search that has not answered by then is in a pattern that takes for ever."""

AT_ONCE = 4
_seats = threading.BoundedSemaphore(AT_ONCE)


def search(
    file: LogFile,
    start: int,
    line: int | None,
    limit: int,
    *,
    query: str = "",
    regex: bool = False,
    case: bool = True,
    errors: bool = False,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Matches, and where it ended. `line`: the number of the line at `start`, if that is known. Raises
    Refused."""
    asked = {
        "fd": file.fd,
        "size": file.size,
        "start": start,
        "line": line,
        "limit": limit,
        "seconds": SECONDS,
        "query": query,
        "regex": regex,
        "case": case,
        "errors": errors,
        "head_ends_with": LOG_RULE if errors else "",
    }
    if not _seats.acquire(blocking=False):
        raise Refused(503, "busy", f"{AT_ONCE} searches run already; try again", retry_after=1)
    try:
        said = _child(asked, file.fd)
    finally:
        _seats.release()
    if said and "wrong" in said[-1]:
        raise Refused(422, "bad-pattern", f"that is no regular expression: {said[-1]['wrong']}")
    if not said or "at" not in said[-1]:
        raise Refused(
            422,
            "slow-pattern",
            "that pattern takes too much time or memory; write a simpler one, or no regex",
        )
    return said[:-1], said[-1]


def _child(asked: dict[str, Any], fd: int) -> list[dict[str, Any]]:
    """What it has said before its end. Raises Refused."""
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(fd,),
            env={},
        )
    except OSError as error:
        raise Refused(503, "not-now", f"no search can be started now: {error.strerror}") from error
    with child:
        try:
            out, _ = child.communicate(json.dumps(asked).encode(), SLOW_SECONDS)
        except subprocess.TimeoutExpired:
            return []
        finally:
            child.kill()
    return [json.loads(line) for line in out.splitlines() if line.endswith(b"}")]
