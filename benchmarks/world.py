"""A scheduler in a folder of its own, as the benchmarks start it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


class World:
    """A GPULANE_HOME with four simulated cards and its own leases."""

    def __init__(self, root: Path, **settings: object) -> None:
        self.root = root
        for folder in ("command", "config", "leases", "work"):
            (root / folder).mkdir(parents=True)
        defaults = {"lease_dir": str(root / "leases"), "work_dir": str(root / "work")}
        (root / "config" / "gpu_manage.yaml").write_text(json.dumps(defaults | settings))

    def blocks(
        self,
        tasks: list[tuple[int, str]],
        gpus: int = 1,
        memory: str = "10",
        name: str = "command/command_gpus.txt",
    ) -> None:
        text = "\n".join(f"{queue}\n{script}\n{gpus}\n{memory}\n" for queue, script in tasks)
        (self.root / name).write_text(text)

    def start(self, *args: str) -> "subprocess.Popen[bytes]":
        argv = [sys.executable, str(PROJECT / "app" / "main_gpus.py"), "--simulate", "4x24", *args]
        env = {**os.environ, "GPULANE_HOME": str(self.root)}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # as users start it: its modules compiled once
        return subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, cwd=self.root / "work")

    def run(self, *args: str) -> float:
        """Seconds from start to end."""
        began = time.perf_counter()
        code = self.start(*args).wait()
        if code not in (0, 1):
            raise SystemExit(f"the scheduler ended with {code}")
        return time.perf_counter() - began

    def state(self, pid: int) -> dict[str, object] | None:
        path = self.root / "logs" / "state" / f"{pid}.json"
        if not path.exists():
            return None
        state: dict[str, object] = json.loads(path.read_bytes())
        return state


@contextmanager
def world(**settings: object) -> Iterator[World]:
    """On a memory disk where there is one, so that the program is measured and not the disk."""
    base = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
    root = Path(tempfile.mkdtemp(prefix="gpulane-bench-", dir=base))
    try:
        yield World(root / "home", **settings)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    """The most resident memory so far, MB of 2^20 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0
