"""GPUs over HTTP: simulated ones, and a driver with other people on it, hanging, or not there."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO, World
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually


@pytest.fixture
def driver(tmp_path: Path) -> FakeDriver:
    return FakeDriver.make(
        tmp_path / "driver", [Card("GPU-a", utilization=7), Card("GPU-b", reserved_mib=300)]
    )


@pytest.fixture
def real(tmp_path: Path, driver: FakeDriver) -> Iterator[Console]:
    """A console on the driver stand-in."""
    world = World(tmp_path / "home", env=driver.env(), gpus=None)
    console = Console(world, env=driver.env()).start()
    yield console
    console.end()


@pytest.fixture
def stranger() -> Iterator[int]:
    """The pid of a process that is no task."""
    child = subprocess.Popen(["sleep", "300"])
    yield child.pid
    child.kill()
    child.wait()


def cards(console: Console) -> dict[str, Any]:
    return {card["uuid"]: card for card in console.get("/api/gpu")["cards"]}


def test_simulated_cards_of_two_schedulers_are_one_list(shared: Console) -> None:
    """Both share them; each task says whose it is."""
    world = shared.world
    world.settings(maximize_resource_utilization=True)
    world.blocks([(1, UNTIL_GO)], memory="10")
    world.file(f"2\n{UNTIL_GO}\n1\n4\n", "command_gpus_1.txt")
    first = shared.post("/api/scheduler/multi/start", simulate="2x24")["pid"]
    second = shared.post("/api/scheduler/multi/start", simulate="2x24", config_index=1)["pid"]
    shared.wait_for(first, "1/0", "running")
    shared.wait_for(second, "2/0", "running")
    found = cards(shared)
    assert sorted(found) == ["SIM-24-0", "SIM-24-1"]
    tasks = [
        (task["scheduler"], task["task"], task["asked_gb"]) for c in found.values() for task in c["tasks"]
    ]
    assert sorted(tasks) == sorted([(first, "1/0", 10.0), (second, "2/0", 4.0)])
    assert sum(card["own_promised_gb"] for card in found.values()) == 14
    assert all(card["other_leases"] == [] and card["simulated"] for card in found.values())
    allowance = shared.get("/api/gpu")["allowance"]
    held = len({card["uuid"] for card in found.values() if card["tasks"]})
    assert (allowance["held"], allowance["available"]) == (held, 2)
    world.go()
    shared.wait_for(first, "1/0", "completed")
    shared.wait_for(second, "2/0", "completed")


def test_without_a_driver_there_is_a_sentence(shared: Console) -> None:
    answer = shared.get("/api/gpu")
    assert [card for card in answer["cards"] if not card["simulated"]] == []
    assert "no NVIDIA driver" in answer["problem"]
    assert shared.get("/api/gpu/processes")["problem"] == answer["problem"]
    assert shared.refused("POST", "/api/gpu/0", 404, json={"state": "off"})["type"] == "no-gpu"


def test_other_peoples_memory_and_processes(real: Console, driver: FakeDriver, stranger: int) -> None:
    driver.add_process("GPU-a", stranger, 10 * 1024)
    driver.add_process("GPU-b", 99_999, 2 * 1024, "x")
    found = eventually(lambda: (c := cards(real))["GPU-a"]["others_gb"] == 10 and c)
    assert (found["GPU-a"]["free"], found["GPU-a"]["free_gb"], found["GPU-a"]["use"]) == (False, 13.5, 7)
    assert found["GPU-b"]["free"] is False
    processes = {card["uuid"]: card["processes"] for card in real.get("/api/gpu/processes")["cards"]}
    (one,) = processes["GPU-a"]
    assert (one["pid"], one["command"], one["used_gb"], one["ours"]) == (stranger, "sleep", 10, None)
    assert abs(one["started_at"] - time.time()) < 60
    assert processes["GPU-b"][0]["user"] is None
    assert processes["GPU-b"][0]["own"] is False
    assert "300" not in str(processes)  # never its arguments


def test_ones_own_process_that_is_no_task_takes_memory_and_no_card_from_the_cap(
    real: Console, driver: FakeDriver
) -> None:
    driver.add_process("GPU-a", os.getpid(), 10 * 1024)
    driver.add_process("GPU-b", 99_999, 2 * 1024, "x")
    found = eventually(lambda: (c := cards(real))["GPU-a"]["others_gb"] == 10 and c)
    assert (found["GPU-a"]["free"], found["GPU-a"]["free_gb"]) == (False, 13.5)
    assert real.get("/api/gpu")["allowance"]["available"] == 1
    processes = {card["uuid"]: card["processes"] for card in real.get("/api/gpu/processes")["cards"]}
    (one,) = processes["GPU-a"]
    assert (one["own"], one["ours"], one["lease"]) == (True, None, None)


def test_a_task_of_ours_on_a_real_card(real: Console, driver: FakeDriver) -> None:
    real.world.blocks([(1, UNTIL_GO)], memory="10")
    pid = real.post("/api/scheduler/multi/start")["pid"]
    real.wait_for(pid, "1/0", "running")

    def supervisor() -> Any:
        return real.tasks(pid)["1/0"]["state"]["pid"]

    driver.add_process("GPU-a", eventually(supervisor), 3 * 1024)

    def used() -> Any:
        card = cards(real)["GPU-a"]
        return card if card["own_used_gb"] == 3 else None

    card = eventually(used)
    assert (card["own_promised_gb"], card["others_gb"], card["free_gb"]) == (10, 0, 0)
    assert (card["tasks"][0]["task"], card["tasks"][0]["used_gb"]) == ("1/0", 3)
    (process,) = real.get("/api/gpu/processes")["cards"][0]["processes"]
    assert (process["ours"], process["scheduler"]) == ("1/0", pid)
    info = {each["uuid"]: each for each in real.get("/api/gpus")}
    assert info["GPU-a"] == {
        "index": 0,
        "uuid": "GPU-a",
        "name": "NVIDIA GeForce RTX 4090",
        "memory_total": 24576,
        "memory_used": 3072,
        "utilization": 7,
        "assigned_task_id": None,
        "is_free": False,
    }
    assert info["GPU-b"]["is_free"] is True


def test_a_card_is_turned_off_with_and_without_a_scheduler(real: Console) -> None:
    def off() -> Any:
        return cards(real)["GPU-b"]["off_since"]

    said = real.post("/api/gpu/1", {"state": "off"})
    assert (said["changed"], said["said"]) == (True, "GPU 1 is turned off")
    assert abs(off() - time.time()) < 20
    assert real.post("/api/gpu/GPU-b", {"state": "off"})["changed"] is False
    real.world.blocks([(1, UNTIL_GO)])
    pid = real.post("/api/scheduler/multi/start")["pid"]
    real.wait_for(pid, "1/0", "running")
    assert real.post("/api/gpu/1", {"state": "on"})["changed"] is True
    assert off() is None
    said = real.post("/api/gpu/0", {"state": "off"})["said"]
    assert said == "GPU 0 is turned off; what runs there goes on"  # by the scheduler's own word
    with real.reader as http:
        assert http.post("/api/gpu/0", json={"state": "on"}).status_code == 403


def test_a_driver_that_hangs_holds_nobody_up(real: Console, driver: FakeDriver) -> None:
    assert cards(real)["GPU-a"]["free"] is True
    driver.script(slow_ms=60_000)

    def silent() -> Any:
        begun = time.monotonic()
        answer = real.get("/api/gpu")
        assert time.monotonic() - begun < 10
        return answer if answer["problem"] else None

    answer = eventually(silent)
    assert "does not answer" in answer["problem"]
    assert [card["uuid"] for card in answer["cards"]] == ["GPU-a", "GPU-b"]  # as last seen
    begun = time.monotonic()
    real.get("/api/gpu/processes")
    real.get("/api/scheduler/running")
    assert time.monotonic() - begun < 10  # and not as long as the driver hangs
    driver.script()
    eventually(lambda: real.get("/api/gpu")["problem"] is None)
    real.stop()
    driver.script(slow_ms=60_000)
    real.start()  # and from the start
    begun = time.monotonic()
    answer = real.get("/api/gpu")
    assert time.monotonic() - begun < 20
    assert (answer["cards"], "not answered yet" in answer["problem"]) == ([], True)
    driver.script()
    eventually(lambda: len(cards(real)) == 2)


def test_submitted_tasks_are_named_by_their_id(shared: Console) -> None:
    world = shared.world
    env = {**os.environ, "GPULANE_HOME": str(world.root)}
    command = [
        "./gpulane",
        "submit",
        "--memory",
        "4",
        "--simulate",
        "1x32",
        "--",
        "until test -e end; do sleep 0.05; done",
    ]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    number = int(done.stdout.split()[1])

    def assigned() -> Any:
        return [one["assigned_task_id"] for one in shared.get("/api/gpus") if one["uuid"] == "SIM-32-0"]

    eventually(lambda: assigned() == [number])
    (pid,) = [one["pid"] for one in shared.get("/api/scheduler/running")["schedulers"] if one["alive"]]
    shared.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: not shared.scheduler(pid)["alive"])
