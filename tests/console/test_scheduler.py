"""Starting, seeing, asking and ending schedulers over HTTP: all by one console, each test with a
configuration of its own, whose schedulers end with it."""

import itertools
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app import procfs
from app.model.state_file import load
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually

HOLDS = [(1, UNTIL_GO), (1, "echo second"), (2, UNTIL_GO)]


@dataclass
class Configuration:
    """One of many of a console."""

    console: Console
    index: int

    @property
    def go_file(self) -> str:
        return f"go-{self.index}"

    def blocks(self, tasks: list[tuple[int, str]], gpus: int = 1) -> None:
        """Its multi-mode command file. UNTIL_GO lasts until *its* `go`."""
        until = UNTIL_GO.replace("test -e go", f"test -e {self.go_file}")
        mine = [(queue, script.replace(UNTIL_GO, until)) for queue, script in tasks]
        self.file("\n".join(f"{queue}\n{script}\n{gpus}\n10\n" for queue, script in mine))

    def file(self, text: str, mode: str = "multi") -> None:
        stem = "command_gpus" if mode == "multi" else "command_gpu"
        self.console.world.file(text, f"{stem}_{self.index}.txt")

    def start(self, mode: str = "multi", **parameters: Any) -> Any:
        path = f"/api/scheduler/{mode}/start"
        return self.console.post(path, config_index=self.index, **parameters)

    def started(self, tasks: list[tuple[int, str]] = HOLDS) -> int:
        """The pid of one whose queues all run."""
        self.blocks(tasks)
        pid: int = self.start(simulate="2x24")["pid"]
        return running(self.console, pid, tasks)

    def not_started(self, status: int, **parameters: Any) -> dict[str, Any]:
        """The problem that a start answers with."""
        parameters = {"config_index": self.index, "simulate": "2x24", **parameters}
        return self.console.refused("POST", "/api/scheduler/multi/start", status, params=parameters)

    def listed(self) -> list[Any]:
        """Its schedulers, of all that are seen."""
        found = self.console.get("/api/scheduler/running")["schedulers"]
        return [one for one in found if one["configuration"] == self.index]

    def go(self) -> None:
        """Let its tasks end that wait for it."""
        (self.console.root / "work" / self.go_file).touch()


INDICES = itertools.count(1)


@pytest.fixture
def mine(shared: Console) -> Iterator[Configuration]:
    """Of the test alone."""
    mine = Configuration(shared, next(INDICES))
    yield mine
    mine.go()
    shared.end_schedulers()


def started(console: Console, tasks: list[tuple[int, str]] = HOLDS) -> int:
    """The pid of one of the configuration 0 whose queues all run."""
    console.world.blocks(tasks)
    pid: int = console.post("/api/scheduler/multi/start", simulate="2x24")["pid"]
    return running(console, pid, tasks)


def running(console: Console, pid: int, tasks: list[tuple[int, str]]) -> int:
    """Once the first task of each queue runs."""
    for queue in {queue for queue, _ in tasks}:
        console.wait_for(pid, f"{queue}/0", "running")
    return pid


def gone(pid: int) -> bool:
    found = procfs.stat(pid)
    return found is None or not found.alive


# Starting


def test_a_start_says_what_it_has_started(mine: Configuration) -> None:
    root, index = mine.console.root, mine.index
    mine.blocks(HOLDS)
    answer = mine.start(simulate="2x24")
    assert answer["command_file"] == str(root / "command" / f"command_gpus_{index}.txt")
    assert answer["log_file"] == str(root / "logs" / f"scheduler_multi_{index}.log")
    assert Path(answer["log_file"]).exists()
    assert answer["config_index"] == index
    assert os.getsid(answer["pid"]) == answer["pid"]
    argv = Path(f"/proc/{answer['pid']}/cmdline").read_bytes().split(b"\0")
    assert b"--command-file" in argv
    assert argv[argv.index(b"--config-index") + 1] == str(index).encode()


