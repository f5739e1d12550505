"""The settings change while their scheduler runs: a saved gpu_manage.yaml, or a user's `set`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from app.config import Loaded, load, taken_up
from app.config.load import refuse_unknown
from app.core.rules import Rules
from app.engine import Engine
from app.fitting import refuse_settings
from app.model.faults import BadInput
from app.model.gpu import Gpu
from app.model.problems import Problem, problem
from app.model.settings import AT_START, Settings
from app.model.state import FINISHED
from app.model.task import TaskSpec
from app.narrate import log
from app.notify.notifier import refuse_wrong
from app.preparation import Files, refuse_folder

NOT_AFFECTED = FINISHED | {"running"}
"""States of tasks that may ask for what can't be had under other settings."""


class Follower(Protocol):
    """Whoever gives out GPUs by the settings."""

    @property
    def rules(self) -> Rules: ...

    def settle(self, settings: Settings) -> None: ...

    def known(self) -> Sequence[Gpu]: ...


class Retune:
    """Hands good settings on to all that follow them; bad ones change nothing."""

    def __init__(self, engine: Engine, backend: Follower, files: Files) -> None:
        self._engine, self._backend, self._files = engine, backend, files
        self._loaded = files.loaded
        self._said: Mapping[str, str] = {}  #: what a user has set, which the file does not say
        self._problem: Problem | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (self._problem,) if self._problem else ()

    def read(self) -> Loaded:
        """The settings file as it stands. Blocks where addresses are new. Raises BadInput."""
        loaded = load(self._files.config)
        if loaded.file and not loaded.text.strip():  # as a file is in the middle of being saved
            raise BadInput(f"{loaded.file} is empty; for nothing but defaults write {{}} into it")
        if loaded.settings.notify.urls != self._loaded.settings.notify.urls:
            refuse_wrong(loaded)
        return loaded

    def accept(self, loaded: Loaded) -> None:
        """A new version of the file. Of what was set here it outranks what it says anew. Raises BadInput."""
        before, after = self._loaded.settings.flat(), loaded.settings.flat()
        self._use(loaded, {key: text for key, text in self._said.items() if before[key] == after[key]})
        begun = self._files.settings.flat()
        fixed = [key for key in sorted(AT_START) if after[key] != begun[key]]
        keys = ", ".join(fixed)
        self._problem = problem("settings_at_start", file=loaded.file, keys=keys) if fixed else None

    def set(self, key: str, text: str) -> tuple[str, bool]:
        """Until the scheduler ends, or the file says something else of it; what was changed, in a sentence,
        and whether anything was. Raises BadInput."""
        if key == "min_memory":  # as FlowLine has it, in MB
            key, text = "min_memory_gb", _gb(text)
        if key in AT_START:
            raise BadInput(f"{key} can't change while a scheduler runs; write it into the settings file")
        before = self.shown().get(key)
        self._use(self._loaded, {**self._said, key: text})
        now = self.shown()[key]
        if now == before:
            return f"{key} is {now} already", False
        return f"{key} is {now} now, and was {before}", True

    def shown(self, key: str | None = None) -> dict[str, str]:
        """Every setting by its name, as YAML would have it; or one. Raises BadInput."""
        values = self._engine.core.settings.flat()
        if key is not None:
            refuse_unknown(values, key)
            values = {key: values[key]}
        return {key: _shown(value) for key, value in values.items()}

    def _use(self, loaded: Loaded, said: Mapping[str, str]) -> None:
        settings = taken_up(loaded.settings, said, self._files.settings)
        files = replace(self._files, loaded=replace(loaded, settings=settings))
        refuse_folder(files.loaded, files.home)
        known = self._backend.known()
        if known:
            refuse_settings(files.loaded, self._left(), known, self._backend.rules)
        before = self.shown()
        self._loaded, self._said = loaded, said
        self._backend.settle(settings)
        self._engine.settle(settings, files.work_dir)
        for key, value in self.shown().items():
            if value != before[key]:
                log.info("setting %s: %s, was %s", key, value, before[key])

    def _left(self) -> "list[tuple[str, TaskSpec]]":
        """What is still to run, by label."""
        tasks = self._engine.core.board.tasks.values()
        return [
            (task.label, task.spec)
            for task in tasks
            if task.in_file and task.state.status not in NOT_AFFECTED
        ]


def _shown(value: object) -> str:
    """As YAML would have it, and 600.0 as 600."""
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)


def _gb(text: str) -> str:
    """Raises BadInput."""
    try:
        return f"{float(text) / 1024:g}"
    except ValueError:
        raise BadInput(f"min_memory can't be {text!r}; it wants a number of MB") from None
