"""Which directory holds the leases, and which are refused."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app import procfs
from app.lease.directory import choose_directory, make_shared_directory
from app.lease.errors import LeaseDirectoryError
from tests.edges.lease_worker import ROOT, STRANGER, shared_directory


@pytest.fixture
def above() -> Iterator[Path]:
    """An empty directory that other users can reach."""
    with shared_directory() as path:
        path.rmdir()
        yield path.parent


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_the_setting_comes_first_then_the_admins_then_the_shared_one(above: Path) -> None:
    mine, admin, shared = above / "mine", above / "admin", above / "shared"
    assert choose_directory(None, admin, shared).path == shared
    assert mode(shared) == 0o1777
    make_shared_directory(admin)
    assert choose_directory(None, admin, shared).path == admin
    make_shared_directory(mine)
    chosen = choose_directory(str(mine), admin, shared)
    assert (chosen.path, chosen.private, chosen.problems) == (mine, False, ())
    assert sorted(path.name for path in above.iterdir()) == ["admin", "mine", "shared"]


def test_tmpdir_has_no_say(above: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(above / "elsewhere"))
    assert choose_directory(None, above / "admin", above / "shared").path == above / "shared"


def test_a_strict_umask_closes_nothing(above: Path) -> None:
    before = os.umask(0o077)
    try:
        make_shared_directory(above / "shared")
    finally:
        os.umask(before)
    assert mode(above / "shared") == 0o1777


def test_who_comes_second_keeps_what_is_there(above: Path) -> None:
    shared = above / "shared"
    make_shared_directory(shared)
    (shared / "lease").touch()
    make_shared_directory(shared)
    assert (shared / "lease").exists()
    assert [path.name for path in above.iterdir()] == ["shared"]


def test_many_who_come_first_at_once_get_the_same_one(above: Path) -> None:
    for number in range(30):
        shared = above / str(number)
        with ThreadPoolExecutor(8) as pool:
            chosen = list(pool.map(lambda _: choose_directory(None, above / "admin", shared), range(8)))  # noqa: B023
        assert {directory.path for directory in chosen} == {shared}
        assert mode(shared) == 0o1777
    assert len(list(above.iterdir())) == 30


def test_one_that_only_i_can_write_is_private_with_a_notice(above: Path) -> None:
    (above / "mine").mkdir(0o755)
    chosen = choose_directory(str(above / "mine"))
    assert chosen.private
    assert [problem.kind for problem in chosen.problems] == ["lease_directory_private"]


def test_a_groups_directory_without_the_sticky_bit_gets_a_notice(above: Path) -> None:
    (above / "lab").mkdir()
    (above / "lab").chmod(0o2775)
    chosen = choose_directory(str(above / "lab"))
    assert not chosen.private
    assert [problem.kind for problem in chosen.problems] == ["lease_directory_group"]


def make_symlink(path: Path) -> None:
    path.with_name("real").mkdir()
    path.symlink_to(path.with_name("real"))


def make_open(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (make_symlink, "is a symbolic link"),
        (lambda path: path.symlink_to("nowhere"), "is a symbolic link"),
        (lambda path: path.touch(), "is not a directory"),
        (make_open, "chmod 1777"),
    ],
    ids=["symlink", "dangling", "file", "not sticky"],
)
@pytest.mark.parametrize("which", ["setting", "admin", "shared"])
def test_a_bad_one_is_refused_and_nothing_else_taken(
    above: Path, make: object, says: str, which: str
) -> None:
    bad = above / "bad"
    assert callable(make)
    make(bad)
    places = {"setting": None, "admin": above / "admin", "shared": above / "shared"} | {which: bad}
    setting = str(places["setting"]) if places["setting"] else None
    assert places["admin"]
    assert places["shared"]
    with pytest.raises(LeaseDirectoryError, match=says):
        choose_directory(setting, places["admin"], places["shared"])


def test_a_setting_that_does_not_exist_says_how_to_make_it(above: Path) -> None:
    with pytest.raises(LeaseDirectoryError, match=f"mkdir -p -m 1777 {above}/typo"):
        choose_directory(str(above / "typo"))
    with pytest.raises(LeaseDirectoryError, match="absolute"):
        choose_directory("leases")


def test_a_shared_one_that_can_not_be_made(above: Path) -> None:
    with pytest.raises(LeaseDirectoryError, match="set lease_dir"):
        choose_directory(None, above / "admin", above / "missing" / "shared")


def test_a_network_file_system_is_refused(above: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_shared_directory(above / "home")
    monkeypatch.setattr(procfs, "NETWORK_FILE_SYSTEMS", frozenset({procfs.file_system(above)}))
    with pytest.raises(LeaseDirectoryError, match="is on a network file system"):
        choose_directory(str(above / "home"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("closed", [0o700, 0o755])
@pytest.mark.parametrize("which", ["admin", "shared"])
def test_no_access_is_an_error_that_says_who_can_help(above: Path, closed: int, which: str) -> None:
    program = (
        "import sys; from pathlib import Path; from app.lease.directory import *; "
        "from tests.edges.lease_worker import become; become(int(sys.argv[1])); "
        "choose_directory(None, Path(sys.argv[2]), Path(sys.argv[3]))"
    )
    (above / which).mkdir(closed)
    places = [str(above / "admin"), str(above / "shared")]
    command = [sys.executable, "-c", program, str(STRANGER), *places]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stderr.splitlines()[-1]
    assert f"no access to the lease directory {above}/{which}" in said
    assert f"ask root to run: chmod 1777 {above}/{which}" in said
