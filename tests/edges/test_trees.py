"""Whatever an attempt leaves behind is found and ended, and nothing else is. Real processes."""

import fcntl
import os
import resource
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app import procfs
from app.execution.strays import left_behind
from app.execution.tmux import end_server, server_pid
from app.execution.trees import (
    Marks,
    ask,
    ask_tree,
    find,
    has_marker,
    holds,
    kill_tree,
    quick_check,
    send,
    ticks_now,
)
from app.execution.trees import Process as Found
from tests.edges import stray
from tests.edges.attempts import Attempts, Trial, attempts_in, lease_is_held, lives, make_lease
from tests.waiting import eventually

STRAY = [sys.executable, "-I", "-S", stray.__file__]


@pytest.fixture
def attempts(tmp_path: Path) -> Iterator[Attempts]:
    with attempts_in(tmp_path) as made:
        yield made


@pytest.fixture
def bystander() -> Iterator[int]:
    """A process of the same user that is none of ours, in a session of its own."""
    process = subprocess.Popen(["sleep", "300"], start_new_session=True)
    yield process.pid
    process.kill()
    process.wait()


def pids(processes: list[Found]) -> set[int]:
    return {process.pid for process in processes}


def start_stray(attempts: Attempts, kind: str, lease: Path | None, rest: str = "") -> tuple[Trial, int]:
    """An attempt whose script starts a stray; the lease's only holders are the attempt's processes."""
    leases = {} if lease is None else {str(lease): make_lease(lease)}
    file = attempts.folder / "stray"
    trial = attempts.start(shlex.join([*STRAY, kind, str(file)]) + rest, leases)
    for fd in leases.values():
        os.close(fd)
    eventually(file.exists)
    return trial, int(file.read_text())


@pytest.mark.parametrize("gpus", [1, 0])
@pytest.mark.parametrize("kind", stray.KINDS)
def test_a_stray_is_found_and_ended_after_the_main_process(
    attempts: Attempts, tmp_path: Path, bystander: int, kind: str, gpus: int
) -> None:
    lease = tmp_path / "lease" if gpus else None
    trial, pid = start_stray(attempts, kind, lease)
    attempts.finish(trial)
    assert lives(pid)
    assert pids(find(trial.marks)) == {pid}
    killed = kill_tree(trial.marks)
    assert [process.pid for process in killed.ended] == [pid]
    assert not killed.survived
    assert not lives(pid)
    assert find(trial.marks) == []
    assert lives(bystander)
    assert lease is None or not lease_is_held(lease)


