"""Configurations that are deleted, and those that are kept."""

import os
import signal

from tests.console.test_commands import FOREVER, MULTI, TEXT
from tests.console.test_commands import files as files
from tests.console.world import Console
from tests.waiting import eventually


def pids(files: Console) -> list[int]:
    return [one["pid"] for one in files.get("/api/scheduler/running")["schedulers"]]


def test_a_configuration_is_deleted_but_not_the_default(files: Console) -> None:
    files.refused("DELETE", f"{MULTI}/0", 409)
    files.refused("DELETE", f"{MULTI}/4", 404)
    files.world.file(TEXT, "command_gpus_4.txt")
    files.refused("DELETE", f"{MULTI}/4", 412, headers={"If-Match": '"0123"'})
    assert "deleted" in files._ask("DELETE", f"{MULTI}/4")["said"]
    assert not (files.root / "command" / "command_gpus_4.txt").exists()
    versions = files.get(f"{MULTI}/versions", config_index=4)["versions"]
    assert files.get(f"{MULTI}/versions/{versions[0]['id']}", config_index=4)["text"] == TEXT


def test_one_whose_scheduler_died_with_tasks_that_run_on_is_kept(files: Console) -> None:
    path = files.world.file(FOREVER, "command_gpus_5.txt")
    begun = files.post("/api/scheduler/multi/start", config_index=5, simulate="2x24")
    files.wait_for(begun["pid"], "1/0", "running")
    os.kill(begun["pid"], signal.SIGKILL)
    eventually(lambda: files.scheduler(begun["pid"])["alive"] is False)
    assert "task 1/0 runs on" in files.refused("DELETE", f"{MULTI}/5", 409)["detail"]
    assert path.exists()
    files.post(f"/api/scheduler/{begun['pid']}/dismiss")
    eventually(lambda: begun["pid"] not in pids(files))
    assert "1 task of it runs on" in files.refused("DELETE", f"{MULTI}/5", 409)["detail"]
    assert path.exists()
    files.post("/api/scheduler/multi/start", config_index=5, simulate="2x24")
    files.post("/api/scheduler/multi/stop", config_index=5)


def test_what_a_deleted_one_has_left_is_not_gone_on_with(files: Console) -> None:
    files.world.file(FOREVER, "command_gpus_1.txt")
    begun = files.post("/api/scheduler/multi/start", config_index=1, simulate="2x24")
    files.wait_for(begun["pid"], "1/0", "running")
    files.post("/api/scheduler/multi/stop", config_index=1)
    eventually(lambda: files.scheduler(begun["pid"])["alive"] is False)
    files._ask("DELETE", f"{MULTI}/1")
    eventually(lambda: begun["pid"] not in pids(files))
    assert files.post(f"{MULTI}/new", {"text": FOREVER})["index"] == 2
