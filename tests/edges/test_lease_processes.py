"""Leases across processes and users: what ends them, and what others can't do to them."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from app import procfs
from app.lease.directory import Folder
from app.lease.mutex import Mutex
from app.lease.store import Conflict, Held, LeaseStore
from tests.edges.lease_worker import ANOTHER, STRANGER, refused, take, worker
from tests.waiting import eventually

A, B = "GPU-aaaa", "GPU-bbbb"

root_only = pytest.mark.skipif(os.getuid() != 0, reason="only root can become other users")


def test_kill_9_of_a_holder_frees(store: LeaseStore, directory: Path) -> None:
    with worker(directory) as holder:
        assert holder.ask("take", A)
        refused(store, A)
        holder.kill()
        take(store, A)


def test_a_child_that_inherited_keeps_it(store: LeaseStore, directory: Path) -> None:
    with worker(directory) as holder:
        names = holder.ask("take", A)
        child = holder.ask("child")
        holder.kill()
        refused(store, A)
        store.adopt(names)
        assert store.let_go(names) == set(names)
        os.kill(child, signal.SIGKILL)
        eventually(lambda: procfs.start_time(child) is None)
        eventually(lambda: store.let_go(names) == frozenset())
    take(store, A)


def test_an_adopted_lease_ends_by_release_whoever_holds_on(store: LeaseStore, directory: Path) -> None:
    with worker(directory) as holder:
        names = holder.ask("take", A)
        child = holder.ask("child")
        holder.kill()
        store.adopt(names)
        store.release(names)
        take(store, A)
        os.kill(child, signal.SIGKILL)


def test_only_what_lives_is_adopted(store: LeaseStore, directory: Path) -> None:
    with worker(directory) as holder:
        dead = holder.ask("take", A)
        holder.kill()
    names = [*dead, "../etc/passwd", "GPU-x.0.0123456789abcdef", ".mutex"]
    store.adopt(names)
    assert store.let_go(names) == frozenset()
    assert store.vanished() == frozenset()


def test_the_lease_of_a_living_attempt_that_is_not_there_has_vanished(
    store: LeaseStore, directory: Path
) -> None:
    with worker(directory) as holder:
        names = holder.ask("take", A)
        store.path(names[0]).unlink()
        store.adopt(names)
        store.vouch(names)
        store.look()
        assert store.vanished() == set(names)
        assert [problem.kind for problem in store.look().problems] == ["leases_vanished"]
        assert store.let_go(names) == set(names), "nobody can say who holds it: look for strays"
    store.release(names)
    assert store.vanished() == frozenset()


def test_the_lease_of_a_living_attempt_counts_when_its_lock_is_gone(
    store: LeaseStore, directory: Path
) -> None:
    with worker(directory) as holder:
        names = holder.ask("take", A)
        store.adopt(names)
        store.vouch(names)
        holder.kill()  # with the lock; an attempt's supervisor lives on
        assert [lease.name for lease in store.look().leases] == names
        assert store.vanished() == frozenset()
    with worker(directory) as other:
        assert other.ask("take", A) is None, "it is held again"
        assert store.let_go(names) == frozenset()
        store.release(names)
        assert other.ask("take", A)


def test_an_adopted_lease_that_vanishes_is_noticed_as_long_as_it_lives(
    store: LeaseStore, directory: Path
) -> None:
    with worker(directory) as holder:
        names = holder.ask("take", A)
        store.adopt(names)
        store.path(names[0]).unlink()
        assert store.vanished() == set(names)
        holder.kill()
        assert store.vanished() == frozenset()


@root_only
def test_the_dead_file_of_another_user_does_not_block(directory: Path) -> None:
    with worker(directory, STRANGER) as other, worker(directory, ANOTHER) as me:
        (name,) = other.ask("take", A)
        assert me.ask("take", A) is None
        other.kill()
        assert me.ask("take", A)
        assert (directory / name).exists()  # a sticky directory: only its owner can remove it
    with worker(directory, STRANGER) as again:
        assert [lease["uid"] for lease in again.ask("look")["leases"]] == []
        assert not (directory / name).exists()


@root_only
def test_root_leaves_the_dead_files_of_others_alone(store: LeaseStore, directory: Path) -> None:
    with worker(directory, STRANGER) as other:
        (name,) = other.ask("take", A)
        other.kill()
    store.look()
    store.release([name])
    assert (directory / name).exists()


@root_only
@pytest.mark.parametrize("how", ["read lock", "flock"])
def test_a_strangers_lock_on_a_dead_file_does_not_matter(directory: Path, how: str) -> None:
    with worker(directory, STRANGER) as stranger, worker(directory, ANOTHER) as dead:
        (name,) = dead.ask("take", A)
        if how == "read lock":
            assert stranger.ask("open_and", name, how) != "locked"  # the owner's write lock is in the way
        dead.kill()
        assert stranger.ask("open_and", name, how) == "locked"
        with worker(directory, ANOTHER) as me:
            assert me.ask("take", A)


@root_only
def test_a_strangers_flock_on_a_living_lease_does_not_matter(directory: Path) -> None:
    with worker(directory, ANOTHER) as me, worker(directory, STRANGER) as stranger:
        (name,) = me.ask("take", A)
        assert stranger.ask("open_and", name, "flock") == "locked"
        assert stranger.ask("take", A) is None
        me.ask("release", name)
        assert stranger.ask("take", A)


@root_only
def test_a_strict_umask_hides_nothing(directory: Path) -> None:
    with worker(directory, ANOTHER) as me, worker(directory, STRANGER) as stranger:
        me.ask("umask", 0o077)
        me.ask("take", A)
        look = stranger.ask("look")
        assert [(lease["uid"], lease["valid"]) for lease in look["leases"]] == [(ANOTHER, True)]
        assert stranger.ask("take", B)  # the mutex that `me` made is open to all, too


@root_only
def test_nobody_adopts_or_releases_anothers_lease(directory: Path) -> None:
    with worker(directory, ANOTHER) as me, worker(directory, STRANGER) as stranger:
        (name,) = me.ask("take", A)
        stranger.ask("adopt", name)
        stranger.ask("release", name)
        assert me.ask("vanished") == []
        assert stranger.ask("take", A) is None


@root_only
def test_files_that_root_deletes_are_noticed(directory: Path) -> None:
    with worker(directory, ANOTHER) as me:
        (name,) = me.ask("take", A)
        (directory / name).unlink()
        assert me.ask("vanished") == [name]
        assert me.ask("look")["problems"] == ["leases_vanished"]


def test_a_stopped_holder_of_the_mutex_is_named_and_passed_by(directory: Path) -> None:
    store = LeaseStore(directory, patience=0.3)
    with worker(directory) as holder:
        holder.ask("hold_mutex")
        os.kill(holder.process.pid, signal.SIGSTOP)
        began = time.monotonic()
        take(store, A)
        assert 0.3 <= time.monotonic() - began < 5
        (problem,) = store.look().problems
        assert problem.kind == "lease_mutex_stopped"
        assert f"process {holder.process.pid} (python" in problem.text
        assert "is stopped" in problem.text
        refused(LeaseStore(directory, patience=0.1), A)
        patient = LeaseStore(directory, patience=1)
        take(patient, B)
        began = time.monotonic()
        patient.release(take(patient, "GPU-cccc").names)
        assert time.monotonic() - began < 1  # nobody waits twice for the same holder
        holder.kill()
    assert store.look().problems == ()
    take(store, "GPU-cccc")
    store.close()
    patient.close()


def test_a_mutex_that_is_released_in_time_is_waited_for(directory: Path) -> None:
    with worker(directory) as holder:
        holder.ask("hold_mutex")
        store = LeaseStore(directory, patience=60)

        async def wait_for_it() -> Held | Conflict:
            taking = asyncio.create_task(store.take([A], None, True, "", lambda _: True))
            await asyncio.sleep(0)  # it has tried once, and waits
            assert not taking.done()
            assert not list(directory.glob(f"{A}*"))
            holder.ask("drop_mutex")
            return await taking

        assert isinstance(asyncio.run(wait_for_it()), Held)
        assert store.look().problems == ()
        store.close()


@pytest.mark.parametrize("kind", ["fifo", "directory", "symlink"])
def test_a_mutex_that_is_no_file_is_passed_by_at_once(directory: Path, kind: str) -> None:
    mutex = directory / ".mutex"
    if kind == "fifo":
        os.mkfifo(mutex)
    elif kind == "directory":
        mutex.mkdir()
    else:
        mutex.symlink_to("/etc/passwd")
    store = LeaseStore(directory, patience=60)
    began = time.monotonic()
    take(store, A)
    assert time.monotonic() - began < 5
    (problem,) = store.look().problems
    assert ".mutex (of " in problem.text
    mutex.rmdir() if kind == "directory" else mutex.unlink()
    assert store.look().problems == ()
    store.close()


@root_only
def test_a_mutex_closed_to_us_is_passed_by(directory: Path) -> None:
    (directory / ".mutex").touch(0o600)
    with worker(directory, STRANGER) as stranger:
        assert stranger.ask("take", A)
        assert stranger.ask("look")["problems"] == ["lease_mutex_unusable"]


def test_a_deleted_mutex_is_made_anew(store: LeaseStore, directory: Path) -> None:
    assert Mutex(Folder(directory)).problems() == ()
    take(store, A)
    (directory / ".mutex").unlink()
    take(store, B)
    assert (directory / ".mutex").stat().st_mode & 0o777 == 0o644
