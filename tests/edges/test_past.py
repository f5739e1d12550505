"""What has run, as it is read from history.db: true figures, and nothing in a scheduler's way."""

import asyncio
import itertools
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.model.faults import BadInput, GpulaneError
from app.model.paths import PROJECT
from app.model.records import AttemptEnded, AttemptRecorded, Moved, Record, RunStarted, TasksPlanned
from app.model.state import (
    Cause,
    Completed,
    ExitCode,
    Failed,
    Killed,
    OutOfMemory,
    Pending,
    Running,
    Vanished,
    Waiting,
)
from app.model.task import Options, Planned, TaskSpec
from app.store import figures, past, sorting
from app.store.history import History
from app.store.past import Wanted
from app.store.schema import connect
from app.store.spread import spread
from tests.edges.history_writer import key, record, start, whole_attempt

FILE = "/home/bob/command/command_gpus.txt"
RUNNING = {"/logs/3.log"}
"""Logs of attempts that run, where they have no end."""


def commit(path: Path, records: Sequence[Record]) -> None:
    async def work() -> None:
        history = await History.open(path)
        await history.commit(records)
        await history.close()

    asyncio.run(work())


def attempt(
    at: int, number: int, begun: float, ended: float, cause: Cause | None = None, peak: float | None = None
) -> list[Record]:
    """One that waited two seconds for its card."""
    running = Running(1, number, ("0",), ("GPU-a",), begun, 20.0, f"/logs/{number}.log")
    gone = Completed(("0",), begun, ended, 0, peak) if cause is None else Pending(ended)
    return [
        Moved(key(at), begun - 2, "pending", Waiting(begun - 2, "", (), False)),
        Moved(key(at), begun, "waiting", running),
        AttemptRecorded(replace(record(at, number), attempt=number, started_at=begun)),
        AttemptEnded(number, begun, ended, 0 if cause is None else 1, peak, cause),
        Moved(key(at), ended, "running", gone, cause=cause),
    ]


def queues(path: Path, **wanted: object) -> list[figures.QueueFigures]:
    with past.open_past(path) as connection:
        return figures.queues(connection, Wanted(**wanted), RUNNING.__contains__)  # type: ignore[arg-type]


def memory(path: Path) -> list[figures.MemoryFigures]:
    with past.open_past(path) as connection:
        return figures.memory(connection, Wanted())


def tasks(path: Path, **wanted: object) -> list[past.PastTask]:
    with past.open_past(path) as connection:
        return past.tasks(connection, Wanted(**wanted))  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_waits_durations_and_gpu_hours_of_a_queue(path: Path) -> None:
    records = start(FILE, 2)
    records += attempt(0, 1, 100, 3700) + attempt(1, 2, 3800, 3810, ExitCode(1)) + attempt(1, 3, 4000, 4020)
    commit(path, records)
    (queue,) = queues(path)
    assert (queue.tasks, queue.attempts, queue.failed) == (2, 3, 1)
    assert (queue.wait_median, queue.wait_longest) == (2.0, 2.0)
    assert (queue.ran_median, queue.ran_longest) == (20.0, 3600.0)
    assert queue.gpu_hours == pytest.approx((3600 + 10 + 20) / 3600)


def test_attempts_that_run_are_left_out_and_those_of_which_no_end_is_known_are_not(path: Path) -> None:
    open_ones = [attempt(at, at + 1, 100, 160)[:-2] for at in (1, 2)]
    commit(path, start(FILE, 4) + attempt(0, 1, 100, 200) + [each for one in open_ones for each in one])
    (queue,) = queues(path)
    assert (queue.tasks, queue.attempts) == (3, 2)


def test_what_a_user_ended_has_not_failed_and_what_was_lost_has_no_duration(path: Path) -> None:
    """A lost attempt's end is when it was found to be lost, three days later perhaps."""
    records = start(FILE, 2) + attempt(0, 1, 100, 160, Killed("bob"))
    commit(path, records + attempt(1, 2, 200, 300_000, Vanished(reboot=True)))
    (queue,) = queues(path)
    assert (queue.attempts, queue.failed) == (2, 1)
    assert queue.ran_longest == 60
    assert queue.gpu_hours == pytest.approx(60 / 3600)


