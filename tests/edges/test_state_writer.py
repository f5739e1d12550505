"""State files as schedulers leave them and others find them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.model.paths import PROJECT, Home
from app.model.state_dump import dump
from app.model.state_file import NewerSchema, StateFile, UnreadableState, load
from app.store.lock import is_alive, take
from app.store.state_file import Pace, StateError, StateWriter
from app.store.states import clean, list_states, remove_superseded

OLD = load((PROJECT / "tests/data/state_v1.json").read_bytes())
HOST = OLD.host
LIVING = """
import sys
from pathlib import Path
from app.model.paths import Home
from app.store.state_file import StateWriter
writer = StateWriter(Home(Path(sys.argv[1])), int(sys.argv[2]))
print("ready", flush=True)
data = sys.stdin.buffer.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def scheduler(home: Home) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that holds the lock of pid 4710."""
    with subprocess.Popen(
        [sys.executable, "-c", LIVING, str(home.root), "4710"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def left_by(home: Home, pid: int, **changes: object) -> StateFile:
    """A dead scheduler's state file."""
    state: StateFile = replace(OLD, pid=pid, **changes)  # type: ignore[arg-type]
    writer = StateWriter(home, pid)
    writer.write(dump(state))
    writer.close()
    return state


def pids(home: Home) -> list[int]:
    return [one.pid for one in list_states(home, HOST)]


def test_a_scheduler_is_alive_as_long_as_it_runs(home: Home, scheduler: "subprocess.Popen[bytes]") -> None:
    home.state_file(4710).write_bytes(dump(OLD))
    assert [(one.pid, one.alive, one.state) for one in list_states(home, HOST)] == [(4710, True, OLD)]

    scheduler.kill()
    scheduler.wait()

    assert [(one.alive, one.state) for one in list_states(home, HOST)] == [(False, OLD)]


def test_a_pid_is_used_again(home: Home) -> None:
    """What the dead scheduler left stays readable, and is not taken for the new one's."""
    states = [left_by(home, 77, run=run) for run in ("first", "second")]
    writer = StateWriter(home, 77)
    writer.write(dump(replace(OLD, pid=77, run="third")))

    found = {one.path.name: (one.alive, one.state) for one in list_states(home, HOST)}

    assert found == {
        "77.json": (True, replace(OLD, pid=77, run="third")),
        "77.json.1": (False, states[0]),
        "77.json.2": (False, states[1]),
    }
    writer.close()


def test_two_with_one_pid_are_refused(home: Home, scheduler: "subprocess.Popen[bytes]") -> None:
    assert scheduler.poll() is None
    with pytest.raises(StateError, match="held by another scheduler with this pid"):
        StateWriter(home, 4710)


def test_only_its_user_can_read_it(home: Home) -> None:
    left_by(home, 5)
    writer = StateWriter(home, 6)
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in (home.logs, *home.state.iterdir(), home.state)
    }
    assert modes == {"logs": 0o700, "state": 0o700, "5.json": 0o600, "6.lock": 0o600}
    writer.close()


def test_a_reader_never_sees_half_a_state(home: Home) -> None:
    writer = StateWriter(home, 5)
    writer.write(dump(OLD))
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(home.state_file(5))],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        deadline = time.monotonic() + 60
        while reader.poll() is None and time.monotonic() < deadline:
            writer.write(dump(replace(OLD, queues=OLD.queues * 50)))
            writer.write(dump(OLD))
        reader.kill()
    assert reader.returncode == 0
    writer.close()


READER = """
import sys
from pathlib import Path
from app.model.state_file import load
print("ready", flush=True)
seen, reads = set(), 0
while len(seen) < 2 or reads < 200:  # the writer may have to wait for its disk
    seen.add(len(load(Path(sys.argv[1]).read_bytes()).queues))
    reads += 1
"""


def test_states_that_cant_be_read_say_why(home: Home) -> None:
    left_by(home, 5)
    home.state_file(6).write_bytes(b'{"schema": 7}')
    home.state_file(7).write_bytes(b"junk")
    (home.state / "notes.txt").write_text("not ours")

    five, six, seven = list_states(home, HOST)

    assert isinstance(five.state, StateFile)
    assert isinstance(six.state, NewerSchema)
    assert isinstance(seven.state, UnreadableState)


def test_another_hosts_scheduler_is_shown_and_not_judged(home: Home) -> None:
    left_by(home, 5, host="elsewhere", status="finished", updated_at=0.0)

    assert [one.alive for one in list_states(home, HOST)] == [None]
    clean(home, 1, time.time(), HOST)
    remove_superseded(home, OLD.command_file, OLD.mode, False, HOST)
    assert pids(home) == [5]


def test_no_state_folder_is_no_state(home: Home) -> None:
    assert list_states(home) == []