def test_a_lease_alone_proves_it(attempts: Attempts, tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    fd = make_lease(lease)
    trial = attempts.start("setsid env -i sleep 300 100<&- &", {str(lease): fd})
    os.close(fd)
    attempts.finish(trial)
    eventually(lambda: [process.command for process in find(trial.marks)] == ["sleep"])
    assert lease_is_held(lease)
    assert [process.command for process in kill_tree(trial.marks).ended] == ["sleep"]
    assert not lease_is_held(lease)


def test_who_flocks_a_lease_is_none_of_ours(attempts: Attempts, tmp_path: Path) -> None:
    """Everybody may read leases, and so may flock them."""
    lease = tmp_path / "lease"
    fd = make_lease(lease)
    trial = attempts.start("true", {str(lease): fd})
    attempts.finish(trial)
    with lease.open() as reader:
        fcntl.flock(reader, fcntl.LOCK_EX)
        with subprocess.Popen(["sleep", "300"], pass_fds=[reader.fileno()]) as bystander:
            assert find(trial.marks) == []
            bystander.kill()
    os.close(fd)


def test_what_another_users_process_says_of_itself_proves_nothing(attempts: Attempts) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can read what others' processes say")
    trial = attempts.start("true")
    attempts.finish(trial)
    mark = {"GPULANE_LOG": trial.spec.log_path}
    with subprocess.Popen(["sleep", "300"], env=mark, user=65_534) as liar:
        eventually(lambda: procfs.environ(liar.pid))
        assert find(trial.marks) == []
        assert left_behind([trial.marks]) == []
        liar.kill()


def test_descent_alone_proves_it(attempts: Attempts) -> None:
    trial = attempts.start("setsid env -i sleep 300 100<&- &\nwait")
    eventually(lambda: {process.command for process in find(trial.marks)} == {"bash", "sleep"})
    assert {process.command for process in kill_tree(trial.marks).ended} == {"bash", "sleep"}


@pytest.mark.parametrize("kind", stray.KINDS)
def test_a_stray_is_found_while_the_attempt_runs(attempts: Attempts, kind: str) -> None:
    trial, pid = start_stray(attempts, kind, None, "\nsleep 300")
    found = find(trial.marks)
    assert pid in pids(found)
    assert trial.spawned.pid not in pids(found)
    assert "bash" in {process.command for process in found}
    kill_tree(trial.marks)
    assert not lives(pid)
    assert attempts.finish(trial).status == 137


def test_terminate_reaches_the_whole_tree_and_the_true_status_is_written(attempts: Attempts) -> None:
    loop = "while :; do sleep 0.05; done"
    child = f"trap 'touch heard; exit' TERM; touch up; {loop}"
    trial = attempts.start(f"trap 'exit 3' TERM\nsetsid bash -c {shlex.quote(child)} &\n{loop}")
    eventually((attempts.folder / "up").exists)
    ask_tree(trial.marks, set())
    assert attempts.finish(trial).status == 3
    eventually((attempts.folder / "heard").exists)


def test_who_is_on_its_way_out_does_not_hear_a_signal(
    attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving much memory on a card back takes seconds, in which signals can still be sent."""
    trial = attempts.start("exec sleep 300")
    eventually(lambda: [process.command for process in find(trial.marks)] == ["sleep"])
    found, real = find(trial.marks), procfs.stat

    def leaving(pid: int) -> procfs.Stat | None:
        seen = real(pid)
        return seen and replace(seen, flags=seen.flags | procfs.PF_EXITING)

    with monkeypatch.context() as patch:
        patch.setattr(procfs, "stat", leaving)
        assert ask(found, set()) == []
    assert ask(found, set()) == found
    assert attempts.finish(trial).status == 143


def test_a_tree_that_grows_again_is_ended_whole(attempts: Attempts) -> None:
    """Four workers start further processes all the time, all in sessions of their own."""
    growing = (
        "for i in 1 2 3 4; do setsid bash -c 'while :; do setsid sleep 300 & sleep 0.05; done' & done\n"
        "touch up\nwait"
    )
    trial = attempts.start(growing)
    eventually(lambda: sum(process.command == "sleep" for process in find(trial.marks)) > 12)
    killed = kill_tree(trial.marks)
    assert not killed.survived
    assert find(trial.marks) == []
    assert attempts.finish(trial).status == 137
    assert find(trial.marks) == []


def test_nobody_lives_to_see_another_die(attempts: Attempts) -> None:
    """A watcher that acts when what it watches ends, as launchers of workers do, is stopped before."""
    script = (
        "mkfifo pipe\nsleep 300 >pipe &\nfor i in {1..40}; do sleep 300 & done\n"
        "( exec 3<pipe; touch up; read -r x <&3 || touch noticed; sleep 300 ) &\nwait"
    )
    trial = attempts.start(script)
    eventually((attempts.folder / "up").exists)
    assert not kill_tree(trial.marks).survived
    assert not (attempts.folder / "noticed").exists()


def test_quick_check(attempts: Attempts, tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    trial, _ = start_stray(attempts, "setsid", lease, "\n[ -e go ] || while [ ! -e go ]; do sleep 0.02; done")
    assert not quick_check(trial.marks, lambda: False)  # the script is in the session
    (tmp_path / "go").touch()
    attempts.finish(trial)
    assert quick_check(trial.marks, lambda: False)
    assert not quick_check(trial.marks, lambda: lease_is_held(lease))
    kill_tree(trial.marks)
    assert quick_check(trial.marks, lambda: lease_is_held(lease))


@pytest.mark.parametrize("age", [0.0, 1e6])
def test_what_was_born_later_is_among_the_numbers_looked_at(age: float, bystander: int) -> None:
    """Young: few numbers are tried. Old: numbers may have begun anew since, so all processes are."""
    later = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        looked_at = set(procfs.pids_since(bystander, age))
        assert later.pid in looked_at
        assert os.getpid() in looked_at or not age  # older than the bystander
        assert procfs.session_members(later.pid, procfs.pids_since(bystander, age)) == [later.pid]
    finally:
        later.kill()
        later.wait()


def test_without_a_descriptor_nobody_seems_to_be_gone(attempts: Attempts) -> None:
    trial = attempts.start("sleep 300")
    eventually(lambda: find(trial.marks))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    pid = trial.spawned.pid
    looks: list[Callable[[], object]] = [
        lambda: find(trial.marks),
        lambda: procfs.stat(pid),
        lambda: quick_check(trial.marks, lambda: False),
        lambda: has_marker(pid, trial.marks.log_path),
        lambda: holds(pid, set()),
    ]
    for look in looks:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
        try:
            with pytest.raises(OSError, match="Too many open files"):
                look()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_quick_check_knows_nothing_without_a_supervisor(tmp_path: Path) -> None:
    assert not quick_check(Marks(str(tmp_path / "log")), lambda: False)


def test_a_number_that_has_passed_to_somebody_else_proves_nothing(tmp_path: Path, bystander: int) -> None:
    """The supervisor's pid and session number now belong to another session with members."""
    shell = subprocess.Popen(["sh", "-c", "sleep 300 & wait"], start_new_session=True)
    try:
        eventually(lambda: len(procfs.session_members(shell.pid, procfs.pids())) == 2)
        start = procfs.start_time(shell.pid)
        assert start is not None
        reused = Marks(str(tmp_path / "log"), pid=shell.pid, start=start - 500, session=shell.pid)
        assert find(reused) == []
        assert find(replace(reused, ended=start - 100)) == []
        assert kill_tree(reused).ended == ()
        assert lives(shell.pid)
        # And it does prove something when the pid is the supervisor's.
        assert len(find(replace(reused, start=start))) == 1
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()


def test_a_session_is_ours_by_birth_when_the_supervisor_was_reaped_by_others(tmp_path: Path) -> None:
    """Adopted attempts: nothing proves the member but that it was born while the supervisor lived."""
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 300 & echo $!"], start_new_session=True, stdout=subprocess.PIPE
    )
    assert shell.stdout is not None
    pid = int(shell.stdout.readline())
    shell.stdout.close()
    shell.wait()
    start = procfs.start_time(pid)
    assert start is not None
    marks = Marks(str(tmp_path / "log"), pid=shell.pid, start=start - 10, session=shell.pid)
    assert find(marks) == []
    assert pids(find(replace(marks, ended=ticks_now()))) == {pid}
    assert [process.pid for process in kill_tree(replace(marks, ended=ticks_now())).ended] == [pid]


def test_a_process_stays_the_same_when_it_runs_another_program() -> None:
    """A forked shell has its parent's name until its exec; before and after it is one process."""
    assert len({Found(40, 7, "sh"), Found(40, 7, "sleep"), Found(40, 8, "sleep")}) == 2


def test_another_attempt_of_the_same_run_is_left_alone(attempts: Attempts) -> None:
    one = attempts.start("sleep 300")
    other = attempts.start("touch up\nsleep 300")
    eventually((attempts.folder / "up").exists)
    kill_tree(one.marks)
    assert attempts.finish(one).status == 137
    assert attempts.ends.lines(2).ended is None
    assert len(find(other.marks)) >= 1


def test_a_search_from_within_the_attempt_spares_the_searcher(attempts: Attempts) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import os; from app.execution.trees import Marks, kill_tree\n"
        "print([p.command for p in kill_tree(Marks(os.environ['GPULANE_LOG'])).ended])"
    )
    root = str(Path(__file__).parents[2])
    trial = attempts.start(f"setsid sleep 300 &\n{sys.executable} -c {shlex.quote(program)} {root}")
    assert attempts.finish(trial).status == 0
    assert trial.log.startswith("['sleep']\n")


