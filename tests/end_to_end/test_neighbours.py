"""Several schedulers, and several users, on the same cards, with the real nvidia-ml-py on scripted ones."""

import os
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.accounts import Account
from tests.end_to_end.world import TRAIN, UNTIL_GO, World
from tests.fakenvml.driver import FakeDriver
from tests.listening import listening
from tests.waiting import eventually

CARD_MIB = 24_576
UNINITIALIZED = 1  #: the driver was restarted


@pytest.fixture
def driver(tmp_path: Path) -> FakeDriver:
    """Four cards of 24 GB, whose memory the fake training jobs take."""
    return FakeDriver.make(tmp_path / "driver", 4)


def make_world(root: Path, driver: FakeDriver, leases: Path, **settings: object) -> World:
    world = World(root, env=driver.env(), gpus=None)
    world.settings(lease_dir=str(leases), **settings)
    return world


def shared_directory(path: Path) -> Path:
    path.mkdir()
    path.chmod(0o1777)
    return path


def overlaps(stamps: list[str]) -> list[str]:
    """Cards on which more than their memory was in use at once, from what the tasks wrote."""
    events = [line.split() for line in stamps]
    used: dict[str, int] = {}
    found = []
    for what, _at, card, _pid, mib in sorted(events, key=lambda event: float(event[1])):
        used[card] = used.get(card, 0) + (int(mib) if what == "start" else -int(mib))
        if used[card] > CARD_MIB:
            found.append(f"{card} at {_at}")
    return found


@pytest.mark.parametrize("seconds", [1.5, 3])
def test_a_task_uses_its_card_and_its_peak_is_seen(
    tmp_path: Path, driver: FakeDriver, seconds: float
) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"))
    world.blocks([(1, f"{TRAIN} --memory-mb 9000 --seconds {seconds}")])
    world.run()
    assert world.outcome("1/0").peak_memory_gb == pytest.approx(9000 / 1024, abs=0.05)


def test_a_card_that_was_lost_before_we_started_comes_back_as_itself(
    tmp_path: Path, driver: FakeDriver
) -> None:
    driver.set_card("GPU-2", flags={"nohandle"})
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"), check_time=0.2)
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()

    def uuids() -> list[str]:
        state = scheduler.state()
        return [card.uuid for card in state.gpus] if state else []

    eventually(lambda: "unknown-2" in uuids())
    driver.set_card("GPU-2", flags=())
    eventually(lambda: uuids() == ["GPU-0", "GPU-1", "GPU-2", "GPU-3"])
    world.go()
    assert scheduler.end() == 0


