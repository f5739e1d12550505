"""What others, or bad luck, do to a scheduler: it neither falls, nor lies, nor harms anybody."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app import edits, procfs
from app.command_file import read
from app.command_file.parse import Parsed, parse
from app.edits import Edits
from app.model.paths import PROJECT
from app.signature import signature
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually


def test_who_merely_reads_a_lease_is_not_ended_with_its_task(world: World) -> None:
    world.settings(stop_grace=0.2)
    world.blocks([(1, "sleep 300")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    with (world.root / "leases" / world.leases()[0]).open("rb") as lease:
        reader = subprocess.Popen(["sleep", "300"], pass_fds=[lease.fileno()])
    try:
        assert scheduler.stop() == 143
        assert reader.poll() is None
    finally:
        reader.kill()
        reader.wait()


def test_a_stopped_supervisor_does_not_hold_up_a_stop(world: World) -> None:
    world.settings(stop_grace=0.2)
    world.blocks([(1, "sleep 300")])
    scheduler = world.start()
    pid = scheduler.wait_for("1/0", "running").pid
    os.kill(pid, signal.SIGSTOP)
    assert scheduler.stop() == 143
    assert world.leases() == []
    assert world.outcome("1/0").status == "pending"


def test_a_lease_that_promises_the_sky_is_no_reason_to_fall(world: World) -> None:
    """Two of them add up to infinity."""
    script = """
import asyncio, json, os, sys
from pathlib import Path
from app.lease import record
from app.lease.store import LeaseStore
from dataclasses import replace
real = record.encode
honest, huge = b'"declared_gb":1.0', b'"declared_gb":1.7e308'
record.encode = lambda content: real(content).replace(honest, huge).rstrip().ljust(512)
store = LeaseStore(Path(sys.argv[1]))
async def main():
    for _ in range(2):
        await store.take(["SIM-24-0"], 1.0, False, "sky", lambda others: True)
    print("held", flush=True)
    sys.stdin.read()
asyncio.run(main())
"""
    world.file("#LANE devices=0\n1\necho one >>done\n1\n10\n")
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    argv = [sys.executable, "-c", script, str(world.root / "leases")]
    hostile = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert hostile.stdout is not None
        assert hostile.stdout.readline() == b"held\n"
        scheduler = world.start()
        eventually(lambda: "GPU 0 is leased" in scheduler.wait_for("1/0", "waiting").reason)
    finally:
        hostile.kill()
        hostile.communicate()
    assert scheduler.end() == 0
    assert world.work("done") == ["one"]


@pytest.mark.parametrize("removed", ["history.db", "runs"])
def test_what_runs_is_not_run_again_when_its_records_are_removed(world: World, removed: str) -> None:
    world.blocks([(1, f"echo one >>done; {UNTIL_GO}")])
    first = world.start()
    pid = first.wait_for("1/0", "running").pid
    eventually(lambda: world.work("done"))
    first.kill()
    for path in (world.root / "logs").glob(f"{removed}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert removed in world.run(expect=2)
    assert procfs.start_time(pid)
    assert world.work("done") == ["one"]
    world.go()
    eventually(lambda: procfs.start_time(pid) is None)


def test_a_reader_that_goes_away_changes_no_exit_code(world: World) -> None:
    world.blocks([(1, "echo one >>done")])
    entry = PROJECT / "app" / "main_gpus.py"
    command = f"{sys.executable} {entry} --simulate 4x24 | head -1; exit ${{PIPESTATUS[0]}}"
    env = {**os.environ, "GPULANE_HOME": str(world.root)}
    done = subprocess.run(
        ["bash", "-c", command], env=env, cwd=world.root / "work", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--command-file", "x" * 5000),
        ("--command-file", "loop"),
        ("--config-file", "~nobody-of-that-name/x.yaml"),
    ],
)
def test_paths_that_the_system_refuses(world: World, arguments: tuple[str, str]) -> None:
    (world.root / "work" / "loop").symlink_to("loop")
    world.blocks([(1, "true")])
    output = world.run(*arguments, expect=2)
    assert "Traceback" not in output


def test_a_command_file_whose_name_is_not_utf_8(world: World) -> None:
    name = os.fsencode(world.root / "command") + b"/caf\xe9.txt"
    with open(name, "w") as file:  # noqa: PTH123 - a name in bytes
        file.write("1\ntrue\n1\n10\n")
    output = world.run("--command-file", os.fsdecode(name), expect=2)
    assert "not UTF-8" in output
    assert "Traceback" not in output


def test_a_long_name_of_the_command_file_leaves_room_for_a_tmux_socket(world: World) -> None:
    """A socket's whole path may have 107 bytes; a Chinese character is three."""
    file = world.root / "command" / ("实验一的训练任务队列第二版最终修订稿" * 2 + ".txt")
    file.write_text("#LANE terminal=tmux\n1\necho one >>done\n1\n10\n")
    world.run(command_file=file)
    assert world.work("done") == ["one"]


def test_a_process_may_not_name_itself_into_our_terminals(tmp_path: Path) -> None:
    name = b"\x1b[2J\nFAKE"
    script = f"import ctypes, time; ctypes.CDLL(None).prctl(15, {name!r}); print(flush=True); time.sleep(300)"
    other = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        other.stdout.readline()
        found = procfs.stat(other.pid)
        assert found is not None
        assert found.command == "?[2J?FAKE"
    finally:
        other.kill()
        other.communicate()


async def _no_watch(*_: object, **options: object) -> AsyncIterator[object]:
    if options:
        raise RuntimeError("Error creating recommended watcher: Too many open files (os error 24)")
    yield None


