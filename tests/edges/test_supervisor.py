"""An attempt under its supervisor: status, signals, descriptors, lines. Real sh and bash."""

import asyncio
import fcntl
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import procfs
from app.execution import attempt
from app.execution.ends import END_SLACK
from app.execution.trees import find
from tests.edges.attempts import Attempts, attempts_in, lease_is_held, lives, make_lease
from tests.waiting import eventually


@pytest.fixture
def attempts(tmp_path: Path) -> Iterator[Attempts]:
    with attempts_in(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("script", "status"),
    [("true", 0), ("exit 7", 7), ("kill -KILL $$", 137), ("kill -TERM $$", 143), ("nosuch_command", 127)],
)
def test_the_true_status_is_written_and_exited_with(attempts: Attempts, script: str, status: int) -> None:
    trial = attempts.start(script)
    pid = trial.spawned.pid
    _, code = os.waitpid(pid, 0)
    ended = attempts.finish(trial)
    assert ended.status == status
    assert os.waitstatus_to_exitcode(code) == status


def test_a_script_without_an_interpreter_line_is_bash(attempts: Attempts) -> None:
    """The kernel can't run it: the shell that meets it does, and that must not be the supervisor's sh."""
    program = attempts.folder / "run.sh"
    program.write_text("for i in {1..3}; do echo fold $i; done\n")
    program.chmod(0o755)
    trial = attempts.start("./run.sh")
    assert attempts.finish(trial).status == 0
    assert trial.log == "fold 1\nfold 2\nfold 3\n"


def test_lines_carry_pid_start_and_true_times(attempts: Attempts) -> None:
    before = time.time()
    trial = attempts.start("sleep 0.3")
    ended = attempts.finish(trial)
    started = attempts.ends.lines(1).started
    assert started is not None
    assert (started.pid, started.start) == (trial.spawned.pid, trial.spawned.start)
    assert before - 0.1 <= time.time() - (procfs.uptime() - started.uptime) <= time.time()
    assert before - 0.1 <= ended.started_at <= time.time()
    assert 0.28 <= ended.ended_at - ended.started_at <= 5
    assert ended.ended_at <= time.time() + END_SLACK, "its clock has hundredths"


def test_output_goes_to_the_log_in_order_and_it_is_private(attempts: Attempts) -> None:
    trial = attempts.start("echo out\necho err >&2\nread -r x || echo eof")
    attempts.finish(trial)
    assert trial.log == "out\nerr\neof\n"
    assert Path(trial.spec.log_path).stat().st_mode & 0o777 == 0o600
    assert attempts.ends.path.stat().st_mode & 0o777 == 0o600


def test_signals_of_the_supervisor_do_not_end_it(attempts: Attempts) -> None:
    trial = attempts.start("touch up\nwhile [ ! -e go ]; do sleep 0.02; done\nexit 5")
    eventually((attempts.folder / "up").exists)
    for signum in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1):
        os.kill(trial.spawned.pid, signum)
    (attempts.folder / "go").touch()
    assert attempts.finish(trial).status == 5


def test_a_signal_to_the_whole_group_ends_the_task_and_is_written(attempts: Attempts) -> None:
    trial = attempts.start("sleep 300")
    eventually(lambda: any(process.command == "sleep" for process in find(trial.marks)))
    os.killpg(trial.spawned.pid, signal.SIGINT)
    assert attempts.finish(trial).status == 130


def test_the_task_has_default_signals_whatever_its_launcher_ignores(attempts: Attempts) -> None:
    ignored = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP)}
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        trial = attempts.start("grep -E 'Sig(Ign|Blk)' /proc/self/status")
        attempts.finish(trial)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        for number, handler in ignored.items():
            signal.signal(number, handler)
    standard = (1 << 31) - 1  # 32 and 33 are the C library's own and nobody's to set
    assert [int(line.split()[1], 16) & standard for line in trial.log.splitlines()] == [0, 0]


def test_the_supervisor_leads_a_session_of_its_own(attempts: Attempts) -> None:
    trial = attempts.start("ps -o sid= -p $$")
    attempts.finish(trial)
    assert int(trial.log) == trial.spawned.pid != os.getsid(0)


def test_ten_leases_pass_to_the_task_and_end_with_it(attempts: Attempts, tmp_path: Path) -> None:
    paths = [tmp_path / f"lease{number}" for number in range(10)]
    leases = {str(path): make_lease(path) for path in paths}
    trial = attempts.start("exec 3>/dev/null 4>&3\nwhile [ ! -e go ]; do sleep 0.02; done", leases)
    for fd in leases.values():
        os.close(fd)
    assert all(map(lease_is_held, paths))
    (tmp_path / "go").touch()
    attempts.finish(trial)
    assert not any(map(lease_is_held, paths))


def test_leases_on_any_descriptor_reach_the_task_whole(attempts: Attempts, tmp_path: Path) -> None:
    """A busy scheduler's descriptors lie where the task's are to go; no move may overwrite another."""
    leases = {}
    for number in (103, 100, 101, 102):
        fd = make_lease(tmp_path / f"lease{number}")
        leases[str(tmp_path / f"lease{number}")] = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, number)
        os.close(fd)
    assert sorted(leases.values()) == [100, 101, 102, 103]
    trial = attempts.start("while [ ! -e go ]; do sleep 0.02; done", leases)
    for fd in leases.values():
        os.close(fd)
    assert all(lease_is_held(Path(path)) for path in leases)
    (tmp_path / "go").touch()
    attempts.finish(trial)


