"""Starting, seeing, asking and ending schedulers over HTTP."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from app import procfs
from app.model.state_file import load
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually

HOLDS = [(1, UNTIL_GO), (1, "echo second"), (2, UNTIL_GO)]


def started(console: Console, tasks: list[tuple[int, str]] = HOLDS, **parameters: Any) -> int:
    """The pid of one whose first task runs."""
    console.world.blocks(tasks)
    pid: int = console.post("/api/scheduler/multi/start", **{"simulate": "2x24", **parameters})["pid"]
    console.wait_for(pid, "1/0", "running")
    return pid


def gone(pid: int) -> bool:
    found = procfs.stat(pid)
    return found is None or not found.alive


# Starting


def test_a_start_says_what_it_has_started(console: Console) -> None:
    console.world.blocks(HOLDS)
    answer = console.post("/api/scheduler/multi/start", simulate="2x24")
    assert answer["command_file"] == str(console.root / "command" / "command_gpus.txt")
    assert answer["log_file"] == str(console.root / "logs" / "scheduler_multi_0.log")
    assert Path(answer["log_file"]).exists()
    assert answer["config_index"] == 0
    assert os.getsid(answer["pid"]) == answer["pid"]
    argv = Path(f"/proc/{answer['pid']}/cmdline").read_bytes().split(b"\0")
    assert b"--command-file" in argv
    assert argv[argv.index(b"--config-index") + 1] == b"0"


def test_the_other_mode_and_another_index(console: Console) -> None:
    console.world.file("1\ntrue\n5\n", "command_gpu_3.txt")
    answer = console.post("/api/scheduler/single/start", config_index=3, simulate="1x24")
    assert answer["log_file"].endswith("logs/scheduler_single_3.log")
    state = console.get("/api/scheduler/single/state", config_index=3)
    assert state["configuration"] == 3
    assert state["state"]["mode"] == "single"


def test_a_second_start_names_who_runs_it(console: Console) -> None:
    pid = started(console)
    problem = console.refused("POST", "/api/scheduler/multi/start", 409)
    assert problem["pid"] == pid
    assert str(pid) in problem["detail"]


def test_a_file_with_faults_is_not_started(console: Console) -> None:
    console.world.file("1\necho a\nx\n20\n\n2\nif true\n1\n20\n")
    problem = console.refused("POST", "/api/scheduler/multi/start?simulate=2x24", 422)
    places = [(fault["line"], fault["column"]) for fault in problem["faults"]]
    assert (3, 1) in places
    assert len(places) == 2
    assert console.get("/api/scheduler/running")["schedulers"] == []


def test_what_can_never_fit_is_said_at_its_line(console: Console) -> None:
    console.world.blocks([(1, "true")], gpus=3)
    problem = console.refused("POST", "/api/scheduler/multi/start?simulate=2x24", 422)
    assert problem["faults"][0]["line"] == 3
    assert "3 GPUs" in problem["detail"]


def test_a_configuration_that_is_not_there(console: Console) -> None:
    assert (
        console.refused("POST", "/api/scheduler/multi/start?config_index=7", 404)["type"]
        == "no-configuration"
    )
    assert console.refused("GET", "/api/scheduler/multi/state?config_index=7", 404)["type"] == "no-scheduler"


def test_one_that_ends_at_once_has_been_started(console: Console) -> None:
    console.world.blocks([(1, "false")])
    console.world.settings(max_retries=0)
    answer = console.post("/api/scheduler/multi/start", simulate="1x24")
    seen = eventually(lambda: _if(console.scheduler(answer["pid"]), alive=False))
    assert seen["ended"] == "finished"
    assert seen["state"]["counts"] == {"failed": 1}
    eventually(lambda: procfs.stat(answer["pid"]) is None)  # and is no zombie


# What it says


def test_the_state_is_what_the_scheduler_wrote(console: Console) -> None:
    pid = started(console)
    seen = console.scheduler(pid)
    assert (seen["alive"], seen["ended"], seen["left"]) == (True, None, None)
    [listed] = console.get("/api/scheduler/running")["schedulers"]
    assert listed["pid"] == pid
    written = load((console.root / "logs" / "state" / f"{pid}.json").read_bytes())
    assert seen["state"]["run"] == written.run
    assert [queue["queue_id"] for queue in seen["state"]["queues"]] == [1, 2]


def test_every_task_can_be_had_a_part_at_a_time(console: Console) -> None:
    pid = started(console, [(1, UNTIL_GO)] + [(1, f"echo {n}") for n in range(70)])
    part = console.get(f"/api/scheduler/{pid}/tasks", **{"from": 60, "count": 5})
    assert part["total"] == 71
    assert [task["commands"] for task in part["tasks"]] == [f"echo {n}" for n in range(59, 64)]


def test_like_ones_before_tell_when_it_ends(console: Console) -> None:
    console.world.blocks([(1, f"sleep 0.{n}") for n in range(1, 5)])
    pid = console.post("/api/scheduler/multi/start", simulate="1x24")["pid"]
    eventually(lambda: _if(console.scheduler(pid), alive=False))
    console.stop()
    console.start()  # it learns anew
    running = started(console, [(1, UNTIL_GO), (2, "sleep 0.7"), (2, "sleep 0.9")], simulate="1x24")
    tasks = console.tasks(running)
    assert tasks["1/0"]["estimate"] is None
    assert tasks["2/0"]["estimate"] == {"start": None, "end": None}


# Asking


def test_the_verbs_of_the_control_socket(console: Console) -> None:
    pid = started(console)
    verb = f"/api/scheduler/{pid}"
    assert console.post(f"{verb}/pause")["said"].startswith("paused")
    assert console.post(f"{verb}/pause")["changed"] is False
    assert eventually(lambda: console.scheduler(pid)["state"]["status"] == "paused")
    assert console.post(f"{verb}/resume") == {"ok": True, "changed": True, "said": "resumed"}
    assert "pending" in console.get(f"{verb}/why", task="1/1")["said"]
    assert "pending" in console.post(f"{verb}/why", {"task": "1/1"})["said"]
    assert "held" in console.post(f"{verb}/hold", {"task": "1/1"})["said"]
    assert "pending" in console.post(f"{verb}/release", {"task": "1/1"})["said"]
    assert "turned off" in console.post(f"{verb}/gpu", {"id": "1", "state": "off"})["said"]
    assert eventually(lambda: console.scheduler(pid)["state"]["gpus"][1]["off_since"])
    assert console.post(f"{verb}/set", {"name": "max_tasks", "value": "5"})["changed"]
    assert console.get(f"{verb}/settings")["settings"]["max_tasks"] == "5"
    assert "being ended" in console.post(f"{verb}/kill", {"task": "2/0"})["said"]
    console.wait_for(pid, "2/0", "cancelled")
    assert console.post(f"{verb}/drain")["said"].startswith("draining")


def test_a_task_that_is_another_one_now_is_left_alone(console: Console) -> None:
    pid = started(console)
    problem = console.refused(
        "POST", f"/api/scheduler/{pid}/kill", 409, json={"task": "1/0", "key": "0000-0"}
    )
    assert "another task now" in problem["detail"]
    assert console.tasks(pid)["1/0"]["state"]["status"] == "running"


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("kill", {}),
        ("kill", {"task": ""}),
        ("set", {"name": "max_tasks"}),
        ("explode", {}),
        ("kill", {"task": ["1/0"]}),
    ],
)
def test_a_word_that_lacks_something(console: Console, verb: str, body: Any) -> None:
    pid = started(console)
    problem = console.refused("POST", f"/api/scheduler/{pid}/{verb}", 422, json=body)
    assert problem["detail"]


def test_what_a_scheduler_refuses_is_said_in_its_words(console: Console) -> None:
    pid = started(console)
    assert (
        "no task 9/9"
        in console.refused("POST", f"/api/scheduler/{pid}/kill", 409, json={"task": "9/9"})["detail"]
    )


# Ending


def test_stop_drain_and_pause_are_three_things(console: Console) -> None:
    pid = started(console)
    assert "asked to end" in console.post("/api/scheduler/multi/stop")["said"]
    seen = eventually(lambda: _if(console.scheduler(pid), alive=False))
    assert seen["ended"] == "asked"
    again = console.post("/api/scheduler/multi/start")
    assert again["resumed"] is True
    console.wait_for(again["pid"], "1/0", "running")


def test_stop_by_pid(console: Console) -> None:
    pid = started(console)
    console.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: gone(pid))


def test_a_pid_that_is_no_scheduler_is_left_alone(console: Console) -> None:
    for pid in (1, os.getpid(), console.pid):
        assert console.refused("POST", f"/api/scheduler/stop/{pid}", 404)["type"] == "no-scheduler"


def test_a_pid_that_another_process_has_now_is_left_alone(console: Console) -> None:
    pid = started(console)
    path = console.root / "logs" / "state" / f"{pid}.json"
    os.kill(pid, signal.SIGSTOP)  # it writes no more
    try:
        state = path.read_text()
        begun = f'"process_start":{procfs.start_time(pid)}'
        assert begun in state
        path.write_text(state.replace(begun, '"process_start":1'))
        eventually(lambda: _if(console.scheduler(pid)["state"], process_start=1))
        problem = console.refused("POST", f"/api/scheduler/stop/{pid}", 409)
        assert problem["type"] == "not-it"
    finally:
        os.kill(pid, signal.SIGCONT)
    assert not gone(pid)


def test_one_that_does_not_answer_is_sent_a_signal(console: Console) -> None:
    pid = started(console)
    (console.root / "logs" / "state" / f"{pid}.sock").unlink()
    assert "SIGTERM" in console.post(f"/api/scheduler/stop/{pid}")["said"]
    eventually(lambda: gone(pid))


# Death


def test_one_that_is_killed_shows_as_died_with_what_it_left(console: Console) -> None:
    pid = started(console)
    os.kill(pid, signal.SIGKILL)
    seen = eventually(lambda: _if(console.scheduler(pid), alive=False))
    assert seen["ended"] == "died"
    assert seen["left"]["running"] == ["1/0", "2/0"]
    assert seen["left"]["unfinished"] == 3
    assert "--simulate 2x24" in seen["left"]["resume"]
    again = console.post(f"/api/scheduler/{pid}/resume")
    assert again["resumed"] is True
    assert console.tasks(again["pid"])["1/0"]["attempts"] == 1  # adopted
    console.refused("GET", f"/api/scheduler/{pid}", 404)  # its state was taken over


def test_what_it_left_is_told_as_it_ends(console: Console) -> None:
    pid = started(console)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: _if(console.scheduler(pid), alive=False))
    console.world.go()
    eventually(lambda: console.scheduler(pid)["left"]["running"] == [])


def test_a_dead_one_is_dismissed_and_can_still_be_gone_on_with(console: Console) -> None:
    pid = started(console)
    assert console.refused("POST", f"/api/scheduler/{pid}/dismiss", 409)["type"] == "lives"
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: _if(console.scheduler(pid), alive=False))
    assert "forgotten" in console.post(f"/api/scheduler/{pid}/dismiss")["said"]
    assert console.get("/api/scheduler/running")["schedulers"] == []
    again = console.post("/api/scheduler/multi/start", simulate="2x24")
    assert console.tasks(again["pid"])["1/0"]["attempts"] == 1


def test_a_state_that_cannot_be_read_is_said(console: Console) -> None:
    path = console.root / "logs" / "state" / "99999.json"
    path.write_text("{")
    seen = eventually(lambda: console.get("/api/scheduler/running")["schedulers"])
    assert "can't be read" in seen[0]["unreadable"]
    assert seen[0]["state"] is None
    console.post("/api/scheduler/99999/dismiss")
    assert not path.exists()


def _if(seen: Any, **values: Any) -> Any:
    return seen if all(seen[name] == value for name, value in values.items()) else None
