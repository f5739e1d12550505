"""No card is ever held twice and no cap is exceeded, whoever dies when, with and without the mutex."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.lease.store import LeaseStore
from tests.edges.lease_storm import CAP, CARDS
from tests.edges.lease_worker import ANOTHER, ROOT, STRANGER, shared_directory
from tests.waiting import eventually

USERS = (STRANGER, ANOTHER) if os.getuid() == 0 else (os.getuid(),)


def make_witness(folder: Path) -> None:
    folder.mkdir()
    for name in [
        *CARDS,
        "doubles",
        "crashes",
        "counts",
        *(f"{uid}-{slot}" for uid in USERS for slot in range(CAP)),
    ]:
        (folder / name).touch()
        (folder / name).chmod(0o666)


def storm(directory: Path, seconds: float, workers: int) -> tuple[int, int]:
    """Let it rage; returns how many leases were taken and how many holders killed."""
    witness = directory.with_name("witness")
    make_witness(witness)
    command = [sys.executable, "-m", "tests.edges.lease_storm", str(directory), str(witness)]
    processes = [
        subprocess.Popen(
            [*command, str(uid if os.getuid() == 0 else 0), str(workers), str(seconds), str(seed)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, uid in enumerate(USERS)
    ]
    kills = 0
    for process in processes:
        said, _ = process.communicate(timeout=seconds + 60)
        kills += json.loads(said)["kills"]
    assert (witness / "doubles").read_text() == ""
    assert (witness / "crashes").read_text() == ""
    assert {process.returncode for process in processes} == {0}
    return (witness / "counts").read_bytes().count(b"t"), kills


def assert_calm(directory: Path) -> None:
    store = LeaseStore(directory)
    eventually(lambda: store.look().leases == ())


@pytest.mark.parametrize("mutex", [True, False], ids=["with mutex", "without"])
def test_a_storm_holds_no_card_twice(directory: Path, mutex: bool) -> None:
    if not mutex:
        (directory / ".mutex").mkdir()
    takes, kills = storm(directory, seconds=3, workers=4)
    assert takes > 50
    assert kills > 10
    assert_calm(directory)


@pytest.mark.long
@pytest.mark.parametrize("parent", ["/dev/shm", "/var/tmp"])
@pytest.mark.parametrize("mutex", [True, False], ids=["with mutex", "without"])
def test_a_long_storm_holds_no_card_twice(mutex: bool, parent: str) -> None:
    with shared_directory(parent) as directory:
        if not mutex:
            (directory / ".mutex").mkdir()
        takes, kills = storm(directory, seconds=30, workers=8)
        assert takes > 500
        assert kills > 100
        assert_calm(directory)
