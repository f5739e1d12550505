"""Taking, seeing, writing down and giving back leases, in one process."""

import asyncio
import errno
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.lease.errors import LeaseDirectoryError, LeaseError
from app.lease.publish import publish
from app.lease.store import Conflict, Held, LeaseStore
from app.model.lease import Lease
from tests.disks import small_disk
from tests.edges.lease_worker import refused, take

A, B = "GPU-aaaa", "GPU-bbbb"


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))


def test_a_lease_is_seen_by_others_and_by_its_taker(store: LeaseStore, directory: Path) -> None:
    held = take(store, A, memory_gb=20.5)
    for onlooker in (store, LeaseStore(directory)):
        look = onlooker.look()
        assert look.problems == ()
        (lease,) = look.leases
        assert (lease.name, lease.gpu, lease.uid) == (held.names[0], A, os.getuid())
        assert (lease.declared_gb, lease.exclusive, lease.valid) == (20.5, False, True)
        assert (lease.scheduler, lease.label, lease.supervisor) == (os.getpid(), "queue 3", None)


def test_no_memory_means_the_whole_card(store: LeaseStore) -> None:
    take(store, A)
    (lease,) = store.look().leases
    assert lease.declared_gb is None
    assert lease.exclusive


def test_fits_is_asked_with_the_others_only(store: LeaseStore) -> None:
    first = take(store, A)
    asked: list[Sequence[Lease]] = []

    def fits(others: Sequence[Lease]) -> bool:
        asked.append(others)
        return True

    asyncio.run(store.take([B], 1.0, False, "", fits))
    assert [[lease.name for lease in others] for others in asked] == [list(first.names)]


def test_all_or_none(store: LeaseStore, directory: Path) -> None:
    held = take(store, B)
    assert [lease.name for lease in refused(LeaseStore(directory), A, B)] == list(held.names)
    assert files(directory) == list(held.names)
    store.release(held.names)
    assert take(store, A, B).gpus == (A, B)


def test_nothing_stays_when_the_judgement_fails(store: LeaseStore, directory: Path) -> None:
    def fits(others: Sequence[Lease]) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(store.take([A], None, True, "", fits))
    assert files(directory) == []
    assert store.look().leases == ()


def test_identify_writes_the_process_into_the_same_record(store: LeaseStore, directory: Path) -> None:
    held = take(store, A, B)
    store.identify(held, supervisor=77, start=123456, session=78)
    for lease in LeaseStore(directory).look().leases:
        assert (lease.supervisor, lease.supervisor_start, lease.session) == (77, 123456, 78)
    assert {store.path(name).stat().st_size for name in held.names} == {512}


def test_release_frees_at_once_also_when_a_child_holds_on(store: LeaseStore, directory: Path) -> None:
    held = take(store, A)
    with subprocess.Popen(["sleep", "600"], pass_fds=held.fds) as child:
        try:
            store.release(held.names)
            assert files(directory) == []
            take(LeaseStore(directory), A)
        finally:
            child.kill()


def test_release_is_fine_when_all_is_gone(store: LeaseStore) -> None:
    held = take(store, A)
    store.path(held.names[0]).unlink()
    store.release(held.names)
    store.release(held.names)
    assert store.vanished() == frozenset()


def test_release_touches_nothing_but_leases(store: LeaseStore, directory: Path) -> None:
    (directory / "README").write_text("")
    (directory.parent / "kept").write_text("")
    store.release(["README", "../kept", ".mutex"])
    assert (directory / "README").exists()
    assert (directory.parent / "kept").exists()


def test_let_go_tells_who_is_left(store: LeaseStore, directory: Path) -> None:
    held = take(store, A, B)
    with subprocess.Popen(["sleep", "600"], pass_fds=held.fds[:1]) as child:
        try:
            assert store.let_go(held.names) == {held.names[0]}
            assert [lease.name for lease in LeaseStore(directory).look().leases] == [held.names[0]]
        finally:
            child.kill()
    assert store.let_go(held.names) == frozenset()


def test_a_lease_that_was_let_go_and_ended_is_not_missed(store: LeaseStore, directory: Path) -> None:
    held = take(store, A)
    store.let_go(held.names)
    LeaseStore(directory).look()
    assert files(directory) == []
    assert store.vanished() == frozenset()
    store.release(held.names)


def test_the_dead_files_of_a_user_go_at_the_next_look(store: LeaseStore, directory: Path) -> None:
    crashed = LeaseStore(directory)
    take(crashed, A, B)
    crashed.close()
    assert len(files(directory)) == 2
    assert store.look().leases == ()
    assert files(directory) == []


