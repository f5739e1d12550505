"""history.db: what was committed is there, whole, whatever happens to its writers."""

import asyncio
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.model.paths import PROJECT
from app.model.records import (
    AttemptEnded,
    AttemptLaunched,
    AttemptRecorded,
    Moved,
    RunFinished,
    TasksPlanned,
)
from app.model.state import (
    Backoff,
    Cancelled,
    Completed,
    ExitCode,
    Failed,
    Held,
    OutOfMemory,
    Pending,
    Skipped,
    TaskState,
    Vanished,
    Waiting,
)
from app.model.task import Options, Planned, TaskKey, TaskSpec
from app.store.history import History, HistoryError, NewerHistory, Record
from app.store.resume import SavedRun, load_unfinished
from app.store.schema import connect
from tests.disks import fill
from tests.edges.history_writer import key, record, start, whole_attempt

FILE = "/home/bob/command/command_gpus.txt"


def committed(path: Path, *batches: Sequence[Record]) -> None:
    """Write these, one transaction each, as one process."""

    async def work(history: History) -> None:
        for batch in batches:
            await history.commit(batch)

    using(path, work)


def using(path: Path, work: Callable[[History], Awaitable[None]]) -> None:
    async def session() -> None:
        history = await History.open(path)
        try:
            await work(history)
        finally:
            await history.close()

    asyncio.run(session())


def unfinished(path: Path) -> SavedRun:
    saved = load_unfinished(path, FILE, 0, "multi", simulated=False)
    assert saved is not None
    return saved


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "history.db"


STATES: tuple[TaskState, ...] = (
    Completed(("0",), 10.0, 20.0, 0, 18.5),
    Failed(("1",), 10.0, 21.0, 1, "exit 1", ExitCode(1, "python train.py"), None),
    Cancelled(30.0, "bob"),
    Waiting(41.0, "needs 2 GPUs", (), False),
    Backoff(600.0, "CUDA out of memory", OutOfMemory(1, 22.5, 2.0), 3, None),
    Held(42.0, "file"),
    Pending(43.0),
    Skipped(44.0, "task 1/1 failed"),
)


def test_a_run_comes_back_as_it_was_left(path: Path) -> None:
    moves = [
        Moved(
            key(at), 50.0, "pending", state, failures=at, ask_gb=at + 0.5, avoid=frozenset({"GPU-b", "GPU-a"})
        )
        for at, state in enumerate(STATES)
    ]
    committed(path, start(FILE, len(STATES) + 1), moves)

    saved = unfinished(path)

    assert (saved.name, saved.boot_id) == ("20250101-120000", "b1")
    assert [task.key for task in saved.tasks] == [key(at) for at in range(len(STATES) + 1)]
    assert [task.state for task in saved.tasks] == [*STATES, Pending(1.0)]
    assert [task.index for task in saved.tasks] == list(range(len(STATES) + 1))
    third = saved.tasks[3]
    assert (third.failures, third.ask_gb, third.avoid) == (3, 3.5, frozenset({"GPU-a", "GPU-b"}))
    assert (saved.last_number, saved.open_attempts) == (0, ())


def test_an_attempt_without_an_end_is_found_with_all_it_takes_to_adopt_it(path: Path) -> None:
    spec = TaskSpec(3, "echo 1", 1, 20.0, Options(timeout=60.0, env=(("SEED", "1"),)))
    odd = replace(record(1, 8), session_name="gpulane-r-3-1", terminal="tmux", memory_gb=None, attempt=2)
    committed(
        path,
        start(FILE, 2),
        [TasksPlanned([Planned(key(1), 0, spec)], 2.0)],
        whole_attempt(1, 7),
        [AttemptRecorded(odd), AttemptLaunched(8, 4711, 99, 2.5)],
    )

    saved = unfinished(path)

    assert saved.open_attempts == (odd,)
    assert saved.specs == {key(1): spec}
    assert saved.last_number == 8
    assert [(task.attempts, task.log_path) for task in saved.tasks] == [(0, None), (2, "/logs/8.log")]


@pytest.mark.parametrize(
    ("declared", "asked", "avoided"),
    [(20.0, 24.2, {"GPU-a"}), (5.0, 5.0, ()), (40.0, 40.0, ()), (None, None, ())],
)
def test_a_new_declaration_outranks_what_a_failure_taught(
    path: Path, declared: float | None, asked: float | None, avoided: Sequence[str]
) -> None:
    first, second = (TaskSpec(3, "echo 1", 1, memory, Options()) for memory in (20.0, declared))
    learned = Moved(key(1), 3.0, "running", Pending(3.0), 1, 24.2, frozenset({"GPU-a"}))
    committed(
        path,
        start(FILE, 2),
        [TasksPlanned([Planned(key(1), 0, first)], 2.0), learned],
        [TasksPlanned([Planned(key(1), 0, second)], 4.0)],
    )

    task = next(task for task in unfinished(path).tasks if task.key == key(1))

    assert (task.memory_gb, task.ask_gb, task.avoid) == (declared, asked, frozenset(avoided))


