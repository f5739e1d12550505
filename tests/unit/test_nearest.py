"""What would start a waiting task: each change that is named really would, alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.core.nearest import Question, changes
from app.core.rules import Claim
from app.model.backend import Want
from app.model.lease import Lease
from tests.unit.placing import BOB, ME, NOW, Case, gpu, lease, process, want


def said(case: Case, one: Want, running: Mapping[str, list[Lease]] | None = None) -> list[str]:
    names = {label: frozenset(each.name for each in leases) for label, leases in (running or {}).items()}
    question = Question(case.seen, one, case.claim, case.rules, NOW)
    return [change.text for change in changes(question, names)]


def test_less_memory_and_the_end_of_a_task() -> None:
    mine = lease(1, 10, session=7)
    case = Case(
        gpu(0, process(6.0)),
        gpu(1, process(9.0, ME, session=7)),
        leases=[mine],
        memory_margin_gb=0,
        min_gpu=2,
    )
    assert said(case, want(2, 20), {"4/0": [mine]}) == [
        "when task 4/0 ends on GPU 1",
        "with 18 GB instead of 20 GB it would start now on GPU 0",
    ]


def test_several_tasks_of_which_one_or_all_have_to_end() -> None:
    one, two = lease(0, None), lease(1, None)
    running = {"4/0": [one], "5/0": [two]}
    assert said(Case(gpu(0), gpu(1), leases=[one, two]), want(2, 20), running) == [
        "when task 4/0 or 5/0 ends"
    ]
    third = lease(2, None, BOB)
    case = Case(gpu(0), gpu(1), gpu(2), leases=[one, two, third])
    assert said(case, want(2, 20, gpus=2), running) == ["when tasks 4/0 and 5/0 have ended on GPU 0, 1"]


def test_fewer_gpus() -> None:
    case = Case(gpu(0), gpu(1), gpu(2, process(23)))
    assert said(case, want(2, 20, gpus=3)) == ["with 2 GPUs instead of 3 it would start now on GPU 0, 1"]


def test_beside_others_of_ones_own() -> None:
    mine = lease(0, 4)
    case = Case(gpu(0), leases=[mine], maximize_resource_utilization=False)
    assert said(case, want(2, 10), {"4/0": [mine]}) == [
        "when task 4/0 ends on GPU 0",
        "with share=yes it would start now on GPU 0",
    ]


def test_on_other_cards() -> None:
    case = Case(gpu(0, process(23)), gpu(1, name="NVIDIA A10"))
    assert said(case, want(2, 20, devices=("0",))) == ["without devices=0 it would start now on GPU 1"]
    case = Case(gpu(0, process(23), name="NVIDIA A100"), gpu(1))
    assert said(case, want(2, 20, model="A100")) == ['without model="A100" it would start now on GPU 1']
    for why in ("off", "aside"):
        case = Case(gpu(0, process(23)), gpu(1)).but(**{why: frozenset({"U1"})})
        assert said(case, want(2, 20)) == ["with GPU 1 turned on it would start now"]


def test_out_of_line() -> None:
    mine = lease(0, None)
    case = Case(gpu(0), gpu(1), leases=[mine], maximize_resource_utilization=False)
    before = want(2, 20, gpus=2, fifo=True)
    question = Question(case.seen, want(3, 20, fifo=True), None, case.rules, NOW, (before,))
    assert [change.text for change in changes(question, {"1/0": frozenset({mine.name})})] == [
        "when task 1/0 ends on GPU 0, after 2/0, which waited before it",
        "without fifo it would start now on GPU 1",
    ]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"max_gpu": 1}, "with max_gpu null it would start now on GPU 1"),
        ({"gpu_left": 1}, "with gpu_left 0 it would start now on GPU 1"),
        ({"max_tasks": 1}, "with max_tasks 2 it would start now on GPU 1"),
    ],
)
def test_other_settings(settings: dict[str, Any], text: str) -> None:
    mine = lease(0, None)
    case = Case(gpu(0), gpu(1), leases=[mine], **settings)
    found = said(case, want(2, 20), {"4/0": [mine]})
    assert found[0].startswith("when task 4/0 ends")
    assert text in found


def test_what_is_kept_for_another() -> None:
    holder = want(9, 20, waited=700, gpus=2)
    case = Case(gpu(0), gpu(1), leases=[mine := lease(1, None)])
    case.claim = Claim(holder.key, "9/0", ("U0", "U1"))
    running = {"4/0": frozenset({mine.name})}
    question = Question(case.seen, want(2, 20), case.claim, case.rules, NOW)
    assert changes(question, running) == [], "a claim whose task does not wait any more is none"
    found = changes(replace(question, ahead=(holder,)), running)
    assert [change.text for change in found] == [
        "when task 4/0 ends on GPU 0, after 9/0, which waited before it",
        "with task 9/0 held, for which cards are kept, it would start now on GPU 0",
    ]


def test_those_that_wait_before_it_get_it_first() -> None:
    mine = lease(0, None)
    case = Case(gpu(0), leases=[mine])
    question = Question(case.seen, want(3, 20), None, case.rules, NOW, (want(2, 20),))
    found = changes(question, {"4/0": frozenset({mine.name})})
    assert [change.text for change in found] == [
        "when task 4/0 ends on GPU 0, after 2/0, which waited before it"
    ]


def test_nothing_would_help_where_it_is_colleagues_alone() -> None:
    assert said(Case(gpu(0, process(23.9)), memory_margin_gb=0.5), want(2, 20)) == []


def test_a_task_for_the_processor() -> None:
    case = Case(gpu(0)).but(own_tasks=2, own_cpu_tasks=2)
    assert said(case, want(2, 0, gpus=0), {"4/0": [], "5/0": []}) == [
        "when task 4/0 or 5/0 ends",
        "with cpu_tasks 3 it would start now",
    ]


def test_a_task_that_would_start_needs_nothing() -> None:
    assert said(Case(gpu(0)), want(2, 20)) == []
