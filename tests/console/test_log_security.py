"""What is no log is never read, whichever way it is asked for. Each was seen to fail without its guard."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from control.src.logs.opening import Reach, open_log
from control.src.web.problems import Refused
from tests.console.world import Console

SECRET = "hunter2-hunter2"


def link(path: Path, target: str | Path) -> str:
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    return str(path)


def outside(console: Console) -> Path:
    path = console.root / "outside.log"
    path.write_text(SECRET)
    return path


def inside(console: Console, name: str) -> str:
    path = console.root / "work" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SECRET)
    return str(path)


def fifo(console: Console) -> str:
    path = console.root / "work" / "fifo"
    if not path.exists():
        os.mkfifo(path)
    return str(path)


def bound_socket(console: Console) -> str:
    path = console.root / "work" / "s"
    path.unlink(missing_ok=True)
    here = os.getcwd()  # noqa: PTH109
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("s")
    finally:
        os.chdir(here)
    return str(path)


def own(console: Console, name: str) -> str:
    path = console.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(SECRET)
    return str(path)


CASES: dict[str, Callable[[Console], str]] = {
    "dots": lambda c: f"../{outside(c).name}",
    "dots below": lambda c: f"{c.root}/work/../../{c.root.name}/{outside(c).name}",
    "encoded dots": lambda c: f"%2e%2e/{outside(c).name}",
    "encoded slash": lambda c: f"..%2f{outside(c).name}",
    "absolute": lambda c: str(outside(c)),
    "passwd": lambda _: "/etc/passwd",
    "link out": lambda c: link(c.root / "work" / "link.log", outside(c)),
    "link of a link": lambda c: link(
        c.root / "work" / "link2.log", link(c.root / "work" / "link1", outside(c))
    ),
    "folder link out": lambda c: link(c.root / "work" / "folder", outside(c).parent) + "/" + outside(c).name,
    "link to itself": lambda c: link(c.root / "work" / "loop", c.root / "work" / "loop"),
    "link to proc": lambda c: link(c.root / "work" / "environ.log", "/proc/self/environ"),
    "proc": lambda _: "/proc/self/environ",
    "proc root": lambda c: f"/proc/self/root{outside(c)}",
    "fifo": fifo,
    "socket": bound_socket,
    "directory": lambda c: str(c.root / "work"),
    "root": lambda _: "/",
    "device": lambda _: "/dev/zero",
    "terminal": lambda _: "/dev/tty",
    "hidden": lambda c: inside(c, ".env"),
    "hidden folder": lambda c: inside(c, ".cache/x.log"),
    "ssh": lambda c: inside(c, ".ssh/id_rsa"),
    "other home's secrets": lambda c: inside(c, "home2/control/logs/secrets.json"),
    "other run's environment": lambda c: inside(c, "home2/logs/runs/r/environment"),
    "secrets": lambda c: own(c, "control/logs/secrets.json"),
    "database": lambda c: own(c, "control/logs/console.db"),
    "console's log": lambda c: own(c, "control/logs/console.log"),
    "settings": lambda c: own(c, "config/gpu_manage.yaml"),
    "settings from work": lambda _: "../config/gpu_manage.yaml",
    "console's settings": lambda c: own(c, "config/control_setting.yaml"),
    "environment": lambda c: own(c, "logs/runs/r/environment"),
    "ends": lambda c: own(c, "logs/runs/r/ends"),
    "hidden in a run": lambda c: own(c, "logs/runs/r/.x.log"),
    "deeper in a run": lambda c: own(c, "logs/runs/r/deep/x.log"),
    "state": lambda c: own(c, "logs/state/1.log"),
    "history": lambda c: f"{c.root}/logs/history.db",
    "link to secrets": lambda c: link(
        c.root / "work" / "a.log", c.root / "control" / "logs" / "secrets.json"
    ),
    "NUL": lambda c: f"{c.root}/work/a\0b",
    "long": lambda _: "a/" * 2_000,
    "long name": lambda _: "a" * 4_000,
    "nobody": lambda _: "~nobody/x.log",
}


@pytest.fixture(scope="module")
def clients(shared: Console) -> Iterator[dict[str, httpx.Client]]:
    """By role. To make one takes longer than to ask."""
    with shared.http as writer, shared.reader as reader:
        yield {"write": writer, "read": reader}


WAYS: tuple[dict[str, dict[str, str]], ...] = (
    {"read": {}},
    {"search": {"query": "h"}},
    {"search": {"errors": "true"}},
    {"download": {}},
    {"follow": {}},
)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("role", ["write", "read"])
def test_what_is_no_log_is_refused_by_every_way_in(
    shared: Console, clients: dict[str, httpx.Client], case: str, role: str
) -> None:
    path = CASES[case](shared)
    for way in WAYS:
        for name, parameters in way.items():
            answer = clients[role].get(f"/api/log/{name}", params={"log_path": path, **parameters})
            assert answer.status_code in (403, 404), f"{name}: {answer.status_code} {answer.text[:200]}"
            assert answer.headers["content-type"] == "application/problem+json"
            assert SECRET not in answer.text


def test_where_work_dir_is_all_of_the_home_its_secrets_are_none_of_it(
    shared: Console, clients: dict[str, httpx.Client]
) -> None:
    """As it is where the settings name none."""
    shared.world.settings(work_dir=None)
    try:
        for role, client in clients.items():
            train = own(shared, "train.log")
            status = client.get("/api/log/read", params={"log_path": train}).status_code
            assert status == (200 if role == "write" else 403)
            for name in (
                *("config/notes.txt", "config/demo.yaml", "control/logs/console.log", "control/logs/x/y.log"),
                *("control/logs/log_bindings.json", "control/logs/console.lock", "logs/runs/r/environment"),
                *("logs/state/1.json", "logs/gpus_off.json", "logs/counts/x.jsonl", ".git/config"),
            ):
                answer = client.get("/api/log/read", params={"log_path": own(shared, name)})
                assert answer.status_code == 403, name
                assert client.get("/api/log/read", params={"log_path": name}).status_code == 403, name
    finally:
        for name in ("log_bindings.json", "x/y.log"):
            (shared.folder / name).unlink(missing_ok=True)
        shared.world.settings()


def test_what_is_no_log_can_not_be_bound(shared: Console, clients: dict[str, httpx.Client]) -> None:
    shared.world.blocks([(1, "true")])
    task = {"mode": "multi", "queue_id": 1, "process_index": 0}
    for case, make in CASES.items():
        if case in ("encoded dots", "encoded slash"):
            continue  # names like others, of files that may come
        answer = clients["write"].post("/api/log/bind", json={**task, "log_path": make(shared)})
        assert answer.status_code in (403, 404), f"{case}: {answer.status_code} {answer.text}"
    assert shared.get("/api/log/bindings")["bindings"] == []


def test_a_stranger_reads_nothing(shared: Console) -> None:
    path = inside(shared, "train.log")
    with shared.client() as http:
        for way in ("read", "search", "download", "follow", "content"):
            assert http.get(f"/api/log/{way}", params={"log_path": path}).status_code == 401


def test_who_may_only_read_binds_nothing_and_reads_what_was_bound(shared: Console) -> None:
    shared.world.blocks([(1, "true")])
    path = inside(shared, "train.log")
    task: dict[str, Any] = {"mode": "multi", "config_index": 0, "queue_id": 1, "process_index": 0}
    with shared.reader as reader:
        assert reader.post("/api/log/bind", json={**task, "log_path": path}).status_code == 403
        assert reader.delete("/api/log/bind", params=task).status_code == 403
        assert reader.get("/api/log/read", params={"log_path": path}).status_code == 403
        shared.post("/api/log/bind", {**task, "log_path": path})
        assert reader.get("/api/log/read", params={"log_path": path}).json()["text"] == SECRET
        assert reader.get("/api/log/content", params=task).json()["bound"] is True
        link(Path(path), outside(shared))  # what was bound is this file, and not what it leads to later
        ways: dict[str, Any] = {"read": {"log_path": path}, "content": task}
        for way, asked in ways.items():
            assert reader.get(f"/api/log/{way}", params=asked).status_code == 403
        with shared.http as http:
            assert http.request("DELETE", "/api/log/bind", params=task).json()["changed"] is True
        Path(path).unlink()
        inside(shared, "train.log")
        assert reader.get("/api/log/read", params={"log_path": path}).status_code == 403


def test_whether_what_is_not_to_be_read_is_there_is_not_told(shared: Console) -> None:
    with shared.http as http:
        told = [
            http.get("/api/log/read", params={"log_path": path}).json()
            for path in ("/etc/passwd", "/etc/no-such-file", "/root/.bashrc", "/root/.no")
        ]
    assert all(each == told[0] for each in told)


def reach_of(root: Path, *named: str) -> Reach:
    return Reach(bases=(str(root),), data=(), runs=(), never=(), named=named, work=(str(root),))


def text_of(reach: Reach, path: str | Path) -> str:
    with open_log(reach, str(path), "write") as file:
        return os.pread(file.fd, 1000, 0).decode()


def test_proc_is_no_place_for_logs_though_the_whole_machine_is_a_root(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("fine")
    reach = reach_of(tmp_path, "/")
    assert text_of(reach, tmp_path / "x.log") == "fine"
    for path in ("/proc/self/environ", "/proc/1/cmdline", "/sys/kernel/notes", "/dev/null"):
        with pytest.raises(Refused) as refused:
            text_of(reach, path)
        assert refused.value.status == 403


@pytest.mark.parametrize("moment", ["the file", "its folder"])
def test_a_link_that_is_put_there_after_the_look_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The race between looking at a path and opening it, won by the attacker each time."""
    folder, away = tmp_path / "work" / "a", tmp_path / "away"
    folder.mkdir(parents=True)
    away.mkdir()
    (away / "x.log").write_text(SECRET)
    (folder / "x.log").write_text("fine")
    really = os.open

    def swap(path: str | Path, *args: int) -> int:
        if moment == "the file" and not (folder / "x.log").is_symlink():
            link(folder / "x.log", away / "x.log")
        elif moment == "its folder" and not folder.is_symlink():
            folder.rename(tmp_path / "work" / "b")
            link(folder, away)
        return really(path, *args)

    reach = reach_of(tmp_path / "work")
    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(Refused) as refused:
        text_of(reach, folder / "x.log")
    assert refused.value.status == 403
    assert SECRET not in refused.value.detail


