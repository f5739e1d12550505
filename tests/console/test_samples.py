"""What cards were used for: taken while nobody asks, thinned, and told in columns."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from control.src.cards import samples as samples_module
from control.src.cards.samples import EVERY, STEADY_SECONDS, Sample, Samples
from control.src.database import TABLES, Database
from tests.console.world import Console
from tests.end_to_end.world import UNTIL_GO, World
from tests.fakenvml.driver import Card, FakeDriver
from tests.waiting import eventually

NOW = 1_763_994_720.0  # a whole minute
ONE = Sample(
    *("GPU-a", "0", "NVIDIA A10", 24.0, False),
    used_gb=6.0,
    own_gb=4.0,
    others_gb=2.0,
    stray_gb=1.0,
    use=50.0,
    power_w=100.0,
    temperature_c=40.0,
)


@pytest.fixture
def samples(tmp_path: Path) -> Iterator[Samples]:
    database = Database(tmp_path / "console.db")
    yield Samples(database)
    database.close()


def test_the_last_hour_stays_as_it_was_taken(samples: Samples) -> None:
    for at in range(0, 60, 5):
        samples.add([replace(ONE, use=float(at))], NOW + at)
    (card,) = samples.read(NOW, NOW + 60, None, 0).cards
    assert card.at == [NOW + at for at in range(0, 60, 5)]
    assert card.use == [float(at) for at in range(0, 60, 5)]
    assert (card.used_gb[0], card.own_gb[0], card.others_gb[0], card.power_w[0]) == (6, 4, 2, 100)
    assert card.stray_gb[0] == 1


def test_what_is_older_is_kept_by_the_minute_with_its_maxima(samples: Samples) -> None:
    for at in range(0, 120, 5):
        samples.add([replace(ONE, used_gb=float(at), use=float(at % 60))], NOW + at)
    samples.thin(NOW + 3600 + 90)  # the second minute is not whole yet
    (card,) = samples.read(NOW, NOW + 120, None, 0).cards
    assert card.at[:2] == [NOW + 30, NOW + 60]
    assert (card.used_gb[0], card.used_most_gb[0]) == (27.5, 55)
    assert (card.use[0], card.use_most[0]) == (27.5, 55)
    assert len(card.at) == 1 + 60 / EVERY
    assert card.stray_gb[0] == 1
    samples.thin(NOW + 3600 + 120)
    samples.thin(NOW + 3600 + 180)  # again changes nothing
    (card,) = samples.read(NOW, NOW + 120, None, 0).cards
    assert (card.at, card.used_most_gb) == ([NOW + 30, NOW + 90], [55, 115])


def test_nothing_is_kept_longer_than_seven_days(samples: Samples) -> None:
    samples.add([ONE], NOW)
    samples.thin(NOW + 7 * 86400 - 60)
    assert samples.read(NOW, NOW + 60, None, 0).cards[0].used_gb == [6]
    samples.thin(NOW + 7 * 86400 + 31)
    assert samples.read(NOW, NOW + 60, None, 0).cards == []


def test_by_a_clock_that_was_set_just_now_nothing_is_thrown_away(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be set back."""
    steady = 1_000.0
    monkeypatch.setattr(samples_module, "time", SimpleNamespace(monotonic=lambda: steady))

    def kept() -> list[float]:
        cards = samples.read(NOW, NOW + 60, None, 0).cards
        return cards[0].at if cards else []

    samples.add([ONE], NOW)
    for later in (0.0, STEADY_SECONDS - 1):
        steady = 2_000.0 + later
        samples.add([ONE], NOW + 8 * 86_400 + later)
        assert kept() == [NOW]
    steady = 2_000.0 + STEADY_SECONDS
    samples.add([ONE], NOW + 8 * 86_400 + STEADY_SECONDS)
    assert kept() == []


def test_a_gap_stays_a_gap(samples: Samples) -> None:
    for at in (0, 5, 10, 100, 105):
        samples.add([ONE], NOW + at)
    (card,) = samples.read(NOW, NOW + 200, None, 0).cards
    assert card.used_gb == [6, 6, 6, None, 6, 6]
    assert card.at[3] == NOW + 55


def test_an_answer_is_bounded_and_says_its_step(samples: Samples) -> None:
    database = samples._database
    rows = [("GPU-a", NOW + at, 5, 1, at, 0, 0, 0, 1, 1, 1, 1) for at in range(0, 30_000, 5)]
    samples.add([ONE], NOW)
    database.write((samples_module.ADD, rows))
    found = samples.read(NOW, NOW + 30_000, "GPU-a", 0)
    assert found.step == 15
    (card,) = found.cards
    assert (len(card.at), max(filter(None, card.used_most_gb))) == (2_000, 29_995)
    assert samples.read(NOW, NOW + 30_000, "GPU-b", 0).cards == []


def test_samples_of_an_older_console_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "console.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES.replace("    stray_gb", "    -- stray_gb"))
        connection.execute("INSERT INTO cards VALUES ('GPU-a', '0', 'NVIDIA A10', 24.0, 0)")
        connection.execute(f"INSERT INTO samples VALUES ('GPU-a', {NOW}, 5, 6, 6, 4, 2, 50, 50, 100, 40)")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    for _ in range(2):
        database = Database(path)
        Samples(database).add([ONE], NOW + 5)
        (card,) = Samples(database).read(NOW, NOW + 60, None, 0).cards
        assert (card.others_gb, card.stray_gb) == ([2, 2], [0, 1])
        database.close()


def test_samples_are_taken_and_told_while_it_runs(tmp_path: Path) -> None:
    """Of a real card: other people's memory apart from tasks' and from what is our own without being a task,
    and the driver's reserve is nobody's."""
    driver = FakeDriver.make(tmp_path / "driver", [Card("GPU-a", utilization=7, reserved_mib=512)])
    driver.add_process("GPU-a", 99_999, 2048, "x")
    driver.add_process("GPU-a", os.getpid(), 1024)
    console = Console(World(tmp_path / "home", env=driver.env(), gpus=None), env=driver.env()).start()
    try:
        events = console.events()
        next(events)  # it listens
        told = next(data for kind, data in events if kind == "gpu")
        assert told["cards"][0]["others_gb"] == 3.5
        [card] = console.get("/api/gpu/samples")["cards"]
        assert card["uuid"] == "GPU-a"
        assert (card["used_gb"][0], card["own_gb"][0]) == (3.5, 0)
        assert (card["others_gb"][0], card["stray_gb"][0]) == (2.0, 1.0)
        assert abs(card["at"][0] - time.time()) < 30
        bars = console.get("/api/timeline")["others"]
        assert [(bar["uuid"], bar["own"], bar["gb"]) for bar in bars] == [
            ("GPU-a", False, 2.0),
            ("GPU-a", True, 1.0),
        ]
    finally:
        console.end()


def test_simulated_cards_are_sampled_while_a_scheduler_has_them(shared: Console) -> None:
    shared.world.blocks([(1, UNTIL_GO)], memory="10")
    pid = shared.post("/api/scheduler/multi/start", simulate="1x24")["pid"]
    shared.wait_for(pid, "1/0", "running")

    def sampled() -> Any:
        cards = shared.get("/api/gpu/samples", uuid="SIM-24-0")["cards"]
        return cards and 10.0 in cards[0]["own_gb"]

    eventually(sampled, 20, 0.1)
    shared.refused("GET", "/api/gpu/samples?since=5&until=4", 422)
    shared.refused("GET", "/api/gpu/samples?since=nan", 422)
    assert shared.get("/api/gpu/samples", since=0, until=1e11)["cards"] == []
