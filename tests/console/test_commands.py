"""Command files over HTTP: listed, read, checked, saved, made and deleted."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually

MULTI = "/api/commands/multi"
TEXT = (
    "# cars\n1 # the queue\npython a.py\n1\n10\n\n\n# boats\n#LANE name=boat\n2\necho b\n2\n7.5\n\n"
    "1\npython c.py\n1\n4\n"
)
BAD = "1\necho a\nx\n10\n"
FOREVER = f"1\n{UNTIL_GO}\n1\n10\n"


@pytest.fixture
def files(shared: Console) -> Console:
    """With one command file, and none of what other tests have made."""
    for path in (shared.root / "command").iterdir():
        path.unlink()
    shutil.rmtree(shared.folder / "versions", ignore_errors=True)
    shared.world.file(TEXT)
    return shared


def put(console: Console, body: Any, match: str | None = "*", **parameters: Any) -> Any:
    """The answer, whatever it is."""
    headers = {} if match is None else {"If-Match": match}
    with console.http as http:
        return http.put(MULTI, json=body, headers=headers, params=parameters)


def save(console: Console, body: Any, match: str | None = "*", **parameters: Any) -> Any:
    answer = put(console, body, match, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def queues(console: Console) -> Any:
    """As they are sent back: each block by its number."""
    structure = console.get(MULTI)["structure"]
    return [
        {"queue_id": queue["queue_id"], "tasks": [{"block": task["block"]} for task in queue["tasks"]]}
        for queue in structure
    ]


def on_disk(console: Console, name: str = "command_gpus.txt") -> bytes:
    return (console.root / "command" / name).read_bytes()


def test_a_file_is_read_with_its_tasks(files: Console) -> None:
    with files.http as http:
        answer = http.get(MULTI)
    found = answer.json()
    assert answer.headers["etag"] == f'"{found["etag"]}"'
    assert (found["text"], found["tasks"], found["queues"], found["faults"]) == (TEXT, 3, 2, 0)
    first, second = found["structure"]
    assert [task["commands"] for task in first["tasks"]] == ["python a.py", "python c.py"]
    assert [task["process_index"] for task in first["tasks"]] == [0, 1]
    boat = second["tasks"][0]
    assert (boat["block"], boat["first_line"], boat["last_line"]) == (1, 8, 13)
    assert (boat["gpu_count"], boat["memory_gb"], boat["options"]["name"]) == (2, 7.5, "boat")


def test_a_file_with_faults_is_read_all_the_same(files: Console) -> None:
    files.world.file(TEXT + "\n" + BAD)
    found = files.get(MULTI)
    assert (found["faults"], found["tasks"]) == (1, 3)
    assert found["all_faults"][0]["line"] == 22
    assert found["broken"] == [{"block": 3, "first_line": 20, "last_line": 23}]
    (files.root / "command" / "command_gpus.txt").write_bytes("# 汽车\n".encode("gbk"))
    assert "GBK" in files.get(MULTI)["all_faults"][0]["problem"]


@pytest.mark.parametrize(
    "data", ["1\necho 车\n1\n10\n".encode("gbk"), b"1\necho caf\xe9\n1\n10\n", b"1\necho \0\n"]
)
@pytest.mark.parametrize("body", [{"text": TEXT}, {"queues": []}])
@pytest.mark.parametrize("draft", [False, True])
def test_what_cannot_be_read_is_not_written_over(files: Console, data: bytes, body: Any, draft: bool) -> None:
    assert files.get(MULTI)["unreadable"] is False
    (files.root / "command" / "command_gpus.txt").write_bytes(data)
    found = files.get(MULTI)
    assert (found["unreadable"], found["text"]) == (True, "")
    answer = put(files, body, found["etag"], draft=draft)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "unreadable")
    assert "iconv" in problem["detail"]
    assert problem["faults"][0]["line"] == 2
    assert on_disk(files) == data


def test_all_configurations_are_listed_the_default_even_before_it_is_there(files: Console) -> None:
    files.world.file(BAD, "command_gpus_3.txt")
    files.world.file(BAD, "command_gpus_03.txt")
    found = files.get(f"{MULTI}/list")["configurations"]
    assert [(one["index"], one["exists"], one["tasks"], one["faults"]) for one in found] == [
        (0, True, 3, 0),
        (3, True, 0, 1),
    ]
    assert [(one["deletable"], bool(one["why_not"])) for one in found] == [(False, True), (True, False)]
    single = files.get("/api/commands/single/list")["configurations"]
    assert [(one["index"], one["exists"]) for one in single] == [(0, False)]
    assert [one["text"] for one in files.get(f"{MULTI}/all")["configurations"]] == [TEXT, BAD]
    files.refused("GET", "/api/commands/single", 404)


def test_a_text_is_saved_as_it_is_with_the_files_mode(files: Console) -> None:
    path = files.root / "command" / "command_gpus.txt"
    path.chmod(0o640)
    text = "\ufeff1\r\npython a.py\r\n1\r\n10\r\n"
    said = save(files, {"text": text}, files.get(MULTI)["etag"])
    assert (said["changed"], said["said"]) == (True, "Saved.")
    assert on_disk(files) == text.encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert save(files, {"text": text}, said["etag"])["changed"] is False


def test_a_link_is_followed_and_stays(files: Console) -> None:
    target = files.root / "elsewhere.txt"
    target.write_text(TEXT)
    link = files.root / "command" / "command_gpus_1.txt"
    link.symlink_to(target)
    save(files, {"text": "1\ntrue\n1\n1\n"}, config_index=1)
    assert link.is_symlink()
    assert target.read_text() == "1\ntrue\n1\n1\n"


def test_who_has_seen_another_version_sees_the_difference(files: Console) -> None:
    etag = files.get(MULTI)["etag"]
    save(files, {"text": TEXT.replace("a.py", "theirs.py")}, etag)
    answer = put(files, {"text": TEXT.replace("a.py", "mine.py")}, f'"{etag}"')
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (412, "conflict")
    assert "theirs.py" in problem["theirs"]
    assert "-python theirs.py" in problem["diff"]
    assert "+python mine.py" in problem["diff"]
    assert problem["etag"] == files.get(MULTI)["etag"]
    assert b"theirs.py" in on_disk(files)


def test_queues_that_name_blocks_of_another_version_show_what_they_meant(files: Console) -> None:
    etag = save(files, {"text": TEXT})["etag"]
    wanted = queues(files)
    wanted[1]["tasks"][0]["memory_gb"] = 9
    files.world.file("1\ntrue\n1\n1\n")
    answer = put(files, {"queues": wanted}, etag)
    assert answer.status_code == 412
    assert "+9" in answer.json()["diff"].splitlines()
    assert on_disk(files) == b"1\ntrue\n1\n1\n"


def test_nobody_writes_over_what_they_have_not_seen(files: Console) -> None:
    answer = put(files, {"text": "1\ntrue\n1\n1\n"}, None)
    assert (answer.status_code, answer.json()["type"]) == (428, "which-version")
    assert on_disk(files) == TEXT.encode()


def test_a_file_that_is_not_there_is_not_made_by_a_save(files: Console) -> None:
    assert put(files, {"text": TEXT}, None, config_index=7).status_code == 404
    assert put(files, {"text": TEXT}, "*", config_index=7).status_code == 404
    with files.http as http:
        made = http.put(
            MULTI, json={"text": TEXT}, headers={"If-None-Match": "*"}, params={"config_index": 7}
        )
        again = http.put(
            MULTI, json={"text": TEXT}, headers={"If-None-Match": "*"}, params={"config_index": 7}
        )
    assert (made.status_code, again.status_code) == (200, 412)


def test_faults_are_refused_all_of_them_unless_as_a_draft(files: Console) -> None:
    text = BAD + "\n2\nif true\n1\n1\n"
    problem = put(files, {"text": text}).json()
    assert [(fault["line"], fault["column"]) for fault in problem["faults"]] == [(3, 1), (7, 1)]
    assert problem["status"] == 422
    assert on_disk(files) == TEXT.encode()
    said = save(files, {"text": text}, draft=True)
    assert said["said"] == "Saved as a draft with 2 faults. A start refuses it."
    assert on_disk(files) == text.encode()


@pytest.mark.parametrize("text", ["1\necho \0\n1\n1\n", "1\necho \ud800\n1\n1\n"])
def test_what_no_file_of_text_holds_is_no_draft_either(files: Console, text: str) -> None:
    with files.http as http:
        body = json.dumps({"text": text})  # with both as escapes
        headers = {"If-Match": "*", "Content-Type": "application/json"}
        answer = http.put(MULTI, content=body, headers=headers, params={"draft": True})
    assert answer.status_code == 422
    assert on_disk(files) == TEXT.encode()


def test_a_file_that_others_can_write_is_not_written(files: Console) -> None:
    path = files.root / "command" / "command_gpus.txt"
    path.chmod(0o666)
    assert "chmod o-w" in put(files, {"text": "1\ntrue\n1\n1\n"}).json()["detail"]
    assert "chmod o-w" in files.get(MULTI)["all_faults"][0]["hint"]


def test_a_running_scheduler_takes_a_save_over_and_refuses_a_draft(files: Console) -> None:
    files.world.file(FOREVER, "command_gpus_6.txt")
    pid = files.post("/api/scheduler/multi/start", config_index=6, simulate="2x24")["pid"]
    try:
        said = save(files, {"text": FOREVER + "\n2\ntrue\n1\n1\n"}, config_index=6)
        assert said["said"] == f"Saved. The scheduler with pid {pid} takes it over."
        files.wait_for(pid, "2/0", "completed")
        said = save(files, {"text": FOREVER + BAD}, config_index=6, draft=True)
        assert f"The scheduler with pid {pid} refuses it" in said["said"]
        eventually(lambda: "edit_refused" in _problems(files, pid), 10, 0.05)
        refused = files.refused("DELETE", f"{MULTI}/6", 409)
        assert refused["pid"] == pid
        one = files.get(f"{MULTI}/list")["configurations"][-1]
        assert (one["running"], one["deletable"]) == (pid, False)
    finally:
        files.end_schedulers()


def _problems(console: Console, pid: int) -> list[str]:
    return [problem["kind"] for problem in console.scheduler(pid)["state"]["problems"]]


def test_one_block_is_changed_and_all_others_stay_byte_for_byte(files: Console) -> None:
    wanted = queues(files)
    wanted[1]["tasks"][0] |= {"memory_gb": 9, "gpu_count": 1}
    save(files, {"queues": wanted})
    assert on_disk(files).decode() == TEXT.replace("2\n7.5\n", "1\n9\n")
    wanted[0]["tasks"][1] |= {"commands": "python d.py\nsync", "repeat": 2}
    save(files, {"queues": wanted})
    assert on_disk(files).decode().endswith("\n1\n#LANE repeat=2\npython d.py\nsync\n1\n4\n")


def test_blocks_are_added_copied_moved_and_removed(files: Console) -> None:
    one, two = queues(files)
    new = {"commands": "python new.py", "memory_gb": None, "options": {"name": "new"}}
    one["tasks"].insert(1, new)
    save(files, {"queues": [one, two]})
    one, two = queues(files)
    assert [task["block"] for task in one["tasks"]] == [0, 1, 3]
    one["tasks"].reverse()
    save(files, {"queues": [one, two]})
    found = files.get(MULTI)["structure"][0]["tasks"]
    assert [task["commands"] for task in found] == ["python c.py", "python new.py", "python a.py"]
    assert found[1]["memory_gb"] is None
    one, two = queues(files)
    two["tasks"].append(one["tasks"].pop(2))  # a.py, with its comment
    save(files, {"queues": [{"queue_id": 5, "tasks": one["tasks"][:1]}, two]})
    found = files.get(MULTI)
    assert [(queue["queue_id"], len(queue["tasks"])) for queue in found["structure"]] == [(5, 1), (2, 2)]
    assert "# cars\n2 # the queue\npython a.py" in found["text"]
    assert "new.py" not in found["text"]


def test_blocks_with_faults_stay_where_they_are(files: Console) -> None:
    files.world.file(BAD + "\n" + TEXT)
    wanted = queues(files)
    save(files, {"queues": wanted[:1]}, draft=True)
    assert on_disk(files).decode().startswith(BAD + "\n# cars\n")
    assert "boat" not in on_disk(files).decode()


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "either"),
        ({"text": TEXT, "queues": []}, "either"),
        ({"queues": [{"queue_id": 1, "tasks": [{"block": 99}]}]}, "no block 99"),
        ({"queues": [{"queue_id": 1, "tasks": [{"block": 0}, {"block": 0}]}]}, "twice"),
        ({"queues": [{"queue_id": 1, "tasks": []}, {"queue_id": 1, "tasks": []}]}, "twice"),
        ({"queues": [{"queue_id": 1, "tasks": [{"commands": "true"}]}]}, "memory_gb"),
        ({"queues": [{"queue_id": 1, "tasks": [{"commands": "a\rb", "memory_gb": 1}]}]}, "carriage return"),
        ({"queues": [{"queue_id": 10**18, "tasks": []}]}, "less than"),
        ({"queues": []}, "no task"),
        ({"queues": [{"queue_id": 1, "tasks": [{"block": 0, "memory_gb": 1e308}]}]}, "larger"),
        ({"queues": [{"queue_id": 1, "tasks": [{"block": 0, "options": {"name": "a\nb"}}]}]}, "quoted whole"),
        ({"queues": [{"queue_id": 1, "tasks": [{"block": 0, "options": {"timeout": 1e300}}]}]}, "time"),
        ({"queues": [{"queue_id": 1, "tasks": [{"block": 0, "options": {"devices": [""]}}]}]}, "GPU index"),
        ({"queues": [{"queue_id": 1, "tasks": [{"block": 0, "options": {"env": [["A B", ""]]}}]}]}, "env"),
        ({"text": 5}, "string"),
        ({"text": TEXT, "force": True}, "permitted"),
    ],
)
def test_what_can_not_be_saved_is_said_and_changes_nothing(files: Console, body: Any, word: str) -> None:
    answer = put(files, body)
    assert answer.status_code == 422
    assert word in answer.json()["detail"]
    assert on_disk(files) == TEXT.encode()


def test_a_new_one_gets_the_next_free_index(files: Console) -> None:
    files.world.file(TEXT, "command_gpus_2.txt")
    made = files.post(f"{MULTI}/new")
    assert (made["index"], made["text"]) == (1, "")
    made = files.post(f"{MULTI}/new", {"from_index": 2})
    assert (made["index"], made["text"]) == (3, TEXT)
    assert files.post("/api/commands/single/new", {"text": "1\ntrue\n1\n"})["index"] == 0
    assert files.refused("POST", f"{MULTI}/new", 422, json={"text": BAD})["faults"][0]["line"] == 3
    files.refused("POST", f"{MULTI}/new", 422, json={"text": TEXT, "from_index": 2})
    files.refused("POST", f"{MULTI}/new", 404, json={"from_index": 9})
    assert (files.root / "command" / "command_gpus_1.txt").stat().st_mode & 0o777 == 0o600


def test_changed_queues_are_checked_and_read_as_a_save_would_write_them(files: Console) -> None:
    before = files.post(f"{MULTI}/validate", {"text": TEXT, "structured": True})
    assert before["structure"] == files.get(MULTI)["structure"]
    queues = [
        {"queue_id": queue["queue_id"], "tasks": [{"block": task["block"]} for task in queue["tasks"]]}
        for queue in before["structure"]
    ]
    queues[0]["tasks"][0]["memory_gb"] = 7.5
    after = files.post(f"{MULTI}/validate", {"text": TEXT, "queues": queues, "structured": True})
    assert after["structure"][0]["tasks"][0]["memory_gb"] == 7.5
    saved = files.client(files.secret())
    with saved as http:
        answer = http.put(MULTI, json={"queues": queues}, headers={"If-Match": "*"})
    assert answer.json()["text"] == after["text"] != TEXT
    queues[0]["tasks"][0]["block"] = 99
    problem = files.refused("POST", f"{MULTI}/validate", 422, json={"text": TEXT, "queues": queues})
    assert problem["faults"][0]["file"] == "queues.0.tasks.0"


def test_a_task_that_no_file_can_say_is_named_for_people_and_for_programs(files: Console) -> None:
    boats = [{"block": 1, "repeat": 3}, {"commands": "echo a\0b", "memory_gb": 1}]
    wanted = [{"queue_id": 1, "tasks": [{"block": 0}]}, {"queue_id": 2, "tasks": boats}]
    problem = put(files, {"queues": wanted}).json()
    assert problem["detail"].startswith("task 2/3: 'echo a")
    assert problem["faults"][0]["file"] == "queues.1.tasks.1"
    boats[1] = {"block": 99}
    assert put(files, {"queues": wanted}).json()["detail"].startswith("task 2/3: the file has no block 99")


def test_a_text_is_checked_without_being_written(files: Console) -> None:
    body = {"text": "1\nif true\n1\n1\n\n2\ntrue\n1\nmuch\n", "config_index": 0}
    found = files.post(f"{MULTI}/validate", body)
    assert found["valid"] is False
    assert [(fault["file"], fault["line"]) for fault in found["faults"]] == [
        ("command_gpus.txt", 2),
        ("command_gpus.txt", 9),
    ]
    assert all(fault["hint"] for fault in found["faults"])
    assert files.post(f"{MULTI}/validate", {"text": TEXT}) == {
        "valid": True,
        "text": TEXT,
        "structure": [],
        "broken": [],
        "faults": [],
        "fault_count": 0,
        "tasks": 3,
        "queues": 2,
    }
    with files.reader as http:
        assert http.post(f"{MULTI}/validate", json={"text": TEXT}).status_code == 200
        assert http.put(MULTI, json={"text": TEXT}, headers={"If-Match": "*"}).status_code == 403
    many = "\n\n".join(f"{queue}\ntrue\nmuch\n1" for queue in range(1200))
    found = files.post(f"{MULTI}/validate", {"text": many})
    assert (len(found["faults"]), found["fault_count"]) == (1000, 1200)
    problem = files.refused("PUT", MULTI, 422, json={"text": many}, headers={"If-Match": "*"})
    assert len(problem["faults"]) == 1000
    assert problem["detail"].endswith("\nand 1,180 more")
    assert on_disk(files) == TEXT.encode()


def test_an_edit_that_could_never_run_is_said_to_be_refused(files: Console) -> None:
    files.world.file(FOREVER, "command_gpus_1.txt")
    pid = files.post("/api/scheduler/multi/start", config_index=1, simulate="2x24", fresh=True)["pid"]
    try:
        said = save(files, {"text": FOREVER + "\n2\ntrue\n9\n1\n"}, config_index=1)["said"]
        assert said.startswith(f"Saved. The scheduler with pid {pid} does not take it up")
        assert "9 GPUs" in said
        said = save(files, {"text": FOREVER + "\n2\ntrue\n1\n1\n"}, config_index=1)["said"]
        assert said == f"Saved. The scheduler with pid {pid} takes it over."
    finally:
        files.end_schedulers()


def test_everybody_is_told_of_a_change_by_whom_ever(files: Console) -> None:
    events = files.events()
    next(events)
    etag = save(files, {"text": "1\ntrue\n1\n1\n"})["etag"]
    until_told(events, {"mode": "multi", "index": 0, "etag": etag})
    path: Path = files.world.file(TEXT, "command_gpu_6.txt")
    etag = files.get("/api/commands/single", config_index=6)["etag"]
    until_told(events, {"mode": "single", "index": 6, "etag": etag})
    path.unlink()
    until_told(events, {"mode": "single", "index": 6, "etag": None})


def until_told(events: Iterator[tuple[str, Any]], wanted: Any) -> None:
    """An event before may have been about what another test has made of the file."""
    assert next(data for kind, data in events if kind == "commands" and data == wanted)
