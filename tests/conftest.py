"""What holds for every test: no stray processes, no silent skips in CI, long proofs only when asked for."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from app import procfs
from tests.accounts import Account

PR_SET_CHILD_SUBREAPER = 36
LEAVE_SECONDS = 3.0  #: what a test's last processes get to end by themselves

#: these may be skipped in CI: the machine has no GPU, or nobody asked for the long ones
MAY_SKIP = ("gpu", "long")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the proofs that take minutes")


def pytest_configure() -> None:
    # A noisy machine may stand still in the middle of an example: timings decide no test.
    hypothesis.settings.register_profile(
        "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("untimed")
    # Whoever runs the tests may have a set-up of their own, or be a task of one.
    for name in [name for name in os.environ if name.startswith("GPULANE_")]:
        del os.environ[name]
    # Schedulers are started by the hundred: their modules are compiled once.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Orphans become our children instead of init's, so that a look at our children finds every stray.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("gpu") and not has_driver():
            item.add_marker(pytest.mark.skip(reason="needs a real NVIDIA driver"))
    if not config.getoption("--long"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in set(long)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: most tests wait for processes, so one more than there are cores."""
    return len(os.sched_getaffinity(0)) + 1


def has_driver() -> bool:
    return Path("/proc/driver/nvidia/version").exists()


def forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI a skip is a failure: what was not run must not look proved."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: not run, and CI allows that for {MAY_SKIP} only: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not any(item.get_closest_marker(name) for name in MAY_SKIP):
        forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    forbid_skip(report)  # importorskip at the head of a file
    return report


@pytest.fixture(autouse=True)
def no_inherited_cards(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A range of cards that was meant for real ones must not limit simulated ones."""
    if request.node.get_closest_marker("gpu") is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture(autouse=True)
def no_strays() -> Iterator[None]:
    """Fails a test that leaves processes behind, names them and ends them."""
    before = children()
    yield
    deadline = time.monotonic() + LEAVE_SECONDS
    while (left := living(children() - before)) and time.monotonic() < deadline:
        time.sleep(0.02)
    named = sorted(f"{pid} {command_line(pid)}" for pid in left)
    while left := living(children() - before):  # again, because their children become ours
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    for pid in children() - before:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    assert not named, f"the test left processes behind: {named}"


def children() -> set[int]:
    """Our direct children, by the kernel's own lists: microseconds, where a scan of /proc takes 60 ms."""
    found: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread may end meanwhile
            found.update(int(pid) for pid in (thread / "children").read_text().split())
    return found


def living(pids: set[int]) -> set[int]:
    """Without zombies, and without multiprocessing's own servant, which stays for the whole session."""
    return {pid for pid in pids if procfs.start_time(pid) and "multiprocessing" not in command_line(pid)}


def command_line(pid: int) -> str:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()


@pytest.fixture
def accounts() -> Iterator[list[Account]]:
    if os.getuid() != 0 or not shutil.which("useradd") or not shutil.which("setpriv"):
        pytest.skip("making accounts needs root, useradd and setpriv")
    made = []
    try:
        for _ in range(2):
            name = f"gpulane-{uuid.uuid4().hex[:8]}"
            subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", name], check=True)
            made.append(Account(name, int(subprocess.check_output(["id", "-u", name]))))
        yield made
    finally:
        for account in made:
            subprocess.run(["userdel", account.name], check=True)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other accounts may enter; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="gpulane-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
