"""`./gpulane doctor`: every line true, 1 where something is wrong, and nothing changed by looking."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app import procfs
from app.model.paths import PROJECT
from app.store.schema import SCHEMA
from tests.end_to_end.command_line import gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually

Finding = tuple[str, str, str, str]
"""Subject, level, text, advice."""


@pytest.fixture
def driver(tmp_path: Path) -> FakeDriver:
    return FakeDriver.make(tmp_path / "driver", 2)


@pytest.fixture
def world(tmp_path: Path, driver: FakeDriver) -> World:
    """Two sound cards, and everything else as it should be."""
    world = World(tmp_path / "home", env=driver.env(), gpus=None)
    (world.root / "leases").chmod(0o1777)
    return world


def examine(world: World, *words: str, **env: str) -> list[Finding]:
    """What it finds; its exit code says the same."""
    done = subprocess.run(
        [sys.executable, str(PROJECT / "app" / "cli.py"), "doctor", "--json", *words],
        env={**os.environ, **world.env, **env, "GPULANE_HOME": str(world.root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.returncode == int(any(one["level"] == "wrong" for one in found)), done.stderr
    return [(one["subject"], one["level"], one["text"], one["advice"]) for one in found]


def bad(world: World, *words: str, **env: str) -> list[Finding]:
    return [one for one in examine(world, *words, **env) if one[1] != "ok"]


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


def test_a_sound_machine_is_said_to_be_sound(world: World) -> None:
    world.file("1\ntrue\n1\n10\n")
    found = {subject: text for subject, _, text, _ in examine(world)}
    assert bad(world) == []
    assert found["driver"].endswith("with 2 cards")
    assert found["GPU 1"] == "NVIDIA GeForce RTX 4090: 24 of 24 GB free, 35 °C"
    assert (found["persistence mode"], found["compute mode"]) == ("on", "DEFAULT")
    assert found["bash"].startswith("GNU bash")
    assert found["tmux"].startswith("tmux")
    assert found["settings"].endswith("config/gpu_manage.yaml")
    assert found["command files"] == "1 that nobody but you (and root) can change"
    assert found["history"] == "there is none yet"
    assert found["leases"] == "no living one"
    assert gpulane(world, "doctor").endswith("nothing wrong, no warnings\n")
    assert not (world.root / "logs").exists()


def test_a_machine_without_a_driver_is_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "leases").mkdir()
    (tmp_path / "leases").chmod(0o1777)
    subject, level, text, advice = only(bad(World(tmp_path)))
    assert (subject, level) == ("driver", "wrong")
    assert text == "this machine has no NVIDIA driver (no libnvidia-ml.so.1)"
    assert "--simulate" in advice


def test_a_driver_that_hangs_does_not_hang_the_doctor(world: World, driver: FakeDriver) -> None:
    driver.script(slow_in="Init", slow_ms=3_600_000)
    began = time.monotonic()
    subject, level, text, _ = only(bad(world, "--patience", "0.5"))
    assert time.monotonic() - began < 10
    assert (subject, level, text) == ("driver", "wrong", "the NVIDIA driver does not answer within 0.5 s")


CRASH = """
import os, signal
from app.gpu import once
once._answer = lambda: os.kill(os.getpid(), signal.SIGSEGV)
once.ask_once(20)
"""


def test_a_driver_that_crashes_its_caller_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert "the NVIDIA driver ended the process that asked it (signal 11)" in done.stderr


@pytest.mark.parametrize(
    ("error", "said"), [(9, "is not loaded"), (18, "was replaced"), (999, "can't be opened")]
)
def test_a_driver_that_fails_is_said(world: World, driver: FakeDriver, error: int, said: str) -> None:
    driver.script(init=error)
    subject, level, text, _ = only(bad(world))
    assert (subject, level) == ("driver", "wrong")
    assert said in text


@pytest.mark.parametrize(
    ("flags", "subject", "level", "said"),
    [
        ({"lost"}, "GPU 1", "wrong", "has fallen off the bus"),
        ({"unknown"}, "GPU 1", "wrong", "can't be read"),
        ({"nopersist"}, "persistence mode", "warning", "off on GPU 1"),
        ({"mode=3"}, "compute mode", "warning", "EXCLUSIVE_PROCESS on GPU 1"),
        ({"mode=2"}, "GPU 1", "wrong", "compute mode PROHIBITED"),
        ({"ecc=7"}, "GPU 1", "warning", "7 uncorrectable memory errors of"),
        ({"remap", "ecc=7"}, "GPU 1", "warning", "is replaced by spare one at the next reset"),
        ({"retire"}, "GPU 1", "warning", "is replaced by spare one at the next reset"),
        ({"remapfail"}, "GPU 1", "wrong", "it has no spare left"),
    ],
)
def test_what_is_odd_about_a_card_is_said(
    world: World, driver: FakeDriver, flags: set[str], subject: str, level: str, said: str
) -> None:
    driver.set_card("GPU-1", flags=flags)
    found = only(bad(world))
    assert found[:2] == (subject, level)
    assert said in found[2]
    assert found[3], "what to do"


def test_memory_that_nobody_holds_and_use_that_nobody_makes_are_said(
    world: World, driver: FakeDriver
) -> None:
    driver.set_card("GPU-0", utilization=100)
    driver.add_process("GPU-1", os.getpid(), 20_000)
    found = only(bad(world))
    assert found[:2] == ("GPU 0", "warning")
    assert "100% use without a process" in found[2]
    driver.remove_process("GPU-1", os.getpid())
    driver.set_card("GPU-0", utilization=0, reserved_mib=4096)
    assert "4 GB of NVIDIA GeForce RTX 4090 are used, and the driver shows no process" in only(bad(world))[2]


def test_processes_of_another_pid_namespace_are_said(world: World, driver: FakeDriver) -> None:
    driver.add_process("GPU-0", 4_000_000, 2000, "x")
    found = only(bad(world))
    assert found[:2] == ("GPU 0", "warning")
    assert "can't be found from here" in found[2]


def test_mig_devices_are_shown_as_cards(world: World, driver: FakeDriver) -> None:
    parent = Card("GPU-0", flags=frozenset({"mig"}))
    driver.set_cards([parent, Card("MIG-a", total_mib=10_000, flags=frozenset({"parent=GPU-0"}))])
    assert bad(world) == []
    texts = {subject: text for subject, _, text, _ in examine(world)}
    assert "a MIG device" in texts["GPU 0:0"]
    assert texts["driver"].endswith("with 1 card")


def test_an_inherited_range_of_cards_is_said(world: World) -> None:
    subject, level, text, _ = only(bad(world, CUDA_VISIBLE_DEVICES="1"))
    assert (subject, level) == ("CUDA_VISIBLE_DEVICES", "warning")
    assert "only GPU 1 may be used" in text
    assert only(bad(world, CUDA_VISIBLE_DEVICES="7"))[1] == "wrong"


def test_programs_that_are_missing_are_said(world: World, tmp_path: Path) -> None:
    found = {subject: level for subject, level, *_ in bad(world, PATH=str(tmp_path))}
    assert found == {"bash": "wrong", "tmux": "warning"}


def test_every_fault_of_the_settings_is_a_line(world: World) -> None:
    path = world.root / "config" / "gpu_manage.yaml"
    path.write_text("max_gpus: 2\nstop_grace: long\n")
    first, second = [one for one in bad(world) if one[0] == "settings"]
    assert first[1:] == ("wrong", f"{path}:1: 'max_gpus' is no key of this file", "did you mean max_gpu?")
    assert f"{path}:2: stop_grace can't be" in second[2]
    world.settings(use_all_gpus=False, compete_gpus=[0, 5])
    assert "compete_gpus names GPU 5, and there is 0, 1" in only(bad(world))[2]


def test_files_that_others_can_change_are_said(world: World) -> None:
    path = world.file("1\ntrue\n1\n10\n")
    path.chmod(0o666)
    subject, level, text, advice = only(bad(world))
    assert (subject, level) == ("command files", "wrong")
    assert "everybody on this machine can write it" in text
    assert "chmod o-w" in advice
    path.chmod(0o600)
    table = world.root / "command" / "todo.xlsx"
    table.write_bytes(b"\xff\0 no text")
    assert bad(world) == [], "what is in it is --check's to say"
    table.chmod(0o602)
    assert str(table) in only(bad(world))[2]
    table.unlink()
    (world.root / "command").chmod(0o777)
    assert "can replace what lies in" in only(bad(world))[2]


@pytest.mark.skipif(os.getuid() != 0, reason="to give a file away takes root")
def test_a_command_file_of_somebody_else_is_said(world: World) -> None:
    os.chown(world.file("1\ntrue\n1\n10\n"), 12_345, 0)
    subject, level, text, _ = only(bad(world))
    assert (subject, level) == ("command files", "wrong")
    assert "it belongs to uid 12345" in text


def test_folders_that_can_t_be_used_are_said(world: World) -> None:
    (world.root / "logs").write_text("no folder")
    found = [one for one in bad(world) if one[0] == "folders"]
    assert "logs is no folder" in only(found)[2]
    (world.root / "logs").unlink()
    world.settings(lease_dir=str(world.root / "nowhere"))
    subject, level, text, _ = only(bad(world))
    assert (subject, level) == ("lease directory", "wrong")
    assert "does not exist; make it with: mkdir" in text


def test_a_damaged_and_a_newer_history_are_said(world: World) -> None:
    path = world.root / "logs" / "history.db"
    path.parent.mkdir()
    path.write_bytes(b"something else" * 1000)
    assert only(bad(world))[:2] == ("history", "wrong")
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    assert "written by a newer one" in only(bad(world))[2]


def test_an_entry_of_history_that_is_still_to_come_is_said(world: World) -> None:
    world.blocks([(1, "true")])
    world.run()
    path = world.root / "logs" / "history.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE attempts SET ended_at = ended_at + 86400")
    subject, level, text, advice = only(bad(world))
    assert (subject, level) == ("clock", "warning")
    assert "which is still to come" in text
    assert "date" in advice


def test_a_clock_that_was_set_while_a_scheduler_runs_is_said(world: World) -> None:
    """Told from what it wrote down at its start; a state of an hour's jump is put into its place here."""
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    path = world.root / "logs" / "state" / f"{scheduler.pid}.json"
    os.kill(scheduler.pid, signal.SIGSTOP)
    state = json.loads(path.read_text())
    state["started_at"] -= 3600
    path.write_text(json.dumps(state))
    try:
        found = [one for one in bad(world) if one[0] == "clock"]
    finally:
        os.kill(scheduler.pid, signal.SIGCONT)
    assert re.match(r"it was set forward by 3,[56]\d\d s since the scheduler with pid", only(found)[2])
    world.go()
    assert scheduler.end() == 0