def test_only_attempts_that_ended_as_asked_count(path: Path) -> None:
    """Also of a task that was tried again."""
    records = start(FILE, 2) + attempt(0, 1, 100, 200, ExitCode(1), 5.0) + attempt(0, 2, 300, 500, None, 7.0)
    commit(path, records + attempt(1, 3, 600, 660, Killed("bob"), 9.0))
    commit(path, start("/other.txt", 1) + attempt(0, 1, 1000, 1300))

    def found(ended: past.Ended) -> tuple[list[float | None], list[float], list[float], list[str]]:
        wanted = Wanted(ended=ended)
        with past.open_past(path) as connection:
            return (
                [each.ran_median for each in figures.queues(connection, wanted, RUNNING.__contains__)],
                [each.peak_gb for each in figures.memory(connection, wanted)],
                spread(connection, wanted).waited,
                [each.command_file for each in past.runs(connection, wanted)],
            )

    assert found("failed") == ([100], [5.0], [2], [FILE])
    assert found("cancelled") == ([60], [9.0], [2], [FILE])
    assert found("completed") == ([200, 300], [7.0], [2, 2], ["/other.txt", FILE])


def test_only_what_ended_since_then_counts(path: Path) -> None:
    commit(path, start(FILE, 2) + attempt(0, 1, 100, 200) + attempt(1, 2, 1000, 1300))
    (queue,) = queues(path, since=500.0)
    assert (queue.attempts, queue.ran_median) == (1, 300.0)
    assert [task.index for task in tasks(path, since=500.0)] == [1]
    assert queues(path, since=5000.0) == []


@pytest.mark.parametrize(
    ("peaks", "cause", "needed", "suggested"),
    [
        ([8.0, 10.0, 9.0], None, 10.0, 11.0),
        ([10.1], None, 10.1, 11.5),
        ([18.0], OutOfMemory(1, 18.5, 2.0), 20.5, 23.0),
        ([18.0], ExitCode(1), 18.0, 20.0),
    ],
)
def test_a_declaration_is_suggested_from_what_was_needed_at_most(
    path: Path, peaks: list[float], cause: Cause | None, needed: float, suggested: float
) -> None:
    records = start(FILE, 1)
    for number, peak in enumerate(peaks, 1):
        records += attempt(0, number, 100 * number, 100 * number + 50, cause, peak)
    commit(path, records)
    (row,) = memory(path)
    assert (row.declared_gb, row.measured, row.completed) == (20.0, len(peaks), 0 if cause else len(peaks))
    assert (row.peak_gb, row.needed_gb, row.suggested_gb) == (max(peaks), needed, suggested)


def test_what_no_card_has_is_suggested_as_the_whole_card(path: Path) -> None:
    commit(path, start(FILE, 1) + attempt(0, 1, 100, 150, None, 22.5))
    with past.open_past(path) as connection:
        assert figures.memory(connection, Wanted())[0].suggested_gb == 25
        assert figures.memory(connection, Wanted(), {"GPU-a": 24.0})[0].suggested_gb is None
        assert figures.memory(connection, Wanted(), {"GPU-a": 48.0})[0].suggested_gb == 25


def test_simulated_cards_suggest_nothing(path: Path) -> None:
    run, planned = start(FILE, 1)
    assert isinstance(run, RunStarted)
    commit(path, [replace(run, simulated=True), planned, *attempt(0, 1, 100, 150, None, 20.0)])
    assert memory(path) == []
    assert queues(path)[0].attempts == 1


def test_a_task_that_was_declared_anew_is_measured_against_the_new_declaration(path: Path) -> None:
    commit(path, start(FILE, 1) + attempt(0, 1, 100, 150, None, 8.0))
    run, _ = start(FILE, 1)
    cheaper = Planned(key(0), 0, TaskSpec(1, "echo 0", 1, 9.0, Options(name="small")))
    commit(path, [run, TasksPlanned([cheaper], 200.0), *attempt(0, 1, 300, 350, None, 8.1)])
    (row,) = memory(path)
    assert (row.declared_gb, row.name, row.measured, row.suggested_gb) == (9.0, "small", 2, 9.0)


def test_a_task_is_named_by_place_name_or_key(path: Path) -> None:
    run, _ = start(FILE, 1)
    planned = [
        Planned(key(at), at, TaskSpec(1, f"echo {at}", 1, 20.0, Options(name=f"n{at}"))) for at in (0, 1)
    ]
    commit(path, [run, TasksPlanned(planned, 1.0)])
    for name in ("1/1", "n1", str(key(1)), "0000000000000001"):
        assert [task.index for task in tasks(path, task=name)] == [1], name
    assert tasks(path, task="000") == [], "three characters of a key are no name"
    assert len(tasks(path, task="0000")) == 2