def test_without_an_index_it_is_the_first_configuration(shared: Console) -> None:
    shared.world.blocks([(1, "true")])
    answer = shared.post("/api/scheduler/multi/start", simulate="1x24")
    assert answer["command_file"] == str(shared.root / "command" / "command_gpus.txt")
    assert answer["config_index"] == 0
    eventually(lambda: _if(shared.scheduler(answer["pid"]), alive=False))


def test_the_other_mode(mine: Configuration) -> None:
    mine.file("1\ntrue\n5\n", "single")
    answer = mine.start("single", simulate="1x24")
    assert answer["log_file"].endswith(f"logs/scheduler_single_{mine.index}.log")
    state = mine.console.get("/api/scheduler/single/state", config_index=mine.index)
    assert state["configuration"] == mine.index
    assert state["state"]["mode"] == "single"


def test_a_second_start_names_who_runs_it(mine: Configuration) -> None:
    pid = mine.started()
    problem = mine.not_started(409)
    assert problem["pid"] == pid
    assert str(pid) in problem["detail"]


def test_a_file_with_faults_is_not_started(mine: Configuration) -> None:
    mine.file("1\necho a\nx\n20\n\n2\nif true\n1\n20\n")
    problem = mine.not_started(422)
    places = [(fault["line"], fault["column"]) for fault in problem["faults"]]
    assert (3, 1) in places
    assert len(places) == 2
    assert mine.listed() == []


def test_what_can_never_fit_is_said_at_its_line(mine: Configuration) -> None:
    mine.blocks([(1, "true")], gpus=3)
    problem = mine.not_started(422)
    assert problem["faults"][0]["line"] == 3
    assert "3 GPUs" in problem["detail"]


def test_a_configuration_that_is_not_there(mine: Configuration) -> None:
    assert mine.not_started(404)["type"] == "no-configuration"
    path = f"/api/scheduler/multi/state?config_index={mine.index}"
    assert mine.console.refused("GET", path, 404)["type"] == "no-scheduler"


def test_one_that_ends_at_once_has_been_started(mine: Configuration) -> None:
    mine.file("1\n#LANE retries=0\nfalse\n1\n10\n")
    console, answer = mine.console, mine.start(simulate="1x24")
    seen = eventually(lambda: _if(console.scheduler(answer["pid"]), alive=False))
    assert seen["ended"] == "finished"
    assert seen["state"]["counts"] == {"failed": 1}
    eventually(lambda: procfs.stat(answer["pid"]) is None)  # and is no zombie


# What it says


