"""After a restart of the machine: the schedulers that ran then are started again, as they were."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app import background, procfs
from app.atomic import write_atomically
from app.model.faults import GpulaneError
from app.model.paths import PROJECT, Home, RunPaths
from app.model.state_file import StateFile
from app.store import surroundings
from app.store.own_file import read_own
from app.store.plan_lock import plan_holder
from app.store.states import list_states
from app.submission import may_go_on

PATIENCE = 300.0
"""Seconds in which a start that is refused is tried again: drivers and network folders come late."""

AGAIN_SECONDS = 5.0

CONSOLE_SECONDS = 60.0

CONSOLE = PROJECT / "control" / "run.sh"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A scheduler that the restart ended."""

    path: Path  #: of its state file
    state: StateFile


def interrupted(home: Home, boot: str) -> list[Interrupted]:
    """Those that ran when the machine went down, the newest of each file; `boot`: the present boot's id.

    Not those that had finished, and not those that were told to drain or to stop by anybody but the machine.
    """
    found: dict[tuple[str, str, bool], Interrupted] = {}
    for one in list_states(home):
        state = one.state
        if one.alive is not False or not isinstance(state, StateFile) or not _was_running(state, boot):
            continue
        which = (state.command_file, state.mode, state.simulated)
        if which not in found or found[which].state.updated_at < state.updated_at:
            found[which] = Interrupted(one.path, state)
    return list(found.values())


def _was_running(state: StateFile, boot: str) -> bool:
    if not boot or state.boot_id in ("", boot):
        return False
    return state.status in ("running", "paused") or (state.status == "stopping" and state.machine_down)


def boot(
    home: Home, tell: Callable[[str], None], console: Path = CONSOLE, again: float = AGAIN_SECONDS
) -> int:
    """Start them again, and the console if it ran; 0, or 1 where one could not be. `tell` is told what
    is done, a line each; `again`: seconds until what was refused is tried once more."""
    left = interrupted(home, procfs.boot_id())
    tell(f"the machine has restarted: {len(left)} to resume" if left else "nothing to resume")
    if (flags := _wanted(home)) is not None and os.access(console, os.X_OK):
        tell(_start_console(home, console, flags))
    deadline = time.monotonic() + PATIENCE
    told: dict[Path, str] = {}
    while True:
        left = [one for one in left if not resume_one(home, one, tell, told)]
        if not left or time.monotonic() >= deadline:
            break
        time.sleep(again)
    for one in left:
        tell(f"given up: {one.state.command_file}; start it yourself to go on with its run {one.state.run}")
    return 1 if left else 0


def resume_one(home: Home, one: Interrupted, tell: Callable[[str], None], told: dict[Path, str]) -> bool:
    """Try it; what refuses it is said once."""
    try:
        if not may_go_on(home, one.state):
            tell(f"all of {one.state.command_file} has ended; the next ./gpulane submit starts it")
            return True
        how = background.again(home, one.state, "--resume")
        environment = surroundings.load(RunPaths(home.runs / one.state.run))
        pid = background.start(home, how, environment)
    except (GpulaneError, OSError) as error:
        holder = plan_holder(home.state, Path(one.state.command_file))
        if holder is not None:  # another boot at the same time, or its user, was faster
            tell(f"{one.state.command_file} runs already, with pid {holder}")
            return True
        if told.get(one.path) != str(error):
            tell(f"{one.state.command_file} can't be resumed yet: {error}")
        told[one.path] = str(error)
        return False
    tell(f"resumed {one.state.command_file} with pid {pid}; what it says is in {how.log}")
    return True


def _start_console(home: Home, console: Path, flags: Sequence[str]) -> str:
    """What became of it. The link that logs in is nobody's to read in a log."""
    trouble = home.console_wanted.with_name("boot.log")
    try:
        fd = os.open(trouble, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            done = subprocess.run(
                [str(console), *flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=fd,
                cwd=console.parents[1],
                env={**os.environ, "GPULANE_HOME": str(home.root)},
                timeout=CONSOLE_SECONDS,
                check=False,
            )
        finally:
            os.close(fd)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the console could not be started: {error}"
    return f"the console could not be started: see {trouble}" if done.returncode else "started the console"


def _wanted(home: Home) -> Sequence[str] | None:
    """The flags of a console that its user has started and not ended; None: there is none."""
    try:
        found = json.loads(read_own(home.console_wanted))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, list) and all(isinstance(each, str) for each in found) else []


# What was done is kept, as nobody watches


def log_of(home: Home) -> Path:
    return home.logs / "service.log"


MOST_LINES = 500


def note(home: Home, line: str) -> None:
    """Add it to logs/service.log, with the time. A full disk loses it."""
    path = log_of(home)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = path.read_text(errors="replace").splitlines()[1 - MOST_LINES :] if path.exists() else []
        stamped = f"{datetime.now():%Y-%m-%d %H:%M:%S} {line}"  # noqa: DTZ005 - for its user's eyes
        write_atomically(path, ("\n".join([*before, stamped]) + "\n").encode())
    except OSError:
        return


def noted(home: Home, most: int) -> Sequence[str]:
    """The last lines of it."""
    return list(_lines(log_of(home)))[-most:]


def _lines(path: Path) -> Iterator[str]:
    if path.exists():
        yield from path.read_text(errors="replace").splitlines()
