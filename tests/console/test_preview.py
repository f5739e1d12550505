"""What a text would do, over HTTP: nothing is written, and what is said is what then happens."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.console.world import Console
from tests.end_to_end.world import World
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually

LASTS = "until test -e end; do sleep 0.05; done"


def block(queue: int, script: str = LASTS, memory: str = "20") -> str:
    return f"{queue}\n{script}\n1\n{memory}\n"


def asked(console: Console, text: str, simulate: str | None = "2x24", index: int = 0) -> Any:
    body = {"text": text, "simulate": simulate}
    return console.post("/api/commands/multi/preview", body, config_index=index)


def shown(answer: Any) -> list[str]:
    return [" ".join([row["task"], row["state"], *row["gpus"]]) for row in answer["tasks"]]


@pytest.fixture
def running(shared: Console) -> Any:
    """A scheduler of configuration 0 with two tasks of a queue, the first of which runs; its pid."""
    shared.world.file(block(1) + "\n" + block(1, "true"))
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24", fresh=True)["pid"]
    shared.wait_for(pid, "1/0", "running")
    yield pid
    shared.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: not shared.scheduler(pid)["alive"])


def files(console: Console) -> dict[str, bytes]:
    folders = (console.root / "command", console.root / "logs" / "runs")
    return {str(path): path.read_bytes() for f in folders for path in f.rglob("*") if path.is_file()}


def test_a_start_does_what_was_said(shared: Console) -> None:
    text = block(1) + "\n" + block(2) + "\n" + block(3) + "\n" + block(3, "true")
    shared.world.file("", "command_gpus_5.txt")
    before = files(shared)
    answer = asked(shared, text, index=5)
    assert shown(answer) == ["1/0 starts_now 0", "2/0 starts_now 1", "3/0 waits", "3/1 behind"]
    assert answer["said"] == "2 start now, 1 waits, 1 comes behind others in its queue"
    assert (answer["how"], answer["faults"], files(shared)) == ("fresh", [], before)
    shared.world.file(text, "command_gpus_5.txt")
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24", config_index=5)["pid"]
    assert shared.wait_for(pid, "1/0", "running")["state"]["gpu_ids"] == ["0"]

    def said() -> bool:
        return bool(shared.tasks(pid)["3/0"]["state"]["reason"] == answer["tasks"][2]["reason"])

    eventually(said)
    shared.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: not shared.scheduler(pid)["alive"])
    assert asked(shared, text, None, 5)["how"] == "resume"  # on its simulated cards, as it would be started
    assert asked(shared, text, None, 5)["simulate"] == "2x24"


def test_what_a_finished_run_has_done_is_not_removed(shared: Console) -> None:
    text = block(1, "true") + "\n" + block(2, "true") + "\n" + block(2, "true")
    shared.world.file(text, "command_gpus_6.txt")
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24", config_index=6)["pid"]
    eventually(lambda: not shared.scheduler(pid)["alive"])
    answer = asked(shared, block(1, "true"), index=6)
    assert (answer["said"], answer["removed"]) == ("1 starts now", [])


def test_an_edit_of_what_runs(shared: Console, running: int) -> None:
    answer = asked(shared, block(1, "true") + "\n" + block(4, "sleep 1"), None)
    assert shown(answer) == ["1/0 runs_on 0", "1/0 behind", "4/0 starts_now 1"]
    assert [(one["task"], one["runs_on"]) for one in answer["removed"]] == [("1/0", True)]
    assert answer["notes"] == [f"the scheduler with pid {running} takes it up when it is saved"]
    shared.post(f"/api/scheduler/{running}/pause")
    eventually(lambda: shared.scheduler(running)["state"]["status"] == "paused")
    answer = asked(shared, block(1) + "\n" + block(4), None)
    assert shown(answer) == ["1/0 runs_on 0", "4/0 waits"]
    assert answer["tasks"][1]["reason"] == "the scheduler is paused"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("1\ntrue\n2x\n20\n", 3, 1),
        ("1\nif true\n1\n20\n", 2, 1),
        ("1\ntrue\n1\n99\n", 4, 1),
        ("", 0, 0),
        ("\x00\ud800"[:1], 1, 1),
    ],
    ids=["parser", "bash", "machine", "empty", "NUL"],
)
def test_faults_have_their_places(shared: Console, text: str, line: int, column: int) -> None:
    answer = asked(shared, text, index=7)
    assert (answer["faults"][0]["line"], answer["faults"][0]["column"]) == (line, column)
    assert answer["said"].startswith("it would be refused whole")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "", "task": {"command": "true"}},
        {"text": "1\ntrue\n1\n1\n", "simulate": "0x0"},
        {"task": {"command": "true"}, "text": None, "simulate": "x" * 41},
        {"task": {"command": "true", "memory_gb": -1}},
        {"task": {"command": "true", "colour": "red"}},
    ],
)
def test_odd_requests_are_refused(shared: Console, body: Any) -> None:
    shared.refused("POST", "/api/commands/multi/preview", 422, json=body)


def test_a_task_to_submit(shared: Console) -> None:
    def of(**task: Any) -> Any:
        return shared.post("/api/commands/multi/preview", {"task": task, "simulate": "2x24"})

    before = files(shared)
    assert of(command="python train.py", memory_gb=20)["said"] == "would start now on GPU 0"
    assert of(command="true", gpu_type="Simulated", gpu_count=2)["said"] == "would start now on GPU 0, 1"
    assert "1 fault" in of(command="true", gpu_type="H100")["said"]
    assert of(command="true", gpu_count=0)["said"] == "would start now"
    assert of(command="true", gpu_type="any")["said"] == "would start now on GPU 0"
    assert of(command="true", devices="1")["said"] == "would start now on GPU 1"
    assert of(command="true", hold=True)["said"] == "would be held until it is released"
    assert of(command="true", simulate="1x24", gpu_count=2)["said"].startswith("would start now")
    own = {"command": "true", "gpu_count": 3, "simulate": "3x24"}
    assert (
        shared.post("/api/commands/multi/preview", {"task": own})["said"] == "would start now on GPU 0, 1, 2"
    )
    assert files(shared) == before


@pytest.mark.parametrize(
    "task",
    [
        {"command": " "},
        {"command": "true\0"},
        {"command": "true\nif true"},
        {"command": "true", "env": {"A B": "1"}},
        {"command": "true", "env": {"A": "********"}},
        {"command": "true", "cwd": "/not/there"},
        {"command": "true", "timeout": "soon"},
    ],
    ids=["empty", "NUL", "bash", "env", "masked", "cwd", "timeout"],
)
def test_a_task_to_submit_has_the_faults_that_submitting_says(shared: Console, task: Any) -> None:
    answer = shared.post("/api/commands/multi/preview", {"task": task})
    assert answer["faults"] == shared.refused("POST", "/api/tasks", 422, json=task)["faults"]
    assert answer["said"] == "it would be refused whole, for 1 fault"


def test_a_task_to_submit_stands_in_line(shared: Console) -> None:
    env = {**os.environ, "GPULANE_HOME": str(shared.root)}
    argv = ["./gpulane", "submit", "--memory", "20", "--simulate", "1x24", "--", LASTS]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    def seen() -> list[int]:
        return [one["pid"] for one in shared.get("/api/scheduler/running")["schedulers"] if one["alive"]]

    (pid,) = eventually(seen)
    shared.wait_for(pid, "1/0", "running")
    body = {"task": {"command": "true", "memory_gb": 10, "name": "next"}}
    answer = shared.post("/api/commands/multi/preview", body)
    said = "would wait: needs 1 GPU with 10 GB free; GPU 0 is leased to queue 1"
    assert (answer["said"], answer["tasks"][0]["name"], answer["simulate"]) == (said, "next", "1x24")
    line = shared.root / "command" / "submitted_gpus.txt"
    text = line.read_text()
    shared.post("/api/tasks", {**body["task"], "priority": 1, "env": {"A": "b c"}})
    assert "task 2/0 is first in line (fifo)" in shared.post("/api/commands/multi/preview", body)["said"]
    first = {"task": {**body["task"], "priority": 2}}
    assert shared.post("/api/commands/multi/preview", first)["said"] == said
    assert line.read_text().startswith(text)
    shared.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: not shared.scheduler(pid)["alive"])


def test_what_was_submitted_and_has_ended_is_not_in_the_way(console: Console) -> None:
    """It leaves the file when its scheduler is started anew."""
    pid = console.post("/api/tasks", {"command": "true", "memory_gb": 20, "simulate": "1x24"})["scheduler"]
    console.wait_for(pid, "1/0", "completed")
    console.post("/api/tasks", {"command": "false", "retries": 0})
    console.wait_for(pid, "2/0", "failed")
    console.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: not console.scheduler(pid)["alive"])
    body = {"task": {"command": "true", "memory_gb": 20, "simulate": "1x24"}}
    answer = console.post("/api/commands/multi/preview", body)
    assert (answer["said"], answer["total"]) == ("would start now on GPU 0", 1)


def test_a_task_is_refused_for_what_submitting_it_is_refused_for(console: Console) -> None:
    def both(task: Any) -> str:
        with console.http as http:
            made = http.post("/api/tasks", json=task)
        assert made.status_code == 422, made.text
        (fault,) = console.post("/api/commands/multi/preview", {"task": task})["faults"]
        assert fault["problem"] in made.json()["detail"]
        return str(fault["problem"])

    long = {"command": LASTS, "memory_gb": 20, "simulate": "1x24", "cwd": str(console.root)}
    console.post("/api/tasks", long)
    (pid,) = (one["pid"] for one in console.get("/api/scheduler/running")["schedulers"])
    console.wait_for(pid, "1/0", "running")
    console.post("/api/tasks", long)
    console.post(f"/api/scheduler/{pid}/drain")
    eventually(lambda: console.scheduler(pid)["state"]["status"] == "draining")
    assert both(long) == f"the scheduler with pid {pid} is draining; submit again when it has ended"
    (console.root / "end").touch()
    eventually(lambda: not console.scheduler(pid)["alive"])
    assert both({"command": "true"}).startswith("task 2 was submitted for simulated GPUs")

    line = console.root / "command" / "submitted_gpus.txt"
    line.write_text(line.read_text() + "\n9\ntrue\nkeep-this-to-yourself\n1\n")
    assert "keep-this-to-yourself" in both(long)
    with console.reader as http:
        seen = http.post("/api/commands/multi/preview", json={"task": long})
    assert seen.json()["faults"][0]["problem"] == "nothing can be submitted as things stand"
    assert "yourself" not in seen.text


def both_refuse(console: Console, task: Any) -> str:
    """What the preview says of it is what submitting it is refused for."""
    with console.http as http:
        made = http.post("/api/tasks", json=task)
    assert made.status_code == 422, made.text
    (fault,) = console.post("/api/commands/multi/preview", {"task": task})["faults"]
    assert fault["problem"] == made.json()["detail"]
    return str(fault["problem"])


def test_a_task_to_submit_behind_another(console: Console) -> None:
    def of(**task: Any) -> Any:
        body = {"command": "true", "memory_gb": 20, "simulate": "2x24", **task}
        answer = console.post("/api/commands/multi/preview", {"task": body})
        return answer["said"], [row["task"] for row in answer["tasks"]]

    long = {"command": LASTS, "memory_gb": 20, "simulate": "2x24", "cwd": str(console.root)}
    assert "no submitted task has queue 1;" in both_refuse(console, {**long, "queue": 1})
    pid = console.post("/api/tasks", long)["scheduler"]
    console.wait_for(pid, "1/0", "running")
    assert of() == ("would start now on GPU 1", ["2/0"])
    assert of(queue=1) == ("would wait: behind 1/0 in its queue", ["1/1"])
    console.post("/api/tasks", {**long, "queue": 1, "hold": True})
    assert of(queue=1) == ("would wait: behind 1/0 in its queue", ["1/2"])
    assert of(queue=1, hold=True)[0] == "would be held until it is released"
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not console.scheduler(pid)["alive"])
    (console.root / "end").touch()
    assert of(queue=1) == ("would wait: behind 1/0 in its queue", ["1/2"]), "its end was not heard yet"
    made = console.post("/api/tasks", {"command": "true", "memory_gb": 20, "simulate": "2x24", "queue": 1})
    console.wait_for(made["scheduler"], "1/0", "completed")
    assert of(queue=1) == ("would wait: behind 1/1, which is held", ["1/3"])
    console.post(f"/api/tasks/{made['id'] - 1}/cancel")
    console.wait_for(made["scheduler"], "1/2", "completed")
    assert "all submitted tasks of queue 1 have ended" in both_refuse(console, {**long, "queue": 1})


def test_where_there_is_no_driver_a_task_for_real_cards_is_refused(console: Console) -> None:
    """Whatever other schedulers simulate, and one of submitted tasks has simulated before."""
    real = {"command": "true", "memory_gb": 1}
    console.world.file(block(1))
    console.post("/api/scheduler/multi/start", simulate="6x24")
    said = both_refuse(console, real)
    assert "no NVIDIA driver" in said
    assert both_refuse(console, {**real, "gpu_count": 0}) == said
    made = console.post("/api/tasks", {**real, "simulate": "2x24"})
    answer = console.post("/api/commands/multi/preview", {"task": real})
    assert (answer["faults"], answer["simulate"]) == ([], "2x24"), "it goes to the scheduler that runs"
    console.wait_for(made["scheduler"], "1/0", "completed")
    os.kill(made["scheduler"], signal.SIGKILL)
    eventually(lambda: not console.scheduler(made["scheduler"])["alive"])
    assert both_refuse(console, real) == said
    with console.reader as http:
        seen = http.post("/api/commands/multi/preview", json={"task": real})
    assert seen.json()["faults"][0]["problem"] == said


def test_a_task_is_refused_for_settings_that_a_start_is_refused_for(console: Console) -> None:
    task = {"command": "true", "simulate": "2x24"}
    for wrong in ({"use_all_gpus": False, "compete_gpus": [0, 9]}, {"chek_time": 3}):
        console.world.settings(**wrong)
        with console.http as http:
            made = http.post("/api/tasks", json=task)
        assert made.status_code == 422, made.text
        faults = console.post("/api/commands/multi/preview", {"task": task})["faults"]
        assert faults
        assert all(one["problem"] in made.text for one in faults)


def test_a_thousand_tasks_are_quick(shared: Console, running: int) -> None:
    text = "\n".join(
        block(n % 300, f"for i in 1 2; do python train.py --seed {n}; done") for n in range(1000)
    )
    asked(shared, text, None)
    begun = time.monotonic()
    answer = asked(shared, text, None)
    lasted = time.monotonic() - begun
    assert (len(answer["tasks"]), answer["total"]) == (1001, 1000)
    assert lasted < 20, "a hundred times what it takes: something grows with the square"


def test_on_real_cards_other_people_are_minded(tmp_path: Path) -> None:
    driver = FakeDriver.make(tmp_path / "driver", [Card("GPU-a")])
    driver.add_process("GPU-a", 99_999, 10 * 1024, "x")
    console = Console(World(tmp_path / "home", env=driver.env(), gpus=None), env=driver.env()).start()
    try:
        (row,) = asked(console, block(1), None)["tasks"]
        assert row["state"] == "waits"
        assert "GPU 0 has" in row["reason"]
        driver.script(slow_ms=60_000)

        def silent() -> Any:
            begun = time.monotonic()
            answer = asked(console, block(1), None)
            assert time.monotonic() - begun < 20  # and not as long as the driver hangs
            return "does not answer" in answer["tasks"][0]["reason"]

        eventually(silent)
        driver.script()
    finally:
        console.end()


def test_without_a_driver_it_says_so(shared: Console) -> None:
    answer = asked(shared, block(1), "", 9)
    assert "no NVIDIA driver" in answer["notes"][0]
    assert answer["tasks"][0]["state"] == "waits"
