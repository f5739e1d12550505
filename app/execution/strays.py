"""One look over all processes for what many ended attempts may have left: where thousands of short tasks
end, a full scan for each would cost more than the tasks."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from app import procfs
from app.execution.ends import NAMED
from app.execution.launcher import script_name
from app.execution.trees import Marks

MARKER = b"GPULANE_LOG="


def left_behind(marks: Sequence[Marks]) -> list[Marks]:
    """Those of which some process still carries a mark (environment or script). Scans /proc once."""
    by_log = {os.fsencode(each.log_path): each for each in marks}
    by_script = {f"/memfd:{script_name(each.log_path)} (deleted)": each for each in marks}
    found: dict[str, Marks] = {}
    for pid in procfs.pids():
        log = _log_of(pid)
        named = [by_log[log]] if log in by_log else []
        named += [by_script[target] for target in procfs.open_files(pid) if target in by_script]
        found.update((each.log_path, each) for each in named)
    return list(found.values())


def supervisors_below(folder: Path) -> Iterator[tuple[int, Path]]:
    """Supervisors that run (pid) and were started with a log in this folder, and that log.

    They alone have their run's `ends` open; what they have started, or what was spared, has not.
    """
    start = os.fsencode(folder) + b"/"
    for pid in procfs.pids():
        log = _log_of(pid)
        if log is not None and log.startswith(start) and any(map(NAMED.search, procfs.open_files(pid))):
            yield pid, Path(os.fsdecode(log))


def _log_of(pid: int) -> bytes | None:
    """As a process of this user was started with it."""
    environment = procfs.environ(pid)
    if not environment:
        return None
    at = environment.find(MARKER)
    if at > 0 and environment[at - 1 : at] != b"\0":
        at = environment.find(b"\0" + MARKER) + 1 or -1
    if at < 0 or not procfs.is_ours(pid):
        return None
    return environment[at + len(MARKER) :].split(b"\0", 1)[0]
