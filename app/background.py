"""Starting a scheduler that stays when its starter is gone: own session, no terminal, its output in a log."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.client import Client, NoAnswer
from app.model.faults import BadInput
from app.model.paths import PROJECT, Home
from app.model.state_file import StateFile
from app.model.task import Mode

PATIENCE = 120.0
"""Seconds for a scheduler to answer: a driver may take a minute to load."""

UNKNOWN_CARDS = "--simulate NxGB"

LOOK_SECONDS = 0.02
SAID_BYTES = 64 * 1024

OF_A_TASK = frozenset(
    {f"GPULANE_{name}" for name in ("QUEUE", "TASK", "ATTEMPT", "LOG", "GPUS")} | {"CUDA_VISIBLE_DEVICES"}
)
"""What a task finds in its environment. A scheduler that one has started is none of its processes (it would
be ended with it), and not limited to its cards."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a scheduler is started."""

    command_file: str  #: real path
    mode: Mode
    flags: tuple[str, ...]  #: without `--command-file`
    folder: str  #: where it is started
    log: Path  #: what it prints goes there

    @property
    def argv(self) -> list[str]:
        entry = PROJECT / "app" / ("main_gpus.py" if self.mode == "multi" else "main_gpu.py")
        return [sys.executable, str(entry), "--command-file", self.command_file, *self.flags]


def first(
    home: Home,
    command_file: Path,
    mode: Mode,
    flags: Sequence[str],
    index: int | None = None,
    folder: str | None = None,
) -> Start:
    """Of a file that its user names, from where they are, or in another folder; `flags` as they gave them."""
    where = os.getcwd() if folder is None else folder  # noqa: PTH109
    return Start(str(command_file), mode, tuple(flags), where, log_of(home, command_file, mode, index))


def again(home: Home, state: StateFile, *more: str) -> Start:
    """As it was started that left this state, with more flags. Raises BadInput where that is not known."""
    how = state.started_with
    if how is None and state.simulated:
        raise BadInput(
            f"{state.command_file} ran on simulated GPUs, and its state does not say on how many; "
            f"start it yourself: ./gpulane run {shlex.quote(state.command_file)} {UNKNOWN_CARDS}"
        )
    flags = [*more, *flags_of(state)]
    folder = how.folder if how else str(home.root)
    return first(home, Path(state.command_file), state.mode, flags, state.config_index, folder)


def flags_of(state: StateFile) -> list[str]:
    """Those that make it again what it was, without that of its command file."""
    how, flags = state.started_with, []
    if state.config_file is not None:
        flags += ["--config-file", state.config_file]
    if state.config_index is not None:
        flags += ["--config-index", str(state.config_index)]
    if how and how.simulate is not None:
        flags += ["--simulate", how.simulate]
    if how and how.watch:
        flags += ["--watch"]
    if how and how.metrics_port is not None:
        flags += ["--metrics-port", how.metrics_port]
    if state.status == "paused":
        flags += ["--paused"]
    return flags


def log_of(home: Home, command_file: Path, mode: Mode, index: int | None = None) -> Path:
    """logs/scheduler_multi_0.log; of a file that is no configuration: scheduler_multi_night.log, of a table:
    scheduler_multi_todo.csv.log, as todo.xlsx may lie beside it."""
    name = command_file.stem if command_file.suffix == ".txt" else command_file.name
    stem = name.removesuffix("_gpus").removesuffix("_gpu") or "tasks"
    return home.logs / f"scheduler_{mode}_{stem if index is None else index}.log"


def start(home: Home, how: Start, environ: Mapping[str, str] | None = None) -> int:
    """Start it, and wait until it answers, or has ended, as few and short as its tasks were; its pid.
    `environ`: instead of ours.

    Raises BadInput with its own words where it refuses, or says nothing for two minutes.
    """
    child, before = _launch(home, how, environment(os.environ if environ is None else environ))
    deadline = time.monotonic() + PATIENCE
    while not _answers(home.control_socket(child.pid)):
        if child.poll() is not None:
            if child.returncode == 0 or (child.returncode == 1 and home.state_file(child.pid).exists()):
                break  # all its tasks have ended already, well or not
            raise BadInput(_said(how.log, before) or f"the scheduler ended at once; see {how.log}")
        if time.monotonic() > deadline:
            child.terminate()  # it must not begin later with what its starter takes back now
            child.wait()
            raise BadInput(f"the scheduler did not answer within {PATIENCE:g} s and was ended; see {how.log}")
        time.sleep(LOOK_SECONDS)
    child.returncode = 0 if child.returncode is None else child.returncode  # nobody's child to wait for
    return child.pid


def stands(home: Home, pid: int) -> str:
    """What is to be said of one that starts nothing; also after a start: it may have been left so."""
    try:
        with Client(home.control_socket(pid)) as client:
            paused = client.ask("status")["state"]["status"] == "paused"
    except NoAnswer:
        return ""
    return "\nit is paused: nothing starts until ./gpulane resume" if paused else ""


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a scheduler in the background inherits."""
    if "GPULANE_LOG" not in environ:
        return dict(environ)
    return {name: value for name, value in environ.items() if name not in OF_A_TASK}


def _launch(home: Home, how: Start, environ: Mapping[str, str]) -> "tuple[subprocess.Popen[bytes], int]":
    """And how long its log was before."""
    try:
        how.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        log = os.open(how.log, flags, 0o600)
    except OSError as error:
        raise BadInput(f"{how.log} can't be written: {error.strerror}; nothing was started") from error
    try:
        before = os.fstat(log).st_size
        child = subprocess.Popen(
            how.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=how.folder,
            env={**environ, "GPULANE_HOME": str(home.root)},
            start_new_session=True,
        )
    except OSError as error:
        raise BadInput(f"{error.filename}: {error.strerror}; nothing was started") from error
    finally:
        os.close(log)
    return child, before


def _answers(socket: Path) -> bool:
    if not socket.exists():
        return False
    try:
        with Client(socket) as client:
            client.ask("tasks", count=0)
    except NoAnswer:
        return False
    return True


def _said(log: Path, before: int) -> str:
    """What it wrote since, without its name in front."""
    with log.open("rb") as file:
        file.seek(before)
        text = file.read(SAID_BYTES).decode("utf-8", "replace").strip()
    return "\n".join(line.removeprefix("gpulane: ") for line in text.splitlines())
