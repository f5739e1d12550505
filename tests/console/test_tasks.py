"""Submitted tasks over HTTP: made, listed, read, copied, ended."""

import os
import signal
import time
from typing import Any

import pytest

from app import procfs
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually

CARDS = {"simulate": "2x24"}
SORTS = tuple(f"{way}{by}" for by in ("id", "created", "took", "memory") for way in ("", "-"))


def submit(console: Console, command: str, **more: Any) -> Any:
    return console.post("/api/tasks", {"command": command, **CARDS, **more})


def until(console: Console, id_: int, status: str) -> Any:
    def look() -> Any:
        found = console.get(f"/api/tasks/{id_}")
        return found if found["status"] == status else None

    return eventually(look, 20, 0.03)


def waits_for_cards(console: Console, id_: int) -> Any:
    """Once it has seen who has them."""
    found = console.get(f"/api/tasks/{id_}")
    return found if "GPU" in (found["reason"] or "") else None


def test_a_task_is_submitted_runs_and_is_read(shared: Console) -> None:
    made = submit(shared, "echo one\necho two; exit 3", name="car", retries=0)
    assert made["scheduler"]
    assert made["said"].startswith(f"task {made['id']} is submitted")
    found = until(shared, made["id"], "failed")
    assert found["exit_code"] == 3
    assert "exit 3" in found["error"]
    assert found["reason"] == found["error"]
    assert found["assigned_gpus"] == ["0"]
    assert found["started_at"] <= found["finished_at"]
    logs = shared.get(f"/api/tasks/{made['id']}/logs", tail=2)
    assert "two" in logs["lines"]
    assert logs["truncated"] is True
    assert len(logs["lines"]) == 2
    every = shared.get(f"/api/tasks/{made['id']}/logs", tail=10_000)
    assert every["truncated"] is False
    assert every["lines"][-2:] == logs["lines"]
    assert shared.get("/api/health") == {"status": "ok"}


def test_health_needs_a_login(shared: Console) -> None:
    with shared.client() as http:
        assert http.get("/api/health").status_code == 401


def test_a_list_is_paged_filtered_and_searched(shared: Console) -> None:
    ids = [submit(shared, f"echo paged-{number}", name=f"n{number}")["id"] for number in range(3)]
    until(shared, ids[-1], "completed")
    with shared.http as http:
        answer = http.get("/api/tasks", params={"search": "PAGED-", "limit": 2})
    assert [one["id"] for one in answer.json()] == [ids[2], ids[1]]
    assert answer.headers["X-Total-Count"] == "3"
    rest = shared.get("/api/tasks", search="paged-", before=ids[1])
    assert [one["id"] for one in rest] == [ids[0]]
    assert ids[0] in [one["id"] for one in shared.get("/api/tasks", search=str(ids[0]))]
    assert shared.get("/api/tasks", search="paged-", status="failed") == []
    assert len(shared.get("/api/tasks", search="paged-", state="completed")) == 3
    counts = shared.get("/api/tasks/counts")
    assert counts["total"] == sum(counts["by_status"].values()) >= 3


def sorted_tasks(console: Console, sort: str, limit: int) -> list[int]:
    """Ids, of all pages."""
    found: list[int] = []
    while True:
        more = {"before": found[-1]} if found else {}
        page = console.get("/api/tasks", search="sorted-", sort=sort, limit=limit, **more)
        found += [one["id"] for one in page]
        if len(page) < limit:
            return found


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_list_is_sorted_over_all_pages(shared: Console, limit: int) -> None:
    asked: list[dict[str, Any]] = [{"memory_gb": 2.5}, {"memory_gb": 8}, {"memory_gb": 2.5}, {"gpu_count": 0}]
    mark = f"sorted-{limit}-"
    ids = [submit(shared, f"sleep 0.{at}; echo {mark}", **more)["id"] for at, more in enumerate(asked)]
    done = [until(shared, id_, "completed") for id_ in ids]
    of_these = {sort: [id_ for id_ in sorted_tasks(shared, sort, limit) if id_ in ids] for sort in SORTS}
    assert of_these["-memory"] == [ids[1], ids[2], ids[0], ids[3]]
    assert of_these["memory"] == [ids[2], ids[0], ids[1], ids[3]]
    assert of_these["created"] == of_these["id"] == ids
    assert of_these["-created"] == of_these["-id"] == ids[::-1]
    took = {one["id"]: one["finished_at"] - one["started_at"] for one in done}
    assert of_these["took"] == sorted(ids, key=lambda id_: took[id_])
    assert of_these["-took"] == sorted(ids, key=lambda id_: -took[id_])


