"""Logs over HTTP: whose is which, parts, search, the list, binding."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.console.world import Console
from tests.end_to_end.world import World
from tests.waiting import eventually

FAILS = """#LANE name="breaks"
echo first line
python3 -c 'raise ValueError("no such thing")'
"""
FIRST: dict[str, Any] = {"mode": "multi", "config_index": 0, "queue_id": 1, "process_index": 0}
BROKEN: dict[str, Any] = {"mode": "multi", "config_index": 0, "queue_id": 2, "process_index": 0}
HUGE = 10 * 1024**3


@pytest.fixture(scope="module")
def ran(shared: Console) -> Console:
    """One that has run: a task that went well, one that failed twice, one that has not begun."""
    shared.world.settings(max_retries=1)
    shared.world.blocks([(1, "echo it went well"), (2, FAILS.strip()), (2, "echo never")])
    pid = shared.post("/api/scheduler/multi/start", simulate="2x24")["pid"]
    eventually(lambda: shared.scheduler(pid)["alive"] is False, 30)
    return shared


def write(console: Console, name: str, text: str | bytes) -> str:
    path = console.root / "work" / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def search(console: Console, path: str, **asked: Any) -> Any:
    return console.get("/api/log/search", log_path=path, **asked)


def test_a_tasks_log_is_that_of_its_last_attempt_or_of_another(ran: Console) -> None:
    log = ran.get("/api/log/content", **FIRST)
    assert log["text"].endswith("it went well\n")
    assert (log["bound"], log["attempt"], log["attempts"], log["at_end"]) == (False, 1, 1, True)
    last, first = (ran.get("/api/log/content", **BROKEN, **more) for more in ({}, {"attempt": 1}))
    assert (last["attempt"], first["attempt"], last["attempts"]) == (2, 1, 2)
    assert last["log_path"] != first["log_path"]
    for asked, status in (
        ({**BROKEN, "attempt": 3}, 404),
        ({**BROKEN, "process_index": 1}, 404),
        ({**BROKEN, "queue_id": 77}, 404),
        ({**BROKEN, "config_index": 9}, 404),
        ({"mode": "multi"}, 422),
    ):
        assert "/api" not in ran.refused("GET", "/api/log/content", status, params=asked)["detail"]


def test_the_first_error_is_none_of_the_commands(ran: Console) -> None:
    """The head of a log quotes them."""
    found = ran.get("/api/log/search", **BROKEN, errors=True, limit=1)
    (error,) = found["matches"]
    assert error["text"] == "Traceback (most recent call last):"
    part = ran.get("/api/log/content", **BROKEN, **{"from": error["line_at"]})
    assert part["text"].startswith("Traceback")
    assert part["at_line_start"]
    every = ran.get("/api/log/search", **BROKEN, errors=True)["matches"]
    assert any(each["text"].startswith("gpulane: exit 1 in") for each in every)
    whole = ran.get("/api/log/content", **BROKEN, **{"from": 0})["text"].splitlines()
    assert [whole[each["line"] - 1] for each in every] == [each["text"] for each in every]
    assert ran.get("/api/log/search", **FIRST, errors=True)["matches"] == []


ERRORS = (
    "Traceback (most recent call last):",
    "ValueError: no such thing",
    "torch.cuda.OutOfMemoryError",
    "CUDA out of memory. Tried to allocate 2 GiB",
    "RuntimeError: CUDA error: device-side assert",
    "[rank0] NCCL error in socket.cpp",
    "java.io.IOException(closed)",
    "ERROR: No matching distribution found",
    "12:00 ERROR no epoch 3",
    "FATAL: role is not there",
    "error: unknown option",
    "fatal: not a git repository",
    "FAILED tests/test_all.py",
    "Segmentation fault",
    "Aborted (core dumped)",
    "Killed",
    "gpulane: exit 1 of: python train.py",
)


def test_each_kind_of_error_is_found(shared: Console) -> None:
    path = write(shared, "errors.log", "".join(f"step {n}\n{line}\n" for n, line in enumerate(ERRORS)))
    assert [found["text"] for found in search(shared, path, errors=True)["matches"]] == list(ERRORS)
    path = write(shared, "calm.log", "mirrored errors of 0.1\nno fatality\nskilled\nFATALITY\n0 failed\n")
    assert search(shared, path, errors=True)["matches"] == []


def test_failed_logs_come_first_in_the_list(ran: Console) -> None:
    found = ran.get("/api/log/list")
    assert [each["status"] for each in found["logs"]] == ["failed", "completed"]
    broken = found["logs"][0]
    assert (broken["queue_id"], broken["index"], broken["attempts"]) == (2, 0, 2)
    assert broken["name"] == "breaks"
    assert broken["error"].startswith("exit 1")
    assert broken["size"] == Path(broken["log_path"]).stat().st_size
    assert any(each["log_path"].endswith("compete_gpus.log") for each in found["schedulers"])
    with ran.reader as reader:
        for each in (*found["logs"], *found["schedulers"]):
            assert reader.get("/api/log/read", params={"log_path": each["log_path"]}).status_code == 200


def test_a_log_is_paged_through_in_both_directions(shared: Console) -> None:
    text = "".join(f"step {n}: 漢字 ✓\n" for n in range(2_000))
    path = write(shared, "pages.log", text)
    at, found = 0, ""
    while True:
        part = shared.get("/api/log/read", log_path=path, **{"from": at, "bytes": 10_000})
        assert part["from"] == at
        assert part["at_line_start"]
        assert part["truncated"]
        found, at = found + part["text"], part["to"]
        if part["at_end"]:
            break
    assert found == text
    end = shared.get("/api/log/read", log_path=path)
    assert end["to"] == end["size"] == len(text.encode())
    back = shared.get("/api/log/read", log_path=path, before=end["from"], bytes=1_000)
    assert back["to"] == end["from"]
    assert text.endswith(back["text"] + end["text"])
    tail = shared.get("/api/log/read", log_path="pages.log", tail=2)
    assert tail["text"] == "step 1998: 漢字 ✓\nstep 1999: 漢字 ✓\n"
    ends = shared.get("/api/log/read", log_path=path, **{"from": -30})
    assert ends["text"] == "step 1999: 漢字 ✓\n"
    lines = shared.get("/api/log/read", log_path=path, **{"from": 0, "lines": 1})
    assert lines["text"] == "step 0: 漢字 ✓\n"
    (shared.root / "logs" / "x.log").write_text("x\n")  # what is not in work_dir is looked for at home
    assert shared.get("/api/log/read", log_path="logs/x.log")["text"] == "x\n"


def test_what_stands_in_a_log_is_text_and_nothing_else(shared: Console) -> None:
    path = write(shared, "hostile.log", b"<script>alert(1)</script>\x1b]0;x\x07\0\xff\r\n")
    with shared.http as http:
        answer = http.get("/api/log/read", params={"log_path": path})
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        part = answer.json()
        assert part["text"] == "<script>alert(1)</script>\x1b]0;x\x07\0\ufffd\r\n"
        assert part["binary"]
        assert part["invalid"]
        answer = http.get("/api/log/download", params={"log_path": path})
        assert answer.content == Path(path).read_bytes()
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith('attachment; filename="hostile.log"')


def test_a_name_can_not_add_headers_to_a_download(shared: Console) -> None:
    name = 'a"; x=\r\nSet-Cookie: 漢.log'
    write(shared, name, "x")
    with shared.http as http:
        answer = http.get("/api/log/download", params={"log_path": name})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert 'filename="a__ x___Set-Cookie_ _.log"' in answer.headers["content-disposition"]


def test_the_end_of_a_huge_log_comes_at_once(shared: Console) -> None:
    path = write(shared, "huge.log", "")
    with Path(path).open("r+b") as file:
        file.seek(HUGE)
        file.write("\nthe last line ✓\n".encode())
    with shared.http as http:
        took = []
        for asked in ({"tail": 1}, {"from": -18}, {"before": HUGE + 20, "bytes": 64}, {"tail": 100}) * 3:
            began = time.perf_counter()
            part = http.get("/api/log/read", params={"log_path": path, **asked}).json()
            took.append(time.perf_counter() - began)
            assert part["text"].endswith("the last line ✓\n")
            assert len(part["text"]) <= 1024 * 1024
    assert sorted(took)[len(took) // 2] < 1, "it read more than the end"


def test_a_file_that_was_emptied_or_replaced_is_noticed(shared: Console) -> None:
    path = write(shared, "other.log", "a\n" * 1_000)
    first = shared.get("/api/log/read", log_path=path)
    again = {"from": first["to"], "generation": first["generation"]}
    assert not shared.get("/api/log/read", log_path=path, **again)["replaced"]
    write(shared, "other.log", "b\n")
    assert shared.get("/api/log/read", log_path=path, **again)["replaced"]
    write(shared, "new", "a\n" * 1_000)
    (shared.root / "work" / "new").replace(path)
    assert shared.get("/api/log/read", log_path=path, **again)["replaced"]


def test_search_finds_lines_with_their_numbers(shared: Console) -> None:
    path = write(shared, "search.log", "".join(f"step {n}: Loss 漢 {n / 7:.3f}\r\n" for n in range(300)))
    (found,) = search(shared, path, query="step 77:")["matches"]
    assert (found["line"], found["text"]) == (78, "step 77: Loss 漢 11.000")
    part = shared.get("/api/log/read", log_path=path, **{"from": found["from"], "lines": 1})
    assert part["text"] == "step 77: Loss 漢 11.000\r\n"
    assert len(search(shared, path, query="lOSS", limit=1000)["matches"]) == 300
    assert search(shared, path, query="lOSS", case=True)["matches"] == []
    assert len(search(shared, path, query="Loss", case=True, limit=7)["matches"]) == 7
    assert len(search(shared, path, query=r"LOSS . 2\.\d{3}$", regex=True)["matches"]) == 7
    assert search(shared, path, query=r"loss . 2\.", regex=True, case=True)["matches"] == []
    assert search(shared, path, query="(", case=True)["matches"] == []
    assert (
        "regular expression"
        in shared.refused(
            "GET", "/api/log/search", 422, params={"log_path": path, "query": "(", "regex": True}
        )["detail"]
    )
    assert shared.refused("GET", "/api/log/search", 422, params={"log_path": path})


def test_a_search_goes_on_where_it_has_ended(shared: Console) -> None:
    path = write(shared, "many.log", "".join(f"needle {n}\n" + "x" * 3_000 + "\n" for n in range(1_000)))
    asked: dict[str, Any] = {"from": 0}
    texts, lines = [], []
    while True:
        found = search(shared, path, query="needle", limit=300, **asked)
        texts += [each["text"] for each in found["matches"]]
        lines += [each["line"] for each in found["matches"]]
        if found["next"] is None:
            break
        asked = {"from": found["next"], "line": found["next_line"]}
    assert texts == [f"needle {n}" for n in range(1_000)]
    assert lines == [2 * n + 1 for n in range(1_000)]


def test_a_line_longer_than_a_block_is_searched_too(shared: Console) -> None:
    block = 1024 * 1024
    path = write(shared, "long.log", "x" * (block - 3) + "needle" + "x" * block + "\nneedle\n")
    twice = write(shared, "twice.log", "x" * (block - 100) + "needle" + "x" * block + "\n")
    for case in (True, False):
        assert len(search(shared, twice, query="needle", case=case)["matches"]) == 1
        found = search(shared, path, query="needle", case=case)["matches"]
        assert [each["from"] for each in found] == [block - 3, 2 * block + 4]
        assert found[0]["clipped"]
        assert len(found[0]["text"]) <= 500
        assert "needle" in found[0]["text"]


def test_a_pattern_that_takes_for_ever_is_given_up(shared: Console) -> None:
    path = write(shared, "redos.log", "a" * 60 + "b\n")
    began = time.monotonic()
    asked = {"log_path": path, "query": "(a+)+$", "regex": True}
    assert shared.refused("GET", "/api/log/search", 422, params=asked)["type"] == "slow-pattern"
    assert time.monotonic() - began < 8
    assert search(shared, path, query="b")["matches"]


def bind(console: Console, task: dict[str, Any], path: str) -> Any:
    return console.post("/api/log/bind", {**task, "log_path": path})


def unbind(console: Console, **task: Any) -> Any:
    return console._ask("DELETE", "/api/log/bind", params=task)


def test_a_bound_log_is_its_tasks_until_it_is_unbound(ran: Console) -> None:
    path = write(ran, "train.log", "loss 0.1\n")
    assert bind(ran, FIRST, "train.log")["changed"]
    assert not bind(ran, FIRST, path)["changed"]
    log = ran.get("/api/log/content", **FIRST)
    assert (log["text"], log["bound"], log["attempt"], log["attempts"]) == ("loss 0.1\n", True, None, 1)
    assert not ran.get("/api/log/content", **FIRST, attempt=1)["bound"]
    (bound,) = ran.get("/api/log/bindings")["bindings"]
    assert (bound["log_path"], bound["exists"], bound["size"], bound["present"]) == (path, True, 9, True)
    assert bound["mtime"] == pytest.approx(Path(path).stat().st_mtime)
    assert ran.get("/api/log/bindings", mode="single")["bindings"] == []
    assert (ran.folder / "log_bindings.json").stat().st_mode & 0o777 == 0o600
    Path(path).unlink()
    (bound,) = ran.get("/api/log/bindings")["bindings"]
    assert (bound["exists"], bound["size"]) == (False, None)
    ran.refused("GET", "/api/log/content", 404, params=FIRST)
    assert unbind(ran, **FIRST)["changed"]
    assert not unbind(ran, **FIRST)["changed"]
    assert ran.get("/api/log/content", **FIRST)["text"].endswith("it went well\n")
    with ran.http as http:  # in the query, as curl has it
        answer = http.post("/api/log/bind", params={**FIRST, "log_path": "not-yet.log"})
        assert "not there yet" in answer.json()["said"]
    assert unbind(ran, **FIRST)["changed"]
    ran.refused("POST", "/api/log/bind", 422, json=FIRST)
    ran.refused("POST", "/api/log/bind", 422, json={"log_path": "x.log"})
    ran.refused("POST", "/api/log/bind", 404, json={**FIRST, "queue_id": 99, "log_path": "x.log"})
    ran.refused("POST", "/api/log/bind", 409, json={**FIRST, "key": "0123-0", "log_path": "x.log"})


def test_a_binding_moves_with_its_block_and_goes_to_no_other(shared: Console) -> None:
    task = {**FIRST, "mode": "single", "config_index": 3}
    file = "command_gpu_3.txt"
    shared.world.file("1\necho a\n1\n\n1\necho b\n1\n", file)
    bind(shared, task, write(shared, "a.log", "a\n"))
    shared.world.file("1\necho new\n1\n\n1\necho b\n1\n\n4\necho a\n1\n", file)
    asked = {"mode": "single", "config_index": 3}
    (bound,) = shared.get("/api/log/bindings", **asked)["bindings"]
    assert (bound["queue_id"], bound["process_index"], bound["present"]) == (4, 0, True)
    assert shared.get("/api/log/content", **{**task, "queue_id": 4})["text"] == "a\n"
    shared.refused("GET", "/api/log/content", 404, params=task)
    shared.world.file("1\necho new\n1\n", file)
    (bound,) = shared.get("/api/log/bindings", **asked)["bindings"]
    assert (bound["queue_id"], bound["present"]) == (1, False)
    assert unbind(shared, **asked, key=bound["key"])["changed"]
    assert shared.get("/api/log/bindings", **asked)["bindings"] == []


def test_an_edit_of_a_running_file_moves_the_binding_too(shared: Console) -> None:
    task = {**FIRST, "mode": "multi", "config_index": 5}
    file = "command_gpus_5.txt"
    block = "1\nuntil test -e go; do sleep 0.05; done\n1\n1\n"
    shared.world.file(block, file)
    started = shared.post("/api/scheduler/multi/start", config_index=5, simulate="2x24", watch=True)
    shared.wait_for(started["pid"], "1/0", "running")
    path = write(shared, "mine.log", "mine\n")
    bind(shared, task, path)
    shared.world.file(f"2\necho before\n1\n1\n\n{block.replace('1', '6', 1)}", file)
    moved = {**task, "queue_id": 6}
    shared.wait_for(started["pid"], "6/0", "running")
    assert shared.get("/api/log/content", **moved)["text"] == "mine\n"
    shared.post(f"/api/scheduler/stop/{started['pid']}")
    assert unbind(shared, **moved)["changed"]


def test_a_twin_that_has_not_run_has_not_its_twins_log(shared: Console) -> None:
    """The file was edited while no scheduler ran: its next start takes what is left for the one not done."""
    file = "command_gpus_6.txt"
    twins = "1\necho same\n1\n1\n\n", "1\n#LANE hold\necho same\n1\n1\n"
    shared.world.file("".join(twins), file)
    pid = shared.post("/api/scheduler/multi/start", config_index=6, simulate="2x24")["pid"]
    shared.wait_for(pid, "1/0", "completed")
    shared.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: shared.scheduler(pid)["alive"] is False)
    asked = {**FIRST, "config_index": 6}
    assert shared.get("/api/log/content", **asked)["text"].endswith("same\n")
    shared.world.file(twins[1], file)
    assert "not run" in shared.refused("GET", "/api/log/content", 404, params=asked)["detail"]


def test_two_who_bind_at_once_lose_nothing(shared: Console) -> None:
    shared.world.file("".join(f"{n}\necho {n}\n1\n\n" for n in range(1, 31)), "command_gpu_7.txt")
    path = write(shared, "x.log", "x\n")
    tasks = [{**FIRST, "mode": "single", "config_index": 7, "queue_id": n} for n in range(1, 31)]

    def work(mine: list[dict[str, Any]]) -> None:
        with shared.http as http:
            for task in mine:
                assert http.post("/api/log/bind", json={**task, "log_path": path}).status_code == 200

    threads = [threading.Thread(target=work, args=(tasks[n::3],)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bound = shared.get("/api/log/bindings", mode="single", config_index=7)["bindings"]
    assert [each["queue_id"] for each in bound] == list(range(1, 31))
    for task in tasks:
        unbind(shared, **task)


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 9}', '{"schema": 1, "bindings": [{}]}', "\0"])
def test_a_damaged_file_is_put_aside_and_said(shared: Console, text: str) -> None:
    path = shared.folder / "log_bindings.json"
    path.write_text(text)
    found = shared.get("/api/log/bindings")
    assert found["bindings"] == []
    aside = found["damaged"].rpartition(" ")[2]
    assert (shared.folder / aside).read_text() == text
    shared.world.file("1\necho a\n1\n", "command_gpu_3.txt")
    task = {**FIRST, "mode": "single", "config_index": 3}
    assert bind(shared, task, write(shared, "a.log", "a\n"))["changed"]
    assert unbind(shared, **task)["changed"]


def test_ten_thousand_bindings_are_listed_in_no_time(shared: Console) -> None:
    path = write(shared, "x.log", "x\n")
    bindings = [
        {**FIRST, "queue_id": n, "key": f"{n:016x}-0", "log_path": path, "bound_at": 1.0}
        for n in range(10_000)
    ]
    file = shared.folder / "log_bindings.json"
    file.write_text(json.dumps({"schema": 1, "bindings": bindings}))
    began = time.monotonic()
    assert len(shared.get("/api/log/bindings")["bindings"]) == 10_000
    assert time.monotonic() - began < 20
    began = time.monotonic()
    shared.world.file("1\necho a\n1\n", "command_gpu_3.txt")
    bind(shared, {**FIRST, "mode": "single", "config_index": 3}, path)
    assert time.monotonic() - began < 20
    file.unlink()
    assert shared.get("/api/log/bindings")["bindings"] == []


def test_roots_of_the_settings_are_read_by_everybody(tmp_path: Path) -> None:
    """And work_dir no longer is one."""
    console = Console(World(tmp_path / "home"))
    named = tmp_path / "named"
    named.mkdir()
    (named / "there.log").write_text("there\n")
    work = write(console, "x.log", "x\n")
    (console.root / "config" / "control_setting.yaml").write_text(f"log-roots: [{named}]\n")
    console.start()
    try:
        with console.reader as reader:
            for name, status in (("there.log", 200), ("no.log", 404)):
                answer = reader.get("/api/log/read", params={"log_path": str(named / name)})
                assert answer.status_code == status
        console.refused("GET", "/api/log/read", 403, params={"log_path": work})
    finally:
        console.end()