def test_the_task_holds_neither_the_attempt_lock_nor_the_ends_file(attempts: Attempts) -> None:
    trial = attempts.start("ls -l /proc/$$/fd\nsleep 300 &\necho $! >stray")
    attempts.finish(trial)
    assert "/ends" not in trial.log
    assert lives(int((attempts.folder / "stray").read_text()))
    assert not attempts.ends.is_held(1)


def test_an_attempt_that_runs_can_not_be_started_again(attempts: Attempts) -> None:
    trial = attempts.start("while [ ! -e go ]; do sleep 0.02; done")
    assert attempts.ends.is_held(1)
    with pytest.raises(BlockingIOError):
        attempts.ends.open_attempt(1)
    (attempts.folder / "go").touch()
    attempts.finish(trial)
    assert not attempts.ends.is_held(1)
    os.close(attempts.ends.open_attempt(1))


def test_the_script_shows_in_no_process_list(attempts: Attempts) -> None:
    trial = attempts.start("key=abc123secret\ntouch up\nwhile [ ! -e go ]; do sleep 0.02; done")
    eventually((attempts.folder / "up").exists)
    shown = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "supervisor.sh 1 " in shown
    assert "abc123secret" not in shown
    (attempts.folder / "go").touch()
    attempts.finish(trial)


def test_a_log_that_can_not_be_opened_is_an_error_and_nothing_runs(attempts: Attempts) -> None:
    (attempts.folder / "3-1.1.log").mkdir()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with pytest.raises(IsADirectoryError):
        attempts.start("touch ran")
    assert not attempts.ends.is_held(1)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_waiting_wakes_at_the_end_and_leaves_no_zombie(attempts: Attempts) -> None:
    async def run() -> None:
        trial = attempts.start("sleep 0.1; exit 4")
        await asyncio.wait_for(attempt.wait(trial.spawned.pidfd), 20)
        ended = attempts.ends.lines(1).ended
        assert ended is not None
        assert ended.status == 4
        assert procfs.stat(trial.spawned.pid) is None

    asyncio.run(run())


def test_many_at_once_write_whole_lines(attempts: Attempts) -> None:
    trials = [attempts.start(f"exit {number}") for number in range(40)]
    assert [attempts.finish(trial).status for trial in trials] == list(range(40))
    lines = [line for line in attempts.ends.path.read_text().splitlines() if line]
    assert len(lines) == 80
    assert all(re.fullmatch(r"(start( [\d.]+){7}|end( [\d.]+){6}) \.", line) for line in lines)


@pytest.mark.parametrize("script", ["pwd >where; true", "cp /proc/self/environ ."])
def test_runs_in_the_working_directory(attempts: Attempts, script: str) -> None:
    folder = attempts.folder / "it's a $HOME\u4e2d"
    folder.mkdir()
    trial = attempts.start(script, cwd=str(folder))
    assert attempts.finish(trial).status == 0
    assert [path.name for path in folder.iterdir()] in (["where"], ["environ"])


@pytest.mark.parametrize("script", ["echo no; true", "touch no"])
def test_a_missing_working_directory_is_a_clear_failure(attempts: Attempts, script: str) -> None:
    trial = attempts.start(script, cwd=str(attempts.folder / "nope"))
    assert attempts.finish(trial).status == 126
    assert "nope can't be entered" in Path(trial.spec.log_path).read_text()


@pytest.mark.parametrize(
    ("script", "status"),
    [("/bin/false x", 1), ("no-such-program x", 127), ("/etc/passwd x", 126), ("run me", 127)],
)
def test_a_program_alone_ends_with_its_own_status(attempts: Attempts, script: str, status: int) -> None:
    assert attempts.finish(attempts.start(script)).status == status


def test_a_program_alone_has_no_shell_around_it(attempts: Attempts) -> None:
    trial = attempts.start("sleep 300")
    eventually(lambda: [process.command for process in find(trial.marks)] == ["sleep"])


@pytest.mark.parametrize("script", ["greet; env | grep -c BASH_FUNC_greet", "greet you"])
def test_functions_that_the_environment_brings_along_work(
    attempts: Attempts, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on clusters, where `module` is one; dash can't hold such a variable."""
    monkeypatch.setenv("BASH_FUNC_greet%%", "() { echo hello $1; }")
    trial = attempts.start(script)
    assert attempts.finish(trial).status == 0
    assert "\nhello" in Path(trial.spec.log_path).read_text()


def test_no_variable_of_the_supervisors_reaches_the_task(attempts: Attempts) -> None:
    """A shell variable whose name came with the environment is exported again when it is set."""
    names = [
        "number",
        "booted",
        "stdin",
        "cwd",
        "stat",
        "session",
        "start",
        "begun",
        "line",
        "ended",
        "status",
    ]
    trial = attempts.start("env; true", env=[(name, "mine") for name in names])
    attempts.finish(trial)
    lines = Path(trial.spec.log_path).read_text().splitlines()
    assert {f"{name}=mine" for name in names} <= set(lines)
    assert not [line for line in lines if line.startswith("gl_")]
