"""What somebody does on purpose, or a disk by chance, and what is not to come of it."""

import contextlib
import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.client import NoAnswer
from control.src.schedulers.asking import AT_ONCE, Limit
from tests.console.test_gate import raw
from tests.console.test_scheduler import gone, started
from tests.console.world import RUN, Console
from tests.end_to_end.world import UNTIL_GO
from tests.waiting import eventually


def test_who_is_not_logged_in_fills_no_memory(shared: Console) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    with shared.client(**{"Content-Type": "application/json", "X-Gpulane": "1"}) as http:
        assert http.post("/api/auth/login", content=chunks()).status_code == 413


@pytest.mark.parametrize("before", ['a={"x":1}', "foo", "a=b c", "a[]=1", 'x="', "k=\u00e9"])
def test_other_tools_cookies_log_nobody_out(shared: Console, before: str) -> None:
    with shared.client(Origin=shared.url) as http:
        http.post("/api/auth/login", json={"secret": shared.secret()})
        [(name, value)] = http.cookies.items()
    cookie = f"Cookie: {before}; {name}={value}\r\n".encode()
    assert b" 200 " in raw(shared, b"GET /api/auth/check HTTP/1.1\r\n" + cookie)


def test_who_may_only_read_throws_nobody_out_and_writes_no_history(console: Console) -> None:
    with console.client(Origin=console.url) as owner:
        owner.post("/api/auth/login", json={"secret": console.secret()})
        entries = len(console.get("/api/audit", limit=1000)["entries"])
        with console.client(Origin=console.url) as http:
            for _ in range(510):
                http.post("/api/auth/login", json={"secret": console.secret("read")})
            http.post("/api/auth/logout")
        assert owner.get("/api/auth/check").status_code == 200
        assert len(console.get("/api/audit", limit=1000)["entries"]) == entries


def test_a_scheduler_that_stands_still_holds_nobody_up(shared: Console) -> None:
    pid = started(shared)
    os.kill(pid, signal.SIGSTOP)
    try:
        codes = [shared_status(shared, f"/api/scheduler/{pid}/why?task=1/0") for _ in range(5)]
        assert codes == [503] * 5
        assert "kill -CONT" in shared.refused("GET", f"/api/scheduler/{pid}/settings", 503)["detail"]
    finally:
        os.kill(pid, signal.SIGCONT)
    stop(shared, pid)


def test_a_question_too_many_is_refused() -> None:
    limit = Limit()
    with contextlib.ExitStack() as under_way:
        for _ in range(AT_ONCE):
            under_way.enter_context(limit.of(1))
        with pytest.raises(NoAnswer, match="has not answered"), limit.of(1):
            pass
        with limit.of(2):
            pass
    with limit.of(1):
        pass


def shared_status(console: Console, path: str) -> int:
    answer = httpx.get(
        console.url + path, headers={"Authorization": f"Bearer {console.secret()}"}, timeout=60
    )
    return answer.status_code


def test_what_is_done_is_not_done_again_by_a_resume(shared: Console) -> None:
    shared.world.blocks([(1, "echo ran >>ran")])
    pid = shared.post("/api/scheduler/multi/start", simulate="1x24")["pid"]
    eventually(lambda: shared.scheduler(pid)["ended"] == "finished")
    assert shared.refused("POST", f"/api/scheduler/{pid}/resume", 409)["type"] == "finished"
    assert shared.world.work("ran") == ["ran"]
    shared.post(f"/api/scheduler/{pid}/dismiss")


def test_a_damaged_database_is_put_aside(console: Console) -> None:
    console.stop()
    (console.folder / "console.db").write_bytes(b"no database" * 1000)
    for suffix in ("-wal", "-shm"):
        (console.folder / f"console.db{suffix}").unlink(missing_ok=True)
    console.start()
    assert console.get("/api/audit")["entries"] == []
    assert len(list(console.folder.glob("console.db.damaged-*"))) == 1


def test_a_database_that_somebody_holds_stops_no_answer(console: Console) -> None:
    """Whose cookie it is, is known. What is to be written waits meanwhile, and then gives up, which is said:
    the answer comes before that. (Tried again, as a machine may stand still for as long as writes wait.)"""
    with console.client(Origin=console.url) as browser:
        browser.post("/api/auth/login", json={"secret": console.secret()})
        eventually(lambda: answers_before_writes_give_up(console, browser), 90)


