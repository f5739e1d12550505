"""What an attempt's end means: its cause, and what its next attempt should ask for."""

import re
import signal
from collections.abc import Iterator, Sequence

from app.model.backend import Exit, Lost
from app.model.state import (
    Cause,
    ExitCode,
    Killed,
    NotLaunched,
    OutOfMemory,
    Signalled,
    Stopped,
    TimedOut,
    Vanished,
    Why,
)

OUT_OF_MEMORY = re.compile(
    r"cuda out of memory|torch\.outofmemoryerror|torch\.cuda\.outofmemoryerror|cuda_error_out_of_memory"
    r"|cudaerrormemoryallocation|resource_exhausted: (?:out of memory|oom)",
    re.IGNORECASE,
)
NO_ENTRY = re.compile(
    r"^gpulane: (the working directory .* can't be entered)\r?$", re.MULTILINE
)  # a terminal ends lines in \r\n
TRIED = re.compile(r"tried to allocate ([0-9.]+) ?(ki?b|mi?b|gi?b|bytes)", re.IGNORECASE)
UNIT_GB = {"k": 1 / 1024**2, "m": 1 / 1024, "g": 1.0, "b": 1 / 1024**3}

NAMES_AN_ERROR = re.compile(r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt)(?:: .+)?|(?i:error|fatal): .+")
EXITS = re.compile(r"exit\b[ \d$?]*")
"""A command that tells nothing: who ends a script so has most likely said why in its last line."""

OURS = "gpulane: "
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
ERROR_LINES = 40
"""From the end, in which it is looked for: what comes long before has been got over."""

LONGEST_ERROR = 300

ABSURD_GB = 100_000.0
"""No card will ever have that much: the log says something else."""

NOT_RETRIED = frozenset({126, 127})
"""Not executable, not found: trying again can't help."""

OOM_MARGIN = 1.1
"""The next attempt asks for this much more than the last one is known to have needed."""

OOM_BLIND = 1.25
"""The factor on the last demand when nothing was measured (as gpusched does)."""


NOBODY_KNOWN = "its user"
"""Who has killed it, where the scheduler that was told has died since."""


def cause_of(end: Exit | Lost, script: str, timeout: float | None, stopping: Why | None) -> Cause | None:
    """Why an attempt ended; None: it completed. `stopping` is what we had asked of it, if anything."""
    if stopping == "timeout":
        return TimedOut(timeout)
    if stopping == "stopped":
        return Stopped()
    if stopping == "killed":
        return Killed(NOBODY_KNOWN)
    if isinstance(end, Lost):
        return Vanished(end.reboot)
    if end.status == 0:
        return None
    if end.status == 126 and (where := NO_ENTRY.search(end.log_tail)):
        return NotLaunched(where[1])
    if OUT_OF_MEMORY.search(end.log_tail):
        return OutOfMemory(end.status, end.peak_memory_gb, tried_gb(end.log_tail))
    command = end.failed_command or (script.strip() if "\n" not in script.strip() else None)
    if end.status - 128 in signal.valid_signals():
        return Signalled(end.status - 128, command)
    lines = [_plain(line) for line in end.log_tail.splitlines()[-ERROR_LINES:]]
    exits = command is not None and EXITS.fullmatch(command) is not None
    return ExitCode(end.status, command, named_error(lines) or (last_words(lines) if exits else None))


def named_error(lines: Sequence[str]) -> str | None:
    """The last line that names an error, as Python ends its tracebacks and compilers and git say theirs."""
    return _shortened(line for line in reversed(lines) if NAMES_AN_ERROR.fullmatch(line))


def last_words(lines: Sequence[str]) -> str | None:
    """What it said last."""
    return _shortened(line for line in reversed(lines) if line and not line.startswith(OURS))


def _plain(line: str) -> str:
    return "".join(filter(str.isprintable, COLOUR.sub("", line))).strip()


def _shortened(found: Iterator[str]) -> str | None:
    line = next(found, None)
    return line if line is None or len(line) <= LONGEST_ERROR else f"{line[: LONGEST_ERROR - 3]}..."


def tried_gb(log_tail: str) -> float | None:
    """What the last out-of-memory message says it tried to allocate, in GB of 1,024 MiB."""
    found = TRIED.findall(log_tail)
    if not found:
        return None
    amount, unit = found[-1]
    try:
        tried = float(amount) * UNIT_GB[unit[0].lower()]
    except ValueError:
        return None
    return tried if tried < ABSURD_GB else None


def next_demand(asked_gb: float | None, cause: OutOfMemory, largest_gb: float | None) -> float | None:
    """GB per GPU to ask for after running out of memory; None: a whole card."""
    if asked_gb is None:
        return None
    tried = cause.tried_gb or 0.0
    if cause.peak_gb is None:  # it may have had all that it asked for
        wanted = max(asked_gb * OOM_BLIND, asked_gb + tried)
    else:
        wanted = max(asked_gb, (cause.peak_gb + tried) * OOM_MARGIN)
    if largest_gb is not None and wanted > largest_gb:
        return None
    return round(wanted, 2)
