"""What the core decided, as history keeps it."""

from collections.abc import Iterator, Sequence

from app import procfs
from app.core.events import Action, Launch
from app.model.backend import AttemptRecord, Running
from app.model.records import AttemptEnded, AttemptLaunched, AttemptRecorded, Moved, Record


def of_actions(actions: Sequence[Action], at: float) -> Iterator[Record]:
    """In their order: a task is waiting before its attempt is recorded, and running only after."""
    for action in actions:
        match action:
            case Moved() | AttemptEnded():
                yield action
            case Launch():
                yield AttemptRecorded(_attempt(action, at))


def launched(running: Running) -> Record:
    return AttemptLaunched(running.number, running.pid, running.start, running.started_at)


def _attempt(launch: Launch, at: float) -> AttemptRecord:
    spec, grant = launch.spec, launch.grant
    return AttemptRecord(
        key=spec.key,
        number=spec.number,
        attempt=spec.attempt,
        gpu_ids=grant.gpu_ids,
        gpu_uuids=grant.gpu_uuids,
        leases=grant.leases,
        memory_gb=grant.memory_gb,
        log_path=spec.log_path,
        terminal=spec.terminal,
        session_name=spec.session_name,
        started_at=at,
        boot_id=procfs.boot_id(),
    )