def test_a_new_scheduler_of_the_file_supersedes_the_dead_ones(home: Home) -> None:
    left_by(home, 5)
    left_by(home, 6, command_file="/another/file.txt")
    left_by(home, 7, mode="single")
    left_by(home, 9, simulated=True)
    left_by(home, 8)
    again = StateWriter(home, 8)  # a living one, whose pid a dead one had
    again.write(dump(replace(OLD, pid=8)))

    remove_superseded(home, OLD.command_file, "multi", False, HOST)

    assert [one.path.name for one in list_states(home, HOST)] == ["6.json", "7.json", "8.json", "9.json"]
    again.close()


def test_finished_ones_go_after_some_days_and_dead_ones_stay(home: Home) -> None:
    now = 100 * 86_400.0
    left_by(home, 5, status="finished", updated_at=now - 3 * 86_400)
    left_by(home, 6, status="finished", updated_at=now - 1 * 86_400)
    left_by(home, 7, status="running", updated_at=now - 50 * 86_400)
    living = StateWriter(home, 8)
    living.write(dump(replace(OLD, status="finished", updated_at=1.0)))

    clean(home, 2, now, HOST)

    assert pids(home) == [6, 7, 8]
    living.close()


def test_what_killed_schedulers_leave_is_swept(home: Home, scheduler: "subprocess.Popen[bytes]") -> None:
    for pid in (5, 4710):
        (home.state / f".{pid}.json.0a1b2c3d").write_bytes(b"half")
    home.state_lock(5).touch()

    clean(home, 2, time.time(), HOST)

    left = {path.name for path in home.state.iterdir()}
    assert left == {".4710.json.0a1b2c3d", "4710.lock"}
    assert scheduler.poll() is None


def test_what_cant_be_removed_is_left_and_said(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    for pid in (5, 6):
        left_by(home, pid, status="finished", updated_at=1.0)
    home.state_lock(5).mkdir()
    (home.state / ".7.json.0a1b2c3d").mkdir()
    home.state_lock(8).symlink_to("nowhere")

    remove_superseded(home, OLD.command_file, OLD.mode, False, HOST)
    clean(home, 1, time.time(), HOST)

    assert pids(home) == [5]
    said = [record.message for record in caplog.records]
    assert any(f"{home.state_lock(8)} can't be removed" in line for line in said)


def test_a_full_disk_is_a_problem_until_there_is_space_again(small_disk: Path) -> None:
    home = Home(small_disk)
    writer = StateWriter(home, 5)
    writer.write(dump(OLD))
    assert not writer.problem

    writer.write(bytes(2_000_000))

    (problem,) = filter(None, [writer.problem])
    assert problem.kind == "state_file"
    assert "No space left" in problem.text
    assert [one.state for one in list_states(home, HOST)] == [OLD]
    writer.write(dump(OLD))
    assert not writer.problem
    assert {path.name for path in home.state.iterdir()} == {"5.json", "5.lock"}
    writer.close()


def test_a_folder_that_cant_be_made_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with pytest.raises(StateError, match="has to be a folder of your own"):
        StateWriter(Home(tmp_path), 5)


def test_a_state_takes_at_most_a_twentieth_of_a_core() -> None:
    now, used = 100.0, 0.0
    pace = Pace(lambda: now, lambda: used)
    assert pace.next_at == 100.0

    # The first one warms up what the next ones use, and now and then one costs more.
    for cost, pause in [(0.3, 0.1), (0.03, 0.6), (0.03, 0.6), (9.0, 0.6), (0.03, 0.6), (0.0001, 0.6)]:
        with pace.measured():
            used += cost
        assert pace.next_at == pytest.approx(now + pause)

    now = 200.0
    with pace.measured():
        used += 0.0001
    assert pace.next_at == pytest.approx(200.1)


def test_a_lock_passes_from_hand_to_hand(tmp_path: Path, home: Home) -> None:
    """Eight processes want one lock, and remove its file when they go: never two at once have it."""
    counter = tmp_path / "counter"
    counter.write_text("0")
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", WANTS_IT, str(tmp_path / "x.lock"), str(counter)], cwd=PROJECT
        )
        for _ in range(8)
    ]
    assert [process.wait(timeout=60) for process in crowd] == [0] * 8
    assert counter.read_text() == "400"
    assert not is_alive(tmp_path / "x.lock")


WANTS_IT = """
import sys, time
from pathlib import Path
from app.store.lock import take
path, counter = map(Path, sys.argv[1:])
for _ in range(50):
    while (lock := take(path)) is None:
        time.sleep(0.0001)
    counter.write_text(str(int(counter.read_text()) + 1))
    lock.release()
"""


def test_asking_does_not_take(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    assert not is_alive(path)
    lock = take(path)
    assert lock is not None
    assert is_alive(path)
    assert take(path) is None
    assert is_alive(path)
    lock.release()
    assert not is_alive(path)