def test_what_a_dead_scheduler_has_left_is_said_with_what_to_do(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    assert bad(world) == []
    texts = [text for subject, _, text, _ in examine(world) if subject == "leases"]
    assert texts == [f"1 living one of {procfs.user_name(os.getuid())} on GPU 0"]
    scheduler.kill()
    lease, state = bad(world)
    assert lease[:2] == ("leases", "warning")
    assert f"the scheduler with pid {scheduler.pid} has ended, and tasks of it run on (queue 1)" in lease[2]
    assert state[:2] == ("schedulers", "wrong")
    assert "has ended with 2 tasks to go" in state[2]
    assert "/gpulane run" in state[3]
    world.go()
    assert world.start().end() == 0
    assert bad(world) == []


def test_a_scheduler_that_its_user_has_ended_is_no_fault(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    gpulane(world, "stop")
    scheduler.end()
    assert bad(world) == []
    ((level, text, advice),) = [each for subject, *each in examine(world) if subject == "schedulers"]
    assert level == "ok"
    assert text.endswith("was ended by its user with 2 tasks to go")
    assert "/gpulane run " in advice


def test_a_lease_that_a_stray_holds_is_said_with_the_stray(world: World) -> None:
    world.blocks([(1, f"(trap '' TERM; setsid env -i sleep 300 & echo $! >stray); {UNTIL_GO}")])
    scheduler = world.start()
    supervisor = scheduler.wait_for("1/0", "running").pid
    stray = int(eventually(lambda: world.work("stray"))[0])
    scheduler.kill()
    world.go()
    eventually(lambda: procfs.start_time(supervisor) is None)
    found = [one for one in bad(world) if one[0] == "leases"]
    assert f"process {stray} (sleep) still holds GPU-0" in only(found)[2]
    assert found[0][3].endswith(f"kill {stray}")
    os.kill(stray, signal.SIGKILL)
    eventually(lambda: procfs.start_time(stray) is None)
    texts = [text for subject, _, text, _ in examine(world) if subject == "leases"]
    assert "1 dead one (1 of yours), which count as nothing" in texts
    assert len(world.leases()) == 1, "it removes nothing"
    assert world.start().end() == 0


def test_a_state_that_can_t_be_read_and_a_card_that_is_off_are_said(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    gpulane(world, "gpu", "1", "off")
    (world.root / "logs" / "state" / "1.json").write_text("{")
    found = {subject: (level, text) for subject, level, text, _ in bad(world)}
    assert found["schedulers"][0] == "wrong"
    assert found["GPUs off"][0] == "warning"
    assert "GPU-1 was turned off" in found["GPUs off"][1]
    world.go()
    assert scheduler.end() == 0


def test_it_changes_nothing(world: World) -> None:
    """With a dead scheduler, a dead lease and a history with its log: all of what others would tidy up."""
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    pid = scheduler.wait_for("1/0", "running").pid
    scheduler.kill()
    world.go()
    eventually(lambda: procfs.start_time(pid) is None)

    def everything() -> dict[str, tuple[int, int, bytes]]:
        found = {}
        for path in sorted(world.root.rglob("*")):
            if not path.name.endswith("-shm") and path.is_file():  # what SQLite's readers keep between them
                info = path.stat()
                found[str(path)] = (info.st_mode, info.st_mtime_ns, path.read_bytes())
        return found

    before = everything()
    examine(world)
    gpulane(world, "doctor", expect=1)
    assert everything() == before
    assert len(world.leases()) == 1
    assert world.start().end() == 0