def test_what_happened_is_kept_for_the_timeline(path: Path) -> None:
    cause = Vanished(reboot=True)
    lost: list[Record] = [
        AttemptRecorded(record(0, 2)),
        AttemptEnded(2, None, 9.0, None, None, cause),
        Moved(key(0), 9.0, "running", Failed((), 9.0, 9.0, None, "lost", cause, None), cause=cause),
    ]
    committed(path, start(FILE, 1), whole_attempt(0, 1), lost)

    assert rows(
        path, "SELECT number, pid, started_at, ended_at, status, peak_memory_gb, cause FROM attempts"
    ) == [
        (1, 4711, 2.5, 3.0, 0, 18.5, None),
        (2, None, None, 9.0, None, None, '{"reboot":true,"kind":"lost"}'),
    ]
    assert rows(path, 'SELECT task_id, "from", "to", cause IS NULL FROM transitions ORDER BY id') == [
        (1, "pending", "running", 1),
        (1, "running", "completed", 1),
        (1, "completed", "pending", 1),
        (1, "running", "failed", 0),
    ]


def test_an_edit_moves_tasks_and_keeps_what_became_of_them(path: Path) -> None:
    done = Moved(key(0), 5.0, "pending", STATES[0])
    moved = Planned(key(0), 4, TaskSpec(9, "echo 0", 1, 8.0, Options(name="renamed")))
    new = Planned(key(7), 0, TaskSpec(9, "echo 7", 1, None, Options(hold=True)))
    edits = [TasksPlanned([moved], 6.0, removed=[key(2)])], [TasksPlanned([new], 6.0)]
    committed(path, start(FILE, 3), [done], *edits)

    saved = unfinished(path)

    assert [(task.key, task.queue_id, task.index, task.state) for task in saved.tasks] == [
        (key(1), 1, 1, Pending(1.0)),
        (key(7), 9, 0, Held(6.0, "file")),
        (key(0), 9, 4, STATES[0]),
        (key(2), 1, None, Pending(1.0)),
    ]
    assert rows(path, "SELECT id, name, memory_gb FROM tasks WHERE idx = 4") == [(1, "renamed", 8.0)]
    assert rows(path, "SELECT max(id) FROM tasks") == [(4,)], (
        "ids are typed: what was there already takes none"
    )


def test_only_the_newest_run_of_the_same_file_user_and_mode_counts(path: Path) -> None:
    committed(path, start(FILE, 2), [RunFinished(9.0, 0)])
    assert load_unfinished(path, FILE, 0, "multi", simulated=False) is None

    committed(path, start(FILE, 1))
    assert len(unfinished(path).tasks) == 1
    assert load_unfinished(path, FILE + "x", 0, "multi", simulated=False) is None
    assert load_unfinished(path, FILE, 1, "multi", simulated=False) is None
    assert load_unfinished(path, FILE, 0, "single", simulated=False) is None


def test_without_history_there_is_nothing_to_resume(path: Path) -> None:
    assert load_unfinished(path, FILE, 0, "multi", simulated=False) is None
    path.parent.mkdir()
    path.touch()  # its maker was killed at once
    assert load_unfinished(path, FILE, 0, "multi", simulated=False) is None


def test_a_batch_that_fails_leaves_nothing_behind(path: Path) -> None:
    async def work(history: History) -> None:
        await history.commit(start(FILE, 1))
        stranger = Moved(TaskKey("f" * 16, 0), 5.0, "pending", STATES[0])
        with pytest.raises(LookupError, match="ffff"):
            await history.commit([Moved(key(0), 5.0, "pending", STATES[0]), stranger])
        with pytest.raises(LookupError):
            await history.commit([*start(FILE + "x", 1), stranger])
        await history.commit([AttemptRecorded(record(0, 1))])  # still of the first run

    using(path, work)

    saved = unfinished(path)
    assert saved.tasks[0].state == Pending(1.0)
    assert saved.last_number == 1
    assert rows(path, "SELECT count(*) FROM runs") == [(1,)]


def test_a_commit_whose_waiter_gave_up_is_made_all_the_same(path: Path) -> None:
    complaints: list[dict[str, object]] = []

    async def work(history: History) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
        waiter = asyncio.ensure_future(history.commit(start(FILE, 1)))
        await asyncio.sleep(0)
        waiter.cancel()
        await history.commit([])

    using(path, work)

    assert len(unfinished(path).tasks) == 1
    assert complaints == []


