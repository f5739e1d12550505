"""A console of its own for tests: started by run.sh, talked to over HTTP."""

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app import procfs
from app.model.paths import PROJECT
from app.store.lock import is_alive
from tests.end_to_end.world import World
from tests.waiting import eventually

RUN, SHUT_DOWN = PROJECT / "control" / "run.sh", PROJECT / "control" / "shut_down.sh"
PATIENCE = 60.0


@dataclass
class Console:
    """The console of a world. `http` sends the secret, as scripts do."""

    world: World
    said: str = ""  #: by the last start
    env: dict[str, str] = field(default_factory=dict)
    prefix: Sequence[str] = ()  #: what its scripts are run by
    _streams: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def root(self) -> Path:
        return self.world.root

    @property
    def folder(self) -> Path:
        return self.root / "control" / "logs"

    def script(self, path: Path, *args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.prefix, str(path), *args],
            env={**os.environ, **self.env, **env, "GPULANE_HOME": str(self.root)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def start(self, *args: str) -> "Console":
        done = self.script(RUN, *args)
        assert done.returncode == 0, done.stderr + done.stdout
        self.said = done.stdout
        return self

    def stop(self) -> str:
        done = self.script(SHUT_DOWN)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def where(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "console.json").read_text())
        return found

    @property
    def pid(self) -> int:
        return int(self.where["pid"])

    @property
    def url(self) -> str:
        return str(self.where["url"])

    def secret(self, role: str = "write") -> str:
        return str(json.loads((self.folder / "secrets.json").read_text())[role])

    @property
    def http(self) -> httpx.Client:
        """With the secret."""
        return self.client(self.secret())

    @property
    def reader(self) -> httpx.Client:
        """With the read-only one."""
        return self.client(self.secret("read"))

    def client(self, secret: str | None = None, **headers: str) -> httpx.Client:
        """Each call with a connection of its own: what one test leaves open is no matter to the next."""
        if secret is not None:
            headers["Authorization"] = f"Bearer {secret}"
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE)

    def get(self, path: str, **parameters: Any) -> Any:
        return self._ask("GET", path, params=parameters)

    def post(self, path: str, body: Any = None, **parameters: Any) -> Any:
        return self._ask("POST", path, params=parameters, json=body)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        """Its answer. Fails on a problem."""
        if more.get("json") is None:
            more.pop("json", None)
        with self.http as http:
            answer = http.request(method, path, **more)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json()

    def refused(self, method: str, path: str, status: int, **more: Any) -> dict[str, Any]:
        """The problem that it answers with."""
        with self.http as http:
            answer = http.request(method, path, **more)
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert problem["status"] == status
        return problem

    def events(self, seconds: float = 20.0) -> Iterator[tuple[str, Any]]:
        """Of the stream, as they come: kind and data. Fails when none comes for so long. Who has seen enough
        need not close it: that is done with the console."""
        http = self._streams.enter_context(self.client(self.secret()))
        http.timeout = httpx.Timeout(seconds)
        stream = self._streams.enter_context(http.stream("GET", "/api/events"))
        kind = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))

    def scheduler(self, pid: int) -> Any:
        return self.get(f"/api/scheduler/{pid}")

    def tasks(self, pid: int) -> Mapping[str, Any]:
        """Label ("1/0") to task."""
        state = self.scheduler(pid)["state"]
        return {
            f"{queue['queue_id']}/{task['index']}": task
            for queue in state["queues"]
            for task in queue["tasks"]
        }

    def wait_for(self, pid: int, label: str, status: str, seconds: float = 20) -> Any:
        """A task, once it has that status; if it is running, once its supervisor is known. Who fails says how
        it stands instead."""
        task = None

        def look() -> Any:
            nonlocal task
            task = self.tasks(pid).get(label)
            if not task or task["state"]["status"] != status:
                return None
            return None if status == "running" and task["state"]["pid"] is None else task

        try:
            return eventually(look, seconds, 0.03)
        except AssertionError as error:
            raise AssertionError(f"{label} is not {status}, but {task}") from error

    def end(self) -> None:
        """With all schedulers of its world."""
        self._streams.close()
        self.world.go()
        self.end_schedulers()
        self.stop()

    def end_schedulers(self) -> None:
        """Of its world."""
        for path in (self.root / "logs" / "state").glob("*.lock"):
            if path.stem.isdecimal() and is_alive(path):
                _end(int(path.stem))


def _end(pid: int) -> None:
    """Also one that nobody waits for."""
    start = procfs.start_time(pid)
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself meanwhile
        os.kill(pid, signal.SIGTERM)

    def ended() -> bool:
        found = procfs.stat(pid)
        return found is None or found.start != start or not found.alive

    eventually(ended, 30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
