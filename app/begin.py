"""The plan of a scheduler's life: a fresh run, or an earlier one that goes on."""

import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app import fitting, procfs
from app.core import plan
from app.core.align import align
from app.core.task import Task
from app.earlier import filled_in, give_up
from app.engine import now
from app.model import records
from app.model.backend import AttemptRecord
from app.model.paths import run_stem
from app.model.records import Record
from app.preparation import Files
from app.ready import Ready, refuse
from app.resume import resume


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run: the run's name, its tasks, and what an earlier scheduler left of it."""

    name: str
    tasks: list[Task]
    open_attempts: Sequence[AttemptRecord]
    last_number: int
    records: list[Record]
    removed: int = 0  #: tasks that the file has no more
    departed: Sequence[Task] = ()  #: of them and of earlier ones, those that are remembered


def make_plan(ready: Ready) -> Plan:
    files, saved = ready.files, ready.saved
    if saved is not None:
        saved, filled = filled_in(files.home, saved, now())
        resumed = resume(saved, ready.parsed.tasks, now())
        if ready.watch.last:
            cards, document = ready.watch.last.gpus, ready.parsed.document
            never = fitting.never_fitting(resumed.anew, document, cards, ready.rules, files.shown)
            refuse(never, files, saved)
        begun: Record = records.RunResumed(saved.run_id, procfs.boot_id())
        told = [begun, *filled, *resumed.records]
        number, removed = saved.last_number, resumed.removed
        return Plan(
            *(saved.name, resumed.tasks, resumed.open_attempts, number, told, removed, resumed.departed)
        )
    planned = plan.numbered(ready.parsed.tasks, align((), ready.parsed.tasks))
    name = _run_name(files)
    started = records.RunStarted(
        name=name,
        command_file=str(files.command),
        mode=files.mode,
        uid=os.getuid(),
        config_index=files.index,
        host=socket.gethostname(),
        boot_id=procfs.boot_id(),
        simulated=ready.options.simulate is not None,
        started_at=now().wall,
    )
    before = give_up(files.home, ready.given_up, now()) if ready.given_up else []
    told = [*before, started, records.TasksPlanned(planned, now().wall)]
    return Plan(name, plan.fresh(planned, now()), (), 0, told)


def _run_name(files: Files) -> str:
    """Sorts by time, says what it is, is never used twice; short, as it is part of tmux's socket names."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{run_stem(files.command)}{secrets.token_hex(2)}"  # noqa: DTZ005
