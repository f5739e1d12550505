"""One scheduler a command file, whatever was deleted and whoever squats on its name."""

import errno
import multiprocessing
import os
import shutil
import socket
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from app.model.faults import BadInput
from app.store import plan_lock
from app.store.plan_lock import plan_holder, take_plan

Beside = list[tuple[Connection, multiprocessing.process.BaseProcess]]
FORK = multiprocessing.get_context("fork")
NOBODY = 65_534


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "command_gpus.txt"


def name_of(plan: Path) -> str:
    return plan_lock._name(plan)


def hold(plan: Path, state: Path, connection: Connection) -> None:
    held = take_plan(state, plan)
    connection.send(os.getpid())
    connection.recv()
    held.release()


def squat(names: list[bytes], listen: bool, connection: Connection) -> None:
    os.setgroups([])
    os.setresuid(NOBODY, NOBODY, NOBODY)
    sockets = [socket.socket(socket.AF_UNIX) for _ in names]
    for each, name in zip(sockets, names, strict=True):
        each.bind(b"\0" + name)
        if listen:
            each.listen()
    connection.send(os.getpid())
    connection.recv()


@pytest.fixture
def beside() -> Iterator[Beside]:
    """Processes to be let go of at the end."""
    started: Beside = []
    yield started
    for connection, process in started:
        connection.send(None)
        process.join(20)


def begin(beside: Beside, target: object, *args: object) -> int:
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=target, args=(*args, theirs))  # type: ignore[arg-type]
    process.start()
    beside.append((ours, process))
    assert ours.poll(20)
    return int(ours.recv())


def test_a_holder_is_named_with_and_without_its_lock_file(plan: Path, beside: Beside) -> None:
    state = plan.parent / "state"
    assert plan_holder(state, plan) is None
    pid = begin(beside, hold, plan, state)
    for _ in range(3):
        with pytest.raises(BadInput, match=f"already run by the scheduler with pid {pid};"):
            take_plan(state, plan)
        assert plan_holder(state, plan) == str(pid)
        shutil.rmtree(state)
        state.mkdir()
    other = plan.with_name("other.txt")
    take_plan(state, other).release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("listen", [False, True])
def test_another_users_squatting_keeps_nobody_from_a_start(plan: Path, beside: Beside, listen: bool) -> None:
    state = plan.parent / "state"
    with socket.socket() as ours:  # a line of /proc/net/unix that says what is not so
        forged = f"x\n0: 0 0 0 0 0 {os.fstat(ours.fileno()).st_ino} @{name_of(plan)}".encode()
        begin(beside, squat, [name_of(plan).encode(), b"x\n\ny", forged], listen)
        assert plan_holder(state, plan) is None
        held = take_plan(state, plan)
        with pytest.raises(BadInput, match="already run"):
            take_plan(state, plan)
        held.release()


def test_who_asks_again_and_again_is_told_each_time(plan: Path, tmp_path: Path) -> None:
    """The kernel keeps room for so many who are never answered, and who comes then sees nobody."""
    held = take_plan(plan.parent / "state", plan)
    (tmp_path / "elsewhere").mkdir()
    try:
        for _ in range(2_000):
            assert plan_holder(tmp_path / "elsewhere", plan) == str(os.getpid())
            held.hang_up()
    finally:
        held.release()


def test_a_full_disk_leaves_nobody_holding_it(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The console lives on, and what it could not write down would keep the file until its end."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    state = tmp_path / "state"
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            take_plan(state, plan)
    assert plan_holder(state, plan) is None
    take_plan(state, plan).release()
