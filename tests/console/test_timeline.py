"""What ran where, what waited, and what comes."""

import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.model.backend import AttemptRecord
from app.model.paths import Home
from app.model.records import (
    AttemptEnded,
    AttemptLaunched,
    AttemptRecorded,
    Moved,
    Record,
    RunStarted,
    TasksPlanned,
)
from app.model.state import Completed, Waiting
from app.model.task import Planned, TaskKey, TaskSpec
from app.store.write import Writer
from control.src.cards.others import joined
from control.src.past import timeline
from control.src.schedulers.states import Seen
from tests.console.test_scheduler import started
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually


def test_bars_spans_and_estimates(shared: Console) -> None:
    world = shared.world
    world.file(
        "1\n#LANE queue_name=cars\ntrue # 1\n1\n4\n\n1\ntrue # 2\n1\n4\n\n1\ntrue # 3\n1\n4\n\n"
        f"1\n#LANE name=long\n{UNTIL_GO}\n2\n20\n\n2\n#LANE hold\ntrue # 4\n1\n4\n\n"
        "1\ntrue # 5\n1\n4\n"
    )
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24", watch=True)["pid"]
    shared.wait_for(pid, "1/3", "running")
    found = eventually(lambda: _with_bars(shared, 4))
    tasks = {task["id"]: task for task in found["tasks"]}
    labels = {tasks[bar["task"]]["task"]: bar for bar in found["bars"]}
    assert set(labels) == {"1/0", "1/1", "1/2", "1/3"}
    done, running = labels["1/0"], labels["1/3"]
    assert done["how"] == "completed"
    assert done["start"] <= done["end"] <= running["start"]
    assert (running["how"], running["end"], running["gpu_ids"]) == ("running", None, ["0", "1"])
    assert [lane["index"] for lane in found["gpus"]] == ["0", "1"]
    assert {lane["uuid"] for lane in found["gpus"]} == set(running["gpu_uuids"])
    assert found["gpus"][0]["total_gb"] == 24
    assert [(lane["queue_id"], lane["queue_name"]) for lane in found["queues"]] == [(1, "cars"), (2, None)]
    owner = tasks[running["task"]]
    assert (owner["name"], owner["scheduler"], owner["configuration"]) == ("long", pid, 0)
    held = [span for span in found["spans"] if span["state"] == "held"]
    assert [(tasks[span["task"]]["task"], span["end"]) for span in held] == [("2/0", None)]
    shared.post(f"/api/scheduler/{pid}/release", {"task": "2/0"})
    shared.wait_for(pid, "2/0", "waiting")
    found = eventually(lambda: _with_waits(shared))
    assert [span["end"] is None for span in found["spans"] if span["state"] == "held"] == [False]
    world.go()
    shared.wait_for(pid, "2/0", "completed")


def _with_bars(console: Console, number: int) -> Any:
    found = console.get("/api/timeline", since=time.time() - 60, until=time.time() + 1)
    return found if len(found["bars"]) == number else None


def _with_waits(console: Console) -> Any:
    found = console.get("/api/timeline", since=time.time() - 60, until=time.time() + 1)
    return (
        found if any(span["state"] == "waiting" and span["end"] is None for span in found["spans"]) else None
    )


def test_a_window_has_only_what_is_in_it(shared: Console) -> None:
    found = shared.get("/api/timeline", since=1, until=2)
    assert (found["bars"], found["spans"]) == ([], [])
    for query in ("since=2&until=1", "since=nan", "until=-1", "since=1e300"):
        shared.refused("GET", f"/api/timeline?{query}", 422)


BEGAN, STEP = 1_700_000_000.0, 10.0


def write_past(history: Path, attempts: int, began: float = BEGAN, step: float = STEP) -> None:
    """A run of tasks in four queues that have each waited half of the time, one each `step` seconds."""
    writer = Writer(history)
    writer.write(list(_records(attempts, began, step)))
    writer.close()


