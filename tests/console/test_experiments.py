"""What is held joins the queue, and the queue is shown by cards."""

import os
import signal

from tests.console.world import Console
from tests.waiting import eventually


def start(console: Console) -> int:
    console.world.file(
        "1\n#LANE hold name=first devices=0\ntrue\n1\n4\n\n"
        "2\n#LANE devices=0,1\nsleep 60\n2\n4\n\n"
        "3\n#LANE devices=0,1\ntrue\n2\n4\n\n"
        "4\n#LANE gpus=0 hold\ntrue\n1\n4\n"
    )
    return int(console.post("/api/scheduler/multi/start", simulate="2x24", watch=True)["pid"])


def test_a_held_task_joins_the_queue_once(shared: Console) -> None:
    pid = start(shared)
    shared.wait_for(pid, "2/0", "running")
    status = shared.get("/api/experiments/queue-status")
    assert status["scheduler_running"] is True
    assert status["user_queued_count"] == 1
    groups = status["device_groups"]
    assert set(groups) == {"0", "0,1", "cpu"}
    assert (groups["0,1"]["count"], groups["0,1"]["running"]) == (1, 1)
    waiting = groups["0,1"]["experiments"][0]
    assert (waiting["status"], waiting["state"], waiting["task"]) == ("queued", "waiting", "3/0")
    assert waiting["waits"] >= 0
    assert groups["0"]["count"] == 0
    assert groups["0"]["experiments"] == []
    held = groups["0"]["pending"][0]
    assert (held["status"], held["name"], held["waits"]) == ("pending", "first", None)
    said = shared.post(f"/api/experiments/{held['id']}/queue/")
    assert said["success"] is True
    assert said["experiment"] == {"id": held["id"], "status": "queued"}
    shared.wait_for(pid, "1/0", "waiting")
    assert "not held" in shared.refused("POST", f"/api/experiments/{held['id']}/queue", 409)["detail"]
    assert shared.refused("POST", "/api/experiments/99999/queue/", 404)["type"] == "no-task"


def test_one_whose_scheduler_is_gone_joins_it_at_the_next_start(console: Console) -> None:
    pid = start(console)
    console.wait_for(pid, "2/0", "running")
    held = console.get("/api/experiments/queue-status/")["device_groups"]["cpu"]["pending"][0]["id"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: console.scheduler(pid)["alive"] is False)
    assert console.get("/api/experiments/queue-status/")["scheduler_running"] is False
    assert "when its scheduler is started again" in console.post(f"/api/experiments/{held}/queue/")["message"]
    again = console.post("/api/scheduler/multi/start")["pid"]
    console.wait_for(again, "4/0", "completed")
