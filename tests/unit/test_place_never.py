"""What could not run even on an empty machine, and the sentence that says so."""

from dataclasses import replace
from typing import Any

import pytest

from app.core.never import never_fits, surely_gb
from app.model.task import Options, TaskSpec
from tests.unit.placing import gpu, process, rules

MIXED = [
    gpu(0, name="NVIDIA A10"),
    gpu(1, name="NVIDIA A10"),
    gpu(2, name="NVIDIA H100", total=79.6, reserve=0.6),
]


def asks(gpus: int = 1, memory: float | None = 20, **options: Any) -> TaskSpec:
    return TaskSpec(1, "true", gpus, memory, Options(**options))


@pytest.mark.parametrize(
    "spec",
    [
        asks(),
        asks(3),
        asks(1, 80),
        asks(2, 24),
        asks(1, None),
        asks(1, 0),
        asks(0, 5000),
        asks(1, 80, model="h100"),
        asks(1, 20, devices=("1", "7")),
    ],
)
def test_can_run_some_day(spec: TaskSpec) -> None:
    assert never_fits(spec, MIXED, rules()) == ()


@pytest.mark.parametrize(
    ("spec", "settings", "sentence"),
    [
        (asks(4), {}, "asks for 4 GPUs, but there are 3 GPUs in range (0, 1, 2)"),
        (
            asks(2),
            {"in_range": frozenset({"1"})},
            "asks for 2 GPUs, but there is 1 GPU in range of the 3 here (1)",
        ),
        (asks(2), {"max_gpu": 1}, "asks for 2 GPUs, but gpu_left, min_gpu and max_gpu allow 1 of 3 at most"),
        (asks(2), {"gpu_left": 2}, "asks for 2 GPUs, but gpu_left, min_gpu and max_gpu allow 1 of 3 at most"),
        (
            asks(1, devices=("7",)),
            {},
            "asks for 1 GPU with devices=7, but in range there are 3 GPUs (0, 1, 2)",
        ),
        (
            asks(2, devices=("0",)),
            {},
            "asks for 2 GPUs with devices=0, but that names 1 of those in range (0, 1, 2)",
        ),
        (
            asks(1, model="V100"),
            {},
            'asks for 1 GPU with model="V100", but none of that model may be used: '
            "there is NVIDIA A10, NVIDIA H100 (0, 1, 2)",
        ),
        (
            asks(2, model="h100"),
            {},
            'asks for 2 GPUs with model="h100", but 1 of that model may be used: '
            "there is NVIDIA A10, NVIDIA H100 (0, 1, 2)",
        ),
        (
            asks(1, 100),
            {},
            "asks for 100 GB, but the largest that fits is 78.5 GB, "
            "or 80 GB for the whole card (GPU 2, NVIDIA H100)",
        ),
        (
            asks(2, 40),
            {},
            "asks for 40 GB on each of 2 GPUs, but the largest that fits is 23.5 GB, "
            "or 24 GB for the whole card (GPU 0, NVIDIA A10)",
        ),
    ],
)
def test_never(spec: TaskSpec, settings: dict[str, Any], sentence: str) -> None:
    assert [never.why for never in never_fits(spec, MIXED, rules(**settings))] == [sentence]


def test_all_that_is_against_it_is_said_at_once() -> None:
    many, large = never_fits(asks(9, 99), MIXED, rules())
    assert (many.about, large.about) == ("gpus", "memory")
    assert "asks for 9 GPUs" in many.why
    assert "asks for 99 GB on each of 3 GPUs" in large.why


def test_a_simulated_card_has_the_size_that_it_was_given() -> None:
    (never,) = never_fits(asks(1, 99), [gpu(0, total=23.0, name="Simulated 23 GB", simulated=True)], rules())
    assert never.why == (
        "asks for 99 GB, but the largest that fits is 22.5 GB, "
        "or 23 GB for the whole card (GPU 0, Simulated 23 GB)"
    )


def test_the_drivers_reserve_is_taken_from_an_idle_card_only() -> None:
    busy = gpu(0, process(10))
    freeing = gpu(0, reserve=9.0)  # no driver keeps that much
    for card in (busy, freeing):
        (never,) = never_fits(asks(1, 30), [card], rules())
        assert "fits is 23.5 GB" in never.why


def test_a_lost_card_of_unknown_size_may_be_large_enough() -> None:
    assert never_fits(asks(1, 500), [gpu(0), gpu(1, total=0.0, health="lost")], rules()) == ()
    assert never_fits(asks(2, 500), [gpu(0), gpu(1, total=0.0, health="lost")], rules())


@pytest.mark.parametrize(
    ("gpus", "options", "size"),
    [(1, {}, 80), (1, {"devices": ("0", "1")}, 24), (2, {}, 24), (3, {}, 24)],
)
def test_what_a_task_may_ask_for_is_what_its_own_cards_hold(
    gpus: int, options: dict[str, Any], size: float
) -> None:
    """A demand that grows past it (out of memory) becomes the whole card."""
    cards = [gpu(0, total=24.0), gpu(1, total=24.0), gpu(2, total=80.0)]
    wanted = asks(gpus, 20, **options)
    sure = surely_gb(wanted, cards, rules())
    assert sure is not None
    assert size * 0.9 < sure < size - 1
    assert never_fits(replace(wanted, memory_gb=sure), cards, rules()) == ()
    assert surely_gb(asks(4, 20), cards, rules()) is None
