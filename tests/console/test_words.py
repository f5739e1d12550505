"""What the console answers: true, and of use to who asked."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from control.src.schedulers.masking import mask_text
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually

TWO = {"simulate": "2x24"}
SECRETS = """1
#LANE env.API_KEY=abc123 name=first env.LR=0.1
python a.py
1
10

1
#LANE env.DB_PASS="two words" env.TOKEN='x"y'
#LANE env.SECRET=abc"def ghi
python b.py
1
10
"""


def died(console: Console, name: str, *queues: int) -> int:
    """The pid of a scheduler that was killed while a task of each of these queues runs."""
    index = int(name.removesuffix(".txt").rpartition("_")[2])
    console.world.file("\n".join(f"{queue}\n{UNTIL_GO}\n1\n10\n" for queue in queues), name)
    pid: int = console.post("/api/scheduler/multi/start", config_index=index, **TWO)["pid"]
    for queue in queues:
        console.wait_for(pid, f"{queue}/0", "running")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: console.scheduler(pid)["ended"] == "died", 20, 0.05)
    return pid


def test_of_a_dead_one_every_answer_says_what_runs_on(shared: Console) -> None:
    pid = died(shared, "command_gpus_7.txt", 1, 2)
    for verb in ("stop", "pause"):
        said = shared.refused("POST", f"/api/scheduler/{pid}/{verb}", 409)["detail"]
        assert said.endswith(
            "is gone already; 1/0 and 2/0 run on: resume it, and what you ask for can be done"
        )
    said = shared.post(f"/api/scheduler/{pid}/dismiss")["said"]
    assert said.endswith("is forgotten; 1/0 and 2/0 run on and are found again by the next start")
    again = shared.post("/api/scheduler/multi/start", config_index=7, **TWO)["pid"]
    shared.wait_for(again, "2/0", "running")
    assert shared.post(f"/api/scheduler/{again}/stop")["changed"] is True


def test_a_stop_of_one_that_is_silent_as_it_stops_claims_nothing(shared: Console) -> None:
    """Its socket is gone before it is."""
    shared.world.file(f"1\n{UNTIL_GO}\n1\n10\n", "command_gpus_8.txt")
    pid = shared.post("/api/scheduler/multi/start", config_index=8, **TWO)["pid"]
    shared.wait_for(pid, "1/0", "running")
    state = shared.root / "logs" / "state" / f"{pid}.json"
    os.kill(pid, signal.SIGSTOP)
    try:
        (shared.root / "logs" / "state" / f"{pid}.sock").unlink()
        said = json.loads(state.read_text()) | {"status": "stopping"}
        state.write_text(json.dumps(said))
        answer = shared.post(f"/api/scheduler/{pid}/stop")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert answer == {"ok": True, "changed": False, "said": answer["said"]}
    assert answer["said"].startswith("it is stopping already")
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: shared.scheduler(pid)["alive"] is False, 20, 0.05)


@pytest.fixture(scope="module")
def living(shared: Console) -> int:
    shared.world.file(f"1\n{UNTIL_GO}\n1\n10\n", "command_gpus_9.txt")
    pid: int = shared.post("/api/scheduler/multi/start", config_index=9, **TWO)["pid"]
    return pid


def test_a_card_that_is_not_named_is_asked_for(shared: Console, living: int) -> None:
    said = shared.refused("POST", f"/api/scheduler/{living}/gpu", 422, json={"gpu": "1", "state": "off"})
    assert said["detail"].startswith("id: ")


@pytest.mark.parametrize(
    ("name", "value", "shown"), [("max_tasks", 2, "2"), ("avoid_others", False, "false")]
)
def test_a_setting_is_a_number_or_a_truth_as_json_has_it(
    shared: Console, living: int, name: str, value: Any, shown: str
) -> None:
    shared.post(f"/api/scheduler/{living}/set", {"name": name, "value": value})
    assert shared.get(f"/api/scheduler/{living}/settings")["settings"][name] == shown


def test_a_cancelled_task_is_answered_as_cancelled_and_the_audit_says_which(shared: Console) -> None:
    first = shared.post("/api/tasks", {"command": UNTIL_GO, "simulate": "1x24", "name": "runs"})
    second = shared.post("/api/tasks", {"command": "true", "name": "waits"})
    for made in (second, first):
        answer = shared.post(f"/api/tasks/{made['id']}/cancel")
        assert answer["task"]["state"] == "cancelled"
        entry = shared.get("/api/audit", limit=1)["entries"][0]
        assert entry["what"] == f"cancel {made['task']} ({made['name']})"
        assert entry["address"] == "127.0.0.1"


def test_a_released_one_is_named_in_the_audit(shared: Console) -> None:
    made = shared.post("/api/tasks", {"command": "true", "simulate": "1x24", "hold": True})
    shared.post(f"/api/experiments/{made['id']}/queue/")
    assert shared.get("/api/audit", limit=1)["entries"][0]["what"] == f"release {made['task']}"


def test_the_list_of_logs_counts_logs(console: Console) -> None:
    console.world.file("1\ntrue\n1\n10\n\n" + "1\n#LANE hold\ntrue\n1\n10\n\n" * 6)
    pid = console.post("/api/scheduler/multi/start", **TWO)["pid"]
    console.wait_for(pid, "1/0", "completed")
    (console.root / "logs" / "mine.log").write_text("nobody's\n")
    found = console.get("/api/log/list", limit=1)
    assert [each["index"] for each in found["logs"]] == [0]
    assert len(found["schedulers"]) == 1
    names = {Path(each["log_path"]).name for each in console.get("/api/log/list")["schedulers"]}
    assert names == {"compete_gpus.log", "scheduler_multi_0.log"}


@pytest.mark.parametrize(
    ("path", "values"), [("/api/settings", {"log-level": "debug"}), ("/api/config", {"gpu_left": 1})]
)
def test_whatever_is_there_may_be_nothing(shared: Console, path: str, values: dict[str, Any]) -> None:
    file = Path(shared.get(path)["file"])
    before = file.read_bytes() if file.exists() else None
    file.unlink(missing_ok=True)
    with shared.http as http:
        anything = {"If-Match": "*"}
        wrong = http.put(path, json={"values": dict.fromkeys(values, "loud")}, headers=anything)
        assert wrong.status_code == 422
        seen = http.put(path, json={"values": values}, headers={"If-Match": '"0123456789abcdef"'})
        assert seen.status_code == 412
        assert not file.exists()
        assert http.put(path, json={"values": values}, headers=anything).json()["changed"] is True
    assert file.exists()
    if before is None:
        file.unlink()
    else:
        file.write_bytes(before)


def test_a_configuration_that_is_not_there_is_made_only_by_who_means_that(shared: Console) -> None:
    body = {"text": "1\ntrue\n1\n10\n"}
    path = "/api/commands/multi?config_index=40"
    shared.refused("PUT", path, 404, json=body, headers={"If-Match": "*"})
    with shared.http as http:
        assert http.put(path, json=body, headers={"If-None-Match": "*"}).is_success
    old = {"If-Match": '"0123456789abcdef"'}
    said = shared.refused("DELETE", "/api/commands/multi/40", 412, headers=old)["detail"]
    assert said.endswith("nothing was deleted")


def test_a_key_that_is_misspelt_has_a_nearest_one(shared: Console) -> None:
    for path, key, meant in (
        ("/api/config", "gpu_lft", "gpu_left"),
        ("/api/settings", "log_level", "log-level"),
    ):
        said = shared.refused("PUT", path, 422, json={"values": {key: 0}}, headers={"If-Match": "*"})
        assert said["faults"][0]["hint"] == f"did you mean {meant}?"


def test_a_configuration_to_start_that_is_none_is_told_at_its_line(shared: Console) -> None:
    body = {"values": {"autostart": ["multi/0", "singel/1"]}}
    said = shared.refused("PUT", "/api/settings", 422, json=body, headers={"If-Match": "*"})
    fault = said["faults"][0]
    assert fault["problem"] == "autostart: 'singel/1' is no configuration"
    assert fault["hint"] == "write multi/0, or single/1"
    assert fault["line"] > 0
    assert fault["column"] > len("autostart: [")


def test_what_is_started_with_the_console_waits_for_its_next_start(shared: Console) -> None:
    with shared.http as http:
        body = {"values": {"autostart": ["multi/0"]}}
        saved = http.put("/api/settings", json=body, headers={"If-Match": "*"}).json()
    assert "autostart" in saved["restart"]
    assert saved["waiting"] == ["autostart"]
    Path(saved["file"]).unlink()


def test_a_second_start_says_that_its_options_were_not_heeded(shared: Console) -> None:
    again = shared.start("--port", "29399").said
    assert "--port 29399: not heeded" in again
    assert "not heeded" not in shared.start().said


def seen_by(http: httpx.Client) -> str:
    """All that is told of configuration 41."""
    versions = http.get("/api/commands/multi/versions?config_index=41").json()["versions"]
    paths = ["/api/commands/multi?config_index=41", "/api/commands/multi/all"]
    paths += [f"/api/commands/multi/versions/{each['id']}?config_index=41" for each in versions]
    assert len(paths) > 2
    return "".join(http.get(path).raise_for_status().text for path in paths)


def test_a_reader_sees_no_secret_of_a_command_file(shared: Console) -> None:
    path = "/api/commands/multi?config_index=41"
    with shared.http as http, shared.reader as reader:
        made = http.put(f"{path}&draft=true", json={"text": SECRETS}, headers={"If-None-Match": "*"})
        assert made.status_code == 200, made.text
        whole, masked = http.get(path).json(), reader.get(path).json()
        assert whole["text"] == SECRETS
        assert masked["etag"] == whole["etag"]
        assert masked["text"] == mask_text(SECRETS)
        assert masked["structure"][0]["tasks"][0]["options"]["env"] == [
            ["API_KEY", "********"],
            ["LR", "0.1"],
        ]
        assert [each["line"] for each in masked["all_faults"]] == [
            each["line"] for each in whole["all_faults"]
        ]
        everything = seen_by(http), seen_by(reader)
    for secret in ("abc123", "two words", 'x\\"y', "def ghi"):
        assert secret in everything[0]
        assert secret not in everything[1]
    assert "LR=0.1" in everything[1]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("#LANE env.API_KEY=a env.N=1", "#LANE env.API_KEY=******** env.N=1"),
        ('#LANE env.KEY="a \\" b" hold', "#LANE env.KEY=******** hold"),
        ("#LANE env.KEY= \n1", "#LANE env.KEY= \n1"),
        ("#LANE env.KEY=\n1", "#LANE env.KEY=\n1"),
        ('#LANE env.KEY="a b\npython', "#LANE env.KEY=********\npython"),
        ("# env.KEY = abc\r\n1", "# env.KEY = ********\r\n1"),
        ("#LANE env.TOKENIZERS_PARALLELISM=false", "#LANE env.TOKENIZERS_PARALLELISM=false"),
    ],
)
def test_values_are_masked_and_lines_stay(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def test_what_was_bound_is_read_wherever_work_dir_is_now(shared: Console) -> None:
    shared.world.blocks([(1, "true")])
    path = shared.root / "work" / "mine.log"
    path.write_text("of mine\n")
    task = {"mode": "multi", "config_index": 0, "queue_id": 1, "process_index": 0}
    shared.post("/api/log/bind", task | {"log_path": str(path)})
    other = shared.root / "other"
    other.mkdir()
    shared.world.settings(work_dir=str(other))
    assert shared.get("/api/log/content", **task)["text"] == "of mine\n"
    assert shared.get("/api/log/bindings")["bindings"][0]["problem"] is None
    beside = path.with_name("beside.log")
    beside.write_text("not bound\n")
    shared.refused("GET", f"/api/log/read?log_path={beside}", 403)
    shared.world.settings()


def test_the_login_page_says_who_is_logged_in(shared: Console) -> None:
    with shared.client() as http:
        page, script = http.get("/login").text, http.get("/login.js").text
        assert http.get("/api/auth/check").status_code == 401
        assert 'id="out" type="button" hidden' in page
        for word in ("/api/auth/check", "/api/auth/logout", "已登录", "已登出"):
            assert word in script


def test_a_body_that_is_no_json_is_told_at_its_place(shared: Console) -> None:
    with shared.http as http:
        answer = http.post(
            "/api/tasks", content=b'{"commands": "x",\n  oops}', headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == 422
    fault = answer.json()["faults"][0]
    assert (fault["file"], fault["line"], fault["column"]) == ("body", 2, 3)
    assert "no JSON" in fault["problem"]