def test_a_lease_that_is_deleted_while_it_is_taken_is_none(
    store: LeaseStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish_and_lose(folder: int, name: str, data: bytes) -> int:
        fd = publish(folder, name, data)
        (directory / name).unlink()
        return fd

    monkeypatch.setattr("app.lease.store.publish", publish_and_lose)
    with pytest.raises(LeaseError, match="deleted as soon as"):
        take(store, A)
    assert store.vanished() == frozenset()


def test_files_deleted_under_us_are_noticed(store: LeaseStore) -> None:
    held = take(store, A, B)
    assert store.vanished() == frozenset()
    store.path(held.names[1]).unlink()
    assert store.vanished() == {held.names[1]}
    (problem,) = store.look().problems
    assert problem.kind == "leases_vanished"
    assert problem.text.endswith(": GPU-bbbb")
    store.release(held.names)
    assert store.vanished() == frozenset()


def test_a_file_put_in_place_of_ours_is_noticed(store: LeaseStore) -> None:
    held = take(store, A)
    store.path(held.names[0]).unlink()
    store.path(held.names[0]).write_bytes(b"")
    assert store.vanished() == set(held.names)


def test_a_removed_directory_is_made_anew(store: LeaseStore, directory: Path) -> None:
    held = take(store, A)
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()
    assert store.vanished() == set(held.names)
    assert {problem.kind for problem in store.look().problems} == {"lease_directory_gone", "leases_vanished"}
    store.adopt(["GPU-a.0.0123456789abcdef"])
    take(store, B)
    assert directory.stat().st_mode & 0o7777 == 0o1777
    assert store.vanished() == set(held.names)


def test_a_directory_that_was_moved_away_is_noticed(store: LeaseStore, directory: Path) -> None:
    held = take(store, A)
    directory.rename(directory.with_name("elsewhere"))
    directory.mkdir(0o700)
    assert store.vanished() == set(held.names)


def test_a_directory_that_became_a_symlink_is_refused(store: LeaseStore, directory: Path) -> None:
    held = take(store, A)
    elsewhere = directory.rename(directory.with_name("elsewhere"))
    directory.symlink_to(elsewhere)
    with pytest.raises(LeaseDirectoryError, match="symbolic link"):
        take(store, B)
    with pytest.raises(LeaseDirectoryError, match="symbolic link"):
        store.look()
    assert store.vanished() == set(held.names)
    store.release(held.names)


def test_a_directory_where_everybody_can_delete_is_refused(store: LeaseStore, directory: Path) -> None:
    directory.chmod(0o777)
    with pytest.raises(LeaseDirectoryError, match="chmod 1777"):
        take(store, A)


def test_descriptors_do_not_leak(store: LeaseStore, directory: Path) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    take(LeaseStore(directory), B)
    refused(store, A, B)
    before = count()
    for _ in range(5):
        held = take(store, A)
        store.identify(held, 1, 1, 1)
        refused(store, A, B)
        store.adopt(held.names)
        store.let_go(held.names)
        store.release(held.names)
        store.look()
    assert count() == before


def test_a_task_gets_no_lease_by_accident(store: LeaseStore, directory: Path) -> None:
    take(store, A)
    with subprocess.Popen(["sleep", "600"], close_fds=False) as child:
        try:
            store.close()
            assert LeaseStore(directory).look().leases == ()
        finally:
            child.kill()


def test_without_anonymous_files_the_plain_way_does(
    store: LeaseStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def without(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", without)
    held = take(store, A)
    assert store.path(held.names[0]).stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in directory.iterdir()) == [".mutex", *held.names]
    assert [lease.name for lease in refused(LeaseStore(directory), A)] == list(held.names)


def test_what_a_crash_left_unfinished_goes_after_a_minute(store: LeaseStore, directory: Path) -> None:
    old, young = directory / ".new.1", directory / ".new.2"
    for path in (old, young):
        path.write_bytes(b"")
    os.utime(old, (1, 1))
    assert store.look().leases == ()
    assert not old.exists()
    assert young.exists()


def test_a_full_disk_is_a_sentence_and_leaves_nothing(directory: Path) -> None:
    with small_disk(directory, "size=4k,mode=1777"):
        store = LeaseStore(directory)
        (directory / "filler").write_bytes(b"x" * 4096)
        with pytest.raises(LeaseError, match="No space left"):
            take(store, A)
        assert files(directory) == ["filler"]
        (directory / "filler").unlink()
        take(store, A)
        store.close()


def test_without_a_mutex_a_conflict_that_goes_away_is_tried_again(store: LeaseStore, directory: Path) -> None:
    (directory / ".mutex").mkdir()
    judgements = iter([False, True, True])  # met another's try; it was withdrawn; nobody in the way
    assert isinstance(asyncio.run(store.take([A], None, True, "", lambda _: next(judgements))), Held)
    assert list(judgements) == []
    assert isinstance(asyncio.run(store.take([B], None, True, "", lambda _: False)), Conflict)
    assert len(files(directory)) == 1


def test_with_the_mutex_a_conflict_is_one_at_once(store: LeaseStore) -> None:
    judgements = iter([False, True, True])
    assert isinstance(asyncio.run(store.take([A], None, True, "", lambda _: next(judgements))), Conflict)
    assert list(judgements) == [True, True]
