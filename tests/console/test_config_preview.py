"""What other settings would change for the tasks that wait, over HTTP: nothing is written, and what is said
is what then happens."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.test_preview import LASTS, block
from tests.console.world import Console
from tests.waiting import eventually


def text(console: Console, **keys: Any) -> str:
    """The settings as they are saved, with other values."""
    saved = json.loads((console.root / "config" / "gpu_manage.yaml").read_text())
    return json.dumps({**saved, **keys})


def asked(console: Console, **keys: Any) -> Any:
    return console.post("/api/config/preview", {"text": text(console, **keys)})


def shown(answer: Any) -> list[str]:
    """ "2/0 waits > starts_now 1" of each."""
    said = []
    for each in answer["tasks"]:
        before, after = ([one["state"], *one["gpus"]] for one in (each["before"], each["after"]))
        said.append(" ".join([each["task"], *before, *((">", *after) if each["changed"] else ())]))
    return said


def start(console: Console, commands: str, index: int = 0, **more: Any) -> int:
    console.world.file(commands, f"command_gpus{f'_{index}' if index else ''}.txt")
    begun = {"simulate": "2x24", "fresh": True, "config_index": index, **more}
    return int(console.post("/api/scheduler/multi/start", **begun)["pid"])


def living(console: Console) -> list[int]:
    return [one["pid"] for one in console.get("/api/scheduler/running")["schedulers"] if one["alive"]]


def waits(console: Console, pid: int, label: str) -> str:
    """Why, once it is said."""

    def reason() -> str:
        found = console.tasks(pid).get(label)  # what was just submitted comes with its next state
        state = found["state"] if found else {"status": None}
        return str(state["reason"]) if state["status"] == "waiting" and state["blockers"] else ""

    return eventually(reason)


@pytest.fixture
def capped(shared: Console) -> Iterator[Console]:
    """Where one card may be held."""
    shared.world.settings(max_gpu=1)
    yield shared
    for pid in living(shared):
        shared.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: not living(shared))


def files(console: Console) -> dict[str, bytes]:
    folders = (console.root / "command", console.root / "config", console.folder / "versions")
    return {str(path): path.read_bytes() for f in folders for path in f.rglob("*") if path.is_file()}


def test_a_save_does_what_was_said(capped: Console) -> None:
    pid = start(
        capped, "\n".join([block(1), block(2), block(2, "true"), block(3, memory="30")[:-3] + "22\n"])
    )
    capped.wait_for(pid, "1/0", "running")
    reason, before = waits(capped, pid, "2/0"), files(capped)
    waits(capped, pid, "3/0")
    same = asked(capped)
    assert (shown(same), same["said"]) == (
        ["2/0 waits", "3/0 waits"],
        "of 2 tasks that wait, none would start or wait otherwise",
    )
    assert same["tasks"][0]["before"] == same["tasks"][0]["after"]
    assert same["tasks"][0]["after"]["reason"] == reason
    answer = asked(capped, max_gpu=2)
    assert shown(answer) == ["2/0 waits > starts_now 1", "3/0 waits"]
    assert (answer["total"], answer["changed"], answer["faults"]) == (2, 1, [])
    assert answer["schedulers"] == [
        {"scheduler": pid, "mode": "multi", "config_index": 0, "refused": None, "unknown": None}
    ]
    assert files(capped) == before
    capped.world.settings(max_gpu=2)
    assert capped.wait_for(pid, "2/0", "running")["state"]["gpu_ids"] == ["1"]
    said = answer["tasks"][1]["after"]["reason"]
    eventually(lambda: capped.tasks(pid)["3/0"]["state"]["reason"] == said)


def test_a_card_is_promised_to_one_scheduler_alone(capped: Console) -> None:
    first = start(capped, block(1) + "\n" + block(2))
    capped.wait_for(first, "1/0", "running")
    second = start(capped, block(7), 1)
    for pid, label in ((first, "2/0"), (second, "7/0")):
        waits(capped, pid, label)
    answer = asked(capped, max_gpu=2)
    assert answer["changed"] == 1
    (starts,) = (one for one in answer["tasks"] if one["changed"])
    assert starts["after"]["gpus"] == ["1"]
    assert {one["config_index"] for one in answer["schedulers"]} == {0, 1}


def test_what_a_scheduler_would_refuse_changes_nothing(capped: Console) -> None:
    pid = start(capped, block(1) + "\n" + block(2))
    capped.wait_for(pid, "1/0", "running")
    waits(capped, pid, "2/0")
    answer = asked(capped, max_gpu=0)
    assert shown(answer) == ["2/0 waits"]
    assert "with this, task 2/0 asks for 1 GPU, but" in answer["schedulers"][0]["refused"]
    assert "names GPU 7" in asked(capped, use_all_gpus=False, compete_gpus=[7])["schedulers"][0]["refused"]
    empty = capped.post("/api/config/preview", {"text": "\n"})
    assert "is empty" in empty["schedulers"][0]["refused"]
    capped.world.settings(max_gpu=0)

    def refused() -> bool:
        return any(one["kind"] == "settings_refused" for one in capped.scheduler(pid)["state"]["problems"])

    eventually(refused)
    # It holds on to what it had, and takes a sound version whole.
    assert shown(asked(capped, max_gpu=2)) == ["2/0 waits > starts_now 1"]


def test_a_scheduler_looks_at_all_tasks_of_its_file_and_so_does_this(capped: Console) -> None:
    """More than a preview shows."""
    capped.world.settings(max_gpu=2)
    many = "\n".join([block(1, "true")] * 2_001) + "\n2\ntrue\n2\n20\n"
    start(capped, many, paused=True)
    [reader] = asked(capped, max_gpu=1)["schedulers"]
    assert "2/0" in reader["refused"]


def test_what_was_set_outranks_what_the_text_does_not_say_anew(capped: Console) -> None:
    pid = start(capped, block(1) + "\n" + block(2))
    capped.wait_for(pid, "1/0", "running")
    capped.post(f"/api/scheduler/{pid}/set", {"name": "max_tasks", "value": 1})
    answer = asked(capped, max_gpu=2)
    assert shown(answer) == ["2/0 waits"]
    assert "limit_reached" in [each["kind"] for each in answer["tasks"][0]["after"]["blockers"]]
    assert shown(asked(capped, max_gpu=2, max_tasks=5)) == ["2/0 waits > starts_now 1"]


def test_what_is_paused_stays_so(capped: Console) -> None:
    pid = start(capped, block(1) + "\n" + block(2))
    capped.wait_for(pid, "1/0", "running")
    waits(capped, pid, "2/0")
    capped.post(f"/api/scheduler/{pid}/pause")
    eventually(lambda: capped.scheduler(pid)["state"]["status"] == "paused")
    answer = asked(capped, max_gpu=2)
    assert shown(answer) == ["2/0 waits"]
    assert answer["tasks"][0]["after"]["blockers"] == [{"kind": "standstill", "why": "paused"}]


def test_who_waits_for_no_gpu_is_left_out(capped: Console) -> None:
    pid = start(capped, block(1, "true") + "\n" + block(2, "false") + "\n#LANE hold\n" + block(3), watch=True)
    capped.wait_for(pid, "1/0", "completed")
    capped.wait_for(pid, "2/0", "backoff")
    answer = asked(capped, max_gpu=2)
    assert (answer["tasks"], answer["said"]) == ([], "no task waits")


def test_a_scheduler_with_nothing_left_has_nothing_that_waits(capped: Console) -> None:
    pid = start(capped, block(1, "true"), watch=True)
    capped.wait_for(pid, "1/0", "completed")
    assert asked(capped, max_gpu=2)["tasks"] == []


def test_who_reads_other_settings_is_not_changed(capped: Console, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(text(capped))
    one = capped.world.start(
        "--config-file",
        str(other),
        "--simulate",
        "2x24",
        command_file=capped.world.file(block(4), "else.txt"),
    )
    eventually(lambda: one.pid in living(capped))
    answer = asked(capped, max_gpu=2)
    assert (answer["tasks"], answer["schedulers"], answer["elsewhere"]) == ([], [], [one.pid])
    one.stop()
    eventually(lambda: one.pid not in living(capped))


def test_what_was_submitted_waits_as_well(capped: Console) -> None:
    for _ in range(2):
        capped.post("/api/tasks", {"command": LASTS, "memory_gb": 20, "simulate": "2x24"})
    (pid,) = living(capped)
    capped.wait_for(pid, "1/0", "running")
    waits(capped, pid, "2/0")
    answer = asked(capped, max_gpu=2)
    assert shown(answer) == ["2/0 waits > starts_now 1"]
    assert answer["schedulers"][0]["config_index"] is None


def test_a_file_that_has_faults_is_said(capped: Console) -> None:
    pid = start(capped, block(1) + "\n" + block(2))
    capped.wait_for(pid, "1/0", "running")
    capped.world.file("1\ntrue\n2x\n20\n")
    answer = asked(capped, max_gpu=2)
    assert answer["schedulers"][0]["unknown"] == "command_gpus.txt has faults as it is saved"
    assert answer["tasks"] == []


@pytest.mark.parametrize(
    ("wrong", "line"),
    [("max_gpu: -1\n", 1), ("\nmax_gpus: 1\n", 2), ("a: [\n", 2), ("min_gpu: 3\nmax_gpu: 2\n", 1)],
    ids=["range", "key", "yaml", "crossed"],
)
def test_faults_have_their_lines(capped: Console, wrong: str, line: int) -> None:
    answer = capped.post("/api/config/preview", {"text": wrong})
    assert [each["line"] for each in answer["faults"]] == [line]
    assert answer["said"] == "it would not be saved, for 1 fault"


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": "x" * 300_001}, {"text": "", "more": 1}])
def test_odd_requests_are_refused(capped: Console, body: Any) -> None:
    capped.refused("POST", "/api/config/preview", 422, json=body)


def test_who_may_only_read_may_ask_and_learns_nothing_more(capped: Console) -> None:
    pid = start(capped, block(1) + "\n" + block(2))
    capped.wait_for(pid, "1/0", "running")
    waits(capped, pid, "2/0")
    body = {"text": text(capped, max_gpu=2, work_dir="/not/there")}
    with capped.reader as http:
        answer = http.post("/api/config/preview", json=body)
    assert answer.status_code == 200
    assert shown(answer.json()) == ["2/0 waits > starts_now 1"]  # nor whether a folder is there
    mine = capped.post("/api/config/preview", body)
    assert "work_dir /not/there is no folder" in mine["schedulers"][0]["refused"]
    masked = "notify:\n  urls: [kept-secret://0123456789abcdef]\n"
    assert capped.post("/api/config/preview", {"text": masked})["faults"] == []