def test_how_long_it_took_is_sorted_also_of_those_that_run_or_never_ran(shared: Console) -> None:
    long = submit(shared, "sleep 60 # mixed", gpu_count=2)["id"]
    until(shared, long, "running")
    waiting = submit(shared, "true # mixed", gpu_count=2)["id"]
    short = submit(shared, "true # mixed", gpu_count=0)["id"]
    until(shared, short, "completed")

    def order(sort: str) -> list[int]:
        return [one["id"] for one in shared.get("/api/tasks", search="# mixed", sort=sort)]

    assert eventually(lambda: order("-took") == [long, short, waiting])
    assert eventually(lambda: order("took") == [short, long, waiting])
    shared.post(f"/api/tasks/{waiting}/cancel")
    shared.post(f"/api/tasks/{long}/cancel")
    until(shared, long, "cancelled")
    assert eventually(lambda: order("-took") == [long, short, waiting])


@pytest.mark.parametrize("query", ["sort=name", "sort=--id", "before=0"])
def test_what_is_no_order_is_refused(shared: Console, query: str) -> None:
    shared.refused("GET", f"/api/tasks?{query}", 422)


def test_a_running_one_a_queued_one_and_one_that_has_ended_are_cancelled(shared: Console) -> None:
    running = [submit(shared, "sleep 60", gpu_count=1)["id"] for _ in range(2)]
    waiting = submit(shared, "sleep 60", gpu_count=2)["id"]
    until(shared, running[1], "running")
    found = eventually(lambda: waits_for_cards(shared, waiting))
    assert (found["status"], found["state"]) == ("queued", "waiting")
    assert found["detail"]["blockers"]
    for id_ in (waiting, *running):
        assert shared.post(f"/api/tasks/{id_}/cancel")["changed"] is True
        until(shared, id_, "cancelled")
    again = shared.post(f"/api/tasks/{waiting}/cancel")
    assert again["changed"] is False
    assert again["task"]["status"] == "cancelled"
    done = submit(shared, "true")["id"]
    until(shared, done, "completed")
    assert "completed already" in shared.refused("POST", f"/api/tasks/{done}/cancel", 409)["detail"]


def test_a_copy_takes_what_a_detail_shows_and_keeps_its_secrets(shared: Console) -> None:
    made = submit(
        shared,
        'test "$HF_TOKEN" = "s3 cret" && test "$SEED" = 4',
        name="first",
        env={"HF_TOKEN": "s3 cret", "SEED": "4"},
        memory_gb=2.5,
        timeout="2h",
        priority=3,
        devices="0",
        cwd="/tmp",
    )
    found = until(shared, made["id"], "completed")
    assert found["env"] == {"HF_TOKEN": "********", "SEED": "4"}
    assert (found["memory_gb"], found["timeout"], found["devices"], found["cwd"]) == (2.5, "2h", "0", "/tmp")
    with shared.http as http:
        takes = http.get("/api/openapi.json").json()["components"]["schemas"]["TaskCreate"]["properties"]
    body = {name: found[name] for name in takes if name in found}
    assert body["simulate"] == "2x24"
    assert set(takes) - set(body) == {"copy_of", "queue"}
    refused = shared.refused("POST", "/api/tasks", 422, json=body)
    assert refused["faults"][0]["file"] == "body.env.HF_TOKEN"
    copy = shared.post("/api/tasks", {**body, "copy_of": made["id"]})
    assert copy["id"] != made["id"]
    until(shared, copy["id"], "completed")


def test_one_behind_another_follows_it_and_is_skipped_when_that_fails(shared: Console) -> None:
    first = submit(shared, f"{UNTIL_GO}; exit 3", name="prepare", retries=0)
    queue = int(first["task"].partition("/")[0])
    second = submit(shared, "true", name="train", queue=queue)
    assert second["task"] == f"{queue}/1"
    assert f"is submitted, behind others in its queue at {queue}/1" in second["said"]
    assert second["reason"] == "behind others in its queue"
    third = submit(shared, "true", queue=queue)
    assert third["task"] == f"{queue}/2"
    assert shared.post(f"/api/tasks/{third['id']}/cancel")["task"]["state"] == "cancelled"
    shared.world.go()
    until(shared, first["id"], "failed")
    found = until(shared, second["id"], "failed")
    assert (found["state"], found["reason"]) == ("skipped", f"task {queue}/0 failed")
    again = shared.refused("POST", "/api/tasks", 422, json={"command": "true", "queue": queue, **CARDS})
    said = f"all submitted tasks of queue {queue} have ended; name no queue, and it gets one of its own"
    assert again["detail"] == said
    nowhere = shared.refused("POST", "/api/tasks", 422, json={"command": "true", "queue": 999, **CARDS})
    assert "no submitted task has queue 999" in nowhere["detail"]
    for odd in (-1, 1.5, "x", 2**63):
        shared.refused("POST", "/api/tasks", 422, json={"command": "true", "queue": odd})


