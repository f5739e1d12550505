"""What the doctor says of a log-out, on file systems made for it."""

from pathlib import Path

import pytest

from app.doctor.logout import logout

SHARED = Path("/dev/shm/gpulane")
SOMEBODY = 54_321


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with systemd, as it comes."""
    for folder in ("run/systemd/system", "etc/systemd/logind.conf.d", "var/lib/systemd/linger"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/systemd/logind.conf").write_text("[Login]\n#KillUserProcesses=no\n#RemoveIPC=yes\n")
    return tmp_path


def said(root: Path, directory: Path = SHARED, uid: int = SOMEBODY) -> list[tuple[str, str]]:
    return [(one.level, one.text) for one in logout(directory, uid, root)]


def test_leases_in_shared_memory_go_with_the_last_log_out(root: Path) -> None:
    ((level, text),) = said(root)
    assert level == "warning"
    assert "RemoveIPC" in text
    assert said(root, Path("/var/lib/gpulane/leases")) == []


def test_tasks_go_with_it_where_systemd_was_told_so(root: Path) -> None:
    (root / "etc/systemd/logind.conf.d/50.conf").write_text("[Login]\nKillUserProcesses=yes\nRemoveIPC=no\n")
    ((level, text),) = said(root)
    assert level == "wrong"
    assert "KillUserProcesses" in text


def test_nothing_goes_for_who_lingers_for_root_and_without_systemd(root: Path) -> None:
    assert said(root, uid=0) == []
    (root / "var/lib/systemd/linger" / str(SOMEBODY)).touch()
    assert said(root) == [("ok", "nothing ends with it: you linger")]
    (root / "run/systemd/system").rmdir()
    assert said(root) == []
