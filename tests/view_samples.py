"""States to draw: a believable one, a huge one, a hostile one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.model.blockers import Allowance, CardLeased, CardShort
from app.model.problems import Problem
from app.model.state import (
    Backoff,
    Completed,
    ExitCode,
    Failed,
    Held,
    OutOfMemory,
    Pending,
    Running,
    Skipped,
    Status,
    TaskState,
    Waiting,
)
from app.model.state_file import Card, CardProcess, OtherLease, Queue, StateFile, Task
from app.model.task import Options

NOW = 1_764_000_000.0  #: wall clock of the samples
STARTED = NOW - 2 * 3600 - 11 * 60

DONE = Completed(("0",), NOW - 5000, NOW - 3000, 0, 18.5)
NEXT = Pending(STARTED)


def a_task(index: int, state: TaskState, name: str | None = None, **more: Any) -> Task:
    facts: dict[str, Any] = {
        "key": f"{index:016x}-0",
        "commands": "python train.py --config car.yaml\n",
        "gpu_count": 1,
        "memory_gb": 20.0,
        "options": Options(),
        "attempts": 1,
        "retries": 0,
        "log_path": f"/home/chen/gpulane/logs/runs/20251124-122107-41873/1-{index}-0a1b2c3d.{index}.log",
    }
    return Task(index=index, name=name, state=state, **(facts | more))


def a_queue(queue_id: int, name: str | None, *states: TaskState | Task) -> Queue:
    tasks = tuple(
        state if isinstance(state, Task) else a_task(at, state, f"{name} {at}" if name else None)
        for at, state in enumerate(states)
    )
    counts: Counter[Status] = Counter(task.state.status for task in tasks)
    unfinished = [
        task for task in tasks if task.state.status not in ("completed", "failed", "skipped", "cancelled")
    ]
    current = unfinished[0].index if unfinished else None
    failed = [task for task in tasks if task.state.status == "failed"]
    last = (unfinished or failed or list(tasks))[0]
    return Queue(
        queue_id=queue_id,
        queue_name=name,
        status=last.state.status,
        total=len(tasks),
        counts=dict(counts),
        current=current,
        tasks=tasks,
    )


def a_card(index: int, **more: Any) -> Card:
    facts: dict[str, Any] = {
        "uuid": f"GPU-{index}",
        "name": "NVIDIA A100-SXM4-80GB",
        "health": "ok",
        "total_gb": 80.0,
        "free_gb": 79.5,
        "own_used_gb": 0.0,
        "own_promised_gb": 0.0,
        "others_gb": 0.0,
        "other_leases": (),
        "use": 0.0,
        "temperature_c": 31.0,
        "power_w": 60.0,
        "processes": (),
        "off_since": None,
        "aside": None,
    }
    return Card(index=str(index), **(facts | more))


def a_state(queues: Sequence[Queue], cards: Sequence[Card] = (), **more: Any) -> StateFile:
    counts: Counter[Status] = Counter()
    for queue in queues:
        counts.update(queue.counts)
    facts: dict[str, Any] = {
        "pid": 41873,
        "process_start": 1,
        "boot_id": "b",
        "host": "lab-a01",
        "user": "chen",
        "mode": "multi",
        "config_index": 0,
        "command_file": "/home/chen/gpulane/command/command_gpus.txt",
        "config_file": None,
        "run": "20251124-122107-41873",
        "started_at": STARTED,
        "updated_at": NOW,
        "status": "running",
        "allowance": None,
        "problems": (),
    }
    return StateFile(counts=dict(counts), queues=tuple(queues), gpus=tuple(cards), **(facts | more))


def runs(gpus: str, minutes: float, log: str = "", used: float = 12.0, **more: Any) -> Running:
    ids = tuple(gpus.split(",")) if gpus else ()
    facts: dict[str, Any] = {"attempt": 1, "number": 1, "memory_gb": 20.0, "pid": 4711}
    return Running(
        gpu_ids=ids,
        gpu_uuids=tuple(f"GPU-{gpu}" for gpu in ids),
        since=NOW - 60 * minutes,
        log_path=log,
        used_gb=used,
        **(facts | more),
    )


def waits(minutes: float, reason: str, stuck: bool = False) -> Waiting:
    blockers = (CardShort("0", 11.2, 12.1, (("alice", 12.1),), 0.0), CardLeased("1", "queue 3", own=True))
    return Waiting(NOW - 60 * minutes, reason, blockers, stuck)


CAPPED = (
    "needs 1 GPU with 22 GB free; you hold 5 of the 5 cards allowed now "
    "(6 free of others; see gpu_left, min_gpu, max_gpu), GPU 0 has 15.5 GB free (promised 64 GB)"
)

FOUR_CARDS = (
    "needs 4 GPUs with 40 GB free (1 ready); GPU 0 has 15.5 GB free (promised 64 GB), "
    "GPU 1, 2 are leased to queue 11, GPU 3 is turned off"
)

MUTEX = "The lease directory's mutex is held by the stopped process 3121 of bob; going on without it."

POSE = Failed(
    ("7",),
    NOW - 3300,
    NOW - 3060,
    1,
    "exit 1 in: python pose.py --data data/pose/val.json",
    ExitCode(1, "python pose.py --data data/pose/val.json"),
    9.8,
)


def believable(logs: Sequence[str] = ("",) * 5) -> StateFile:
    """Ten queues on eight cards. `logs` are those of the five running tasks."""
    return a_state(
        [
            a_queue(
                1,
                "cars",
                *[DONE] * 2,
                a_task(2, runs("0", 131, logs[0], 61.4, memory_gb=64.0), "resnet50 s3"),
                *[NEXT] * 9,
            ),
            a_queue(
                2,
                "seg",
                DONE,
                a_task(1, runs("5", 0.63, logs[1], 1.2, attempt=2, memory_gb=19.0), "unet 512"),
                *[NEXT] * 4,
            ),
            a_queue(3, "depth", a_task(0, waits(12, CAPPED), "midas large"), *[NEXT] * 3),
            a_queue(
                4,
                "ablate",
                *[DONE] * 7,
                a_task(
                    7,
                    Backoff(
                        NOW + 222,
                        "exit 1 in: python fetch.py --shard 7",
                        ExitCode(1, "python fetch.py --shard 7"),
                        3,
                        9,
                    ),
                    "drop 0.3",
                ),
                *[NEXT] * 16,
            ),
            a_queue(
                5, "pose", DONE, a_task(1, POSE, "hrnet w32", attempts=4), Skipped(NOW, "task 5/1 failed")
            ),
            a_queue(6, "eval", *[DONE] * 2, a_task(2, Held(NOW - 1600, "file"), "coco full"), *[NEXT] * 2),
            a_queue(
                11,
                "llm",
                DONE,
                a_task(1, runs("1,2", 408, logs[2], 71.8, memory_gb=72.0), "7b sft"),
                *[NEXT] * 2,
            ),
            a_queue(12, "moe", a_task(0, waits(185, FOUR_CARDS, stuck=True), "8x1b"), NEXT),
            a_queue(
                21,
                "lr",
                *[DONE] * 3,
                a_task(3, runs("4", 62, logs[3], 9.6, memory_gb=12.0), "lr 3e-4"),
                *[NEXT] * 12,
            ),
            a_queue(
                22,
                "prepare",
                a_task(
                    0,
                    runs("", 3.2, logs[4], 0.0, memory_gb=None),
                    None,
                    commands="bash scripts/prepare.sh car\n",
                ),
                NEXT,
            ),
        ],
        CARDS,
        allowance=Allowance(5, 5, 6),
        problems=(Problem("mutex", MUTEX),),
    )


CARDS = (
    a_card(0, own_used_gb=61.4, own_promised_gb=64.0, free_gb=15.5, use=98.0, temperature_c=71.0),
    a_card(1, own_used_gb=71.8, own_promised_gb=72.0, free_gb=7.5, use=100.0, temperature_c=78.0),
    a_card(2, own_used_gb=71.8, own_promised_gb=72.0, free_gb=7.5, use=99.0, temperature_c=86.0),
    a_card(3, off_since=NOW - 900),
    a_card(
        4,
        own_used_gb=9.6,
        own_promised_gb=12.0,
        others_gb=12.1,
        free_gb=55.4,
        use=83.0,
        temperature_c=64.0,
        processes=(CardProcess(pid=99, user="alice", command="python", used_gb=12.1, task=None),),
    ),
    a_card(5, own_used_gb=1.2, own_promised_gb=19.0, free_gb=60.5, use=12.0, temperature_c=40.0),
    a_card(
        6,
        other_leases=(OtherLease(user="bob", label="queue 2", declared_gb=40.0, exclusive=False),),
        free_gb=39.5,
        use=91.0,
        temperature_c=66.0,
    ),
    a_card(7, health="lost", free_gb=0.0, use=None, temperature_c=None),
)

OUT_OF_MEMORY = Failed(
    ("0",),
    NOW - 70,
    NOW - 8,
    1,
    "CUDA out of memory while asking for 2.5 GB more",
    OutOfMemory(1, 15.9, 2.5),
    15.9,
)
HOSTILE = "[red]x[/red] \x1b[2J\x1b]0;owned\x07\x9b31m\u202e日本語\ud800\t\x00end" + "x" * 300


def hostile() -> StateFile:
    """Names and sentences that try to disturb the terminal."""
    state = a_state(
        [
            a_queue(1, HOSTILE, a_task(0, runs("0", 1), HOSTILE)),
            a_queue(2, HOSTILE, a_task(0, waits(1, HOSTILE * 3), HOSTILE)),
            a_queue(3, HOSTILE, a_task(0, replace(OUT_OF_MEMORY, error=HOSTILE), HOSTILE)),
        ],
        [
            a_card(
                0,
                name=HOSTILE,
                processes=(CardProcess(pid=1, user=HOSTILE, command="", used_gb=1.0, task=None),),
            )
        ],
        problems=(Problem("x", HOSTILE),),
    )
    return replace(state, host=HOSTILE, command_file="/" + HOSTILE, run=HOSTILE)


def huge(queues: int = 1_000, total: int = 100) -> StateFile:
    """`queues` queues of `total` tasks: four run, all others wait."""
    listed = []
    for number in range(queues):
        head: TaskState = (
            runs(str(number), 10) if number < 4 else waits(number / 60, "needs 1 GPU with 20 GB free; " * 4)
        )
        queue = a_queue(number, None, head, NEXT, NEXT, NEXT)
        counts: dict[Status, int] = {head.status: 1, "pending": total - 1}
        listed.append(replace(queue, total=total, counts=counts))
    return a_state(listed, [a_card(index) for index in range(8)])
