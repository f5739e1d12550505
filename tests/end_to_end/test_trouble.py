"""Full disks, closed folders, jumping clocks, vanishing leases: said, survived, recovered from."""

import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disks import fill, small_disk
from tests.end_to_end.world import UNTIL_GO, Scheduler, World
from tests.waiting import eventually

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@pytest.fixture
def crowded(world: World) -> Iterator[World]:
    """A world whose logs/ is a memory disk of 3 MB."""
    with small_disk(world.root / "logs", "size=3m,mode=700"):
        yield world


def test_a_full_disk_stops_nothing_that_runs_and_is_recovered_from(crowded: World) -> None:
    world = crowded
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done"), (2, "echo three >>done")])
    world.settings(maximize_resource_utilization=False, compete_gpus=["0"], use_all_gpus=False)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    ballast = fill(world.root / "logs")
    world.go()
    eventually(lambda: "one" in world.work("done"))
    eventually(lambda: "history can't be written, nothing new starts" in world.output())
    assert scheduler.child.poll() is None
    ballast.unlink()
    assert scheduler.end() == 0
    assert sorted(world.work("done")) == ["one", "three", "two"]


def test_history_taken_away_under_a_scheduler_is_said_and_waited_for(world: World) -> None:
    """SQLite itself would go on writing into the file that nobody can find any more."""
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    taken = {path: path.with_name(f"taken{path.name}") for path in (world.root / "logs").glob("history.db*")}
    for path, aside in taken.items():
        path.rename(aside)
    world.go()
    eventually(lambda: "history.db was removed" in world.output())
    assert world.work("done") == ["one"]
    for path, aside in taken.items():
        aside.rename(path)
    assert scheduler.end() == 0
    assert world.work("done") == ["one", "two"]


def test_a_run_folder_taken_away_costs_no_retry_and_is_said(world: World) -> None:
    """What started without its `ends` could never be found again."""
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done")])
    world.settings(check_time=0.3, max_retries=0)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    (folder,) = (world.root / "logs" / "runs").iterdir()
    folder.rename(folder.with_name("aside"))
    world.go()

    def refused() -> bool:
        state = scheduler.tasks()["1/1"].state
        return state.status == "waiting" and {one.kind for one in state.blockers} == {"launch_refused"}

    eventually(refused)
    assert f"{folder.name}/ends: No such file or directory" in world.output()
    folder.with_name("aside").rename(folder)
    assert scheduler.end() == 0
    assert world.work("done") == ["one", "two"]
    assert world.output().count("could not be launched") == 1


def test_a_state_folder_that_cannot_be_written_is_said(world: World) -> None:
    logs = world.root / "logs"
    logs.mkdir()
    (logs / "state").write_text("a file where a folder should be")
    world.blocks([(1, "touch ran")])
    output = world.run(expect=2)
    assert "logs/state" in output
    assert "Traceback" not in output
    assert not (world.root / "work" / "ran").exists()


@pytest.fixture
def clock(world: World, tmp_path: Path) -> Path:
    """The wall clock of `world`, to be set by writing into it."""
    if FAKETIME is None:
        pytest.skip("needs libfaketime (Debian: faketime)")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    world.env = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return clock


def set_clock(clock: Path, jump: str) -> None:
    """At once: the library reads the file at every question, and an empty one is the end of who asked."""
    new = clock.with_name("new")
    new.write_text(jump)
    new.replace(clock)


def test_a_clock_that_jumps_while_nobody_looks_changes_no_timeout(world: World, clock: Path) -> None:
    world.settings(max_retries=0)
    world.file(f"#LANE timeout=1h\n1\n{UNTIL_GO}\n1\n10\n")
    first = world.start()
    first.wait_for("1/0", "running")
    first.kill()
    set_clock(clock, "+2h")
    second = world.start()
    eventually(lambda: "1/0 was found again" in world.output())
    world.go()
    assert second.end() == 0


@pytest.mark.parametrize("jump", ["+2h", "-2h"])
def test_a_clock_that_jumps_changes_no_wait(world: World, clock: Path, jump: str) -> None:
    world.settings(retry_config={"max_retry_before_backoff": 0, "backoff_duration": 6}, timeout=60)
    world.blocks([(1, "echo x >>tries; test $(wc -l <tries) -ge 2"), (2, f"{UNTIL_GO}")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "backoff")
    began = time.monotonic()
    set_clock(clock, jump)
    scheduler.wait_for("1/0", "completed")
    assert 1.5 < time.monotonic() - began < 18
    assert scheduler.tasks()["2/0"].state.status == "running"
    world.go()
    assert scheduler.end() == 0


@pytest.mark.parametrize("jump", ["+2h", "-2h"])
def test_a_clock_that_jumps_makes_no_failure_of_a_stop(world: World, clock: Path, jump: str) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    set_clock(clock, jump)
    scheduler.stop()
    assert world.outcome("1/0").status == "pending"


def test_leases_deleted_under_us_stop_further_starts_on_that_card(world: World) -> None:
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (2, "echo two >>done")])
    world.settings(use_all_gpus=False, compete_gpus=["0"])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    remove_leases(world)
    sees_the_card_taken(scheduler)
    world.go()
    assert scheduler.end() == 0
    assert world.work("done") == ["one", "two"]


