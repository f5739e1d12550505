"""Real attempts for tests: launch a script under a supervisor, wait for its end, leave nothing behind."""

import contextlib
import fcntl
import os
import select
import signal
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app import procfs
from app.execution.attempt import reap
from app.execution.ends import Ended, EndsFile
from app.execution.environment import header, passed_on, task_environment
from app.execution.launcher import Launcher, Launches, Spawned
from app.execution.trees import Marks, kill_tree, ticks_now
from app.model.backend import LaunchSpec
from app.model.paths import LOG_RULE
from app.model.task import TaskKey

WRITE_LOCK = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)


@dataclass
class Trial:
    """One launched attempt."""

    spec: LaunchSpec
    spawned: Spawned
    marks: Marks

    @property
    def log(self) -> str:
        """Without its head."""
        whole = Path(self.spec.log_path).read_text()
        return whole.partition(f"{LOG_RULE}\n")[2]


def session(number: int) -> str:
    """The socket name of an attempt's tmux server; not shared with other test processes."""
    return f"gpulane-test{os.getpid()}-3-{number}"


@dataclass
class Attempts:
    """A run's folder with an `ends` file."""

    folder: Path
    ends: EndsFile
    launcher: Launches
    trials: list[Trial] = field(default_factory=list)

    def spec(self, script: str, number: int, env: tuple[tuple[str, str], ...] = ()) -> LaunchSpec:
        log = str(self.folder / f"3-{number}.{number}.log")
        cwd = str(self.folder)
        key, name = TaskKey("0" * 16, 0), session(number)
        return LaunchSpec(key, 3, number, 1, number, None, script, cwd, env, "direct", name, log)

    def start(
        self,
        script: str,
        leases: Mapping[str, int] | None = None,
        env: Sequence[tuple[str, str]] = (),
        cwd: str | None = None,
    ) -> Trial:
        leases = leases or {}
        spec = self.spec(script, len(self.trials) + 1, tuple(env))
        spec = replace(spec, cwd=cwd or spec.cwd)
        environment = task_environment(passed_on(os.environ), spec, ["0"], "0")
        head = header(spec, environment, ["0"], "host", 0.0)
        spawned = self.launcher.launch(spec, environment, list(leases.values()), head)
        marks = Marks(spec.log_path, tuple(leases), spawned.pid, spawned.start, spawned.session)
        trial = Trial(spec, spawned, marks)
        self.trials.append(trial)
        return trial

    def finish(self, trial: Trial) -> Ended:
        """Wait for the supervisor and collect its end line."""
        assert ends_within(trial.spawned.pidfd, 30), "the attempt did not end"
        reap(trial.spawned.pidfd)
        ended = self.ends.lines(trial.spec.number).ended
        assert ended is not None
        trial.marks = replace(trial.marks, ended=ticks_now())
        return ended

    def close(self) -> None:
        for trial in self.trials:
            kill_tree(trial.marks)
            if not ends_within(trial.spawned.pidfd, 5):
                signal.pidfd_send_signal(trial.spawned.pidfd, signal.SIGKILL)
                ends_within(trial.spawned.pidfd, 5)
            reap(trial.spawned.pidfd)
            os.close(trial.spawned.pidfd)
        self.ends.close()


@contextlib.contextmanager
def attempts_in(folder: Path) -> Iterator[Attempts]:
    ends = EndsFile(folder / "ends")
    attempts = Attempts(folder, ends, Launcher(ends))
    try:
        yield attempts
    finally:
        attempts.close()


def ends_within(pidfd: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def make_lease(path: Path) -> int:
    """A lease as contract 4 publishes it: filled and locked before it has a name. The descriptor holds it."""
    fd = os.open(path.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o644)
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, WRITE_LOCK)
    folder = os.open(path.parent, os.O_RDONLY)
    os.link(f"/proc/self/fd/{fd}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    os.close(folder)
    return fd


def lease_is_held(path: Path) -> bool:
    with path.open("rb") as file:
        read_lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 1, 0)
        answer = fcntl.fcntl(file, fcntl.F_OFD_GETLK, read_lock)
    return bool(struct.unpack("hhqqi4x", answer)[0] != fcntl.F_UNLCK)


def lives(pid: int) -> bool:
    return procfs.start_time(pid) is not None
