"""Drivers and cards that fail: states, not crashes. A handle used after its session would abort the test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.gpu.nvml import NvmlProbe
from app.gpu.probe import NoDriver, ProbeError
from tests.fakenvml.driver import Card, FakeDriver

NOT_LOADED, UNINITIALIZED, MISMATCH, UNKNOWN = 9, 1, 18, 999


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    fake = FakeDriver.make(tmp_path / "driver", [Card("GPU-a"), Card("GPU-b", "NVIDIA A100"), Card("GPU-c")])
    fake.load(monkeypatch)
    return fake


@pytest.fixture
def probe(driver: FakeDriver) -> Iterator[NvmlProbe]:
    probe = NvmlProbe()
    yield probe
    driver.script()
    probe.close()


def test_without_a_driver_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    code = (
        "from app.gpu.nvml import NvmlProbe\n"
        "from app.gpu.probe import NoDriver\n"
        "try: NvmlProbe().look()\n"
        "except NoDriver as error: print(error)\n"
    )
    (tmp_path / "libnvidia-ml.so.1").touch()  # no library: hides the machine's own, if it has one
    bare = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    answer = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True)
    assert "no NVIDIA driver" in answer.stdout
    assert "--simulate 4x24" in answer.stdout


def test_a_driver_that_is_not_loaded_at_the_start_is_no_driver(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.script(init=NOT_LOADED)
    with pytest.raises(NoDriver, match=r"not loaded.*--simulate 4x24"):
        probe.look()
    driver.script()
    assert len(probe.look()) == 3


def test_a_driver_unloaded_later_is_another_matter(driver: FakeDriver, probe: NvmlProbe) -> None:
    probe.look()
    driver.script(all=NOT_LOADED)
    for _ in range(2):
        with pytest.raises(ProbeError, match=r"^the NVIDIA driver is not loaded$") as caught:
            probe.look()
    assert not isinstance(caught.value, NoDriver)


@pytest.mark.parametrize(
    ("code", "words"), [(UNINITIALIZED, "gone away"), (MISMATCH, "replaced"), (UNKNOWN, "Unknown")]
)
def test_a_driver_that_goes_away_comes_back_with_fresh_handles(
    driver: FakeDriver, probe: NvmlProbe, code: int, words: str
) -> None:
    before = probe.look()
    driver.script(all=code)
    for _ in range(3):
        with pytest.raises(ProbeError, match=words):
            probe.look()
        assert probe.sample() == {}
    driver.script()
    assert probe.look() == before


def test_a_driver_that_fails_under_a_sample_is_opened_by_the_next_look(
    driver: FakeDriver, probe: NvmlProbe
) -> None:
    probe.look()
    driver.script(all=UNINITIALIZED)
    with pytest.raises(ProbeError, match="gone away"):
        probe.sample()
    driver.script()
    assert probe.sample() == {}
    assert len(probe.look()) == 3
    assert len(probe.sample()) == 3


def test_a_driver_that_can_not_be_opened_says_why(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.script(init=UNKNOWN)
    with pytest.raises(ProbeError, match=r"can't be opened \(Unknown Error\)"):
        probe.look()


def test_no_cards_are_never_an_answer(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.set_cards([])
    with pytest.raises(ProbeError, match="lists no GPU"):
        probe.look()
    driver.set_cards([Card("GPU-a")])
    assert [gpu.uuid for gpu in probe.look()] == ["GPU-a"]


def test_a_lost_card_keeps_its_name_and_the_others_go_on(driver: FakeDriver, probe: NvmlProbe) -> None:
    probe.look()
    driver.set_card("GPU-b", flags={"lost"})
    gpus = probe.look()
    assert [gpu.health for gpu in gpus] == ["ok", "lost", "ok"]
    lost = gpus[1]
    assert (lost.uuid, lost.index, lost.name) == ("GPU-b", "1", "NVIDIA A100")
    assert (lost.total_gb, lost.free_gb, lost.processes) == (24.0, 0.0, ())
    assert set(probe.sample()) == {"GPU-a", "GPU-c"}
    driver.set_card("GPU-b", flags=())
    assert [gpu.health for gpu in probe.look()] == ["ok", "ok", "ok"]


def test_all_cards_lost_are_lost_cards_and_not_a_lost_driver(driver: FakeDriver, probe: NvmlProbe) -> None:
    probe.look()
    for uuid in driver.cards:
        driver.set_card(uuid, flags={"lost"})
    assert [gpu.health for gpu in probe.look()] == ["lost", "lost", "lost"]


def test_a_card_lost_before_a_new_session_is_still_known(driver: FakeDriver, probe: NvmlProbe) -> None:
    probe.look()
    probe.close()
    driver.set_card("GPU-b", flags={"nohandle"})
    gpus = probe.look()
    assert [(gpu.uuid, gpu.index, gpu.health) for gpu in gpus] == [
        ("GPU-a", "0", "ok"),
        ("GPU-b", "1", "lost"),
        ("GPU-c", "2", "ok"),
    ]
    driver.set_card("GPU-b", flags=())
    assert [gpu.health for gpu in probe.look()] == ["ok", "ok", "ok"]


def test_a_card_lost_before_we_started_has_a_place_and_no_name(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.set_card("GPU-a", flags={"nohandle"})
    gpus = probe.look()
    assert [(gpu.uuid, gpu.index, gpu.health) for gpu in gpus] == [
        ("unknown-0", "0", "lost"),
        ("GPU-b", "1", "ok"),
        ("GPU-c", "2", "ok"),
    ]


def test_a_lost_card_is_not_mistaken_for_one_that_moved(driver: FakeDriver, probe: NvmlProbe) -> None:
    probe.look()
    probe.close()
    gone = Card("GPU-b", bus="00000000:02:00.0", flags=frozenset({"nohandle"}))
    driver.set_cards([gone, Card("GPU-a", bus="00000000:01:00.0"), Card("GPU-c", bus="00000000:03:00.0")])
    uuids = [gpu.uuid for gpu in probe.look()]
    assert len(set(uuids)) == 3
    assert {"GPU-a", "GPU-c"} < set(uuids)


def test_a_lost_card_takes_its_mig_devices_along(driver: FakeDriver, probe: NvmlProbe) -> None:
    part = Card("MIG-1", "NVIDIA A100 MIG 3g.20gb", 20480, flags=frozenset({"parent=GPU-a"}))
    driver.set_cards([Card("GPU-a", flags=frozenset({"mig"})), part, Card("GPU-b")])
    probe.look()
    driver.set_card("GPU-a", flags={"mig", "lost"})
    lost = probe.look()[0]
    assert (lost.uuid, lost.index, lost.health, lost.mig, lost.total_gb) == (
        "MIG-1",
        "0:0",
        "lost",
        True,
        20.0,
    )


def test_a_card_that_answers_nonsense_is_unreadable_and_has_nothing_free(
    driver: FakeDriver, probe: NvmlProbe
) -> None:
    probe.look()
    driver.set_card("GPU-c", flags={"unknown"})
    gpus = probe.look()
    assert [gpu.health for gpu in gpus] == ["ok", "ok", "unreadable"]
    assert (gpus[2].uuid, gpus[2].total_gb, gpus[2].free_gb) == ("GPU-c", 24.0, 0.0)


def test_a_card_we_may_not_use_is_not_counted(driver: FakeDriver, probe: NvmlProbe) -> None:
    driver.set_card("GPU-a", flags={"noperm"})
    assert [(gpu.uuid, gpu.index) for gpu in probe.look()] == [("GPU-b", "0"), ("GPU-c", "1")]


def test_cards_in_another_order_after_a_restart_keep_their_uuids(
    driver: FakeDriver, probe: NvmlProbe
) -> None:
    probe.look()
    driver.script(all=UNINITIALIZED)
    with pytest.raises(ProbeError):
        probe.look()
    driver.set_cards([Card("GPU-c"), Card("GPU-a")])
    driver.script()
    assert [(gpu.uuid, gpu.index) for gpu in probe.look()] == [("GPU-c", "0"), ("GPU-a", "1")]