def test_a_signal_needs_pid_and_start_time(bystander: int) -> None:
    start = procfs.start_time(bystander)
    assert start is not None
    assert not send(Found(bystander, start + 1, "sleep"), signal.SIGKILL)
    assert lives(bystander)
    assert send(Found(bystander, start, "sleep"), signal.SIGKILL)
    eventually(lambda: not lives(bystander))
    assert not send(Found(bystander, start, "sleep"), signal.SIGKILL)


def test_servers_meant_to_stay_are_spared_after_a_normal_end_and_named(attempts: Attempts) -> None:
    name = f"gpulane-test-{os.getpid()}"
    script = (
        "eval $(ssh-agent) >/dev/null\n"
        f"tmux -L {name} -f /dev/null new-session -d 'sleep 301'\n"
        "setsid sleep 302 &\n"
    )
    trial = attempts.start(script)
    try:
        attempts.finish(trial)
        server = server_pid(name)
        assert server is not None
        # Between its fork and its exec either is called otherwise.
        eventually(lambda: sum(process.command == "sleep" for process in find(trial.marks)) == 2)
        killed = kill_tree(trial.marks, spare_servers=True)
        assert [process.command for process in killed.ended] == ["sleep"]
        assert {process.command for process in killed.spared} >= {"ssh-agent", "tmux: server"}
        assert lives(server)
        everything = kill_tree(trial.marks)
        assert not everything.spared
        assert not lives(server)
    finally:
        end_server(name)


def test_what_can_not_be_killed_is_named(attempts: Attempts, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a task's sudo child: found, but not ours to signal."""
    trial = attempts.start("sleep 300; true")
    eventually(lambda: any(process.command == "sleep" for process in find(trial.marks)))
    monkeypatch.setattr("app.execution.trees.signal.pidfd_send_signal", forbidden)
    monkeypatch.setattr("app.execution.trees.DEATH_WAIT", 0.01)
    killed = kill_tree(trial.marks)
    assert {process.command for process in killed.survived} == {"bash", "sleep"}
    assert killed.ended == ()
    monkeypatch.undo()


def forbidden(pidfd: int, signum: int) -> None:
    raise PermissionError
