"""Figures of the console on this machine. `python -m benchmarks.console [NAME ...]`; without names, all.

Machines are shared and noisy: medians and high percentiles of many repeats in one run.
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from benchmarks.world import PROJECT, World, cpu_seconds, peak_mb, world

SCHEDULERS, TASKS, QUEUES = 20, 1_000, 40
REQUESTS = 200
CHANGES = 200
LISTENERS = 100
LISTEN_SECONDS = 20.0
LOG_BYTES = 10 * 1024**3


class Console:
    """One that has been started by run.sh."""

    def __init__(self, home: World) -> None:
        self.home, self.folder = home, home.root / "control" / "logs"
        self.env = {**os.environ, "GPULANE_HOME": str(home.root)}
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)

    def start(self) -> float:
        """Seconds until it has answered."""
        began = time.perf_counter()
        self._script("run.sh")
        httpx.get(f"{self.url}/healthz").raise_for_status()
        return time.perf_counter() - began

    def stop(self) -> None:
        self._script("shut_down.sh")

    @property
    def where(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "console.json").read_text())
        return found

    @property
    def url(self) -> str:
        return str(self.where["url"])

    @property
    def pid(self) -> int:
        return int(self.where["pid"])

    def http(self) -> httpx.Client:
        secret = json.loads((self.folder / "secrets.json").read_text())["write"]
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {secret}"}, timeout=60)

    def size(self, path: str) -> int:
        """Bytes of an answer, by a client that does nothing but take them."""
        secret = json.loads((self.folder / "secrets.json").read_text())["write"]
        address, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((address, int(port))) as peer:
            head = f"GET {path} HTTP/1.1\r\nHost: {address}:{port}\r\nConnection: close"
            peer.sendall(f"{head}\r\nAuthorization: Bearer {secret}\r\n\r\n".encode())
            room, size = bytearray(1 << 20), 0
            while got := peer.recv_into(room):
                assert size or room.startswith(b"HTTP/1.1 200 ")
                size += got
        return size

    def listen(self) -> Iterator[tuple[float, bytes, bytes]]:
        """Of each event: when it came (wall), its kind and data."""
        secret = json.loads((self.folder / "secrets.json").read_text())["write"]
        address, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((address, int(port))) as peer:
            head = f"GET /api/events HTTP/1.1\r\nHost: {address}:{port}\r\nAuthorization: Bearer {secret}"
            peer.sendall(f"{head}\r\n\r\n".encode())
            kind = b""
            with peer.makefile("rb") as lines:
                for line in lines:
                    if line.startswith(b"event: "):
                        kind = line[7:].strip()
                    elif line.startswith(b"data: "):
                        yield time.time(), kind, line[6:]

    def _script(self, name: str) -> None:
        argv = [str(PROJECT / "control" / name)]
        subprocess.run(argv, env=self.env, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def console(
    tasks: Sequence[tuple[int, str]] = (), schedulers: int = 0
) -> Iterator[tuple[Console, list[int]]]:
    """With schedulers of equal files."""
    with world(maximize_resource_utilization=True) as home:
        one = Console(home)
        one.start()
        pids = []
        try:
            with one.http() as http:
                for index in range(schedulers):
                    name = f"command/command_gpus_{index}.txt" if index else "command/command_gpus.txt"
                    home.blocks(list(tasks), name=name)
                    where = {"config_index": index, "simulate": "4x24"}
                    answer = http.post("/api/scheduler/multi/start", params=where)
                    answer.raise_for_status()
                    pids.append(answer.json()["pid"])
            yield one, pids
        finally:
            with contextlib.suppress(httpx.HTTPError), one.http() as http:
                for pid in pids:
                    http.post(f"/api/scheduler/stop/{pid}")
            _until_gone(pids)
            one.stop()


def start() -> str:
    """From run.sh to the first answer, the environment being there."""
    took = []
    with world() as home:
        one = Console(home)
        for _ in range(5):
            took.append(one.start())
            memory = peak_mb(one.pid)
            one.stop()
    return f"median {statistics.median(took):.2f} s; resident memory {memory:.0f} MB"


def running() -> str:
    """GET /api/scheduler/running with 20 schedulers of 1,000 tasks, and the console's memory then."""
    tasks = [(at % QUEUES + 1, f"sleep 3600; echo {at}") for at in range(TASKS)]
    with console(tasks, SCHEDULERS) as (one, _):
        took, size = [], 0
        for _ in range(REQUESTS):
            began = time.perf_counter()
            size = one.size("/api/scheduler/running")
            took.append((time.perf_counter() - began) * 1000)
        memory = peak_mb(one.pid)
    return f"{_spread(took)}; {size / 1e6:.1f} MB each; resident memory at most {memory:.0f} MB"


