"""The published state file: what goes in comes out, old files load, and it stays small."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.model.blockers import Allowance, CapReached, CardShort
from app.model.paths import PROJECT
from app.model.problems import Problem
from app.model.state import (
    STATUSES,
    Backoff,
    Cancelled,
    Completed,
    ExitCode,
    Failed,
    Held,
    OutOfMemory,
    Pending,
    Running,
    Skipped,
    TaskState,
    Waiting,
)
from app.model.state_dump import SIZE_LIMIT, TEXT_LIMIT, Dumper, dump, shown
from app.model.state_file import (
    Card,
    CardProcess,
    MoreQueues,
    NewerSchema,
    OtherLease,
    Queue,
    StateFile,
    Task,
    UnreadableState,
    json_schema,
    load,
    load_heads,
)
from app.model.task import Options

OLD_FILE = PROJECT / "tests/data/state_v1.json"
PUBLISHED = PROJECT / "help/state.schema.json"

SHORT = CardShort("0", 11.2, 12.1, (("alice", 12.1),), 0.0)
CAP = CapReached(Allowance(2, 2, 4), 1, 1)
STATES: tuple[TaskState, ...] = (
    Completed(("0",), 10.0, 20.0, 0, 18.5),
    Failed(("1",), 10.0, 21.0, 1, "exit 1", ExitCode(1, "python train.py"), None),
    Cancelled(30.0, "bob"),
    Running(2, 7, ("0", "1"), ("GPU-a", "GPU-b"), 40.0, 20.0, "/logs/runs/r/1-3.log", 4711, 17.25),
    Waiting(41.0, "needs 2 GPUs", (SHORT, CAP), False),
    Backoff(600.0, "CUDA out of memory", OutOfMemory(1, 22.5, 2.0), 3, None),
    Held(42.0, "file"),
    Pending(43.0),
    Skipped(44.0, "task 1/1 failed"),
)


def a_task(index: int, state: TaskState, commands: str = "python train.py\n") -> Task:
    return Task(
        index=index,
        key=f"0123456789abcdef-{index}",
        name="训练",
        commands=commands,
        gpu_count=2,
        memory_gb=20.0,
        options=Options(devices=("0", "1"), env=(("SEED", "1"),)),
        attempts=2,
        retries=1,
        log_path="/logs/runs/r/1-3.log",
        state=state,
    )


def a_queue(queue_id: int, *tasks: Task) -> Queue:
    counts = {status: sum(task.state.status == status for task in tasks) for status in STATUSES}
    status = tasks[0].state.status
    return Queue(
        queue_id=queue_id,
        queue_name=None,
        status=status,
        total=len(tasks),
        counts=counts,
        current=0,
        tasks=tasks,
    )


def a_state(*queues: Queue) -> StateFile:
    process = CardProcess(pid=4712, user="alice", command="python", used_gb=12.1, task=None)
    lease = OtherLease(user="alice", label="queue 3", declared_gb=None, exclusive=True)
    card = Card(
        uuid="GPU-a",
        index="0",
        name="NVIDIA A100",
        health="ok",
        total_gb=80.0,
        free_gb=11.2,
        own_used_gb=17.25,
        own_promised_gb=20.0,
        others_gb=12.1,
        other_leases=(lease,),
        use=97.0,
        temperature_c=61.0,
        power_w=300.0,
        processes=(process,),
        off_since=None,
    )
    return StateFile(
        pid=4710,
        process_start=123456,
        boot_id="b5a6",
        host="gpu1",
        user="bob",
        mode="multi",
        config_index=0,
        command_file="/home/bob/gpulane/command/command_gpus.txt",
        config_file=None,
        run="20250101-120000-1",
        started_at=1.5,
        updated_at=50.25,
        status="running",
        counts={"running": 1, "pending": 8},
        queues=queues,
        gpus=(card,),
        allowance=Allowance(2, 2, 4),
        problems=(Problem("driver", "the driver is slow"),),
    )


EVERYTHING = a_state(
    a_queue(1, *(a_task(at, state) for at, state in enumerate(STATES))), a_queue(2, a_task(0, Pending(1.0)))
)


def test_every_state_comes_back_as_it_was() -> None:
    assert load(dump(EVERYTHING)) == EVERYTHING


def test_an_old_file_with_fields_nobody_knows_loads() -> None:
    """Made by dump when schema 1 was new, then given unknown fields everywhere. Never regenerate it."""
    old = load(OLD_FILE.read_bytes())

    assert b'"from_the_future"' in OLD_FILE.read_bytes()
    assert replace(old, more_queues=MoreQueues()) == EVERYTHING


def test_the_published_schema_is_this_model() -> None:
    assert json.loads(PUBLISHED.read_text()) == json_schema(), "write json_schema() to help/state.schema.json"


def test_the_schema_tells_states_blockers_and_causes_apart_by_their_tag() -> None:
    text = json.dumps(json_schema())
    assert text.count('"propertyName": "status"') == 1
    assert text.count('"propertyName": "kind"') == 3  # Waiting.blockers, Backoff.cause, Failed.cause


def test_the_schema_promises_every_field_that_is_written() -> None:
    state = json_schema()["$defs"]["Waiting"]
    facts = {"since", "reason", "blockers", "stuck", "gpus", "memory_gb", "ready"}
    assert set(state["required"]) == facts | {"status"}


def test_a_newer_schema_is_refused_with_a_sentence() -> None:
    whole = json.loads(dump(EVERYTHING)) | {"schema": 2}
    for newer, read in itertools.product((whole, {"schema": 2, "something": "else"}), (load, load_heads)):
        with pytest.raises(NewerSchema, match=r"schema 2.*newer version"):
            read(json.dumps(newer).encode())


@pytest.mark.parametrize("read", [load, load_heads])
@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"\xff\x00", b'{"schema": 1}', b'{"queues": [[1]]}'])
def test_junk_is_refused_with_a_sentence(damage: bytes, read: Callable[[bytes], StateFile]) -> None:
    with pytest.raises(UnreadableState, match="not a state file: "):
        read(damage)


def test_what_is_damaged_is_told_alike_however_much_of_it_is_read() -> None:
    whole = json.loads(dump(EVERYTHING))
    whole["queues"][0]["tasks"][3]["state"]["since"] = "yesterday"
    said = []
    for read in (load, load_heads):
        with pytest.raises(UnreadableState) as refused:
            read(json.dumps(whole).encode())
        said.append(str(refused.value))
    assert said[0] == said[1]
    assert "queues.0.tasks.3.state.running.since" in said[0]


def test_heads_are_what_says_how_a_queue_stands() -> None:
    data = dump(EVERYTHING)
    queue, other = load_heads(data).queues
    assert [task.state.status for task in queue.tasks] == ["failed", "running"]
    assert queue.head == load(data).queues[0].head
    assert (other.tasks, load_heads(data).gpus) == (load(data).queues[1].tasks, load(data).gpus)
    done, waits, later = STATES[0], STATES[4], STATES[7]
    waiting = a_state(a_queue(1, *map(a_task, range(3), (done, waits, later))))
    assert [task.index for task in load_heads(dump(waiting)).queues[0].tasks] == [1]


def test_long_texts_are_cut_and_named() -> None:
    failed = Failed((), 1.0, 2.0, 1, "e" * 3_000, ExitCode(1, "c" * 3_000), None)
    written = load(dump(a_state(a_queue(1, a_task(0, failed, "字" * 5_000)))))

    task = written.queues[0].tasks[0]
    assert task.commands == "字" * TEXT_LIMIT
    assert isinstance(task.state, Failed)
    assert len(task.state.error) == TEXT_LIMIT
    assert task.clipped == ("commands", "state.error", "state.cause.command")


def test_a_path_that_is_not_utf8_is_written_all_the_same() -> None:
    state = replace(
        a_state(a_queue(1, a_task(0, Pending(1.0), "echo \udcff"))), command_file="/home/\udcff/x.txt"
    )
    assert load(dump(state)).command_file == "/home/?/x.txt"


def test_it_stays_under_a_megabyte_and_counts_what_it_leaves_out() -> None:
    """A thousand queues, fifty long tasks each: the running ones are shown, the rest is in the counts."""
    running, pending = STATES[3], Pending(1.0)
    queues = [
        a_queue(at, *(a_task(i, running if at % 100 == 0 else pending, "x\n" * 900) for i in range(50)))
        for at in range(1_000)
    ]
    data = dump(a_state(*queues))

    written = load(data)
    assert len(data) < SIZE_LIMIT
    assert [queue.queue_id for queue in written.queues if queue.status == "running"] == list(
        range(0, 1_000, 100)
    )
    assert [queue.queue_id for queue in written.queues] == sorted(queue.queue_id for queue in written.queues)
    assert 100 < len(written.queues) <= 300
    assert written.more_queues.queues == 1_000 - len(written.queues)
    assert written.more_queues.counts["pending"] == 50 * written.more_queues.queues
    assert len(written.queues[0].tasks) == 50


def test_queues_that_were_counted_already_stay_counted() -> None:
    queues = [a_queue(at, a_task(0, Pending(1.0))) for at in range(301)]
    state = replace(a_state(*queues), more_queues=MoreQueues(5, {"pending": 7}))

    written = load(dump(state))

    assert len(written.queues) == 300
    assert written.more_queues.queues == 6
    assert written.more_queues.counts["pending"] == 8


def test_a_changed_queue_is_written_anew_beside_a_kept_one() -> None:
    dumper, kept = Dumper(), a_queue(1, a_task(0, Pending(1.0)))
    first = a_state(kept, a_queue(2, a_task(0, Pending(1.0))))
    second = a_state(kept, a_queue(2, a_task(0, STATES[3])))

    assert [load(dumper.dump(state)) for state in (first, second, first)] == [first, second, first]


@pytest.mark.parametrize(
    ("total", "head", "queues", "expected"),
    [
        (5, 2, 1, range(5)),
        (1_000, 500, 1, range(488, 538)),
        (1_000, 0, 1, range(50)),
        (1_000, 1_000, 1, range(950, 1_000)),
        (1_000, 999, 300, range(995, 1_000)),
        (1_000, 500, 100_000, range(499, 503)),
        (0, 0, 1, range(0)),
    ],
)
def test_tasks_near_the_head_are_shown(total: int, head: int, queues: int, expected: range) -> None:
    assert shown(total, head, queues) == expected


def _regenerate(path: Path = PUBLISHED) -> None:
    """python -c 'from tests.unit.test_state_file import _regenerate; _regenerate()' after a change."""
    path.write_text(json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n")