@pytest.mark.parametrize(
    ("body", "said", "line"),
    [
        ({"command": "echo\nif true\n"}, "bash can't read it", 2),
        ({"command": "true", "gpu_count": 3}, "asks for 3 GPUs", 0),
        ({"command": "true", "memory_gb": 99}, "the largest that fits is", 0),
        ({"command": "true", "gpu_type": "H100"}, "none of that model may be used: there is", 0),
        ({"command": " \n"}, "there are no commands", 0),
        ({"command": "a\0b"}, "there are no commands", 0),
        ({"command": "true", "cwd": "not/there"}, "is no folder", 0),
        ({"command": "true", "cwd": "/tmp\0"}, "is no folder", 0),
        ({"command": "true", "env": {"A B": "1"}}, "no name of a variable", 0),
        ({"command": "true", "env": {"CUDA_VISIBLE_DEVICES": "1"}}, "is set by gpulane itself", 0),
        ({"command": "true", "timeout": "soon"}, "timeout", 0),
        ({"command": "true", "devices": "x"}, "is no GPU index", 0),
        ({"command": "true", "name": "a\nb"}, "control character", 0),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    shared: Console, body: dict[str, Any], said: str, line: int
) -> None:
    before = shared.get("/api/tasks/counts")["total"]
    problem = shared.refused("POST", "/api/tasks", 422, json={**CARDS, **body})
    assert said in problem["detail"], problem["detail"]
    if line:
        assert [fault["line"] for fault in problem["faults"]] == [line]
    assert problem["faults"]
    assert shared.get("/api/tasks/counts")["total"] == before


def test_ids_and_bodies_that_are_none(shared: Console) -> None:
    assert shared.refused("GET", "/api/tasks/999999", 404)["type"] == "no-task"
    for path in (f"/api/tasks/{2**63}", "/api/tasks/0", "/api/tasks/x", "/api/tasks/1/logs?tail=0"):
        shared.refused("GET", path, 422)
    shared.refused("POST", "/api/tasks", 422, content=b'{"command": "\\ud800"}', headers=JSON)
    shared.refused("POST", "/api/tasks", 422, content=b'{"command": "x", "memory_gb": 1e400}', headers=JSON)
    with shared.reader as http:
        assert http.post("/api/tasks", json={"command": "true"}).status_code == 403


JSON = {"Content-Type": "application/json"}


def test_one_whose_scheduler_was_killed_is_cancelled_with_what_runs_of_it(console: Console) -> None:
    made = submit(console, f"echo $$ > pid; {UNTIL_GO}")
    until(console, made["id"], "running")
    pid = int(eventually(lambda: console.world.work("pid"))[0])
    os.kill(made["scheduler"], signal.SIGKILL)
    eventually(lambda: console.get(f"/api/tasks/{made['id']}")["scheduler"] is None)
    assert console.post(f"/api/tasks/{made['id']}/cancel")["changed"] is True
    assert procfs.stat(pid) is None
    assert console.get(f"/api/tasks/{made['id']}")["status"] == "cancelled"


def test_a_scheduler_that_is_resumed_runs_nothing_again_that_has_failed(console: Console) -> None:
    here = {"cwd": str(console.root / "work"), "retries": 0}
    failed = submit(console, f"{UNTIL_GO}; echo failed >>ran; exit 1", **here)
    skipped = submit(console, "true", queue=1)
    held = submit(console, "echo held >>ran", hold=True, **here)
    console.world.go()
    until(console, skipped["id"], "failed")
    os.kill(failed["scheduler"], signal.SIGKILL)
    eventually(lambda: not console.scheduler(failed["scheduler"])["alive"])
    pid = console.post(f"/api/scheduler/{failed['scheduler']}/resume")["pid"]
    console.post(f"/api/experiments/{held['id']}/queue")
    until(console, held["id"], "completed")
    assert console.world.work("ran") == ["failed", "held"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not console.scheduler(pid)["alive"])
    problem = console.refused("POST", f"/api/scheduler/{pid}/resume", 422)
    assert "all that was submitted has ended" in problem["detail"]


def test_a_scheduler_that_a_task_has_started_becomes_no_zombie(shared: Console) -> None:
    shared.end_schedulers()
    made = submit(shared, "true")
    assert made["scheduler_started"] is True
    until(shared, made["id"], "completed")
    os.kill(made["scheduler"], signal.SIGKILL)
    eventually(lambda: procfs.stat(made["scheduler"]) is None)


def test_ten_thousand_are_listed_quickly(console: Console) -> None:
    block = "{n}\n#LANE fifo\necho {n}\n1\nall\n"
    text = "\n".join(block.format(n=number) for number in range(1, 10_001))
    path = console.world.file(text, "submitted_gpus.txt")
    scheduler = console.world.start("--watch", "--paused", "--simulate", "2x24", command_file=path)
    eventually(lambda: console.get("/api/tasks/counts")["total"] == 10_000, 60, 0.2)
    took = []
    for _ in range(3):
        began = time.monotonic()
        found = console.get("/api/tasks")
        took.append(time.monotonic() - began)
    assert [one["task"] for one in found[:2]] == ["10000/0", "9999/0"]
    assert min(took) < 10, took
    scheduler.stop()
