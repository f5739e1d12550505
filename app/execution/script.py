"""A task's commands as one bash script that keeps contract 2, and which of its commands failed."""

import functools
import re
import shlex
from pathlib import Path

HEAD = Path(__file__).with_name("head.bash")
BEGIN_LENGTH = len("__gpulane_begin='123456'; ")
REPORT = re.compile(r"^gpulane: exit \d+(?: in [^:]*)?: (.+?)\r?$")


def compose(script: str, cwd: str) -> bytes:
    """The bytes bash runs: our head, on the first line, then `script` as it stands.

    A `cwd` that can't be entered ends the attempt with 126 and a line in its log.
    """
    head = f"{_enter(cwd)} {_head()} "
    head += f"__gpulane_begin='{len(head) + BEGIN_LENGTH:6}'; "
    return f"{head}{script}\n".encode("utf-8", "surrogateescape")


def failed_command(log_tail: str) -> str | None:
    """The command that failed, as well as bash could tell; None where the log does not say.

    Around a failure in a subshell its caller fails as well and adds a line: the first of them counts.
    """
    found = None
    for line in reversed(log_tail.rstrip().split("\n")):
        report = REPORT.match(line)
        if not report:
            break
        found = report[1]
    return found


def _enter(cwd: str) -> str:
    sentence = f"gpulane: the working directory {cwd} can't be entered"
    return f"cd -- {shlex.quote(cwd)} 2>/dev/null || {{ echo {shlex.quote(sentence)} >&2; exit 126; }};"


@functools.cache
def _head() -> str:
    lines = HEAD.read_text().splitlines()
    return " ".join(line for line in lines if line and not line.startswith("#"))