def test_tasks_carry_their_attempts_their_waits_and_how_they_ended(path: Path) -> None:
    records = start(FILE, 2) + attempt(0, 1, 100, 160, ExitCode(3, "exit 3")) + attempt(0, 2, 200, 230)
    failed = Failed(("0",), 300, 310, 3, "exit 3", ExitCode(3), None)
    commit(path, [*records, Moved(key(1), 310, "running", failed)])
    first, second = tasks(path, run=1)
    assert (first.waited, first.state.status, len(first.attempts)) == (4.0, "completed", 2)
    assert [(each.lasted, each.cause) for each in first.attempts] == [(60, ExitCode(3, "exit 3")), (30, None)]
    assert second.attempts == ()
    assert tasks(path, failed=True) == [second]


def test_only_what_was_waited_for_cards_is_a_wait(path: Path) -> None:
    """A task may have been pending behind others for hours."""
    commit(path, start(FILE, 1) + whole_attempt(0, 1))
    assert [task.waited for task in tasks(path)] == [0.0]
    assert queues(path)[0].wait_median is None


def test_waits_are_told_by_the_cards_that_are_waited_for(path: Path) -> None:
    run, _ = start(FILE, 1)
    asked = [(1, Options()), (1, Options(devices=("0", "1"))), (0, Options()), (1, Options())]
    specs = [TaskSpec(1, f"echo {at}", gpus, 20.0, options) for at, (gpus, options) in enumerate(asked)]
    planned = TasksPlanned([Planned(key(at), at, spec) for at, spec in enumerate(specs)], 1.0)
    ran = [each for at in range(4) for each in attempt(at, at + 1, 100, 150)]
    commit(path, [run, planned, *ran])
    with past.open_past(path) as connection:
        found = figures.devices(connection, Wanted())
    assert {each.devices: each.starts for each in found} == {"auto": 2, "0,1": 1, "cpu": 1}
    assert {each.wait_longest for each in found} == {2.0}


def test_runs_come_newest_first_with_their_tasks_counted(path: Path) -> None:
    commit(path, start(FILE, 3) + attempt(0, 1, 100, 150))
    commit(path, start("/other.txt", 1))
    with past.open_past(path) as connection:
        second, first = past.runs(connection, Wanted())
        assert past.runs(connection, Wanted(command_file=FILE)) == [first]
        assert past.runs(connection, Wanted(limit=1)) == [second]
    assert (first.counts, first.attempts, first.last_at) == ({"completed": 1, "pending": 2}, 1, 150)
    assert (second.command_file, second.finished_at) == ("/other.txt", None)


def test_reading_makes_no_history(path: Path) -> None:
    with pytest.raises(BadInput, match="there is no history yet"), past.open_past(path):
        pass
    assert not path.exists()
    path.touch()
    with pytest.raises(BadInput, match="there is no history yet"), past.open_past(path):
        pass


def test_a_newer_and_a_damaged_history_are_said_in_a_sentence(path: Path) -> None:
    commit(path, start(FILE, 200))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    with pytest.raises(GpulaneError, match=r"damaged|malformed"):
        tasks(path)
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(GpulaneError, match="not a database"):
        tasks(path)
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(GpulaneError, match="written by a newer one"):
        tasks(path)


def test_a_row_edited_by_hand_is_said_in_a_sentence(path: Path) -> None:
    commit(path, start(FILE, 1))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE tasks SET state = '{}'")
    with pytest.raises(GpulaneError, match="a row can't be read"):
        tasks(path)


def test_nothing_can_be_written_through_it(path: Path) -> None:
    commit(path, start(FILE, 1))
    with (
        pytest.raises(GpulaneError, match="readonly"),
        past.open_past(path) as connection,
    ):
        connection.execute("DELETE FROM runs")


def test_a_reader_that_stays_holds_up_no_commit(path: Path) -> None:
    """One view of everything as it was, while a scheduler goes on committing."""
    commit(path, start(FILE, 1) + attempt(0, 1, 100, 150))
    with past.open_past(path) as connection:
        before = past.tasks(connection, Wanted())
        began = time.monotonic()
        commit(path, start("/other.txt", 5))
        assert time.monotonic() - began < 2
        assert past.tasks(connection, Wanted()) == before
    assert len(tasks(path)) == 6


