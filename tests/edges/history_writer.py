"""A scheduler as far as history sees one: started by tests, which kill it.

`python -m tests.edges.history_writer DB COMMAND_FILE TASKS COMMITS`: goes on with the unfinished run of that
file or starts one, and prints the attempt's number after each commit of one whole attempt.
"""

import asyncio
import sys
from pathlib import Path

from app.model.backend import AttemptRecord
from app.model.records import (
    AttemptEnded,
    AttemptLaunched,
    AttemptRecorded,
    Moved,
    Record,
    RunResumed,
    RunStarted,
    TasksPlanned,
)
from app.model.state import Completed, Pending, Running
from app.model.task import Planned, TaskKey, TaskSpec
from app.store.history import History
from app.store.resume import load_unfinished


def key(at: int) -> TaskKey:
    return TaskKey(f"{at:016x}", 0)


def start(command_file: str, tasks: int) -> list[Record]:
    """A run of so many tasks in one queue."""
    planned = [Planned(key(at), at, TaskSpec(1, f"echo {at}", 1, 20.0)) for at in range(tasks)]
    run = RunStarted(
        name="20250101-120000",
        command_file=command_file,
        mode="multi",
        uid=0,
        config_index=0,
        host="gpu1",
        boot_id="b1",
        simulated=False,
        started_at=1.0,
    )
    return [run, TasksPlanned(planned, 1.0)]


def record(at: int, number: int) -> AttemptRecord:
    log = f"/logs/{number}.log"
    return AttemptRecord(
        key(at), number, 1, ("0",), ("GPU-a",), ("GPU-a.0.x",), 20.0, log, "direct", None, 2.0, "b1"
    )


def whole_attempt(at: int, number: int) -> list[Record]:
    running = Running(1, number, ("0",), ("GPU-a",), 2.0, 20.0, f"/logs/{number}.log")
    return [
        Moved(key(at), 2.0, "pending", running),
        AttemptRecorded(record(at, number)),
        AttemptLaunched(number, 4711, 99, 2.5),
        AttemptEnded(number, 2.5, 3.0, 0, 18.5, None),
        Moved(key(at), 3.0, "running", Completed(("0",), 2.5, 3.0, 0, 18.5)),
        Moved(key(at), 3.0, "completed", Pending(3.0)),
    ]


async def main(path: Path, command_file: str, tasks: int, commits: int) -> None:
    history = await History.open(path)
    saved = load_unfinished(path, command_file, 0, "multi", simulated=False)
    last = saved.last_number if saved else 0
    await history.commit([RunResumed(saved.run_id, "b1")] if saved else start(command_file, tasks))
    for number in range(last + 1, last + 1 + commits):
        await history.commit(whole_attempt(number % tasks, number))
        print(number, flush=True)
    await history.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
