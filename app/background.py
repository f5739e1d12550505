"""Starting a scheduler that stays when its starter is gone: own session, no terminal, its output in a log."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.client import Client, NoAnswer
from app.model.faults import BadInput
from app.model.paths import PROJECT, Home
from app.model.task import Mode

PATIENCE = 120.0
"""Seconds for a scheduler to answer: a driver may take a minute to load."""

LOOK_SECONDS = 0.02
OF_A_TASK = frozenset(
    {f"GPULANE_{name}" for name in ("QUEUE", "TASK", "ATTEMPT", "LOG", "GPUS")} | {"CUDA_VISIBLE_DEVICES"}
)
"""What a task finds in its environment. A scheduler that one has started is none of its processes (it would
be ended with it), and not limited to its cards."""


@dataclass(frozen=True, slots=True)
class Background:
    """What is to be started."""

    home: Home
    command_file: Path  #: real path
    mode: Mode
    flags: Sequence[str] = ()
    cwd: Path | None = None  #: where its tasks run unless they or the settings say otherwise; None: here

    @property
    def log(self) -> Path:
        name = self.command_file.stem.removesuffix("_gpus").removesuffix("_gpu") or "tasks"
        return self.home.logs / f"scheduler_{self.mode}_{name}.log"


def start(it: Background) -> int:
    """Start it with `--watch` and wait until it answers; its pid. Raises BadInput with its own words where it
    refuses, or says nothing for two minutes."""
    entry = PROJECT / "app" / ("main_gpus.py" if it.mode == "multi" else "main_gpu.py")
    argv = [sys.executable, str(entry), "--command-file", str(it.command_file), "--watch", *it.flags]
    try:
        log = os.open(it.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise BadInput(f"{it.log} can't be written: {error.strerror}; nothing was started") from error
    before = os.fstat(log).st_size
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=it.cwd,
            env=environment(os.environ),
            start_new_session=True,
        )
    except OSError as error:
        raise BadInput(f"the scheduler can't be started: {error.strerror}") from error
    finally:
        os.close(log)
    _await(it, child, before)
    return child.pid


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a scheduler in the background inherits."""
    if "GPULANE_LOG" not in environ:
        return dict(environ)
    return {name: value for name, value in environ.items() if name not in OF_A_TASK}


def _await(it: Background, child: "subprocess.Popen[bytes]", before: int) -> None:
    socket = it.home.control_socket(child.pid)
    deadline = time.monotonic() + PATIENCE
    while True:
        if child.poll() is not None:
            raise BadInput(_said(it.log, before) or f"the scheduler ended at once; see {it.log}")
        if socket.exists() and _answers(socket):
            return
        if time.monotonic() > deadline:
            raise BadInput(
                f"the scheduler with pid {child.pid} was started and does not answer; see {it.log}"
            )
        time.sleep(LOOK_SECONDS)


def _answers(socket: Path) -> bool:
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
        text = file.read(64 * 1024).decode("utf-8", "replace").strip()
    return "\n".join(line.removeprefix("gpulane: ") for line in text.splitlines())
