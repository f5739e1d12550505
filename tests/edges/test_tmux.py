"""`terminal=tmux`: an attempt one can attach to and type into. Real tmux."""

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.execution.ends import EndsFile
from app.execution.tmux import TmuxLauncher, end_server, server_pid, tmux_available
from app.execution.trees import ask_tree, find, kill_tree, quick_check
from tests.edges import stray
from tests.edges.attempts import Attempts, lease_is_held, lives, make_lease, session
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(not tmux_available(), reason="tmux is not installed")


@pytest.fixture
def attempts(tmp_path: Path) -> Iterator[Attempts]:
    ends = EndsFile(tmp_path / "ends")
    made = Attempts(tmp_path, ends, TmuxLauncher(ends))
    yield made
    made.close()
    for trial in made.trials:
        end_server(session(trial.spec.number))


def tmux(*command: str) -> str:
    name = session(1)
    done = subprocess.run(["tmux", "-L", name, *command], capture_output=True, text=True, check=True)
    return done.stdout


def test_status_log_and_environment_are_those_of_a_direct_attempt(attempts: Attempts) -> None:
    trial = attempts.start("echo hello\necho $GPULANE_LOG $SEED\nsh -c 'exit 9'", env=[("SEED", "7")])
    assert attempts.finish(trial).status == 9
    folder = Path(os.environ.get("TMUX_TMPDIR", "/tmp")) / f"tmux-{os.getuid()}"
    assert (folder / session(1)).is_socket()
    end_server(session(1), patience=5)
    assert not (folder / session(1)).exists(), "tmux would leave it"
    lines = eventually(lambda: whole_log(trial.log))
    assert lines[0] == "hello"
    assert lines[1] == f"{trial.spec.log_path} 7"
    assert lines[2] == "gpulane: exit 9 in line 3: sh -c 'exit 9'"


def whole_log(text: str) -> list[str]:
    """Once tmux has written the last line."""
    lines = text.splitlines()
    return lines if lines and lines[-1].startswith("gpulane: ") else []


def test_the_task_has_default_signals(attempts: Attempts) -> None:
    trial = attempts.start("grep -E 'Sig(Ign|Blk)' /proc/self/status")
    attempts.finish(trial)
    end_server(session(1), patience=5)
    standard = (1 << 31) - 1  # 32 and 33 are the C library's own and nobody's to set
    eventually(lambda: trial.log.count("\n") == 2)
    assert [int(line.split()[1], 16) & standard for line in trial.log.splitlines()] == [0, 0]


def test_the_log_has_every_byte_from_the_first(attempts: Attempts) -> None:
    trial = attempts.start("seq 1 20000")
    attempts.finish(trial)
    end_server(session(1), patience=5)
    eventually(lambda: trial.log.endswith("20000\n"))
    assert trial.log.split() == [str(number) for number in range(1, 20_001)]


def test_one_can_type_into_it(attempts: Attempts) -> None:
    trial = attempts.start('tty -s && read -r line && echo "got $line" && [ "$line" = \'a b\' ]')
    tmux("send-keys", "-t", "=task:", "a b", "Enter")
    assert attempts.finish(trial).status == 0


def test_ctrl_c_in_the_pane_ends_the_task_and_its_status_is_kept(attempts: Attempts) -> None:
    trial = attempts.start("sleep 300")
    eventually(lambda: any(process.command == "sleep" for process in find(trial.marks)))
    tmux("send-keys", "-t", "=task:", "C-c")
    assert attempts.finish(trial).status == 130


