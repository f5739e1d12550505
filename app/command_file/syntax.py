"""Asking bash whether scripts parse: a typo in the last line is not found after ten hours."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from app.command_file.parse import Parsed
from app.command_file.shell import is_plain
from app.model.faults import Fault

SIDE_BY_SIDE = 3
DEADLINE = 20.0  #: seconds; `bash -n` of 3 MB takes well under one

_PLACE = re.compile(r"(?:/proc/self/fd/\d+|bash): line (\d+): (.*)")

Verdicts = MutableMapping[str, str | None]
"""What bash says of a script, by the script's hash: None for one it can read. Keep it between edits."""


def check_scripts(parsed: Parsed, file: str, verdicts: Verdicts | None = None) -> list[Fault]:
    """A fault for each block whose script bash can't read, at its line in the file.

    Takes some milliseconds for each new script. Each distinct one that is more than plain words is asked
    about once; `verdicts` is added to.
    """
    return check_some_scripts(parsed, file, {} if verdicts is None else verdicts)[0]


def check_some_scripts(
    parsed: Parsed, file: str, known: Verdicts, most: int | None = None
) -> tuple[list[Fault], int]:
    """The same, but at most so many new ones are asked about; and how many were left out."""
    hashes: dict[str, str] = {}
    lines: dict[int, str] = {}  # of its block's queue id -> script; repeats of a block are one
    for task in (*parsed.tasks, *parsed.doubtful):
        if task.script not in hashes:
            hashes[task.script] = "" if is_plain(task.script) else _digest(task.script)
        if hashes[task.script]:
            lines[task.line] = task.script
    new = {digest: script for script, digest in hashes.items() if digest and digest not in known}
    asked = dict(islice(new.items(), most))
    known.update(zip(asked, _ask(asked.values()), strict=True))
    said = {line: known.get(hashes[script]) for line, script in lines.items()}
    faults = [_fault(parsed, file, line, text) for line, text in said.items() if text is not None]
    return faults, len(new) - len(asked)


def _digest(script: str) -> str:
    return hashlib.sha256(script.encode("utf-8", "replace")).hexdigest()


def _ask(scripts: Iterable[str]) -> Iterator[str | None]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return iter(list(pool.map(bash_says, scripts)))


def bash_says(script: str) -> str | None:
    """bash's first complaint about a script, as `LINE:text`; None when it can read it.

    Also None where bash can't be asked now: then the attempt tells."""
    try:
        fd = os.memfd_create("gpulane-check")
    except OSError:
        return None
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(script.encode("utf-8", "replace"))
        return _first_complaint(_run(fd, script))
    finally:
        os.close(fd)


def _run(fd: int, script: str) -> subprocess.CompletedProcess[str] | None:
    # -n does not carry out `shopt -s extglob`, so patterns that need it would look like mistakes.
    extended = ["-O", "extglob"] if "extglob" in script else []
    try:
        return subprocess.run(
            ["bash", "--norc", *extended, "-n", f"/proc/self/fd/{fd}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # No BASH_ENV and no exported functions: nothing may run here. English messages.
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            pass_fds=(fd,),
            encoding="utf-8",
            errors="replace",
            timeout=DEADLINE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # no bash or a machine that stands still: the attempt itself will tell


def _first_complaint(done: subprocess.CompletedProcess[str] | None) -> str | None:
    if done is None:
        return None
    for line in done.stderr.splitlines():
        found = _PLACE.fullmatch(line)
        if not found:
            continue
        number, text = found.groups()
        # An open here-document is only a warning to bash, but it has swallowed the rest of the script.
        if text.startswith("warning: here-document at line "):
            return (
                f"{text.split()[4]}:here-document without its end {text.rpartition('wanted ')[2].rstrip(')')}"
            )
        if done.returncode:
            return f"{number}:{text}"
    return f"1:{done.stderr.strip()[:200] or 'bash refuses it'}" if done.returncode else None


def _fault(parsed: Parsed, file: str, line: int, said: str) -> Fault:
    number, _, text = said.partition(":")
    document = parsed.document
    places = document.script_lines(document.block_at(line)) or [line]
    place = places[min(int(number), len(places)) - 1]
    return Fault(
        file, place, 1, f"bash can't read this script: {text}", "mend it; bash -n FILE checks a script"
    )
