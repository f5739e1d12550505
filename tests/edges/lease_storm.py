"""Processes of one user that take and lose leases in a storm, killed at random. For tests.

    python -m tests.edges.lease_storm DIRECTORY WITNESS UID WORKERS SECONDS SEED

Prints {"kills": n}; the folder WITNESS gets counts and doubles. Each holder of a lease asks a
witness that knows nothing of leases: a locked file per card, and per user one for each card that
the cap allows.
"""

import asyncio
import fcntl
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.lease.store import Held, LeaseStore
from app.model.lease import Lease
from tests.edges.lease_worker import become

CARDS = tuple(f"SIM-24-{number}" for number in range(4))
CAP = 3  #: cards a user may hold
_EXITING = 0x4  #: PF_EXITING


class Witness:
    """Files opened before any lease, each locked by whoever holds what it stands for."""

    def __init__(self, folder: Path, uid: int) -> None:
        self._cards = {card: os.open(folder / card, os.O_RDWR) for card in CARDS}
        self._slots = [os.open(folder / f"{uid}-{slot}", os.O_RDWR) for slot in range(CAP)]
        self._doubles = os.open(folder / "doubles", os.O_WRONLY | os.O_APPEND)
        self._mine: list[int] = []

    def enter(self, cards: Sequence[str]) -> None:
        """Note down a double if a living process is where we should be alone."""
        for card in cards:
            if not self._lock([self._cards[card]]):
                os.write(self._doubles, f"{card}: {os.getpid()} met a living holder\n".encode())
            if not self._lock(self._slots):
                os.write(self._doubles, f"cap: {os.getpid()} is one too many\n".encode())

    def sign(self) -> None:
        """By the process that goes on holding."""
        for fd in self._mine:
            os.pwrite(fd, str(os.getpid()).encode().ljust(16), 0)

    def leave(self) -> None:
        while self._mine:
            fcntl.flock(self._mine.pop(), fcntl.LOCK_UN)

    def _lock(self, files: Sequence[int]) -> bool:
        deadline = time.monotonic() + 10
        rounds = 3  # files are tried one after the other while others come and go
        while rounds and time.monotonic() < deadline:
            for fd in files:
                if fd not in self._mine and _try(fd):
                    self._mine.append(fd)
                    os.pwrite(fd, str(os.getpid()).encode().ljust(16), 0)
                    return True
            # A killed process gives up its locks one after the other: its lease may be free first.
            if not any(_dying(fd) for fd in files):
                rounds -= 1
        return False


def _try(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _dying(fd: int) -> bool:
    """Whether the last process that signed this file is ending or gone."""
    try:
        fields = Path(f"/proc/{int(os.pread(fd, 16, 0))}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return True
    return fields[0] in "ZX" or bool(int(fields[6]) & _EXITING)


@dataclass(frozen=True, slots=True)
class Fits:
    wanted: Sequence[str]
    uid: int

    def __call__(self, others: Sequence[Lease]) -> bool:
        mine = [lease for lease in others if lease.uid == self.uid]
        clash = any(lease.gpu in self.wanted for lease in others)
        return not clash and len(mine) + len(self.wanted) <= CAP


class Taker:
    """One process of the storm: takes, holds, gives back, dies with its leases, leaves a child behind."""

    def __init__(self, directory: Path, folder: Path, uid: int, seed: int) -> None:
        self._witness = Witness(folder, uid)
        self._counts = os.open(folder / "counts", os.O_WRONLY | os.O_APPEND)
        self._store = LeaseStore(directory)
        self._uid = uid
        self._random = random.Random(seed)

    def run(self) -> None:
        while True:
            wanted = self._random.sample(CARDS, self._random.choice([1, 1, 1, 2]))
            answer = asyncio.run(self._store.take(wanted, None, True, "", Fits(wanted, self._uid)))
            if not isinstance(answer, Held):
                os.write(self._counts, b"c")
                self._pause(0.004)
                continue
            os.write(self._counts, b"t")
            self._hold(answer)

    def _hold(self, held: Held) -> None:
        self._witness.enter(held.gpus)
        fate = self._random.random()
        if fate < 0.1:
            self._leave_a_child()
        if fate < 0.2:
            os.kill(os.getpid(), signal.SIGKILL)
        self._store.identify(held, os.getpid(), 1, os.getpid())
        self._pause(0.01)
        self._witness.leave()
        self._store.release(held.names)

    def _leave_a_child(self) -> None:
        """It inherits leases and witnesses, and signs before the parent dies."""
        signed, sign = os.pipe()
        if os.fork() == 0:
            self._witness.sign()
            os.write(sign, b"x")
            self._pause(0.03)
            os._exit(0)
        os.read(signed, 1)

    def _pause(self, most: float) -> None:
        time.sleep(self._random.uniform(0, most))


def main() -> None:
    directory, folder = Path(sys.argv[1]), Path(sys.argv[2])
    uid, workers, seconds, seed = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6])
    become(uid)
    dice = random.Random(seed)
    os.setpgid(0, 0)
    kills = 0
    living: set[int] = set()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        while len(living) < workers:
            living.add(_start(directory, folder, uid, dice.getrandbits(30)))
        time.sleep(dice.uniform(0, 0.02))
        if dice.random() < 0.3:
            os.kill(dice.choice(sorted(living)), signal.SIGKILL)
        while living and (ended := os.waitpid(-1, os.WNOHANG)[0]):
            living.discard(ended)
            kills += 1
    for pid in living:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    print(json.dumps({"kills": kills}))


def _start(directory: Path, folder: Path, uid: int, seed: int) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            Taker(directory, folder, uid, seed).run()
        except BaseException:
            (folder / "crashes").open("a").write(traceback.format_exc())
        finally:
            os._exit(1)
    return pid


if __name__ == "__main__":
    main()