def test_leases_deleted_while_no_scheduler_looks_keep_their_card_taken(world: World) -> None:
    world.gpus = "1x24"
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (2, "echo two >>done")])
    first = world.start()
    first.wait_for("1/0", "running")
    first.kill()
    remove_leases(world)
    second = world.start()
    sees_the_card_taken(second)
    world.go()
    assert second.end() == 0
    assert world.work("done") == ["one", "two"]


def remove_leases(world: World) -> None:
    """As RemoveIPC does at a log-out."""
    for name in world.leases():
        (world.root / "leases" / name).unlink()


def sees_the_card_taken(scheduler: Scheduler) -> None:
    """Task 2/0 waits because of the lease files that task 1/0 has lost."""
    eventually(lambda: "leases_vanished" in {problem.kind for problem in scheduler.problems()})
    eventually(lambda: "lost its lease files" in scheduler.wait_for("2/0", "waiting").reason)


def test_a_state_dir_that_a_team_shares_stays_the_teams(world: World, tmp_path: Path) -> None:
    team = tmp_path / "team"
    team.mkdir()
    team.chmod(0o2775)
    world.settings(state_dir=str(team))
    world.blocks([(1, "true")])
    world.run()
    assert stat.S_IMODE(team.stat().st_mode) == 0o2775
    (own,) = team.iterdir()
    assert own.name == f"gpulane-{os.getuid()}"
    assert stat.S_IMODE(own.stat().st_mode) & 0o777 == 0o700
    (home,) = own.iterdir()
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    assert (home / "history.db") in files


def test_check_makes_no_state_dir(world: World, tmp_path: Path) -> None:
    world.settings(state_dir=str(tmp_path / "elsewhere"))
    world.blocks([(1, "true")])
    assert "no faults" in world.run("--check")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("spoilt", ["open to all", "not ours"])
def test_a_state_dir_where_others_could_put_theirs_is_refused(
    world: World, tmp_path: Path, spoilt: str
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    if spoilt == "open to all":
        shared.chmod(0o777)
    else:
        shared.chmod(0o1777)
        (shared / f"gpulane-{os.getuid()}").symlink_to(tmp_path)
    world.settings(state_dir=str(shared))
    world.blocks([(1, "touch ran")])
    says = "anybody can replace what lies in" if spoilt == "open to all" else "is not a folder of yours alone"
    assert says in world.run(expect=2)
    assert not (world.root / "work" / "ran").exists()


def test_a_hung_up_terminal_ends_nothing(world: World) -> None:
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.child.send_signal(signal.SIGHUP)
    world.go()
    assert scheduler.end() == 0
    assert world.work("done") == ["one"]


def test_a_command_file_that_others_may_write_is_refused(world: World) -> None:
    path = world.blocks([(1, "true")])
    path.chmod(0o666)
    assert "write" in world.run(expect=2)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe1\x00\n\x00", "it is written in UTF-16; save it as UTF-8"),
        ("1\necho 队列\n1\n10\n".encode("gbk"), "it seems to be written in GBK; save it as UTF-8"),
        (b"\x7fELF\x02\x01\x01" + bytes(64), "command_gpus.txt:1:8: it is no text: it holds NUL bytes"),
    ],
)
def test_other_encodings_and_junk_are_refused(world: World, content: bytes, says: str) -> None:
    world.file("").write_bytes(content)
    output = world.run(expect=2)
    assert says in output
    assert "Traceback" not in output


def test_a_missing_command_file(world: World) -> None:
    output = world.run("--command-file", "nowhere.txt", expect=2)
    assert "nowhere.txt" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("check_tiem: 3\n", "check_time"),
        ("check_time: soon\n", ":1:"),
        ("a: [\n", "YAML"),
        ("min_gpu: 3\nmax_gpu: 2\n", "max_gpu"),
    ],
)
def test_bad_settings_are_refused_with_line_and_key(world: World, text: str, says: str) -> None:
    (world.root / "config" / "gpu_manage.yaml").write_text(text)
    world.blocks([(1, "true")])
    output = world.run(expect=2)
    assert says in output
    assert "Traceback" not in output


def test_terminal_tmux_can_be_typed_into(world: World) -> None:
    if not shutil.which("tmux"):
        pytest.skip("needs tmux")
    world.file("#LANE terminal=tmux\n1\nread answer; echo got $answer >>done\n1\n10\n")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    run = next((world.root / "logs" / "runs").iterdir()).name
    server = f"gpulane-{run}-1-0.1"
    keys = ["tmux", "-L", server, "send-keys", "-t", "task", "hello", "Enter"]
    eventually(lambda: subprocess.run(keys, check=False, capture_output=True).returncode == 0)
    assert scheduler.end() == 0
    assert world.work("done") == ["got hello"]


def test_terminal_tmux_survives_kill_9(world: World) -> None:
    if not shutil.which("tmux"):
        pytest.skip("needs tmux")
    world.file(f"#LANE terminal=tmux\n1\n{UNTIL_GO}; echo one >>done\n1\n10\n")
    first = world.start()
    pid = first.wait_for("1/0", "running").pid
    first.kill()
    second = world.start()
    assert second.wait_for("1/0", "running").pid == pid
    world.go()
    assert second.end() == 0
    assert world.work("done") == ["one"]