def test_the_lease_lives_with_the_task_and_not_with_the_server(attempts: Attempts, tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    fd = make_lease(lease)
    trial = attempts.start("while [ ! -e go ]; do sleep 0.02; done", {str(lease): fd})
    os.close(fd)
    assert lease_is_held(lease)
    tmux("new-window", "-d", "sleep 300")  # keeps the server alive beyond the task
    (tmp_path / "go").touch()
    attempts.finish(trial)
    eventually(lambda: not lease_is_held(lease))
    assert not attempts.ends.is_held(1)
    server = server_pid(session(1))
    assert server is not None
    end_server(session(1))
    assert not lives(server)


def test_the_server_ends_with_its_session(attempts: Attempts) -> None:
    trial = attempts.start("touch up\nwhile [ ! -e go ]; do sleep 0.02; done")
    server = server_pid(session(1))
    assert server is not None
    assert lives(server)
    (attempts.folder / "go").touch()
    attempts.finish(trial)
    eventually(lambda: not lives(server))
    assert server_pid(session(1)) is None


def test_a_killed_server_hangs_up_on_the_task_and_the_end_is_written(attempts: Attempts) -> None:
    trial = attempts.start("sleep 300")
    eventually(lambda: any(process.command == "sleep" for process in find(trial.marks)))
    end_server(session(1))
    assert attempts.finish(trial).status == 128 + signal.SIGHUP


def test_a_task_that_ignores_the_hangup_runs_on_and_its_status_is_kept(attempts: Attempts) -> None:
    trial = attempts.start("trap '' HUP\ntouch up\nwhile [ ! -e go ]; do sleep 0.02; done\nexit 4")
    eventually((attempts.folder / "up").exists)
    end_server(session(1))
    assert attempts.ends.is_held(1)
    (attempts.folder / "go").touch()
    assert attempts.finish(trial).status == 4


def test_an_attempt_is_ended_like_a_direct_one(attempts: Attempts) -> None:
    trial = attempts.start("sleep 300")
    eventually(lambda: any(process.command == "sleep" for process in find(trial.marks)))
    ask_tree(trial.marks, set())
    assert attempts.finish(trial).status == 143


@pytest.mark.parametrize("gpus", [1, 0])
@pytest.mark.parametrize("kind", stray.KINDS)
def test_strays_are_found_as_in_a_direct_attempt(
    attempts: Attempts, tmp_path: Path, kind: str, gpus: int
) -> None:
    leases = {str(tmp_path / "lease"): make_lease(tmp_path / "lease")} if gpus else {}
    file = tmp_path / "stray"
    command = [sys.executable, "-I", "-S", stray.__file__, kind, str(file)]
    # A closing terminal sends SIGHUP to the session: some strays die by themselves then.
    trial = attempts.start("trap '' HUP\n" + shlex.join(command), leases)
    for fd in leases.values():
        os.close(fd)
    eventually(file.exists)
    pid = int(file.read_text())
    attempts.finish(trial)
    assert [process.pid for process in find(trial.marks)] == [pid]
    assert quick_check(trial.marks, lambda: False) == (kind not in stray.SAME_SESSION)
    kill_tree(trial.marks)
    assert not lives(pid)


def test_the_same_task_can_be_tried_again_while_its_old_server_stays(attempts: Attempts) -> None:
    name = session(1)
    subprocess.run(["tmux", "-L", name, "-f", "/dev/null", "new-session", "-d", "sleep 300"], check=True)
    old = server_pid(name)
    assert old is not None
    trial = attempts.start("exit 4")
    assert attempts.finish(trial).status == 4
    assert not lives(old)


def test_a_tmux_that_does_not_start_is_an_error_and_nothing_runs(
    attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = attempts.folder / "tmux"
    broken.write_text("#!/bin/sh\necho no server for you >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{attempts.folder}:{os.environ['PATH']}")
    with pytest.raises(OSError, match="tmux did not start: no server for you"):
        attempts.start("touch ran")
    assert not attempts.ends.is_held(1)


def test_a_hand_over_that_fails_leaves_nothing(attempts: Attempts, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("no buffer space")

    before = sorted(Path("/proc/self/fd").iterdir())
    monkeypatch.setattr(socket, "send_fds", fails)
    with pytest.raises(OSError, match="no buffer space"):
        attempts.start("touch ran")
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert server_pid(session(1)) is None
    assert not attempts.ends.is_held(1)


def test_hostile_characters_in_the_logs_path(tmp_path: Path) -> None:
    folder = tmp_path / "it's #{pid} 100%d $HOME"
    folder.mkdir()
    ends = EndsFile(folder / "ends")
    attempts = Attempts(folder, ends, TmuxLauncher(ends))
    try:
        trial = attempts.start("echo hello")
        assert attempts.finish(trial).status == 0
        eventually(lambda: trial.log == "hello\n")
    finally:
        attempts.close()
        end_server(session(1))