def _records(attempts: int, began: float, step: float) -> Iterator[Record]:
    yield RunStarted(
        name="r",
        command_file="/tmp/f.txt",
        mode="multi",
        uid=os.getuid(),
        config_index=None,
        host="host",
        boot_id="boot",
        simulated=True,
        started_at=began,
    )
    planned = [
        Planned(TaskKey(f"{at:016x}", 0), at // 4, TaskSpec(at % 4, f"echo {at}", 1, 4.0))
        for at in range(attempts)
    ]
    yield TasksPlanned(planned, began)
    for at, task in enumerate(planned):
        ready, cards = began + step * at, (str(at % 4),)
        start, end = ready + step / 2, ready + step
        yield Moved(task.key, ready, "pending", Waiting(ready, "", (), False))
        yield AttemptRecorded(
            AttemptRecord(
                *(task.key, at, 1, cards, (f"SIM-24-{at % 4}",), (), 4.0, f"/tmp/r/{at}.log", "direct", None),
                *(start, "boot"),
            )
        )
        yield AttemptLaunched(at, 1, 1, start)
        yield Moved(task.key, start, "waiting", Completed(cards, start, end, 0, None))
        yield AttemptEnded(at, start, end, 0, None, None)


def test_ten_thousand_bars_come_quickly(console: Console) -> None:
    write_past(console.root / "logs" / "history.db", 10_000)
    window = {"since": BEGAN, "until": BEGAN + STEP * 10_000}
    took = []
    for _ in range(3):
        began = time.monotonic()
        found = console.get("/api/timeline", **window)
        took.append(time.monotonic() - began)
    assert len(found["bars"]) == len(found["tasks"]) == 10_000
    assert found["thinned"]["bars"] == 0
    assert found["spans"] == []  # none is as wide as a quarter of a pixel
    assert min(took) < 20, took
    near = console.get("/api/timeline", since=BEGAN, until=BEGAN + 100)
    assert len(near["spans"]) == len(near["bars"]) == 10
    assert {span["end"] - span["start"] for span in near["spans"]} == {STEP / 2}
    tells_when_it_ends(console)


def tells_when_it_ends(console: Console) -> None:
    """By like ones before: what the console has learned is in a scheduler's state."""
    pid = started(console, [(1, UNTIL_GO), (1, "echo 77777")])
    tasks = console.tasks(pid)
    assert tasks["1/0"]["estimate"] is None
    assert tasks["1/1"]["estimate"] == {"start": None, "end": None}


def test_more_than_a_picture_shows_are_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MOST", 20)
    home = Home(tmp_path)
    home.history.parent.mkdir()
    write_past(home.history, 30)
    found = json.loads(timeline.picture(home, [], [], BEGAN, BEGAN + STEP * 30, BEGAN))
    assert (len(found["bars"]), found["thinned"]["bars"]) == (20, 10)
    assert (len(found["spans"]), found["thinned"]["spans"]) == (20, 10)


@pytest.mark.parametrize(
    ("alive", "ends"),
    [((), [40, None]), ((False,), [100, 100]), ((None,), [-1, -1]), ((False, True), [-1, -1])],
)
def test_what_waits_ends_with_who_would_run_it(
    tmp_path: Path, alive: Sequence[bool | None], ends: Sequence[int | None]
) -> None:
    """-1: it waits on; None: too short to be seen."""
    home = Home(tmp_path)
    home.history.parent.mkdir()
    begun, planned, *_ = _records(2, BEGAN, STEP)
    assert isinstance(planned, TasksPlanned)
    first, second = (task.key for task in planned.tasks)
    waits = Waiting(BEGAN, "", (), False)
    moves = [Moved(first, BEGAN + 10, "pending", waits), Moved(second, BEGAN + 40, "pending", waits)]
    writer = Writer(home.history)
    writer.write([begun, planned, *moves])
    writer.close()
    state: Any = {"run": "r", "updated_at": BEGAN + 100, "gpus": [], "queues": []}
    seen = [
        Seen(tmp_path, (0, 0, 0), {"pid": 1, "alive": one, "command_file": ""}, dict(state)) for one in alive
    ]
    found = json.loads(timeline.picture(home, seen, [], BEGAN, BEGAN + 1000, BEGAN + 500))
    shown = [span["end"] and span["end"] - BEGAN for span in found["spans"]]
    assert shown == [None if end == -1 else end for end in ends if end is not None]


def test_what_a_dead_scheduler_held_is_not_held_on(console: Console) -> None:
    console.world.file(f"1\n{UNTIL_GO}\n1\n4\n\n2\n#LANE hold\ntrue\n1\n4\n")
    pid = console.post("/api/scheduler/multi/start", simulate="2x24")["pid"]
    console.wait_for(pid, "1/0", "running")
    eventually(lambda: _ends_of_held(console) == [None])
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: _ends_of_held(console) not in ([], [None]))
    console.post(f"/api/scheduler/{pid}/dismiss")
    eventually(lambda: not console.get("/api/scheduler/running")["schedulers"])
    assert None not in _ends_of_held(console)


def _ends_of_held(console: Console) -> list[float | None]:
    found = console.get("/api/timeline", since=time.time() - 60, until=time.time() + 60)
    return [span["end"] for span in found["spans"] if span["state"] == "held"]


def test_others_memory_is_joined_to_bars_and_gaps_stay_gaps() -> None:
    times = [100.0, 105.0, 110.0, 200.0, 205.0]
    assert list(joined((uuid, at, 5.0, at / 50) for uuid in ("A", "B") for at in times))[:3] == [
        {"uuid": "A", "start": 100.0, "end": 115.0, "gb": 2.2},
        {"uuid": "A", "start": 200.0, "end": 210.0, "gb": 4.1},
        {"uuid": "B", "start": 100.0, "end": 115.0, "gb": 2.2},
    ]
