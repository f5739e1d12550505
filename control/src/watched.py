"""Files that anybody may edit: command files and settings, watched for all who listen."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.model.faults import BadInput
from app.model.task import MODES
from app.signature import Signature, signature
from control.src.console import Console
from control.src.watching import looks

log = logging.getLogger("gpulane.console")

LOOK_SECONDS = 2.0
"""Between looks."""

What = tuple[str, ...]
"""("commands", mode, index), ("config",) or ("settings",)."""


@dataclass(frozen=True, slots=True)
class Change:
    kind: str
    data: dict[str, Any]


class Watched:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._stamps: dict[What, Signature | None] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        async for _ in looks(self._folders, LOOK_SECONDS):
            try:
                for change in await asyncio.to_thread(self._changes):
                    self._console.hub.tell(change.kind, change.data)
            except Exception:
                log.exception("the files could not be looked at; trying again")

    def _folders(self) -> list[Path]:
        home, files = self._console.home(), (self._console.config_file(), self._console.settings_file)
        folders = {home.root / "command", *(path.parent for path in files)}
        return sorted(folders)

    def _changes(self) -> list[Change]:
        """Since the last look. In a thread."""
        before, now = self._stamps, self._now()
        different = [
            what for what in {**(before or now), **now} if before and before.get(what) != now.get(what)
        ]
        found = [self._change(what) for what in different]
        self._stamps = now
        return found

    def _now(self) -> dict[What, Signature | None]:
        console = self._console
        found: dict[What, Signature | None] = {
            ("commands", mode, str(index)): signature(console.home().command_file(mode, index))
            for mode in MODES
            for index in console.configurations.indices(mode)
        }
        found["config",] = signature(console.config_file())
        found["settings",] = signature(console.settings_file)
        return found

    def _change(self, what: What) -> Change:
        console = self._console
        if what[0] == "commands":
            index = int(what[2])
            mode = next(mode for mode in MODES if mode == what[1])
            data = {"mode": mode, "index": index, "etag": console.configurations.read(mode, index).etag}
            return Change("commands", data)
        kind: Literal["config", "settings"] = "settings" if what[0] == "settings" else "config"
        etag = None
        with contextlib.suppress(BadInput):
            edited = console.edited_yaml(kind)
            etag = edited.etag(edited.present().data)
        if kind == "settings":  # after that, so that what is told of holds
            with contextlib.suppress(BadInput):  # the last good ones hold
                console.read_settings()
        return Change(kind, {"etag": etag})
