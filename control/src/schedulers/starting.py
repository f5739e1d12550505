"""Starting schedulers, going on with what others have left, and ending them: by command file, never by a
command of whoever asks."""

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from app import background, procfs
from app.client import NoAnswer
from app.home import local_home, state_dir_set
from app.model.faults import BadInput, Fault
from app.model.paths import Home
from app.model.state_file import StateFile
from app.model.task import Mode
from app.store.lasting import last_run_name
from app.store.plan_lock import pid_of, plan_holder
from app.store.states import states_of
from app.submission import may_go_on
from control.src.schedulers.asking import Asking
from control.src.schedulers.states import Seen
from control.src.web.problems import Refused

FAULT = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<problem>.+?)(?:; (?P<hint>.+))?")


@dataclass(frozen=True, slots=True)
class Asked:
    """How a user wants a scheduler started; None: as it was, or as the settings have it."""

    simulate: str | None = None
    watch: bool = False
    fresh: bool = False
    paused: bool = False

    @property
    def flags(self) -> list[str]:
        flags = ["--simulate", self.simulate] if self.simulate is not None else []
        flags += ["--watch"] if self.watch else []
        flags += ["--fresh"] if self.fresh else []
        return flags + (["--paused"] if self.paused else [])


@dataclass(frozen=True, slots=True)
class Begun:
    pid: int
    how: background.Start
    run_before: str | None  #: its file's newest run before


def start_configuration(
    home: Home, mode: Mode, index: int, config: Path, asked: Asked, last: Seen | None
) -> Begun:
    """A scheduler of configuration `index`; as the one was that has left it unfinished, if one has (`last`),
    and nothing else is asked for. Raises Refused, BadInput."""
    path = home.command_file(mode, index)
    if not path.exists():
        raise Refused(404, "no-configuration", f"there is no configuration {index} ({path.name})")
    path = path.resolve()
    if last and last.top and last.ended not in (None, "finished") and asked == Asked():
        return go_on(home, last)
    flags = ["--config-index", str(index), *asked.flags]
    if config != home.config_file():
        flags = ["--config-file", str(config), *flags]
    how = background.first(home, path, mode, flags, index, str(home.root))
    return _started(home, how)


def go_on(home: Home, left: Seen) -> Begun:
    """With what it has left, as it was started. Raises Refused, BadInput."""
    state = left.state
    if state is None:
        raise Refused(409, "unreadable", f"its state can't be read: {left.head['unreadable']}")
    refuse_second(home, Path(state.command_file))
    if not may_go_on(home, state):
        raise BadInput("all that was submitted has ended; the next task that is submitted starts it")
    return _started(home, background.again(home, state))


def _started(home: Home, how: background.Start) -> Begun:
    refuse_second(home, Path(how.command_file))
    before = last_run_name(home.history, how.command_file, os.getuid())
    # What is started now has its state where the settings say; what ran before may have it elsewhere.
    there, _ = local_home(Home.find(), state_dir_set(home.config_file()), make=True)
    try:
        return Begun(background.start(there, how), how, before)
    except BadInput as bad:
        refuse_second(home, Path(how.command_file))
        raise BadInput(faults_of(str(bad)) or str(bad)) from bad


def refuse_second(home: Home, path: Path) -> None:
    """Raises Refused where a scheduler runs this file (real path)."""
    holder = plan_holder(home.state, path)
    if holder is not None:
        pid = pid_of(holder)
        raise Refused(
            409, "runs-already", f"{path} is run by the scheduler with pid {holder} already", pid=pid
        )


def faults_of(said: str) -> list[Fault]:
    """Those that a scheduler has printed; none where a line of it is no fault."""
    found = [FAULT.fullmatch(line) for line in said.splitlines()]
    return [
        Fault(each["file"], int(each["line"]), int(each["column"]), each["problem"], each["hint"] or "")
        for each in found
        if each
    ] * all(found)


def stop(asking: Asking, pid: int) -> dict[str, object]:
    """End its running tasks and itself, now. Raises Refused: it is not ours, or not what its state says."""
    state = asking.checked(pid)
    try:
        return asking.ask(pid, "stop")
    except NoAnswer:
        if _is_stopping(asking.home(), pid):
            return {"ok": True, "changed": False, "said": "it is stopping already, and has no more to say"}
        _signal(pid, state["process_start"])
        return {"ok": True, "changed": True, "said": "it does not answer; it was sent SIGTERM"}


def _is_stopping(home: Home, pid: int) -> bool:
    """By the state file as it is now: it may have ended since that was looked at last."""
    states = [one.state for one in states_of(home, pid)]
    return any(isinstance(each, StateFile) and each.status in ("stopping", "finished") for each in states)


def _signal(pid: int, start: int) -> None:
    """By a descriptor, which means one process for ever."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if procfs.start_time(pid) == start:
            signal.pidfd_send_signal(fd, signal.SIGTERM)
    except ProcessLookupError:
        return
    finally:
        os.close(fd)
