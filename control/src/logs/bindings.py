"""Logs that a user has bound to tasks: control/logs/log_bindings.json. Bound to a task's key, so that an edit
that moves its block takes the log along, and gives it to no other task."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from app.atomic import write_atomically
from app.model.task import Mode
from app.store.own_file import LARGEST, read_own
from control.src.latest import Latest
from control.src.web.problems import Refused

log = logging.getLogger("gpulane.console")

SCHEMA = 1
NAME = "log_bindings.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    mode: Mode
    config_index: int
    queue_id: int  #: where the task stood when its log was bound
    process_index: int
    key: str  #: the task's
    log_path: str  #: real path
    bound_at: float

    @property
    def task(self) -> "Task":
        return self.mode, self.config_index, self.key


Task = tuple[Mode, int, str]
"""Mode, configuration, key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    schema: int
    bindings: list[Binding] = field(default_factory=list)


_FILE = TypeAdapter(_File)

Kept = dict[Task, Binding]


class Bindings:
    """For all threads; this console is the only one that writes the file."""

    def __init__(self, folder: Path) -> None:
        self._path, self._lock = folder / NAME, threading.Lock()
        self._latest = Latest(_read)
        self.damaged = ""  #: what became of a file that could not be read

    def all(self) -> Mapping[Task, Binding]:
        """Raises Refused."""
        with self._lock:
            return self._load()

    def bind(self, binding: Binding) -> bool:
        """Whether that is new. Raises Refused."""

        def bound(kept: Kept) -> bool:
            before = kept.get(binding.task)
            kept[binding.task] = binding
            return before is None or before.log_path != binding.log_path

        return self._change(bound)

    def unbind(self, task: Task) -> bool:
        """Whether there was one. Raises Refused."""
        return self._change(lambda kept: kept.pop(task, None) is not None)

    def _change(self, change: Callable[[Kept], bool]) -> bool:
        with self._lock:
            kept = dict(self._load())
            if not change(kept):
                return False
            found = {"schema": SCHEMA, "bindings": [asdict(each) for each in kept.values()]}
            data = json.dumps(found, indent=1).encode()
            if len(data) > LARGEST:
                raise Refused(409, "too-many", f"{len(kept)} bindings are too many; take some away first")
            try:
                write_atomically(self._path, data, durably=True)
            except OSError as error:
                raise Refused(
                    503, "not-now", f"{self._path} can't be written: {error.strerror}; nothing was changed"
                ) from error
            return True

    def _load(self) -> Kept:
        try:
            return self._latest(self._path)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            self._put_aside(error)
            return {}

    def _put_aside(self, error: OSError | ValueError) -> None:
        """Kept for its user to look at, and no longer in the way. Raises Refused."""
        said = error.strerror if isinstance(error, OSError) else "it is damaged, or of another version"
        aside = self._path.with_name(f"{NAME}.damaged-{time.time_ns()}")
        try:
            self._path.rename(aside)
        except OSError as again:
            raise Refused(
                503, "not-now", f"{self._path} can't be read ({said}) nor moved aside: {again.strerror}"
            ) from again
        self.damaged = f"{self._path.name} could not be read ({said}); it is kept as {aside.name}"
        log.warning("%s: %s", self.damaged, error)


def _read(path: Path) -> Kept:
    """Raises OSError, ValueError."""
    found = _FILE.validate_json(read_own(path))
    if found.schema != SCHEMA:
        raise ValueError(f"it has schema {found.schema}")
    return {each.task: each for each in found.bindings}


def now_bound(mode: Mode, config_index: int, place: tuple[int, int], key: str, log_path: str) -> Binding:
    return Binding(
        mode=mode,
        config_index=config_index,
        queue_id=place[0],
        process_index=place[1],
        key=key,
        log_path=log_path,
        bound_at=time.time(),
    )
