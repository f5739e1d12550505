"""Starting a scheduler that goes on by itself: it has no terminal, and outlives who started it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.model.faults import BadInput
from app.model.paths import PROJECT, Home
from app.model.state_file import StateFile
from app.model.task import Mode
from app.store.lock import is_alive

PATIENCE = 20.0
"""Seconds until a start that neither serves nor ends is taken to serve: a file may be long."""

LOOK_SECONDS = 0.05
SAID_BYTES = 8_000


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


def first(home: Home, command_file: str, mode: Mode, index: int | None, flags: Sequence[str]) -> Start:
    """Of a file that its user names, from where they are; `flags` as they gave them."""
    return Start(command_file, mode, tuple(flags), os.getcwd(), log_of(home, mode, index, command_file))  # noqa: PTH109


def again(home: Home, state: StateFile, *more: str) -> Start:
    """As it was started that left this state, with more flags. Raises BadInput where that is not known."""
    how = state.started_with
    if how is None and state.simulated:
        raise BadInput(
            f"{state.command_file} ran on simulated GPUs, and its state does not say on how many; "
            f"start it yourself: ./gpulane run {state.command_file} --simulate NxGB"
        )
    flags = list(more)
    if state.config_file is not None:
        flags += ["--config-file", state.config_file]
    if state.config_index is not None:
        flags += ["--config-index", str(state.config_index)]
    if how and how.simulate is not None:
        flags += ["--simulate", how.simulate]
    if how and how.watch:
        flags += ["--watch"]
    if state.status == "paused":
        flags += ["--paused"]
    log = log_of(home, state.mode, state.config_index, state.command_file)
    return Start(state.command_file, state.mode, tuple(flags), how.folder if how else str(home.root), log)


def log_of(home: Home, mode: Mode, index: int | None, command_file: str) -> Path:
    """logs/scheduler_gpus_0.log; a file that is no configuration: scheduler_gpus_night.log."""
    kind = "gpu" if mode == "single" else "gpus"
    return home.logs / f"scheduler_{kind}_{Path(command_file).stem if index is None else index}.log"


def start(home: Home, how: Start, environment: Mapping[str, str] | None = None) -> int:
    """Start it, and wait until it serves; its pid. `environment`: instead of ours.

    Raises BadInput with what it said, where it refused.
    """
    child, before = _launch(home, how, os.environ if environment is None else environment)
    deadline = time.monotonic() + PATIENCE
    while not _serves(home, child.pid) and time.monotonic() < deadline:
        if child.poll() is not None:
            if child.returncode == 0:  # so few and short were its tasks
                break
            raise BadInput(_said(how.log, before) or f"it ended with exit code {child.returncode}")
        time.sleep(LOOK_SECONDS)
    child.returncode = 0 if child.returncode is None else child.returncode  # it is nobody's child to wait for
    return child.pid


def _serves(home: Home, pid: int) -> bool:
    return is_alive(home.state_lock(pid)) and home.control_socket(pid).exists()


def _launch(home: Home, how: Start, environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """And how long its log was before."""
    try:
        how.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(how.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadInput(f"{how.log} can't be written: {error.strerror}; nothing was started") from error
    try:
        before = os.fstat(fd).st_size
        child = subprocess.Popen(
            how.argv,
            stdin=subprocess.DEVNULL,
            stdout=fd,
            stderr=fd,
            cwd=how.folder,
            env={**environment, "GPULANE_HOME": str(home.root)},
            start_new_session=True,
        )
    except OSError as error:
        raise BadInput(f"{error.filename}: {error.strerror}; nothing was started") from error
    finally:
        os.close(fd)
    return child, before


def _said(log: Path, before: int) -> str:
    with log.open("rb") as file:
        file.seek(before)
        return file.read(SAID_BYTES).decode("utf-8", "replace").strip().removeprefix("gpulane: ")