def test_without_watches_left_edits_are_seen_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's editors may have taken all of the kernel's watches."""
    monkeypatch.setattr(edits, "awatch", _no_watch)
    file = tmp_path / "command_gpus.txt"
    file.write_text("old")
    accepted: asyncio.Queue[Parsed] = asyncio.Queue()
    old, parsed = parse("old", "multi", str(file)), parse("", "multi", str(file))

    async def edit() -> Parsed:
        watching = Edits(file, signature(file), old, lambda: parsed, accepted.put_nowait, lambda: None)
        task = asyncio.create_task(watching.run())
        file.write_text("new version")
        try:
            return await asyncio.wait_for(accepted.get(), 20)
        finally:
            task.cancel()

    assert asyncio.run(edit()) is parsed


def test_a_file_that_was_only_touched_was_not_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But what is to be said of it may be something else."""
    monkeypatch.setattr("app.trust.other_members", lambda gid, user: ["eve"])
    file = tmp_path / "command_gpus.txt"
    file.write_text("1\ntrue\n1\n10\n")
    accepted: list[Parsed] = []
    told: list[None] = []

    async def signs(*_: object, **__: object) -> AsyncIterator[object]:
        """Each is gone on from when what it told of has been seen to."""
        file.chmod(0o660)
        yield None
        assert (len(accepted), len(told)) == (0, 1)
        assert [each.kind for each in watching.problems] == ["group_writable"]
        file.chmod(0o640)
        yield None
        assert (len(accepted), len(told)) == (0, 2)
        assert watching.problems == ()
        file.write_text("1\nfalse\n1\n10\n")
        yield None
        assert (len(accepted), len(told)) == (1, 3)
        raise asyncio.CancelledError

    monkeypatch.setattr(edits, "awatch", signs)
    watching = Edits(
        file,
        signature(file),
        read(file, "multi"),
        lambda: read(file, "multi"),
        accepted.append,
        lambda: told.append(None),
    )
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(watching.run())
    assert [task.script for task in accepted[0].tasks] == ["false"]


def test_a_log_that_is_no_file_holds_nothing_up(world: World) -> None:
    (world.root / "logs").mkdir()
    os.mkfifo(world.root / "logs" / "compete_gpus.log")
    world.blocks([(1, "echo one >>done")])
    assert "no regular file" in world.run()
    assert world.work("done") == ["one"]


def test_a_task_that_puts_a_pipe_in_place_of_its_log_holds_nothing_up(world: World) -> None:
    world.blocks([(1, "rm $GPULANE_LOG; mkfifo $GPULANE_LOG; false")])
    world.settings(max_retries=0)
    world.run(expect=1)
    assert world.outcome("1/0").exit_code == 1


def test_what_a_task_is_told_to_look_for_is_not_what_it_said(world: World) -> None:
    """A log's head shows the commands."""
    world.blocks([(1, "grep -q 'CUDA out of memory' /dev/null || exit 3")])
    world.settings(max_retries=0)
    world.run(expect=1)
    assert world.outcome("1/0").cause.kind == "exit"


def test_what_a_task_frames_with_number_signs_is_its_own(world: World) -> None:
    """Also in a log of which only the end is looked at."""
    banner = "printf '%060d\\n' 0 | tr 0 '#'"
    say = "echo RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB"
    world.blocks([(1, f"seq 20000; {say}; {banner}; exit 1")])
    world.settings(max_retries=0)
    world.run(expect=1)
    assert world.outcome("1/0").cause.kind == "out_of_memory"


def test_a_stopped_tmux_server_ends_no_scheduler_and_keeps_no_card(world: World) -> None:
    stop_it = 'IFS=, read -r _ server _ <<<"$TMUX"; echo $server >server; kill -STOP $server'
    next_on_card = "2\necho next >>done\n1\n1\n"
    world.gpus = "1x24"
    world.file(f"#LANE terminal=tmux\n1\n{stop_it}\n1\n1\n\n1\necho two >>done\n1\n1\n\n{next_on_card}")
    try:
        scheduler = world.start()
        scheduler.wait_for("2/0", "completed")
        assert scheduler.tasks()["1/0"].state.status == "running", "its server is still waited for"
        assert scheduler.end(90) == 0
    finally:
        os.kill(int(world.work("server")[0]), signal.SIGKILL)
    assert world.work("done") == ["next", "two"]


def test_names_that_the_outputs_encoding_has_not_end_nothing(world: World) -> None:
    world.env = {"PYTHONIOENCODING": "ascii"}
    world.file('#LANE name="训练" queue_name="队列"\n1\necho one >>done\n1\n10\n')
    assert "1 task: 1 completed" in world.run()
    assert world.work("done") == ["one"]


def test_few_descriptors(world: World) -> None:
    world.blocks([(1, "echo one >>done")])
    prefix = ["bash", "-c", 'ulimit -Sn 64; exec "$@"', "few"]
    world.run(prefix=prefix)
    assert world.work("done") == ["one"]


def test_a_state_file_is_json_for_everybody(world: World) -> None:
    world.blocks([(1, "true")])
    world.run()
    (path,) = (world.root / "logs" / "state").glob("*.json")
    assert json.loads(path.read_bytes())["schema"] == 1


def test_a_name_that_would_forge_log_lines_is_refused(world: World) -> None:
    path = world.file("1\ntrue\n1\n10\n", "a\n2026-01-01 INFO 9-9 completed \x1b[2J.txt")
    output = world.run(expect=2, command_file=path)
    assert "holds a control character" in output
    assert "\x1b" not in output
    assert len(output.splitlines()) == 1
