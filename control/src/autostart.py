"""Configurations that are started with the console, or gone on with if they died: the setting `autostart`."""

import asyncio
import logging
from pathlib import Path

from app.model.faults import GpulaneError
from app.model.paths import Home
from app.store import past
from control.src import settings
from control.src.console import Console
from control.src.schedulers import starting
from control.src.schedulers.starting import Asked
from control.src.web.problems import Refused

log = logging.getLogger("gpulane.console")


async def run(console: Console) -> None:
    """Once, one after the other. What is refused is said in the log and the audit, and keeps no other one."""
    for name in console.settings.autostart:
        said, status = await asyncio.to_thread(_start, console, name)
        log.info("autostart of %s: %s", name, said)
        await asyncio.to_thread(console.audit.write, "autostart", "START", name, said, status)
        await console.states.look()


def _start(console: Console, name: str) -> tuple[str, int]:
    """What became of it, and as what status HTTP would have it."""
    home, (mode, index) = console.home(), settings.configuration(name)
    config = settings.yaml_path(home, console.settings)
    try:
        path = console.command_file(mode, index)
        last = console.states.last(str(path))
        at_rest = last is None or last.ended in (None, "finished")
        if at_rest and (done := _is_done(home, path)):
            return done, 200
        begun = starting.start_configuration(home, mode, index, config, Asked(), last)
    except Refused as refused:
        return refused.detail, refused.status
    except (GpulaneError, OSError) as error:
        return str(error), 422
    console.children.add(begun.pid)
    console.home.forget()
    resumed = last is not None and last.ended not in (None, "finished")
    return f"{'gone on with' if resumed else 'started'}, with pid {begun.pid}", 200


def _is_done(home: Home, path: Path) -> str | None:
    """A finished night is not run again because its console has restarted: only if its file has changed
    since. Raises GpulaneError."""
    if not home.history.exists() or not path.exists():
        return None
    with past.open_past(home.history) as connection:
        runs = past.runs(connection, past.Wanted(command_file=str(path), limit=1))
    at = runs[0].finished_at if runs else None
    if at is None or path.stat().st_mtime > at:
        return None
    return "all of it is done, and the file has not changed since"
