"""What nvidia-ml-py and our code make of a working driver. The driver is the stand-in of tests/fakenvml."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.gpu.memory import host_memory
from app.gpu.nvml import NvmlProbe
from app.procfs import start_time
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually

GHOST = 4_000_001  # below the kernel's limit, above this machine's pid_max or at least unused


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    fake = FakeDriver.make(tmp_path / "driver", [Card("GPU-a", reserved_mib=512), Card("GPU-b")])
    fake.load(monkeypatch)
    return fake


@pytest.fixture
def probe(driver: FakeDriver) -> Iterator[NvmlProbe]:
    probe = NvmlProbe()
    yield probe
    probe.close()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield child
    child.kill()
    child.wait()


def test_a_child_process_finds_the_library_by_its_path(driver: FakeDriver) -> None:
    code = "from app.gpu.nvml import NvmlProbe; print([gpu.uuid for gpu in NvmlProbe().look()])"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, env={**os.environ, **driver.env()}, capture_output=True, text=True)
    assert answer.stdout == "['GPU-a', 'GPU-b']\n", answer.stderr


def test_the_facts_of_a_card(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.set_card("GPU-a", name="NVIDIA A10", utilization=37, temperature=61, power_mw=151500)
    gpu = probe.look()[0]
    assert (gpu.uuid, gpu.index, gpu.name, gpu.health) == ("GPU-a", "0", "NVIDIA A10", "ok")
    assert (gpu.total_gb, gpu.free_gb) == (24.0, 23.5)
    assert (gpu.utilization, gpu.temperature_c, gpu.power_w) == (37.0, 61.0, 151.5)
    assert (gpu.compute_mode, gpu.persistence, gpu.mig, gpu.simulated) == ("default", True, False, False)
    assert gpu.usage is None


def test_the_index_counts_by_bus_whatever_the_order_of_the_driver(
    driver: FakeDriver, probe: NvmlProbe
) -> None:
    buses = {"GPU-x": "00000000:C1:00.0", "GPU-y": "00000000:0A:00.0", "GPU-z": "00010000:01:00.0"}
    driver.set_cards([Card(uuid, bus=bus) for uuid, bus in buses.items()])
    assert [(gpu.index, gpu.uuid) for gpu in probe.look()] == [("0", "GPU-y"), ("1", "GPU-x"), ("2", "GPU-z")]


@pytest.mark.parametrize("words", [{}, {"nomemory2": ""}], ids=["second version", "first version"])
def test_memory_is_the_same_by_either_version_of_the_call(
    driver: FakeDriver, probe: NvmlProbe, words: dict[str, str]
) -> None:
    driver.script(**words)
    driver.add_process("GPU-a", os.getpid(), 2048)
    assert [(gpu.total_gb, gpu.free_gb) for gpu in probe.look()] == [(24.0, 21.5), (24.0, 24.0)]


def test_which_version_there_is_is_found_out_once(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.script(nomemory2="", noprocs3="")
    driver.count_calls()
    for _ in range(3):
        probe.look()
    calls = driver.calls()
    assert calls.count("nvmlDeviceGetMemoryInfo_v2") == 1
    assert calls.count("nvmlDeviceGetComputeRunningProcesses_v3") == 1
    assert calls.count("nvmlDeviceGetMemoryInfo") == 6


def test_one_session_is_held_open(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.count_calls()
    for _ in range(3):
        probe.look()
        probe.sample()
    calls = driver.calls()
    assert calls.count("nvmlInitWithFlags") == 1
    assert calls.count("nvmlDeviceGetUUID") == 2
    assert "nvmlShutdown" not in calls


def test_a_process_with_its_user_session_and_lineage(
    driver: FakeDriver, probe: NvmlProbe, sleeper: subprocess.Popen[bytes]
) -> None:
    driver.add_process("GPU-b", sleeper.pid, 3072)
    (process,) = eventually(lambda: [p for p in probe.look()[1].processes if p.command == "sleep"])
    assert (process.pid, process.start) == (sleeper.pid, start_time(sleeper.pid))
    assert (process.uid, process.user) == (os.getuid(), pwd.getpwuid(os.getuid()).pw_name)
    assert (process.used_gb, process.peak_gb, process.compute) == (3.0, 3.0, True)
    assert process.session == sleeper.pid
    assert process.lineage[0] == (sleeper.pid, process.start)
    assert process.lineage[1] == (os.getpid(), start_time(os.getpid()))


def test_graphics_processes_are_told_apart_and_mps_clients_are_not(
    driver: FakeDriver, probe: NvmlProbe
) -> None:
    driver.add_process("GPU-a", os.getpid(), 100, kind="g")
    driver.add_process("GPU-b", os.getpid(), 100, kind="m")
    assert [[p.compute for p in gpu.processes] for gpu in probe.look()] == [[False], [True]]


def test_an_mps_server_is_no_compute_process(driver: FakeDriver, probe: NvmlProbe, tmp_path: Path) -> None:
    server = tmp_path / "nvidia-cuda-mps-server"
    server.symlink_to("/bin/sleep")
    child = subprocess.Popen([server, "60"])
    try:
        driver.add_process("GPU-a", child.pid, 30)
        eventually(lambda: [p.compute for p in probe.look()[0].processes] == [False])
        driver.add_process("GPU-a", child.pid, 9000)  # before Volta its clients' memory is its own
        assert [p.compute for p in probe.look()[0].processes] == [True]
    finally:
        child.kill()
        child.wait()


def test_the_graphics_list_is_not_asked_at_every_look(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.count_calls()
    for _ in range(5):
        probe.look()
    assert driver.calls().count("nvmlDeviceGetGraphicsRunningProcesses_v3") == 2  # once a card


def test_a_pid_of_another_namespace_is_somebodys_and_nobodys(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.add_process("GPU-a", GHOST, 1024, kind="x")
    gpu = probe.look()[0]
    (process,) = gpu.processes
    assert (process.pid, process.used_gb, process.compute) == (GHOST, 1.0, True)
    assert (process.start, process.uid, process.user, process.session) == (None, None, None, None)
    assert process.lineage == ()
    assert gpu.free_gb == 22.5


def test_a_pid_that_no_kernel_gives_was_misread(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.add_process("GPU-a", 4_294_967_295, 1024, kind="x")
    assert probe.look()[0].processes == ()


@pytest.mark.parametrize("flag", ["nopids", "hugepids"])
def test_huge_numbers_for_a_process_mean_not_known(driver: FakeDriver, probe: NvmlProbe, flag: str) -> None:
    driver.add_process("GPU-a", os.getpid(), 1024)
    driver.set_card("GPU-a", flags={flag})
    gpu = probe.look()[0]
    assert [process.used_gb for process in gpu.processes] == [None]
    assert gpu.free_gb == 22.5


def test_what_a_card_does_not_support_is_none(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.set_card("GPU-a", flags={"nosupport"})
    gpu = probe.look()[0]
    assert gpu.health == "ok"
    assert (gpu.utilization, gpu.temperature_c, gpu.power_w, gpu.persistence) == (None, None, None, None)
    assert gpu.compute_mode == "default"
    assert probe.sample()["GPU-a"] == (None, 0.0)


def test_a_part_that_shares_the_hosts_memory_has_the_hosts(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.set_card("GPU-a", name="NVIDIA GB10", flags={"nomemory"})
    gpu = probe.look()[0]
    assert gpu.health == "ok"
    assert gpu.total_gb == host_memory().total
    assert 0 < gpu.free_gb < gpu.total_gb


@pytest.mark.parametrize(("number", "mode"), [(0, "default"), (2, "prohibited"), (3, "exclusive_process")])
def test_compute_modes(driver: FakeDriver, probe: NvmlProbe, number: int, mode: str) -> None:
    driver.set_card("GPU-a", flags={f"mode={number}", "nopersist"})
    gpu = probe.look()[0]
    assert (gpu.compute_mode, gpu.persistence) == (mode, False)


def test_mig_devices_stand_for_their_card(driver: FakeDriver, probe: NvmlProbe) -> None:
    parts = [
        Card(f"MIG-{n}", "NVIDIA A100 MIG 3g.20gb", 20480, flags=frozenset({"parent=GPU-a"})) for n in (1, 2)
    ]
    driver.set_cards([Card("GPU-a", flags=frozenset({"mig"}), temperature=50), *parts, Card("GPU-b")])
    driver.add_process("MIG-2", os.getpid(), 5120)
    gpus = probe.look()
    assert [(gpu.uuid, gpu.index, gpu.mig) for gpu in gpus] == [
        ("MIG-1", "0:0", True),
        ("MIG-2", "0:1", True),
        ("GPU-b", "1", False),
    ]
    assert [gpu.free_gb for gpu in gpus] == [20.0, 15.0, 24.0]
    assert (gpus[0].name, gpus[0].utilization, gpus[0].temperature_c) == (
        "NVIDIA A100 MIG 3g.20gb",
        None,
        50.0,
    )
    assert [process.pid for process in gpus[1].processes] == [os.getpid()]
    assert probe.sample() == {"MIG-1": (None, 0.0), "MIG-2": (None, 5.0), "GPU-b": (0.0, 0.0)}


def test_mig_mode_may_change_while_we_run(driver: FakeDriver, probe: NvmlProbe) -> None:
    part = Card("MIG-1", total_mib=20480, flags=frozenset({"parent=GPU-a"}))
    driver.set_cards([Card("GPU-a", flags=frozenset({"migoff"})), part])
    assert [gpu.index for gpu in probe.look()] == ["0"]
    driver.set_card("GPU-a", flags={"mig"})
    assert [gpu.index for gpu in probe.look()] == ["0:0"]


def test_samples_hold_utilisation_and_used_memory(driver: FakeDriver, probe: NvmlProbe) -> None:
    assert probe.sample() == {}
    probe.look()
    driver.set_card("GPU-b", utilization=80)
    driver.add_process("GPU-b", os.getpid(), 6144)
    driver.count_calls()
    assert probe.sample() == {"GPU-a": (0.0, 0.0), "GPU-b": (80.0, 6.0)}
    assert not [call for call in driver.calls() if "Processes" in call]
