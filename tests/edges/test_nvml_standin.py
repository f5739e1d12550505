"""The stand-in itself and the fake training job: what other tests rely on."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import procfs
from app.gpu.nvml import NvmlProbe
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually

FAKETRAIN = Path(__file__).resolve().parents[1] / "faketrain.py"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    fake = FakeDriver.make(
        tmp_path / "driver", [Card("GPU-a", bus="00000000:41:00.0"), Card("GPU-b", bus="00000000:01:00.0")]
    )
    fake.load(monkeypatch)
    return fake


@pytest.fixture
def probe(driver: FakeDriver) -> Iterator[NvmlProbe]:
    probe = NvmlProbe()
    yield probe
    probe.close()


def start(driver: FakeDriver | None, cards: str, *arguments: object) -> subprocess.Popen[str]:
    env = {**os.environ, **(driver.env() if driver else {}), "CUDA_VISIBLE_DEVICES": cards}
    if driver is None:
        env.pop("FAKENVML_DIR", None)
    command = [sys.executable, str(FAKETRAIN), *map(str, arguments)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def used(probe: NvmlProbe) -> dict[str, float]:
    return {gpu.uuid: gpu.total_gb - gpu.free_gb for gpu in probe.look()}


def pids(probe: NvmlProbe, uuid: str) -> list[int]:
    return [process.pid for gpu in probe.look() if gpu.uuid == uuid for process in gpu.processes]


def test_a_job_takes_memory_on_the_cards_it_sees_and_gives_it_back(
    driver: FakeDriver, probe: NvmlProbe
) -> None:
    with start(driver, "0", "--memory-mb", 9216, "--seconds", 60) as job:
        eventually(lambda: used(probe) == {"GPU-b": 9.0, "GPU-a": 0.0})  # index 0 is the first by bus
        assert pids(probe, "GPU-b") == [job.pid]
        job.kill()
    assert used(probe) == {"GPU-b": 0.0, "GPU-a": 0.0}


def test_an_orderly_end_frees_the_memory_and_stamps_both_ends(
    driver: FakeDriver, probe: NvmlProbe, tmp_path: Path
) -> None:
    stamps = tmp_path / "stamps"
    with start(
        driver, "GPU-a,GPU-b", "--memory-mb", 1024, "--seconds", 0.1, "--stamp", stamps, "--exit", 3
    ) as job:
        assert job.wait() == 3
    lines = [line.split() for line in stamps.read_text().splitlines()]
    pid = str(job.pid)
    assert [(what, uuid, who, mib) for what, _, uuid, who, mib in lines] == [
        ("start", "GPU-a", pid, "1024"),
        ("start", "GPU-b", pid, "1024"),
        ("end", "GPU-a", pid, "1024"),
        ("end", "GPU-b", pid, "1024"),
    ]
    assert float(lines[-1][1]) - float(lines[0][1]) >= 0.1
    assert used(probe) == {"GPU-b": 0.0, "GPU-a": 0.0}


def test_too_little_memory_fails_as_pytorch_does(driver: FakeDriver) -> None:
    driver.add_process("GPU-a", os.getpid(), 23 * 1024)
    with start(driver, "GPU-b,GPU-a", "--memory-mb", 9216, "--seconds", 60) as job:
        _, complaint = job.communicate()
        assert job.returncode == 1
    assert (
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 9.00 GiB. "
        "GPU 1 has a total capacity of 24.00 GiB of which 1.00 GiB is free."
    ) in complaint


def test_of_jobs_that_start_at_once_only_those_that_fit_get_memory(
    driver: FakeDriver, probe: NvmlProbe
) -> None:
    jobs = [start(driver, "GPU-a", "--memory-mb", 9216, "--seconds", 60) for _ in range(6)]
    eventually(lambda: sum(job.poll() == 1 for job in jobs) == 4)
    assert used(probe)["GPU-a"] == 18.0
    for job in jobs:
        job.kill()
        job.communicate()


def test_memory_of_a_killed_job_stays_used_for_the_lag_and_its_pid_does_not(
    driver: FakeDriver, probe: NvmlProbe
) -> None:
    driver.set_card("GPU-a", lag=0.5)
    with start(driver, "GPU-a", "--memory-mb", 4096, "--seconds", 60) as job:
        eventually(lambda: used(probe)["GPU-a"] == 4.0)
        job.kill()
    died = time.monotonic()
    assert (used(probe)["GPU-a"], pids(probe, "GPU-a")) == (4.0, [])
    eventually(lambda: used(probe)["GPU-a"] == 0.0)
    assert time.monotonic() - died >= 0.45


def test_a_zombie_holds_no_memory(driver: FakeDriver, probe: NvmlProbe) -> None:
    job = start(driver, "GPU-a", "--memory-mb", 4096, "--seconds", 60)
    eventually(lambda: used(probe)["GPU-a"] == 4.0)
    job.kill()
    eventually(lambda: used(probe)["GPU-a"] == 0.0)
    assert job.returncode is None
    job.communicate()


def test_a_reused_pid_does_not_inherit_memory(driver: FakeDriver, probe: NvmlProbe) -> None:
    (driver.root / "processes" / f"GPU-a.{os.getpid()}").write_text("4096 c 1\n")
    assert (used(probe)["GPU-a"], pids(probe, "GPU-a")) == (0.0, [])


def test_a_job_may_take_its_memory_late(driver: FakeDriver, probe: NvmlProbe) -> None:
    began = time.monotonic()
    with start(driver, "GPU-a", "--memory-mb", 1024, "--allocate-after", 0.5, "--seconds", 60) as job:
        eventually(lambda: used(probe)["GPU-a"] == 1.0)
        assert time.monotonic() - began >= 0.5
        job.kill()


def test_a_job_may_ignore_sigterm(driver: FakeDriver, probe: NvmlProbe) -> None:
    with start(driver, "GPU-a", "--memory-mb", 1024, "--seconds", 60, "--ignore-term") as job:
        eventually(lambda: used(probe)["GPU-a"] == 1.0)
        job.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            job.wait(0.3)
        job.kill()


def test_a_job_may_leave_a_child_in_its_own_session(driver: FakeDriver, probe: NvmlProbe) -> None:
    words = ("--child-session", "--child-memory-mb", 2048, "--seconds", 0)
    with start(driver, "GPU-a", *words) as job:
        assert job.stdout
        child = int(next(line.split()[1] for line in job.stdout if line.startswith("child ")))
        eventually(lambda: pids(probe, "GPU-a") == [child])
        assert job.wait() == 0
        found = procfs.stat(child)
        assert found
        assert found.session == child
        os.kill(child, 9)
    eventually(lambda: used(probe)["GPU-a"] == 0.0)


def test_a_job_prints_as_much_as_wanted_and_runs_without_any_driver(tmp_path: Path) -> None:
    with start(None, "", "--lines", 1000, "--seconds", 0, "--stamp", tmp_path / "s") as job:
        output, _ = job.communicate()
        assert job.returncode == 0
    assert sum(line.startswith("line ") for line in output.splitlines()) == 1000
    assert [line.split()[2] for line in (tmp_path / "s").read_text().splitlines()] == ["cpu", "cpu"]


def test_a_hang_ends_when_the_test_says_so(driver: FakeDriver, probe: NvmlProbe) -> None:
    probe.look()
    driver.script(slow_ms=60_000)
    looking = threading.Thread(target=probe.look)
    looking.start()
    looking.join(0.05)
    assert looking.is_alive()
    driver.script()
    looking.join(5)
    assert not looking.is_alive()
