"""A lease directory full of what others may put there."""

import fcntl
import os
import struct
import time
from pathlib import Path

import pytest

from app.lease import scan
from app.lease.errors import LeaseError
from app.lease.store import LeaseStore
from tests.edges.lease_worker import ANOTHER, STRANGER, refused, take, worker

A, B = "GPU-aaaa", "GPU-bbbb"

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to other users")


def plant(directory: Path, gpu: str, content: bytes, number: int = 0, uid: int = STRANGER) -> Path:
    """A stranger's file that has the name of a lease."""
    path = directory / f"{gpu}.{uid}.{number:016x}"
    path.write_bytes(content)
    os.chown(path, uid, uid)
    return path


def hold(path: Path) -> int:
    """Lock it as a living lease is locked."""
    fd = os.open(path, os.O_RDWR)
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
    return fd


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff" * 512, b"[" * 4000, b'{"v": 1, "gpu": "GPU-bbbb"}', b"x" * 10_000_000],
    ids=["empty", "binary", "nested", "another card", "huge"],
)
def test_a_living_lease_that_can_not_be_read_is_the_whole_card(
    store: LeaseStore, directory: Path, content: bytes
) -> None:
    fd = hold(plant(directory, A, content))
    look = store.look()
    (lease,) = look.leases
    assert (lease.gpu, lease.uid, lease.user) == (A, STRANGER, str(STRANGER))
    assert (lease.valid, lease.exclusive, lease.declared_gb) == (False, True, None)
    assert [problem.kind for problem in look.problems] == ["lease_unreadable"]
    assert f"user {STRANGER}" in look.problems[0].text
    refused(store, A)
    os.close(fd)
    assert store.look().leases == ()
    take(store, A)


def test_the_owner_is_the_files_and_not_the_names(store: LeaseStore, directory: Path) -> None:
    path = directory / f"{A}.{ANOTHER}.{7:016x}"
    path.write_bytes(b"")
    os.chown(path, STRANGER, STRANGER)
    fd = hold(path)
    assert [lease.uid for lease in store.look().leases] == [STRANGER]
    os.close(fd)


def test_no_leases_but_one_problem_a_user(store: LeaseStore, directory: Path) -> None:
    os.mkfifo(directory / f"{A}.0.{1:016x}")
    (directory / f"{A}.0.{2:016x}").symlink_to("/etc/passwd")
    (directory / f"{A}.0.{3:016x}").mkdir()
    (directory / "README").write_text("not a lease")
    os.mknod(directory / f"{A}.0.{4:016x}", 0o020666, os.makedev(1, 3))
    (directory / os.fsdecode(b"\xff\x1b[31m")).write_text("")
    plant(directory, "README", b"").rename(directory / "stray")
    began = time.monotonic()
    look = store.look()
    assert time.monotonic() - began < 5  # a FIFO opened to read would wait for its writer
    assert look.leases == ()
    assert [problem.kind for problem in look.problems] == ["lease_odd_files"] * 2
    assert all(problem.text.isprintable() for problem in look.problems)
    take(store, A)


def test_a_thousand_dead_files_block_nothing(store: LeaseStore, directory: Path) -> None:
    for number in range(1000):
        plant(directory, A, b"", number)
    assert store.look().leases == ()
    (problem,) = store.look().problems
    assert problem.kind == "lease_flood"
    assert f"user {STRANGER} has 1000 lease files" in problem.text
    take(store, A)


def test_a_living_lease_beyond_the_limit_still_counts(store: LeaseStore, directory: Path) -> None:
    held = [
        hold(plant(directory, f"GPU-{number:04}", b"", number)) for number in range(scan.FILES_PER_USER + 20)
    ]
    look = store.look()
    assert {lease.gpu for lease in look.leases} == {f"GPU-{number:04}" for number in range(len(held))}
    assert all(lease.exclusive and not lease.valid for lease in look.leases)
    assert {problem.kind for problem in look.problems} == {"lease_unreadable", "lease_flood"}
    for fd in held:
        os.close(fd)
    assert store.look().leases == ()


def test_a_file_that_may_not_be_read_counts_as_long_as_it_is_locked(directory: Path) -> None:
    path = plant(directory, A, b"", uid=ANOTHER)
    path.chmod(0o600)
    fd = hold(path)
    with worker(directory, STRANGER) as me:
        (lease,) = me.ask("look")["leases"]
        assert (lease["gpu"], lease["uid"], lease["valid"]) == (A, ANOTHER, False)
        assert me.ask("take", A) is None
        os.close(fd)
        assert me.ask("take", A)


def test_more_files_than_one_can_look_at_stop_everything_and_name_who(
    store: LeaseStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "ENTRIES", 50)
    for number in range(60):
        plant(directory, A, b"", number)
    with pytest.raises(LeaseError, match=f"user {STRANGER}"):
        store.look()
    with pytest.raises(LeaseError, match="nothing can be leased"):
        take(store, B)
    assert len(list(directory.glob(f"{B}*"))) == 0
