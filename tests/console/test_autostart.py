"""Configurations that the settings name are started with the console."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.test_scheduler import gone
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO, World
from tests.fakenvml.driver import FakeDriver
from tests.waiting import eventually


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """Not started; its settings name two configurations and one that is not there."""
    driver = FakeDriver.make(tmp_path / "driver", cards=2)
    console = Console(World(tmp_path), env=driver.env())
    path = console.root / "config" / "control_setting.yaml"
    path.write_text(json.dumps({"autostart": ["multi/0", "multi/5", "single/2"]}))
    yield console
    console.end()


def said(console: Console) -> dict[str, str]:
    entries = console.get("/api/audit")["entries"]
    return {each["path"]: each["what"] for each in reversed(entries) if each["login"] == "autostart"}


def all_said(console: Console) -> Any:
    found = said(console)
    return found if len(found) == 3 else None


def test_they_are_started_once_and_gone_on_with(console: Console) -> None:
    console.world.blocks([(1, UNTIL_GO)])
    console.world.file("1\ntrue\n1\n", "command_gpu_2.txt")
    console.start()
    first = eventually(lambda: all_said(console))
    assert first["multi/0"].startswith("started, with pid")
    assert first["single/2"].startswith("started, with pid")
    assert "no configuration 5" in first["multi/5"]
    pid = int(first["multi/0"].split()[-1])
    console.wait_for(pid, "1/0", "running")
    eventually(lambda: gone(int(first["single/2"].split()[-1])))

    assert "go on" in console.stop()
    console.start()
    assert console.scheduler(pid)["alive"] is True
    assert console.tasks(pid)["1/0"]["state"]["status"] == "running"
    second = eventually(lambda: _other(console, first))
    assert f"run by the scheduler with pid {pid} already" in second["multi/0"]
    assert second["single/2"] == "all of it is done, and the file has not changed since"

    os.kill(pid, signal.SIGKILL)
    console.stop()
    console.world.file("1\necho changed\n1\n", "command_gpu_2.txt")
    console.start()
    third = eventually(lambda: _other(console, second))
    assert third["multi/0"].startswith("gone on with, with pid")
    assert third["single/2"].startswith("started, with pid")


def _other(console: Console, before: dict[str, str]) -> Any:
    """What is said anew of all three."""
    found = said(console)
    return found if all(found[name] != before[name] for name in ("multi/0", "single/2")) else None