def test_the_state_is_what_the_scheduler_wrote(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    seen = console.scheduler(pid)
    assert (seen["alive"], seen["ended"], seen["left"]) == (True, None, None)
    [listed] = mine.listed()
    assert listed["pid"] == pid
    written = load((console.root / "logs" / "state" / f"{pid}.json").read_bytes())
    assert seen["state"]["run"] == written.run
    assert [queue["queue_id"] for queue in seen["state"]["queues"]] == [1, 2]


def test_every_task_can_be_had_a_part_at_a_time(mine: Configuration) -> None:
    console, pid = mine.console, mine.started([(1, UNTIL_GO)] + [(1, f"echo {n}") for n in range(70)])
    part = console.get(f"/api/scheduler/{pid}/tasks", **{"from": 60, "count": 5})
    assert part["total"] == 71
    assert [task["commands"] for task in part["tasks"]] == [f"echo {n}" for n in range(59, 64)]


# Asking


def test_the_verbs_of_the_control_socket(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
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
    console.post(f"{verb}/gpu", {"id": "1", "state": "on"})  # else it stays off for all schedulers to come
    eventually(lambda: console.scheduler(pid)["state"]["gpus"][1]["off_since"] is None)
    assert console.post(f"{verb}/set", {"name": "max_tasks", "value": "5"})["changed"]
    assert console.get(f"{verb}/settings")["settings"]["max_tasks"] == "5"
    assert "being ended" in console.post(f"{verb}/kill", {"task": "2/0"})["said"]
    console.wait_for(pid, "2/0", "cancelled")
    assert console.post(f"{verb}/drain")["said"].startswith("draining")


def test_a_task_that_is_another_one_now_is_left_alone(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
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
def test_a_word_that_lacks_something(shared: Console, verb: str, body: Any) -> None:
    """Before anybody looks whether there is such a scheduler."""
    problem = shared.refused("POST", f"/api/scheduler/1/{verb}", 422, json=body)
    assert problem["detail"]


def test_a_sound_word_to_none_is_no_word_to_a_process(shared: Console) -> None:
    problem = shared.refused("POST", "/api/scheduler/1/kill", 404, json={"task": "1/0"})
    assert problem["type"] == "no-scheduler"


def test_what_a_scheduler_refuses_is_said_in_its_words(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    assert (
        "no task 9/9"
        in console.refused("POST", f"/api/scheduler/{pid}/kill", 409, json={"task": "9/9"})["detail"]
    )


# Ending


def test_stop_drain_and_pause_are_three_things(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    stopped = console.post("/api/scheduler/multi/stop", config_index=mine.index)
    assert "asked to end" in stopped["said"]
    seen = eventually(lambda: _if(console.scheduler(pid), alive=False))
    assert seen["ended"] == "asked"
    again = mine.start()
    assert again["resumed"] is True
    console.wait_for(again["pid"], "1/0", "running")
    assert console.post(f"/api/scheduler/{again['pid']}/pause")["changed"]
    assert console.post(f"/api/scheduler/{again['pid']}/drain")["changed"]
    eventually(lambda: _if(console.scheduler(again["pid"])["state"], status="draining"))
    assert console.tasks(again["pid"])["1/0"]["state"]["status"] == "running"
    mine.go()  # what runs ends by itself, and nothing new begins
    seen = eventually(lambda: _if(console.scheduler(again["pid"]), alive=False))
    assert seen["ended"] == "asked"
    states = {label: task["state"]["status"] for label, task in console.tasks(again["pid"]).items()}
    assert (states["1/0"], states["2/0"]) == ("completed", "completed")
    assert states["1/1"] in ("pending", "waiting")


def test_stop_by_pid(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    console.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: gone(pid))


def test_a_pid_that_is_no_scheduler_is_left_alone(shared: Console) -> None:
    for pid in (1, os.getpid(), shared.pid):
        assert shared.refused("POST", f"/api/scheduler/stop/{pid}", 404)["type"] == "no-scheduler"


def test_a_pid_that_another_process_has_now_is_left_alone(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
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


def test_one_that_does_not_answer_is_sent_a_signal(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    (console.root / "logs" / "state" / f"{pid}.sock").unlink()
    assert "SIGTERM" in console.post(f"/api/scheduler/stop/{pid}")["said"]
    eventually(lambda: gone(pid))


# Death


def test_one_that_is_killed_shows_as_died_with_what_it_left(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
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


def test_what_it_left_is_told_as_it_ends(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: _if(console.scheduler(pid), alive=False))
    mine.go()
    eventually(lambda: console.scheduler(pid)["left"]["running"] == [])


def test_a_dead_one_is_dismissed_and_can_still_be_gone_on_with(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    assert console.refused("POST", f"/api/scheduler/{pid}/dismiss", 409)["type"] == "lives"
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: _if(console.scheduler(pid), alive=False))
    assert "forgotten" in console.post(f"/api/scheduler/{pid}/dismiss")["said"]
    assert mine.listed() == []
    again = mine.start(simulate="2x24")
    assert console.tasks(again["pid"])["1/0"]["attempts"] == 1


def test_a_state_that_cannot_be_read_is_said(shared: Console) -> None:
    path = shared.root / "logs" / "state" / "99999.json"
    path.write_text("{")

    def listed() -> Any:
        found = shared.get("/api/scheduler/running")["schedulers"]
        return next((one for one in found if one["pid"] == 99999), None)

    seen = eventually(listed)
    assert "can't be read" in seen["unreadable"]
    assert seen["state"] is None
    shared.post("/api/scheduler/99999/dismiss")
    assert not path.exists()


def _if(seen: Any, **values: Any) -> Any:
    return seen if all(seen[name] == value for name, value in values.items()) else None
