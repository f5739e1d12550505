"""One console: what its routes share."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from app.config.load import load as load_settings
from app.going_on import command_line
from app.home import home_here
from app.left import running_on
from app.model.faults import GpulaneError
from app.model.paths import Home
from app.model.state_file import StateFile
from control.src import secrets, settings
from control.src.audit import Audit
from control.src.bindings import Bindings
from control.src.children import Children
from control.src.database import Database
from control.src.estimates import Estimates
from control.src.hub import Hub
from control.src.sessions import Login, Sessions
from control.src.states import Raw, States

log = logging.getLogger("gpulane.console")

MISSED = 3
"""Heartbeats, after which what a scheduler has said may be out of date."""


class Where:
    """Where state, runs and history lie at the moment: the scheduler's settings may say so, and change."""

    def __init__(self) -> None:
        self._home = Home.find()
        self._stamp: object = None

    def __call__(self) -> Home:
        try:
            info = self._home.config_file().stat()
            stamp: object = (info.st_mtime_ns, info.st_ino)
        except OSError:
            stamp = None
        if stamp != self._stamp or stamp is None:
            with contextlib.suppress(GpulaneError):  # settings that can't be read say nothing new
                self._home = home_here()
            self._stamp = stamp
        return self._home


@dataclass
class Console:
    settings_file: Path
    settings: settings.ControlSettings
    folder: Path  #: control/logs/
    secrets: secrets.Secrets
    cookie: str
    home: Callable[[], Home] = field(default_factory=Where)
    hub: Hub = field(default_factory=Hub)
    children: Children = field(default_factory=Children)

    def __post_init__(self) -> None:
        """Raises GpulaneError."""
        self.database = Database(self.folder / "console.db")
        self.sessions = Sessions(self.database, self.secrets)
        self.audit = Audit(self.database)
        self.bindings = Bindings(self.folder)
        self.estimates = Estimates(self.home)
        self.states = States(self.home, self.hub, self._finish)

    def _finish(self, state: StateFile, raw: Raw, alive: bool | None) -> Raw:
        """What a scheduler's state does not say itself. In the thread that reads states."""
        self.estimates.add(raw)
        dead = alive is False and state.status != "finished"
        return {
            "configuration": state.config_index,
            "stale_after": MISSED * _heartbeat(state),
            "left": {
                "running": running_on(state),
                "unfinished": state.left,
                "resume": command_line(self.home(), state),
            }
            if dead
            else None,
        }

    @contextlib.asynccontextmanager
    async def running(self, *more: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
        """With all that goes on beside the answers."""
        await self.states.look()
        tasks = [asyncio.create_task(each()) for each in (self.states.run, self._reap, *more)]
        try:
            yield
        finally:
            self.hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.database.close()

    async def _reap(self) -> None:
        while True:
            self.children.reap()
            await asyncio.sleep(1)


def _heartbeat(state: StateFile) -> float:
    """Of its settings as they are now."""
    try:
        return load_settings(Path(state.config_file) if state.config_file else None).settings.heartbeat
    except GpulaneError:
        return 5.0


def _console(request: Request) -> Console:
    found: Console = request.app.state.console
    return found


def _login(request: Request) -> Login:
    found: Login = request.state.login
    return found


TheConsole = Annotated[Console, Depends(_console)]
TheLogin = Annotated[Login, Depends(_login)]