def test_another_users_memory_is_never_given_away(tmp_path: Path, driver: FakeDriver) -> None:
    for card in range(4):
        driver.add_process(f"GPU-{card}", os.getpid(), 20_000)
    world = make_world(
        tmp_path / "home", driver, shared_directory(tmp_path / "leases"), maximize_resource_utilization=True
    )
    world.blocks([(1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "waiting")
    eventually(lambda: "GB free" in scheduler.wait_for("1/0", "waiting").reason)
    driver.remove_process("GPU-2", os.getpid())
    assert scheduler.end() == 0
    assert world.outcome("1/0").gpu_ids == ("2",)


def test_only_inherited_cards_are_used_and_it_says_so(tmp_path: Path, driver: FakeDriver) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"))
    world.env["CUDA_VISIBLE_DEVICES"] = "GPU-2,1"
    world.blocks([(queue, UNTIL_GO) for queue in (1, 2, 3)])
    scheduler = world.start()
    used = {card for label in ("1/0", "2/0") for card in scheduler.wait_for(label, "running").gpu_ids}
    assert used == {"1", "2"}
    scheduler.wait_for("3/0", "waiting")
    notices = {problem.kind: problem.text for problem in scheduler.problems()}
    assert notices["visible_devices"] == (
        "CUDA_VISIBLE_DEVICES=GPU-2,1 was inherited: only GPU 1, 2 may be used"
    )
    world.go()
    assert scheduler.end() == 0
    assert world.outcome("3/0").gpu_ids in (("1",), ("2",))
    world.env["CUDA_VISIBLE_DEVICES"] = "junk"
    assert "CUDA_VISIBLE_DEVICES=junk was inherited: no GPU may be used" in world.run("--fresh", expect=2)


def test_out_of_memory_asks_for_more_next_time(tmp_path: Path, driver: FakeDriver) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"))
    neighbour = subprocess.Popen(["sleep", "600"])
    try:
        driver.add_process("GPU-0", neighbour.pid, 20_000)
        # Declares 1 GB and takes 10: there is room for 1 on GPU 0, for 10 only elsewhere.
        world.file(f"#LANE devices=0,1\n1\n{TRAIN} --memory-mb 10000 --seconds 0.2\n1\n1\n")
        world.settings(
            lease_dir=str(tmp_path / "leases"),
            avoid_others=False,
            memory_save_mode=True,
            maximize_resource_utilization=True,  # the neighbour is a process of this very user
        )
        world.run()
    finally:
        neighbour.kill()
        neighbour.wait()
    (card, first), (other, second) = attempts(world)
    assert (card, first, other) == ('["0"]', 1, '["1"]')
    assert second > 10_000 / 1024, "what it tried to allocate, and some more"


def attempts(world: World) -> list[tuple[str, float]]:
    """The cards of each attempt, and the GB it asked for."""
    with closing(sqlite3.connect(world.root / "logs" / "history.db")) as history:
        return history.execute("SELECT gpu_ids, memory_gb FROM attempts ORDER BY number").fetchall()


def test_two_schedulers_of_one_user_never_share_a_card_by_accident(
    tmp_path: Path, driver: FakeDriver
) -> None:
    leases = shared_directory(tmp_path / "leases")
    stamps = tmp_path / "stamps"
    train = f"{TRAIN} --memory-mb 14745 --seconds 0.5 --allocate-after 0.2 --stamp {stamps}"
    worlds = [
        make_world(tmp_path / name, driver, leases, maximize_resource_utilization=True) for name in "ab"
    ]
    for world in worlds:
        world.blocks([(queue, train) for queue in range(1, 7)], memory="14.4")
    schedulers = [world.start() for world in worlds]
    assert [scheduler.end(120) for scheduler in schedulers] == [0, 0]
    lines = stamps.read_text().splitlines()
    assert sum(line.startswith("end") for line in lines) == 12
    assert overlaps(lines) == []
    assert "out of memory" not in "".join(world.output() for world in worlds)
    assert not list(leases.glob("GPU*"))


def test_two_users_never_share_a_card_by_accident(public: Path, accounts: list[Account]) -> None:
    """Each account runs its own scheduler; dead files of one are no obstacle for the other."""
    driver = FakeDriver.make(public / "driver", 4)
    leases = shared_directory(public / "leases")
    stamps = public / "stamps"
    stamps.touch()
    stamps.chmod(0o666)
    train = f"{TRAIN} --memory-mb 14745 --seconds 0.5 --allocate-after 0.2 --stamp {stamps}"
    schedulers = []
    worlds = []
    for account in accounts:
        world = make_world(public / account.name, driver, leases, maximize_resource_utilization=True)
        world.blocks([(queue, train) for queue in range(1, 7)], memory="14.4")
        subprocess.run(["chown", "-R", str(account.uid), str(world.root)], check=True)
        schedulers.append(world.start(prefix=account.become))
        worlds.append(world)
    ends = [scheduler.end(120) for scheduler in schedulers]
    assert ends == [0, 0], "\n".join(world.output() for world in worlds)
    lines = stamps.read_text().splitlines()
    assert sum(line.startswith("end") for line in lines) == 12
    assert overlaps(lines) == []
    assert "out of memory" not in "".join(world.output() for world in worlds)


def test_a_stray_daemon_is_ended_before_its_card_goes_on(tmp_path: Path, driver: FakeDriver) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"))
    stray = f"{TRAIN} --seconds 0.2 --child-session --child-seconds 300 --child-memory-mb 20000"
    world.file(f"#LANE devices=0\n1\n{stray}\n1\n22\n\n#LANE devices=0\n1\necho ran >>done\n1\n22\n")
    world.run()
    assert world.work("done") == ["ran"]


def test_a_lost_card_is_a_reason_to_wait(tmp_path: Path, driver: FakeDriver) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"))
    world.file(f"#LANE devices=3\n1\n{UNTIL_GO}\n1\n10\n\n#LANE devices=3\n1\ntrue\n1\n10\n")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    driver.set_card("GPU-3", flags={"lost"})
    world.go()
    scheduler.wait_for("1/1", "waiting")
    eventually(lambda: "fallen off the bus" in scheduler.wait_for("1/1", "waiting").reason)
    eventually(lambda: re.search(r"WARNING GPU 3 \(.*\) is lost", world.output()))
    driver.set_card("GPU-3", flags=set())
    assert scheduler.end() == 0


def test_a_lost_card_is_told_to_who_is_not_looking(tmp_path: Path, driver: FakeDriver) -> None:
    with listening() as server:
        leases = shared_directory(tmp_path / "leases")
        world = make_world(tmp_path / "home", driver, leases, notify={"urls": [server.url]})
        world.file(f"1\n{UNTIL_GO}\n1\n10\n")
        scheduler = world.start()
        scheduler.wait_for("1/0", "running")
        driver.set_card("GPU-3", flags={"lost"})
        eventually(lambda: server.got)
        assert re.search(r"GPU 3 \(.*\) is lost", server.got[0]["title"])
        driver.set_card("GPU-3", flags=set())
        world.go()
        assert scheduler.end() == 0


def test_an_edit_is_not_refused_for_a_card_that_is_away(tmp_path: Path, driver: FakeDriver) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"))
    done, waits = "1\ntrue\n4\n10\n", f"2\n{UNTIL_GO}\n1\n10\n\n2\ntouch four\n4\n10\n"
    world.file(f"{done}\n{waits}")
    scheduler = world.start("--watch")
    scheduler.wait_for("1/0", "completed")
    driver.script(all=UNINITIALIZED)
    eventually(lambda: "driver" in {problem.kind for problem in scheduler.problems()})
    cards = list(driver.cards.values())
    driver.set_cards(cards[:3])
    driver.script()
    eventually(lambda: "driver" not in {problem.kind for problem in scheduler.problems()})
    assert "over: the GPU driver does not answer" in world.output()
    world.file(f"{done}\n{waits}\n3\ntouch new\n1\n10\n\n4\ntrue\n4\n10\n")
    scheduler.wait_for("3/0", "completed")
    assert scheduler.stop() == 143


def test_what_simulated_gpus_completed_is_not_done_on_real_ones(tmp_path: Path, driver: FakeDriver) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"), max_retries=0)
    world.blocks([(1, "echo a$CUDA_VISIBLE_DEVICES >>done"), (1, "test -e fixed")])
    world.run("--simulate", "4x24", expect=1)
    assert world.work("done") == ["a"]
    assert "there is one for a start with --simulate by main_gpus.py" in world.run("--resume", expect=2)
    assert "resum" not in world.run(expect=1)
    assert world.work("done") == ["a", "a0"]
    (world.root / "work" / "fixed").touch()
    assert "resuming" in world.run("--simulate", "4x24")  # and the other is still there to go on with
    assert "resuming" in world.run()
    assert world.work("done") == ["a", "a0"]


def test_a_resume_without_a_driver_waits_only_beside_what_runs(tmp_path: Path, driver: FakeDriver) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"))
    world.blocks([(1, UNTIL_GO), (1, "true")])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.kill()
    world.env = {}  # as after a reboot into a kernel that the driver was not built for
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    world.go()
    waiting = scheduler.wait_for("1/1", "waiting")
    eventually(lambda: "no NVIDIA driver" in scheduler.wait_for("1/1", "waiting").reason)
    assert "install" not in scheduler.wait_for("1/1", "waiting").reason, waiting
    assert scheduler.stop() == 143
    assert "no NVIDIA driver" in world.run(expect=2)
    world.env = driver.env()
    world.run()


def test_a_driver_that_hangs_at_a_resume_holds_up_nothing_but_its_cards(
    tmp_path: Path, driver: FakeDriver
) -> None:
    world = make_world(tmp_path / "home", driver, shared_directory(tmp_path / "leases"))
    on_cards = f"1\n{UNTIL_GO}\n1\n10\n\n1\ntrue\n1\n10\n"
    on_cpu = f"#LANE gpus=0\n2\n{UNTIL_GO}\n10\n\n#LANE gpus=0\n2\ntrue\n10\n"
    world.file(f"{on_cards}\n{on_cpu}")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    scheduler.wait_for("2/0", "running")
    scheduler.kill()
    driver.script(slow_ms=300_000)
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    world.go()
    scheduler.wait_for("2/1", "completed")
    eventually(lambda: "no answer yet" in scheduler.wait_for("1/1", "waiting").reason)
    assert scheduler.stop(timeout=10) == 143
    scheduler = world.start()
    scheduler.wait_for("1/1", "waiting")
    driver.script()
    assert scheduler.end() == 0
