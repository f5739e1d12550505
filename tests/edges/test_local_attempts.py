"""Attempts as the local backend runs them: real processes, without a scheduler."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app import procfs
from app.execution import launcher, trees
from app.execution.ends import EndsFile
from app.execution.swept import Swept
from app.execution.trees import Marks, Process
from app.lease.store import LeaseStore
from app.local import leftovers
from app.local.attempts import Attempts
from app.local.leftovers import Leftovers
from app.model.backend import Exit, Grant, LaunchFailed, LaunchSpec, Lost, Running
from app.model.paths import RunPaths
from app.model.settings import Settings
from app.model.task import TaskKey
from tests.waiting import eventually

KEY = TaskKey("0" * 16, 0)


@pytest.fixture
def attempts(tmp_path: Path) -> Iterator[Attempts]:
    leases = LeaseStore(tmp_path)
    made = Attempts(RunPaths(tmp_path / "run"), leases, Settings())
    yield made
    asyncio.run(made.close())
    leases.close()


def spec(folder: Path, script: str) -> LaunchSpec:
    return LaunchSpec(KEY, 1, 0, 1, 1, None, script, str(folder), (), "direct", None, str(folder / "log"))


def test_a_stop_reaches_a_task_that_its_supervisor_has_not_started_yet(
    tmp_path: Path, attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "supervisor.sh"
    slow.write_text(f"kill -STOP $$\n. {launcher.SUPERVISOR}\n")
    monkeypatch.setattr(launcher, "SUPERVISOR", str(slow))
    real = trees.find
    reached: list[list[Process]] = []

    def first_too_early(marks: Marks, asked: set[Process]) -> list[Process]:
        """The supervisor goes on only when it has been looked for a task in vain."""
        reached.append(real(marks, asked))
        if marks.pid is not None and not reached[-1]:
            with contextlib.suppress(ProcessLookupError):  # the last look is after its end
                os.kill(marks.pid, signal.SIGCONT)
        return reached[-1]

    monkeypatch.setattr(trees, "find", first_too_early)

    async def launch_and_stop() -> Exit | Lost | LaunchFailed:
        grant = Grant(KEY, (), (), (), None)
        running = await attempts.launch(grant, None, spec(tmp_path, "exec sleep 300"), "")
        assert isinstance(running, Running)
        stop = asyncio.create_task(attempts.signal(running, "stopped", 60.0))
        end = await asyncio.wait_for(attempts.wait(running), 20.0)
        await stop
        return end

    end = asyncio.run(launch_and_stop())
    assert reached[0] == []
    assert isinstance(end, Exit)
    assert end.status == 128 + signal.SIGTERM
    assert end.stopping == "stopped"


def stopped(folder: Path, attempts: Attempts, script: str, grace: float = 60.0) -> Exit:
    """The end of an attempt that is stopped once its task is ready."""

    async def launch_and_stop() -> Exit | Lost | LaunchFailed:
        running = await attempts.launch(Grant(KEY, (), (), (), None), None, spec(folder, script), "")
        assert isinstance(running, Running)
        await asyncio.to_thread(eventually, (folder / "ready").exists)
        stop = asyncio.create_task(attempts.signal(running, "stopped", grace))
        end = await asyncio.wait_for(attempts.wait(running), 20.0)
        await stop
        return end

    end = asyncio.run(launch_and_stop())
    assert isinstance(end, Exit)
    return end


def stop_read_anew(folder: Path) -> str | None:
    """What the next scheduler takes the end for."""
    ends = EndsFile(folder / "run" / "ends")
    try:
        return ends.lines(1).ended_for
    finally:
        ends.close()


@pytest.mark.parametrize("grace", [60.0, 0.0])
def test_what_ends_by_itself_before_a_signal_reaches_it_was_not_stopped(
    tmp_path: Path, attempts: Attempts, monkeypatch: pytest.MonkeyPatch, grace: float
) -> None:
    """Looking at its tree takes a tenth of a second on a loaded machine."""
    real = trees.find

    def slow(marks: Marks, known: Iterable[Process] = ()) -> list[Process]:
        found = real(marks, known)
        (tmp_path / "go").touch()
        for each in found:
            eventually(lambda each=each: procfs.start_time(each.pid) != each.start)  # type: ignore[misc]
        return found

    monkeypatch.setattr(trees, "find", slow)
    script = f"touch {tmp_path}/ready; until test -e {tmp_path}/go; do sleep 0.01; done"
    end = stopped(tmp_path, attempts, script, grace)
    assert (end.status, end.stopping) == (0, None)
    assert stop_read_anew(tmp_path) is None


def test_what_hears_the_signal_was_stopped_even_if_it_ends_well(tmp_path: Path, attempts: Attempts) -> None:
    """A trainer that saves and exits: it is to go on from there."""
    script = f"trap 'exit 0' TERM; touch {tmp_path}/ready; while :; do sleep 0.05; done"
    end = stopped(tmp_path, attempts, script)
    assert (end.status, end.stopping) == (0, "stopped")
    assert stop_read_anew(tmp_path) == "stopped"


def test_a_stop_that_another_scheduler_began_goes_on_with_what_is_left_of_its_grace(
    tmp_path: Path, attempts: Attempts
) -> None:
    ends = EndsFile(tmp_path / "run" / "ends")
    ends.note_stop(1, "timeout", procfs.uptime() - 59)
    ends.close()
    ready = tmp_path / "ready"

    async def launch_and_stop() -> Exit | Lost | LaunchFailed:
        grant = Grant(KEY, (), (), (), None)
        script = f"trap '' TERM; touch {ready}; while :; do sleep 1; done"
        running = await attempts.launch(grant, None, spec(tmp_path, script), "")
        assert isinstance(running, Running)
        await asyncio.to_thread(eventually, ready.exists)
        await asyncio.wait_for(attempts.signal(running, "stopped", 60.0), 40.0)
        return await attempts.wait(running)

    end = asyncio.run(launch_and_stop())
    assert isinstance(end, Exit)
    assert end.stopping == "timeout"
    assert (tmp_path / "run" / "ends").read_text().count("stop ") == 1


def test_a_scheduler_looks_after_what_another_could_not_and_not_twice(tmp_path: Path) -> None:
    """A scheduler may die between an attempt's end and the look for strays. What was looked after is left in
    peace: somebody may have started it since, in a server that the task was let to leave."""
    run = RunPaths(tmp_path / "run")
    run.folder.mkdir()
    ends, swept = EndsFile(run.ends), Swept(run.swept)
    strays = []
    for number in (1, 2):
        line = f"end {number} 0 1.00 2.00 0.00"
        with run.ends.open("a") as file:
            file.write(f"\n{line} {len(line)} .\n")
        log = run.log(1, number, KEY, number)
        log.touch()
        strays.append(subprocess.Popen(["sleep", "300"], env={"GPULANE_LOG": str(log)}))
    swept.note(2)
    ends.close()
    swept.close()
    (run.folder / "notes.1.log").write_text("a task's own file")
    leases = LeaseStore(tmp_path)

    async def sweep() -> None:
        made = Attempts(run, leases, Settings())
        await made.leftovers.sweep()
        await made.close()

    try:
        asyncio.run(sweep())
        assert strays[0].wait(20) == -signal.SIGKILL
        assert strays[1].poll() is None
        log = run.log(1, 1, KEY, 1)
        strays.append(subprocess.Popen(["sleep", "300"], env={"GPULANE_LOG": str(log)}))
        asyncio.run(sweep())
        assert strays[2].poll() is None
    finally:
        leases.close()
        for stray in strays:
            stray.kill()
            stray.wait()


def test_a_task_that_no_process_could_be_had_for_was_refused_by_the_machine(
    tmp_path: Path, attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become a user who may have no second process")
    alone = tmp_path / "supervisor.sh"
    script = f"ulimit -p 1; $(cat {launcher.SUPERVISOR})"
    alone.write_text(f'exec setpriv --reuid=65534 --clear-groups dash -c "{script}" dash "$@"\n')
    monkeypatch.setattr(launcher, "SUPERVISOR", str(alone))

    async def launch() -> Exit | Lost | LaunchFailed:
        wanted = replace(spec(tmp_path, "touch ran; true"), cwd="/")
        running = await attempts.launch(Grant(KEY, (), (), (), None), None, wanted, "")
        assert isinstance(running, Running)
        return await asyncio.wait_for(attempts.wait(running), 20.0)

    end = asyncio.run(launch())
    assert end == LaunchFailed("the machine had no process left for it", refused=True)


@pytest.mark.parametrize(
    ("env", "folder", "refused", "says"),
    [
        ((("NAME", "a\0b"),), "", False, "null byte"),
        ((("NAME", "x" * 200_000),), "", False, "Argument list too long"),
        ((), "gone/", True, "gone/log: No such file or directory"),
    ],
)
def test_a_launch_fails_for_the_task_or_is_refused_by_the_machine(
    tmp_path: Path,
    attempts: Attempts,
    env: tuple[tuple[str, str], ...],
    folder: str,
    refused: bool,
    says: str,
) -> None:
    wanted = replace(spec(tmp_path, "true; true"), env=env, log_path=f"{tmp_path}/{folder}log")
    answer = asyncio.run(attempts.launch(Grant(KEY, (), (), (), None), None, wanted, ""))
    assert isinstance(answer, LaunchFailed)
    assert answer.refused is refused
    assert says in answer.error
    assert not Path(wanted.log_path).exists()
    assert attempts.living == {}


def test_a_bug_in_waiting_for_what_lingers_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(pid: int, start: int) -> None:
        raise ZeroDivisionError

    async def linger() -> None:
        left = Leftovers(False, lambda _: None, lambda _: None, lambda _: None)
        await left.end(Marks("/log"), ("lease",), 0.0, forced=False)
        for _ in range(10):
            await asyncio.sleep(0)
        await left.sweep()

    monkeypatch.setattr(trees, "find", lambda *_: [Process(1, 1, "init")])
    monkeypatch.setattr(leftovers, "outlive", broken)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(linger())