def event() -> str:
    """From a scheduler's writing of its state to the event at a listener."""
    with console([(1, "sleep 3600"), (1, "true")], 1) as (one, pids):
        took: list[float] = []
        events = one.listen()
        next(events)
        changing = threading.Thread(target=_change, args=(one, pids[0], CHANGES, 0.1))
        changing.start()
        for at, kind, data in events:
            if kind == b"scheduler":
                written = json.loads(data).get("state", {}).get("updated_at")
                took += [(at - written) * 1000] if written else []
            if len(took) >= CHANGES or not changing.is_alive():
                break
        changing.join()
    return _spread(took)


def listeners() -> str:
    """The console's share of a core with 100 listeners, while 10 changes a second happen."""
    tasks = [(at % QUEUES + 1, f"sleep 3600; echo {at}") for at in range(TASKS)]
    with console(tasks, 1) as (one, pids):
        program = [sys.executable, "-m", "benchmarks.listeners", one.url, str(LISTENERS)]
        secret = json.loads((one.folder / "secrets.json").read_text())["write"]
        env = {**os.environ, "SECRET": secret}
        with subprocess.Popen(program, env=env, stdout=subprocess.PIPE, cwd=PROJECT) as hearing:
            assert hearing.stdout
            hearing.stdout.readline()  # all of them listen
            before, began = cpu_seconds(one.pid), time.perf_counter()
            _change(one, pids[0], round(LISTEN_SECONDS * 10), 0.1)
            share = (cpu_seconds(one.pid) - before) / (time.perf_counter() - began)
            hearing.terminate()
            heard = int(hearing.stdout.read().split()[0])
    return f"{share:.0%} of a core; {heard / LISTENERS:.0f} events to each of {LISTENERS}"


def log_tail() -> str:
    """The last 64 KiB of a log of 10 GB, which is mostly a hole."""
    with console() as (one, _):
        path = one.home.root / "logs" / "large.log"
        with path.open("wb") as log:
            log.seek(LOG_BYTES)
            log.write(b"the end\n" * 10_000)
        took = []
        with one.http() as http:
            for _ in range(50):
                began = time.perf_counter()
                where = {"log_path": str(path), "from": -65536}
                answer = http.get("/api/log/read", params=where).raise_for_status()
                took.append((time.perf_counter() - began) * 1000)
                assert answer.json()["text"].endswith("the end\n")
    return _spread(took)


def _change(one: Console, pid: int, times: int, every: float) -> None:
    with one.http() as http:
        for at in range(times):
            began = time.perf_counter()
            word = "hold" if at % 2 == 0 else "release"
            http.post(f"/api/scheduler/{pid}/{word}", json={"task": "1/1"}).raise_for_status()
            time.sleep(max(0.0, every - (time.perf_counter() - began)))


def _spread(took: Sequence[float]) -> str:
    p99 = sorted(took)[int(len(took) * 0.99) - 1]
    return f"median {statistics.median(took):.1f} ms, p99 {p99:.1f} ms of {len(took)}"


def _until_gone(pids: Sequence[int]) -> None:
    deadline = time.monotonic() + 60
    while any(_lives(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


FIGURES = {each.__name__: each for each in (start, running, event, listeners, log_tail)}

if __name__ == "__main__":
    for name in sys.argv[1:] or list(FIGURES):
        print(f"{name}: {FIGURES[name]()}", flush=True)
