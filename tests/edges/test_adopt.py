"""Attempts outlive a scheduler that is killed, and the next one learns their true status. Real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import procfs
from app.execution import attempt
from app.execution.attempt import Alive, Gone, locate
from app.execution.ends import Ended, EndsFile
from app.execution.trees import Marks, find, kill_tree, ticks_now
from tests.edges import scheduler_stub
from tests.edges.attempts import Attempts, attempts_in, lives
from tests.waiting import eventually

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[EndsFile]:
    file = EndsFile(tmp_path / "ends")
    yield file
    file.close()


def scheduler(folder: Path, script: str, number: int = 1) -> subprocess.Popen[str]:
    """Started and about to launch: it has just said so."""
    command = [sys.executable, scheduler_stub.__file__, str(folder), str(number), script]
    env = os.environ | {"PYTHONPATH": ROOT}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def adopt(ends: EndsFile, number: int = 1) -> Alive | Ended | Gone:
    """As a new scheduler does, waiting for the end of what is alive."""

    async def run() -> Alive | Ended | Gone:
        log = str(ends.path.parent / f"{number}.log")
        found = await locate(ends, number, log, procfs.boot_id())
        if not isinstance(found, Alive):
            return found
        await asyncio.wait_for(attempt.wait(found.pidfd), 30)
        os.close(found.pidfd)
        return ends.lines(number).ended or found

    return asyncio.run(run())


def test_twenty_of_twenty_are_adopted_with_their_true_status(tmp_path: Path, ends: EndsFile) -> None:
    for number in range(1, 21):
        go = tmp_path / f"go{number}"
        first = scheduler(tmp_path, f"while [ ! -e {go} ]; do sleep 0.02; done\nexit {number}", number)
        assert first.stdout is not None
        assert first.stdout.readline() == "launched\n"
        kill(first)
        assert ends.is_held(number)
        go.touch()
        found = adopt(ends, number)
        assert isinstance(found, Ended)
        assert found.status == number


def test_one_that_ended_meanwhile_is_collected(tmp_path: Path, ends: EndsFile) -> None:
    first = scheduler(tmp_path, "exit 7")
    eventually(lambda: ends.lines(1).ended)
    kill(first)
    found = adopt(ends)
    assert isinstance(found, Ended)
    assert found.status == 7


def test_killed_at_any_moment_an_attempt_runs_whole_or_not_at_all(tmp_path: Path, ends: EndsFile) -> None:
    """Killed 0.3 to 4.5 ms after it began to launch. Gone must mean: has not run, and never will."""
    outcomes = []
    for number in range(1, 16):
        ran = tmp_path / f"ran{number}"
        first = scheduler(tmp_path, f"touch {ran}\nsleep 0.05\nexit 7", number)
        spin_until = time.perf_counter() + number * 0.0003
        while time.perf_counter() < spin_until:
            continue
        kill(first)
        found = adopt(ends, number)
        outcomes.append((found, ran))
    for found, ran in outcomes:
        if isinstance(found, Gone):
            assert not ran.exists()
            assert not found.reboot
        else:
            assert isinstance(found, Ended)
            assert found.status == 7
            assert ran.exists()


def test_a_lost_attempt_is_gone_and_what_is_left_of_it_is_found(tmp_path: Path, ends: EndsFile) -> None:
    with attempts_in(tmp_path) as attempts:
        trial = attempts.start("touch up\nsleep 300")
        eventually((tmp_path / "up").exists)
        os.kill(trial.spawned.pid, signal.SIGKILL)
        eventually(lambda: not ends.is_held(1))
        found = asyncio.run(locate(ends, 1, trial.spec.log_path, procfs.boot_id()))
        assert found == Gone(reboot=False)
        killed = kill_tree(trial.marks)
        assert "bash" in {process.command for process in killed.ended}


def test_one_that_was_never_started_is_gone(ends: EndsFile) -> None:
    assert adopt(ends) == Gone(reboot=False)


def test_after_a_reboot_the_loss_is_the_machines(ends: EndsFile) -> None:
    assert asyncio.run(locate(ends, 1, "/nowhere", "another boot")) == Gone(reboot=True)


def without_start_line(attempts: Attempts) -> EndsFile:
    """As when the disk was full at the start, and the file could not be preallocated."""
    eventually(lambda: attempts.ends.lines(1).started)
    text = attempts.ends.path.read_bytes().replace(b"\nstart ", b"\nst?rt ")
    with attempts.ends.path.open("r+b") as file:
        file.write(text)
    return EndsFile(attempts.ends.path)


def test_without_a_start_line_the_supervisor_is_found_by_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "START_LINE_WAIT", 0.1)
    with attempts_in(tmp_path) as attempts:
        trial = attempts.start("sleep 300")
        reader = without_start_line(attempts)
        found = asyncio.run(locate(reader, 1, trial.spec.log_path, procfs.boot_id()))
        assert isinstance(found, Alive)
        assert (found.pid, found.start) == (trial.spawned.pid, trial.spawned.start)
        os.close(found.pidfd)
        reader.close()


def test_a_start_line_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    with attempts_in(tmp_path) as attempts:
        fd = attempts.ends.open_attempt(1)
        line = f"start 1 {os.getpid()} {procfs.start_time(os.getpid())} 7 1.00 2.00"

        async def run() -> Alive | Ended | Gone:
            looking = asyncio.create_task(locate(attempts.ends, 1, "/nowhere", procfs.boot_id()))
            await asyncio.sleep(0)
            os.write(fd, f"\n{line} {len(line)} .\n".encode())
            return await asyncio.wait_for(looking, 20)

        found = asyncio.run(run())
        assert isinstance(found, Alive)
        assert found.pid == os.getpid()
        os.close(found.pidfd)
        os.close(fd)


def test_a_process_that_only_has_the_number_is_not_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "START_LINE_WAIT", 0.1)
    with attempts_in(tmp_path) as attempts:
        fd = attempts.ends.open_attempt(1)
        line = f"start 1 {os.getpid()} 12345 7 1.00 2.00"
        os.write(fd, f"\n{line} {len(line)} .\n".encode())
        with pytest.raises(TimeoutError):
            asyncio.run(locate(attempts.ends, 1, "/nowhere", procfs.boot_id()))
        os.close(fd)


def test_a_holder_that_can_not_be_seen_is_an_error_and_not_a_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "START_LINE_WAIT", 0.1)
    with attempts_in(tmp_path) as attempts:
        fd = attempts.ends.open_attempt(1)
        with pytest.raises(TimeoutError, match=r"attempt 1 of .*/ends runs, but its process can't be found"):
            asyncio.run(locate(attempts.ends, 1, "/nowhere", procfs.boot_id()))
        os.close(fd)


def test_leftovers_of_an_adopted_attempt_are_found_by_every_proof(tmp_path: Path, ends: EndsFile) -> None:
    first = scheduler(tmp_path, "sleep 300 &\nsetsid sleep 300 &\ntouch up")
    eventually(lambda: ends.lines(1).ended)
    kill(first)
    started = ends.lines(1).started
    assert started is not None
    marks = Marks(str(tmp_path / "1.log"), (), started.pid, started.start, started.session, ticks_now())
    left = find(marks)
    assert len(left) == 2
    kill_tree(marks)
    assert not any(lives(process.pid) for process in left)