def test_what_a_killed_scheduler_left_in_its_log_is_read(path: Path) -> None:
    """Its -wal holds what is not in the database itself yet, and a reader leaves it to the next one."""
    command = [sys.executable, "-m", "tests.edges.history_writer", str(path), FILE, "10", "1000000"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        printed = [int(writer.stdout.readline()) for _ in range(50)][-1]
        while_it_writes = tasks(path)
        writer.kill()
        printed = max([printed, *(int(line) for line in writer.stdout.read().split("\n")[:-1])])
    assert sum(len(task.attempts) for task in while_it_writes) >= 50
    assert path.with_name("history.db-wal").stat().st_size > 0
    attempts = [attempt for task in tasks(path) for attempt in task.attempts]
    assert len(attempts) >= printed
    commit(path, start("/other.txt", 1))
    assert len(tasks(path)) == 11


DONE = '{"gpu_ids":["0"],"started_at":1,"ended_at":2,"exit_code":0,"peak_memory_gb":8,"status":"completed"}'
WRONG = '{"code":1,"command":"x","kind":"exit"}'
TASK = f"""INSERT INTO tasks (run_id, digest, occurrence, queue_id, idx, name, commands, gpus, memory_gb,
    options, planned_at, status, state)
    VALUES (?, ?, 0, ?, ?, ?, 'x', 1, 20, '{{}}', 1, 'completed', '{DONE}')"""
MOVE = 'INSERT INTO transitions (task_id, at, "from", "to") VALUES (?, ?, ?, ?)'
ATTEMPT = """INSERT INTO attempts (run_id, task_id, number, attempt, memory_gb, peak_memory_gb, gpu_ids,
    gpu_uuids, leases, log_path, terminal, boot_id, recorded_at, started_at, ended_at, status, cause)
    VALUES (?1, ?2, ?3, ?4, 20, ?5, '["0"]', '["G"]', '[]', '/x', 'direct', 'b', ?6, ?6, ?7, 0, ?8)"""


def fill(path: Path, number: int) -> None:
    """So many attempts, of half as many tasks, in a hundred runs of five files, of ten queues each."""
    with closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for run in range(1, 101):
            row = (
                run,
                f"run-{run}",
                f"/c/{run % 5}.txt",
                "multi",
                0,
                0,
                "gpu1",
                "b",
                0,
                run * 9000,
                None,
                None,
            )
            connection.execute(f"INSERT INTO runs VALUES ({','.join('?' * 12)})", row)
        tasks = [(run, at) for run in range(1, 101) for at in range(number // 200)]
        rows = ((run, f"{at:016x}", at % 10, at // 10, f"t{at}") for run, at in tasks)
        connection.executemany(TASK, rows)
        for task, (run, at) in enumerate(tasks, 1):
            fill_task(connection, run, task, at)
        connection.execute("COMMIT")


def fill_task(connection: sqlite3.Connection, run: int, task: int, at: int) -> None:
    """Two attempts, the first of which failed."""
    chance, now = random.Random(task), run * 9000.0
    for attempt, cause in ((1, WRONG), (2, None)):
        for step in itertools.pairwise(
            ("pending", "waiting", "running", "backoff" if cause else "completed")
        ):
            connection.execute(MOVE, (task, now, *step))
            now += chance.random() * 60
        row = (run, task, at * 2 + attempt, attempt, chance.random() * 20, now - 60, now, cause)
        connection.execute(ATTEMPT, row)


def test_a_hundred_thousand_attempts_are_read_quickly(path: Path) -> None:
    fill(path, 100_000)
    asked: dict[str, Callable[[sqlite3.Connection], object]] = {
        "the newest runs": lambda connection: past.runs(connection, Wanted(limit=20)),
        "a run": lambda connection: past.tasks(connection, Wanted(run=50)),
        "a task": lambda connection: past.tasks(connection, Wanted(task="t7", limit=20)),
        "a queue": lambda connection: past.tasks(connection, Wanted(queue=3, limit=20)),
        "those that failed": lambda connection: past.tasks(connection, Wanted(ended="failed", limit=20)),
        "those of a card": lambda connection: past.tasks(connection, Wanted(gpu="0", limit=20)),
        "those that waited": lambda connection: past.tasks(connection, Wanted(waited_from=90, limit=20)),
        "the longest": lambda connection: sorting.attempts(connection, Wanted(limit=20), "-ran"),
        "those that waited longest": lambda connection: sorting.attempts(
            connection, Wanted(limit=20), "-waited"
        ),
        "queues": lambda connection: figures.queues(connection, Wanted(), RUNNING.__contains__),
        "memory": lambda connection: figures.memory(connection, Wanted()),
    }
    slow = {}
    with past.open_past(path) as connection:
        for what, question in asked.items():
            began = time.process_time()
            assert question(connection), what
            slow[what] = time.process_time() - began
    assert max(slow.values()) < 4, slow
