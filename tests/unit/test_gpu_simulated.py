"""Simulated GPUs: what `--simulate` takes and what it answers."""

import pytest

from app.gpu.simulated import SimulatedProbe, parse_simulation
from app.model.faults import BadInput


@pytest.mark.parametrize(
    ("text", "meant"),
    [("4x24", (4, 24.0)), ("1X0.5", (1, 0.5)), (" 8x80GB ", (8, 80.0)), ("256x1", (256, 1.0))],
)
def test_sizes_are_read(text: str, meant: tuple[int, float]) -> None:
    assert parse_simulation(text) == meant


@pytest.mark.parametrize(
    "text", ["", "4", "x24", "4x", "0x24", "4x0", "257x1", "-1x24", "4x24x2", "axb", "4x2４", "4 x 24"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match="write 4x24"):
        parse_simulation(text)


def test_cards_are_idle_and_named_by_size_and_index() -> None:
    probe = SimulatedProbe("2x24")
    gpus = probe.look()
    assert [(gpu.uuid, gpu.index) for gpu in gpus] == [("SIM-24-0", "0"), ("SIM-24-1", "1")]
    for gpu in gpus:
        assert gpu.simulated
        assert (gpu.total_gb, gpu.free_gb, gpu.utilization) == (24.0, 24.0, 0.0)
        assert (gpu.health, gpu.processes) == ("ok", ())
    assert probe.sample() == {"SIM-24-0": (0.0, 0.0), "SIM-24-1": (0.0, 0.0)}


def test_looking_again_costs_nothing() -> None:
    probe = SimulatedProbe("4x24")
    assert probe.look() is probe.look()


def test_a_fraction_stays_in_the_name() -> None:
    assert SimulatedProbe("1x0.5").look()[0].uuid == "SIM-0.5-0"
