"""Schedulers that are asked: by whom, with what, and when they stand still or have just died."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app import procfs
from tests.console.test_scheduler import Configuration, gone
from tests.console.test_scheduler import mine as mine
from tests.console.test_tasks import submit, until
from tests.console.world import Console
from tests.waiting import eventually


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: stopped(pid))
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def stopped(pid: int) -> bool:
    found = procfs.stat(pid)
    return found is not None and found.stopped


def said(console: Console, method: str, path: str, body: Any = None) -> tuple[int, str]:
    with console.http as http:
        answer = http.request(method, path, json=body)
    return answer.status_code, answer.text


def audited(console: Console) -> list[Any]:
    entries: list[Any] = console.get("/api/audit", limit=1000)["entries"]
    return entries


def test_one_that_stands_still_is_asked_nothing(mine: Configuration) -> None:
    """That it is not waited for is what the answer says: who waits says that it does not answer."""
    console, pid = mine.console, mine.started()
    with standing_still(pid):
        for verb, body in (
            ("gpu", {"id": "1", "state": "off"}),
            ("kill", {"task": "1/0"}),
            ("pause", None),
            ("resume", None),
        ):
            status, text = said(console, "POST", f"/api/scheduler/{pid}/{verb}", body)
            assert (status, "kill -CONT" in text) == (503, True), f"{verb}: {text}"
    assert console.post(f"/api/scheduler/{pid}/pause")["changed"]


def test_a_card_is_turned_off_without_one_that_stands_still(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    with standing_still(pid):
        assert console.post("/api/gpu/SIM-24-1", {"state": "off"})["said"] == "GPU 1 is turned off"
    try:
        # Its first state is written before it has looked at its cards.
        eventually(lambda: [card for card in console.scheduler(pid)["state"]["gpus"] if card["off_since"]])
    finally:
        console.post("/api/gpu/SIM-24-1", {"state": "on"})


def test_one_that_stands_still_is_sent_a_signal_by_a_stop(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    with standing_still(pid):
        assert "sent SIGTERM" in console.post(f"/api/scheduler/{pid}/stop")["said"]
        assert not gone(pid)
    eventually(lambda: gone(pid))


def test_a_task_whose_scheduler_stands_still_is_not_cancelled(shared: Console) -> None:
    made = submit(shared, "sleep 600")
    until(shared, made["id"], "running")
    pid = made["scheduler"]
    with standing_still(pid):
        status, text = said(shared, "POST", f"/api/tasks/{made['id']}/cancel")
        assert (status, "kill -CONT" in text) == (503, True), text
    assert shared.post(f"/api/tasks/{made['id']}/cancel")["changed"]
    shared.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: gone(pid))


def test_a_start_right_after_a_death_goes_on_with_it(mine: Configuration) -> None:
    """Whatever was last seen of it: a lock that goes free changes no file."""
    console, pid = mine.console, mine.started()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gone(pid), interval=0.001)
    again = mine.start()
    assert again["resumed"] is True
    assert console.tasks(again["pid"])["1/0"]["attempts"] == 1  # adopted


def test_what_a_setting_is_set_to_stands_in_no_audit(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    password = "json://me:swordfish@host"
    path = f"/api/scheduler/{pid}/set"
    for name, status in (("notify.urls", 409), ("no_such_key", 409), ("max_tasks", 409)):
        console.refused("POST", path, status, json={"name": name, "value": password})
    console.refused("POST", path, 422, json={"value": password})
    entries = [one for one in audited(console) if one["path"] == path]
    assert [one["status"] for one in entries] == [422, 409, 409, 409]
    assert entries[1]["what"] == "key=max_tasks"
    assert "swordfish" not in str(audited(console))
    assert "swordfish" not in (console.folder / "console.log").read_text()


def test_who_may_only_read_may_ask_why_and_leaves_no_trace(mine: Configuration) -> None:
    console, pid = mine.console, mine.started()
    before = audited(console)
    with console.reader as http:
        answer = http.post(f"/api/scheduler/{pid}/why", json={"task": "1/1"})
        assert answer.status_code == 200, answer.text
        assert "pending" in answer.json()["said"]
        assert http.post(f"/api/scheduler/{pid}/pause").status_code == 403
    assert console.post(f"/api/scheduler/{pid}/why", {"task": "1/1"})["said"]
    assert audited(console) == before  # of who may write neither: it is a question


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("index=1", "did you mean config_index?"),
        ("config-index=1", "did you mean config_index?"),
        ("simulated=1x24", "did you mean simulate?"),
        ("si=1", "did you mean simulate?"),
        ("xyzzy=1", "this call has config_index, fresh, paused, simulate, watch"),
    ],
)
def test_a_parameter_that_is_misspelt_starts_nothing(mine: Configuration, query: str, hint: str) -> None:
    console = mine.console
    console.world.blocks([(1, "true")])  # what would be started: configuration 0
    problem = console.refused("POST", f"/api/scheduler/multi/start?simulate=1x24&{query}", 422)
    assert hint in problem["detail"]
    assert [fault["file"] for fault in problem["faults"]] == [f"query.{query.partition('=')[0]}"]
    listed = console.get("/api/scheduler/running")["schedulers"]
    assert [one for one in listed if one["configuration"] == 0] == []
    (console.root / "command" / "command_gpus.txt").unlink()