def test_a_fifo_that_is_put_there_after_the_look_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.log"
    path.write_text("fine")
    really = os.open

    def swap(given: str | Path, *args: int) -> int:
        if path.is_file():
            path.unlink()
            os.mkfifo(path)
        return really(given, *args)

    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(Refused, match="no regular file"):
        text_of(reach_of(tmp_path), path)


def test_odd_numbers_and_names_are_no_faults_of_ours(shared: Console) -> None:
    path = inside(shared, "odd.log")
    odd = ["-1", "0", "1", str(2**63), str(-(2**63)), str(2**64), "1e9", "", "x", "\ud7ff", "9" * 400]
    with shared.http as http:
        for name in ("from", "before", "bytes", "lines", "tail", "generation"):
            for value in odd:
                answer = http.get("/api/log/read", params={"log_path": path, name: value})
                assert answer.status_code in (200, 422), f"{name}={value}: {answer.text}"
        for name in ("from", "line", "limit", "query", "regex", "case", "attempt"):
            for value in ["-1", str(2**64), "(", "\0", "漢"]:
                answer = http.get(
                    "/api/log/search", params={"log_path": path, "query": "h", "regex": "true", name: value}
                )
                assert answer.status_code in (200, 422, 503), f"{name}={value}: {answer.text}"
        for value in ("漢.log", "\ufffd", "a\nb", "a" * 255, "\\..\\x", "file:///etc/passwd", "~"):
            answer = http.get("/api/log/read", params={"log_path": value})
            assert answer.status_code in (403, 404), f"{value}: {answer.text}"