def answers_before_writes_give_up(console: Console, browser: httpx.Client) -> bool:
    def given_up() -> int:
        return (console.folder / "console.log").read_text().count("not in the audit")

    before = given_up()
    holder = sqlite3.connect(console.folder / "console.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        for _ in range(8):
            assert browser.post("/api/scheduler/multi/start?config_index=9").status_code == 404
        assert browser.get("/api/auth/check").json()["role"] == "write"
        return given_up() == before
    finally:
        holder.close()


def test_an_odd_state_file_hides_no_other(shared: Console) -> None:
    pid = started(shared)
    path = shared.root / "logs" / "state" / "99998.json"
    path.write_text('{"schema": 1, "queues": [{"queue_id": 77}], "gpus": []}')
    odd = eventually(lambda: [one for one in all_(shared) if one["pid"] == 99998])
    assert "can't be read" in odd[0]["unreadable"]
    shared.post(f"/api/scheduler/{pid}/hold", {"task": "1/1"})
    shared.wait_for(pid, "1/1", "held")
    path.unlink()
    stop(shared, pid)


def test_a_living_ones_file_that_is_damaged_is_said_until_it_is_written_anew(shared: Console) -> None:
    pid = started(shared)
    path = shared.root / "logs" / "state" / f"{pid}.json"
    os.kill(pid, signal.SIGSTOP)
    try:
        path.write_text('{"schema": 1, "queues": [{"queue_id": 77}], "gpus": []}')
        eventually(lambda: shared.scheduler(pid)["unreadable"])
        with shared.http as http:
            for call in ("/metrics", "/api/commands/multi/list", "/api/gpu", "/api/tasks", "/api/timeline"):
                assert http.get(call).status_code == 200, call
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: shared.scheduler(pid)["unreadable"] is None)
    stop(shared, pid)


def test_links_in_a_circle_are_said(shared: Console) -> None:
    path = shared.root / "command" / "command_gpus_5.txt"
    path.symlink_to(path)
    try:
        for method, call in (
            ("GET", "/api/scheduler/multi/state?config_index=5"),
            ("POST", "/api/scheduler/multi/start?config_index=5"),
            ("POST", "/api/scheduler/multi/stop?config_index=5"),
            ("GET", "/api/history?mode=multi&config_index=5"),
            ("GET", "/api/log/content?mode=multi&config_index=5&queue_id=1&process_index=0"),
        ):
            assert shared_code(shared, method, call) < 500, call
    finally:
        path.unlink()


def shared_code(console: Console, method: str, call: str) -> int:
    with console.http as http:
        return http.request(method, call).status_code


def test_a_socket_that_another_program_serves_is_left_alone(console: Console) -> None:
    """By its own, for example."""
    other = console.root / "other.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(other))
        listener.listen()
        console.stop()
        done = console.script(RUN, "--uds", str(other))
        assert done.returncode != 0
        assert "another program listens" in done.stderr
        assert other.exists()


def test_secret_looking_variables_stand_in_no_log(shared: Console) -> None:
    shared.world.file(f"#LANE env.HF_TOKEN=hunter2 env.SEED=7\n1\n{UNTIL_GO}\n1\n10\n")
    pid = shared.post("/api/scheduler/multi/start", simulate="1x24", fresh=True)["pid"]
    shared.wait_for(pid, "1/0", "running")
    log = eventually(lambda: shared.tasks(pid)["1/0"]["state"]["log_path"])
    text = eventually(lambda: shared.get("/api/log/read", log_path=log)["text"])
    assert "env SEED: 7" in text
    assert "hunter2" not in text
    assert shared.tasks(pid)["1/0"]["options"]["env"] == [["HF_TOKEN", "********"], ["SEED", "7"]]
    stop(shared, pid)


def test_nor_in_what_a_scheduler_has_against_an_edit(shared: Console) -> None:
    """It quotes the line."""
    shared.world.file(f"1\n{UNTIL_GO}\n1\n10\n")
    pid = shared.post("/api/scheduler/multi/start", simulate="1x24", fresh=True, watch=True)["pid"]
    shared.world.file("1\npython x.py\n1\nenv.HF_TOKEN=hunter2\n")

    def refused() -> Any:
        found = shared.scheduler(pid)["state"]["problems"]
        return [one for one in found if one["kind"] == "edit_refused"]

    [problem] = eventually(refused, 20, 0.05)
    assert "HF_TOKEN=" in problem["text"] + str(problem["facts"])
    written = (shared.root / "logs" / "state" / f"{pid}.json").read_text()
    assert "hunter2" in written  # else nothing is hidden here
    for client in (shared.reader, shared.http):
        with client as http:
            for path in ("/api/scheduler/running", f"/api/scheduler/{pid}", f"/api/scheduler/{pid}/status"):
                answer = http.get(path)
                assert (answer.status_code, "edit_refused" in answer.text) == (200, True)
                assert "hunter2" not in answer.text, path
    stop(shared, pid)


def stop(console: Console, pid: int) -> None:
    """And wait for its end."""
    console.post(f"/api/scheduler/stop/{pid}")
    eventually(lambda: gone(pid))


def all_(console: Console) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = console.get("/api/scheduler/running")["schedulers"]
    return found
