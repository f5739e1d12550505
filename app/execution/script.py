"""A task's commands as one bash script that keeps contract 2, and which of its commands failed."""

import functools
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from app.execution.environment import which

HEAD = Path(__file__).with_name("head.bash")
ONE_COMMAND = re.compile(r"[ \t]*([A-Za-z0-9_./][\w%+,./-]*)(?:[ \t]+[\w@%+=:,./-]+)*[ \t]*", re.ASCII)
NOT_PROGRAMS = frozenset(
    """
. : alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc
declare dirs disown do done echo elif else enable esac eval exec exit export false fc fg fi for
function getopts hash help history if in jobs kill let local logout mapfile popd printf pushd
pwd read readarray readonly return select set shift shopt source suspend test then time times
trap true type typeset ulimit umask unalias unset until wait while
""".split()  # noqa: SIM905 - a page of words
)
"""Builtins and keywords of bash (`compgen -bk`) and dash among plain words."""

LONGEST_COMMAND = 4096  #: characters, for what is handed over as arguments

BEGIN_LENGTH = len("__gpulane_begin='123456'; ")
REPORT = re.compile(r"^gpulane: exit \d+(?: in [^:]*)?: (.+?)\r?$")


def compose(script: str) -> bytes:
    """The bytes bash runs: our head, on the first line, then `script` as it stands."""
    head = f"{_head()} "
    head += f"__gpulane_begin='{len(head) + BEGIN_LENGTH:6}'; "
    return f"{head}{script}\n".encode("utf-8", "surrogateescape")


def stands_alone(script: str, env: Mapping[str, str], cwd: str) -> bool:
    """Is the script one program with plain words, which means the same with and without a shell around it?

    Builtins and keywords are not, nor what may be a function that the environment brings along, nor a
    file that the kernel can't run by itself.
    """
    found = ONE_COMMAND.fullmatch(script) if len(script) < LONGEST_COMMAND else None
    if not found or found[1] in NOT_PROGRAMS or "BASH_ENV" in env:
        return False
    return f"BASH_FUNC_{found[1]}%%" not in env and _runs_itself(found[1], env.get("PATH", ""), cwd)


def _runs_itself(program: str, path: str, cwd: str) -> bool:
    """A script without a `#!` line is run by the shell that meets it: the supervisor's would run it as sh."""
    file = os.path.join(cwd, program) if "/" in program else which(program, path)  # noqa: PTH118 - hot
    if file is None:
        return False
    try:
        fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(fd, 4).startswith((b"#!", b"\x7fELF"))
    except OSError:
        return False
    finally:
        os.close(fd)


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


@functools.cache
def _head() -> str:
    begin, rest = HEAD.read_text().split("# library\n")
    library, rest = rest.split("# end of library\n")
    return f"__gpulane_library={shlex.quote(_line(library))}; {_line(begin + rest)}"


def _line(text: str) -> str:
    return " ".join(line for line in text.splitlines() if line and not line.startswith("#"))
