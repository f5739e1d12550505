"""A world of its own for a scheduler under test: a home, a lease directory, real entry points."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.model.paths import PROJECT
from app.model.problems import Problem
from app.model.state_file import StateFile, load
from app.store.lock import is_alive
from tests.waiting import eventually

TRAIN = f"{sys.executable} {PROJECT / 'tests' / 'faketrain.py'}"
"""The fake training job, as a command of a task."""


UNTIL_GO = "until test -e go; do sleep 0.05; done"
"""Commands that last until the test calls `World.go`."""


@dataclass
class World:
    """A GPULANE_HOME with its own lease directory, so that tests don't meet."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    gpus: str | None = "4x24"  #: --simulate; None: the driver

    def __post_init__(self) -> None:
        for folder in ("command", "config", "leases", "work"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self.settings()

    def settings(self, **keys: Any) -> None:
        """config/gpu_manage.yaml: quick looks, private leases, and what the test says."""
        keys = {
            "lease_dir": str(self.root / "leases"),
            "check_time": 0.2,
            "work_dir": str(self.root / "work"),
            **keys,
        }
        (self.root / "config" / "gpu_manage.yaml").write_text(json.dumps(keys))  # JSON is YAML

    def file(self, text: str, name: str = "command_gpus.txt") -> Path:
        path = self.root / "command" / name
        path.write_text(text)
        return path

    def blocks(self, tasks: Iterable[tuple[int, str]], gpus: int = 1, memory: str = "10") -> Path:
        """A multi-mode command file of (queue, commands)."""
        return self.file("\n".join(f"{queue}\n{script}\n{gpus}\n{memory}\n" for queue, script in tasks))

    def start(
        self,
        *args: str,
        mode: str = "multi",
        command_file: Path | None = None,
        prefix: Sequence[str] = (),
        terminal: int | None = None,
        **popen: Any,
    ) -> "Scheduler":
        """Start the real entry point as a child process; nothing of it is waited for.

        `terminal`: a descriptor to be its input and output, instead of none and `output()`.
        """
        entry = PROJECT / "app" / ("main_gpus.py" if mode == "multi" else "main_gpu.py")
        argv = [*prefix, sys.executable, str(entry)]
        argv += ["--command-file", str(command_file)] if command_file else []
        argv += ["--simulate", self.gpus] if self.gpus and "--simulate" not in args else []
        output = (self.root / "output").open("ab")
        try:
            child = subprocess.Popen(
                [*argv, *args],
                stdin=subprocess.DEVNULL if terminal is None else terminal,
                stdout=output if terminal is None else terminal,
                stderr=output if terminal is None else terminal,
                cwd=self.root / "work",
                env={**os.environ, **self.env, "GPULANE_HOME": str(self.root)},
                **popen,
            )
        finally:
            output.close()
        return Scheduler(self, child)

    def run(self, *args: str, expect: int | None = 0, timeout: float = 60, **start: Any) -> str:
        """Start one and wait for its end; its output."""
        before = len(self.output())
        scheduler = self.start(*args, **start)
        code = scheduler.end(timeout)
        output = self.output()[before:]
        assert expect is None or code == expect, f"exit {code}:\n{output}"
        return output

    def output(self) -> str:
        path = self.root / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    def states(self) -> Iterator[StateFile]:
        for path in sorted((self.root / "logs" / "state").glob("*.json")):
            yield load(path.read_bytes())

    def outcome(self, label: str) -> Any:
        """The state of a task ("1/0") as the last scheduler left it."""
        newest = max(self.states(), key=lambda state: state.updated_at)
        tasks = {f"{queue.queue_id}/{task.index}": task for queue in newest.queues for task in queue.tasks}
        return tasks[label].state

    def leases(self) -> list[str]:
        return sorted(path.name for path in (self.root / "leases").glob("*.*.*"))

    def task_log(self, queue: int, index: int) -> str:
        """The log of the last attempt of a task."""
        logs = list((self.root / "logs" / "runs").glob(f"*/{queue}-{index}-*.log"))
        return max(logs, key=lambda path: int(path.name.split(".")[-2])).read_text(errors="replace")

    def go(self) -> None:
        """Let tasks end that wait for it."""
        (self.root / "work" / "go").touch()

    def work(self, name: str) -> list[str]:
        """Lines of a file that tasks append to."""
        path = self.root / "work" / name
        return path.read_text().splitlines() if path.exists() else []


@dataclass
class Scheduler:
    """A scheduler that was started."""

    world: World
    child: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.child.pid

    def end(self, timeout: float = 60) -> int:
        """Wait for its end; its exit code, as a shell shows it."""
        try:
            code = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"still running after {timeout} s:\n{self.world.output()[-4000:]}") from None
        return code if code >= 0 else 128 - code

    def kill(self) -> None:
        """As the machine's out-of-memory killer would."""
        self.child.kill()
        self.child.wait()

    def stop(self, timeout: float = 30) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.end(timeout)

    def state(self) -> StateFile | None:
        """Its state file now; None before there is one. Fails when the scheduler is gone without one."""
        path = self.world.root / "logs" / "state" / f"{self.pid}.json"
        if path.exists():
            return load(path.read_bytes())
        assert self.child.poll() is None, f"it has ended:\n{self.world.output()[-4000:]}"
        return None

    def alive(self) -> bool:
        return is_alive(self.world.root / "logs" / "state" / f"{self.pid}.lock")

    def seen_at(self) -> float:
        """When it last wrote its state, wall time; 0: not yet."""
        state = self.state()
        return state.updated_at if state else 0.0

    def problems(self) -> tuple[Problem, ...]:
        state = self.state()
        return state.problems if state else ()

    def tasks(self) -> Mapping[str, Any]:
        """Label ("1/0") to task, as its state file shows them."""
        state = self.state()
        if state is None:
            return {}
        return {f"{queue.queue_id}/{task.index}": task for queue in state.queues for task in queue.tasks}

    def wait_for(self, label: str, status: str, seconds: float = 20) -> Any:
        """A task's state, once it has that status; if it is running, once its supervisor is known."""

        def look() -> Any:
            task = self.tasks().get(label)
            if not task or task.state.status != status:
                return None
            return None if status == "running" and task.state.pid is None else task.state

        return eventually(look, seconds)