def test_nobody_else_can_read_it(path: Path) -> None:
    async def work(history: History) -> None:
        await history.commit(start(FILE, 1))
        files = list(path.parent.iterdir())
        assert {file.name for file in files} == {"history.db", "history.db-wal", "history.db-shm"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    using(path, work)


def test_a_newer_history_is_refused_and_left_alone(path: Path) -> None:
    committed(path, start(FILE, 1))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = path.read_bytes()

    with pytest.raises(NewerHistory, match="version 2"):
        committed(path)
    with pytest.raises(NewerHistory, match="version 2"):
        unfinished(path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused_with_a_hint(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"junk" * 1000)

    for read in (committed, unfinished):
        with pytest.raises(HistoryError, match="not a database; move it away"):
            read(path)


def writer(path: Path, command_file: str, tasks: int, commits: int) -> "subprocess.Popen[str]":
    arguments = [str(path), command_file, str(tasks), str(commits)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.edges.history_writer", *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_many_can_make_a_new_one_at_the_same_moment(tmp_path: Path) -> None:
    """Without waiting one in seventy is refused: the switch to WAL ignores the busy timeout."""
    for number in range(50):
        path, together = tmp_path / f"{number}.db", threading.Barrier(8)

        def make(path: Path = path, together: threading.Barrier = together) -> None:
            together.wait()
            connect(path).close()

        with ThreadPoolExecutor(8) as crowd:
            for made in [crowd.submit(make) for _ in range(8)]:
                made.result()
        assert rows(path, "SELECT count(*) FROM runs") == [(0,)]


def test_several_schedulers_make_and_write_it_at_once(path: Path) -> None:
    processes = [writer(path, f"{FILE}{at}", 3, 40) for at in range(4)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0] * 4
    assert [len(output.split()) for output in outputs] == [40] * 4
    for at in range(4):
        saved = load_unfinished(path, f"{FILE}{at}", 0, "multi", simulated=False)
        assert saved is not None
        assert saved.last_number == 40
    assert rows(path, "SELECT count(*) FROM attempts JOIN tasks ON task_id = tasks.id") == [(160,)]
    assert rows(
        path, "SELECT count(*) FROM attempts a JOIN tasks t ON t.id = task_id AND t.run_id = a.run_id"
    ) == [(160,)]


def test_whatever_moment_its_writers_are_killed_at_each_commit_is_whole(path: Path) -> None:
    """Five times four writers at once, each killed after some commits, or before its first."""
    chance = random.Random(7)
    acknowledged = dict.fromkeys((f"{FILE}{at}" for at in range(4)), 0)
    for _ in range(5):
        processes = {name: writer(path, name, 5, 1_000) for name in acknowledged}
        for name, process in processes.items():
            acknowledged[name] = max(acknowledged[name], *read_and_kill(process, chance.randrange(30)))

        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
        for name in acknowledged:
            saved = load_unfinished(path, name, 0, "multi", simulated=False)
            last = saved.last_number if saved else 0
            assert acknowledged[name] <= last <= acknowledged[name] + 1
            assert_whole(path, name, last)
            acknowledged[name] = last
    assert sum(acknowledged.values()) > 100


def read_and_kill(process: "subprocess.Popen[str]", commits: int) -> list[int]:
    """Kill a writer once it has acknowledged so many commits. All that it acknowledged, after a 0."""
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(commits)]
        process.kill()
        return [0, *map(int, lines), *map(int, process.stdout.read().split())]


def assert_whole(path: Path, command_file: str, last: int) -> None:
    """Every attempt of this file up to the last, each with its end and its three transitions."""
    run = f"run_id IN (SELECT id FROM runs WHERE command_file = '{command_file}')"
    ended = rows(path, f"SELECT number FROM attempts WHERE ended_at = 3.0 AND {run} ORDER BY number")
    assert ended == [(number,) for number in range(1, last + 1)]
    tasks = f"SELECT id FROM tasks WHERE {run}"
    assert rows(path, f"SELECT count(*) FROM transitions WHERE task_id IN ({tasks})") == [(3 * last,)]
    assert len(rows(path, tasks)) in ((5,) if last else (0, 5))


def test_a_full_disk_refuses_a_commit_whole_and_is_recovered_from(small_disk: Path) -> None:
    path = small_disk / "history.db"

    async def work(history: History) -> None:
        await history.commit(start(FILE, 5))
        ballast = fill(small_disk)
        number, error = await refused(history)
        assert "full; free some space" in str(error)
        assert_whole(path, FILE, number - 1)
        ballast.unlink()
        await history.commit(whole_attempt(number % 5, number))
        assert_whole(path, FILE, number)

    using(path, work)
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


async def refused(history: History) -> tuple[int, HistoryError]:
    """Commit attempts until one is refused; its number."""
    for number in range(1, 1_000):
        try:
            await history.commit(whole_attempt(number % 5, number))
        except HistoryError as error:
            return number, error
    raise AssertionError("the disk never filled up")
