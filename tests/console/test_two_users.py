"""Two users of one machine, each with a console: neither sees anything of the other's."""

import inspect
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import conftest
from tests.accounts import Account
from tests.console.test_scheduler import started
from tests.console.world import Console
from tests.end_to_end.world import World


@pytest.fixture(scope="module")
def accounts() -> Iterator[list[Account]]:
    """Two for all tests here."""
    yield from inspect.unwrap(conftest.accounts)()


@pytest.fixture(scope="module")
def public() -> Iterator[Path]:
    yield from inspect.unwrap(conftest.public)()


@pytest.fixture(scope="module")
def consoles(public: Path, accounts: list[Account]) -> Iterator[list[Console]]:
    """One of each account, for all tests: the last one stops the second."""
    made = []
    for account in accounts:
        root = public / account.name
        console = Console(World(root), prefix=account.become)
        subprocess.run(["chown", "-R", f"{account.uid}:{account.uid}", str(root)], check=True)
        console.world.blocks([(1, "true")])
        made.append(console)
    try:
        for console in made:
            console.start()
        yield made
    finally:
        for console in made:
            console.end()


@pytest.fixture(scope="module")
def pid(consoles: list[Console]) -> int:
    """Of the first one's scheduler."""
    return started(consoles[0])


def test_each_sees_its_own_alone(consoles: list[Console], accounts: list[Account], pid: int) -> None:
    first, second = consoles
    assert os.stat(f"/proc/{pid}").st_uid == accounts[0].uid  # noqa: PTH116
    assert second.get("/api/scheduler/running")["schedulers"] == []
    assert second.refused("POST", f"/api/scheduler/stop/{pid}", 404)["type"] == "no-scheduler"
    log = first.tasks(pid)["1/0"]["state"]["log_path"]
    text = first.get("/api/log/read", log_path=log)["text"]
    assert "until test -e" in text
    for path in (log, str(first.folder / "secrets.json"), str(first.root / "command" / "command_gpus.txt")):
        with second.http as http:
            answer = http.get("/api/log/read", params={"log_path": path})
        assert answer.status_code in (403, 404), answer.text
        assert first.secret() not in answer.text
        assert "until test -e" not in answer.text


def test_one_secret_is_nothing_to_the_other(consoles: list[Console]) -> None:
    first, second = consoles
    with first.client(second.secret()) as http:
        assert http.get("/api/scheduler/running").status_code == 401


def test_guesses_of_one_send_only_that_one_away(consoles: list[Console], accounts: list[Account]) -> None:
    console = consoles[0]
    client = console.client("a guess")

    def guess() -> list[int]:
        with client as http:
            return [http.get("/api/auth/check").status_code for _ in range(12)]

    assert accounts[1].does(guess) == [401] * 10 + [429] * 2
    assert console.get("/api/auth/check")["role"] == "write"


def test_the_system_keeps_files_and_sockets_apart(
    consoles: list[Console], accounts: list[Account], pid: int
) -> None:
    first, second = consoles
    state = first.root / "logs" / "state"
    paths = [
        first.folder / "secrets.json",
        first.folder / "console.json",
        first.folder / "console.db",
        state / f"{pid}.json",
        first.root / "logs" / "history.db",
        *(first.root / "logs" / "runs").glob("*/*"),
    ]
    assert len(paths) > 6
    for path in paths:
        assert isinstance(accounts[0].does(path.read_bytes), bytes)
        assert accounts[1].does(path.read_bytes) == "Permission denied", path
    assert accounts[0].does(lambda: _connect(state / f"{pid}.sock")) == "connected"
    assert accounts[1].does(lambda: _connect(state / f"{pid}.sock")) == "Permission denied"
    second.stop()
    assert httpx.get(f"{first.url}/healthz").json() == {"status": "ok"}


def _connect(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))
    return "connected"
