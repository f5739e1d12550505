"""The logs there are: of the last attempts, and of schedulers."""

import os
import re
from pathlib import Path

from app.model.state import error_text
from app.store.past import PastAttempt, PastTask, Wanted, open_past, tasks
from control.src.logs.models import Attempt, SchedulerLog
from control.src.logs.opening import LogFile, Reach, open_log, shown
from control.src.web.problems import Refused
from control.src.web.roles import Role

OF_SCHEDULER = re.compile(r"(compete|scheduler)_[^/]*\.log(\.\d+)?")
"""As we name them; other files that lie beside them are no scheduler's."""


def attempts(history: Path, reach: Reach, role: Role, limit: int) -> list[Attempt]:
    """Failed ones first. Raises HistoryError, NewerHistory, BadInput."""
    if not history.exists():
        return []
    with open_past(history) as past:
        failed = tasks(past, Wanted(failed=True, attempted=True, limit=limit))
        newest = tasks(past, Wanted(attempted=True, limit=limit))
    rest = [each for each in newest if each.state.status != "failed"]
    return [_attempt(each, each.attempts[-1], reach, role) for each in (*failed, *rest)[:limit]]


def _attempt(task: PastTask, last: PastAttempt, reach: Reach, role: Role) -> Attempt:
    facts = facts_of(reach, last.log_path, role)
    return Attempt(
        log_path=shown(last.log_path),
        size=facts.size if facts else None,
        mtime=facts.mtime if facts else None,
        run=task.run,
        command_file=shown(task.command_file),
        queue_id=task.queue_id,
        index=task.index,
        key=task.key,
        name=task.name,
        status=task.state.status,
        attempt=last.attempt,
        attempts=len(task.attempts),
        gpu_ids=list(last.gpu_ids),
        started_at=last.started_at,
        ended_at=last.ended_at,
        exit_status=last.status,
        error=error_text(last.cause) if last.cause else None,
        cause=last.cause,
    )


def schedulers(reach: Reach, role: Role, limit: int) -> list[SchedulerLog]:
    """The newest first."""
    found = []
    for folder in reach.data:
        for name in _names(folder):
            path = f"{folder}/{name}"
            if facts := facts_of(reach, path, role):
                found.append(SchedulerLog(log_path=shown(path), size=facts.size, mtime=facts.mtime))
    return sorted(found, key=lambda each: -each.mtime)[:limit]


def facts_of(reach: Reach, path: str, role: Role) -> LogFile | None:
    """Of a file that can be read; it is closed again."""
    try:
        with open_log(reach, path, role) as file:
            return file
    except (Refused, OSError):
        return None


def _names(folder: str) -> list[str]:
    try:
        return [each.name for each in os.scandir(folder) if OF_SCHEDULER.fullmatch(each.name)]
    except OSError:
        return []
