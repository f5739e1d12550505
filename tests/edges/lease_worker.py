"""A process that takes leases when told to, for tests: one JSON request a line, one answer a line.

    python -m tests.edges.lease_worker DIRECTORY UID

It becomes UID first (0: stays who it is). `Worker` is the side of the test.
"""

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from app.lease.store import Conflict, Held, LeaseStore
from app.model.lease import Lease

ROOT = Path(__file__).resolve().parents[2]
STRANGER = 54321
ANOTHER = 54322


@contextlib.contextmanager
def shared_directory(parent: str = "/dev/shm") -> Iterator[Path]:
    """A lease directory for everybody; under a parent that other users can reach, unlike tmp_path."""
    above = Path(tempfile.mkdtemp(prefix="gpulane-test-", dir=parent))
    above.chmod(0o755)
    directory = above / "leases"
    directory.mkdir()
    directory.chmod(0o1777)
    try:
        yield directory
    finally:
        shutil.rmtree(above)


def alone(gpus: Sequence[str]) -> Any:
    """A `fits` for whole cards: nobody else on any of them."""
    return lambda others: not any(lease.gpu in gpus for lease in others)


def take(store: LeaseStore, *gpus: str, memory_gb: float | None = None) -> Held:
    """Take whole cards, or fail the test."""
    answer = asyncio.run(store.take(gpus, memory_gb, memory_gb is None, "queue 3", alone(gpus)))
    assert isinstance(answer, Held), answer
    return answer


def refused(store: LeaseStore, *gpus: str) -> tuple[Lease, ...]:
    """The leases that keep us from taking these cards."""
    answer = asyncio.run(store.take(gpus, None, True, "queue 3", alone(gpus)))
    assert isinstance(answer, Conflict), answer
    return answer.leases


def become(uid: int) -> None:
    if uid:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


class Worker:
    """A child process with a lease store of its own. End it with `close` or `kill`."""

    def __init__(self, directory: Path, uid: int = 0) -> None:
        command = [sys.executable, "-m", "tests.edges.lease_worker", str(directory), str(uid)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, verb: str, *arguments: Any) -> Any:
        self.tell(verb, *arguments)
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def tell(self, verb: str, *arguments: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([verb, *arguments]) + "\n")

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@contextlib.contextmanager
def worker(directory: Path, uid: int = 0) -> Iterator[Worker]:
    child = Worker(directory, uid)
    try:
        yield child
    finally:
        child.close()


class _Served:
    """The verbs. All answers are JSON."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._store = LeaseStore(directory)
        self._kept: list[int] = []
        self._mutex = -1

    def take(self, *gpus: str) -> list[str] | None:
        answer = asyncio.run(self._store.take(gpus, None, True, "queue 3", alone(gpus)))
        if isinstance(answer, Conflict):
            return None
        self._kept.extend(answer.fds)
        return list(answer.names)

    def look(self) -> dict[str, Any]:
        found = self._store.look()
        return {
            "leases": [dataclasses.asdict(lease) for lease in found.leases],
            "problems": [problem.kind for problem in found.problems],
        }

    def adopt(self, *names: str) -> None:
        self._store.adopt(names)

    def vanished(self) -> list[str]:
        return sorted(self._store.vanished())

    def release(self, *names: str) -> None:
        self._store.release(names)

    def hold_mutex(self) -> None:
        mutex = self._directory / ".mutex"
        mutex.touch(0o644)
        self._mutex = os.open(mutex, os.O_RDONLY)
        fcntl.flock(self._mutex, fcntl.LOCK_EX)

    def drop_mutex(self) -> None:
        os.close(self._mutex)

    def umask(self, mask: int) -> None:
        os.umask(mask)

    def child(self) -> int:
        """Start a sleeping process that inherits the leases; its pid."""
        return subprocess.Popen(["sleep", "600"], pass_fds=self._kept, stdout=subprocess.DEVNULL).pid

    def open_and(self, name: str, what: str) -> str:
        """Lock another's file by all means a reader has; keeps the descriptor."""
        fd = os.open(self._directory / name, os.O_RDONLY)
        self._kept.append(fd)
        try:
            if what == "flock":
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            elif what == "read lock":
                fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))
        except OSError as error:
            return error.strerror or "?"
        return "locked"


def main() -> None:
    directory, uid = Path(sys.argv[1]), int(sys.argv[2])
    become(uid)
    served = _Served(directory)
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        print(json.dumps(getattr(served, verb)(*arguments)), flush=True)


if __name__ == "__main__":
    main()
