"""What would start a waiting task: each change that is named really would, alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.core.nearest import changes
from app.core.question import Ongoing, Question
from app.core.rules import Claim
from app.model.backend import Want
from app.model.lease import Lease
from tests.unit.placing import BOB, ME, NOW, Case, gpu, lease, process, want


def said(
    case: Case,
    one: Want,
    running: Mapping[str, list[Lease]] | None = None,
    *others: Want,
    coming: Mapping[str, Want] | None = None,
) -> list[str]:
    """`others` wait as well; `coming`: by label, what comes when that one has ended."""
    next_ = coming or {}
    ongoing = {
        label: Ongoing(frozenset(each.name for each in leases), next_.get(label))
        for label, leases in (running or {}).items()
    }
    question = Question(case.seen, one, case.claim, case.rules, NOW, others, ongoing)
    return [change.text for change in changes(question)]


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
        "when task 4/0 ends, on GPU 1",
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
    assert said(case, want(2, 20, gpus=2), running) == ["when tasks 4/0 and 5/0 have ended, on GPU 0, 1"]


def test_fewer_gpus() -> None:
    case = Case(gpu(0), gpu(1), gpu(2, process(23)))
    assert said(case, want(2, 20, gpus=3)) == ["with 2 GPUs instead of 3 it would start now on GPU 0, 1"]


def test_beside_others_of_ones_own() -> None:
    mine = lease(0, 4)
    case = Case(gpu(0), leases=[mine], maximize_resource_utilization=False)
    assert said(case, want(2, 10), {"4/0": [mine]}) == [
        "when task 4/0 ends, on GPU 0",
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
    assert said(case, want(3, 20, fifo=True), {"1/0": [mine]}, before) == [
        "when task 1/0 ends, on GPU 0, after task 2/0, which goes first there",
        "without fifo it would start now on GPU 1",
    ]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"max_gpu": 1}, "with max_gpu 2 it would start now on GPU 1"),
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
    small = want(2, 20)
    assert said(case, small, {"4/0": [mine]}) == [], "a claim whose task does not wait any more is none"
    assert said(case, small, {"4/0": [mine]}, holder) == [
        "when task 4/0 ends, on GPU 0, after task 9/0, which goes first there",
        "with task 9/0 held, for which cards are kept, it would start now on GPU 0",
    ]


def test_those_that_wait_before_it_get_it_first() -> None:
    mine = lease(0, None)
    case = Case(gpu(0), leases=[mine])
    assert said(case, want(3, 20), {"4/0": [mine]}, want(2, 20)) == [
        "when task 4/0 ends, on GPU 0, after task 2/0, which goes first there"
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


def test_of_a_setting_the_nearest_value_is_named() -> None:
    mine = [lease(0, None), lease(1, None)]
    case = Case(*(gpu(n) for n in range(4)), leases=mine, gpu_left=2)
    assert "with gpu_left 1 it would start now on GPU 2" in said(case, want(2, 20))
    case = Case(*(gpu(n) for n in range(4)), leases=mine, max_gpu=2)
    assert "with max_gpu 3 it would start now on GPU 2" in said(case, want(2, 20))
    crowd = Case(gpu(0, process(11)), gpu(1, process(7)), busy_memory_percent=10.0, min_gpu=2)
    assert said(crowd, want(2, 5)) == ["with busy_memory_percent 30 it would start now on GPU 1"]
    theirs = Case(gpu(0, process(4)), gpu(1, process(4)))
    assert said(theirs, want(2, 5)) == ["with min_gpu 1 it would start now on GPU 0"]


def test_a_nearer_value_starts_it_where_a_farther_one_would_serve_another_first() -> None:
    mine = [lease(0, None), lease(1, None)]
    case = Case(*(gpu(n) for n in range(4)), leases=mine, gpu_left=2)
    assert "with gpu_left 1 it would start now on GPU 2" in said(case, want(3, 20), {}, want(4, 20, gpus=2))
    full = Case(gpu(0), gpu(1), max_tasks=1).but(own_tasks=1)
    assert said(full, want(3, 20), {}, want(2, 20)) == ["with max_tasks 3 it would start now on GPU 1"]


def test_one_that_asks_for_less_comes_behind_those_that_ask_for_more() -> None:
    case = Case(gpu(0), gpu(1), gpu(2, process(23)))
    assert said(case, want(2, 20, gpus=3), {}, want(1, 20, gpus=2)) == []


def test_what_comes_next_in_the_queue_of_the_one_that_ends_may_go_first() -> None:
    mine = lease(0, None)
    case, one = Case(gpu(0), leases=[mine]), want(3, 20, waited=50)
    running = {"4/0": [mine]}
    assert said(case, one, running, coming={"4/0": want(4, 20)}) == ["when task 4/0 ends, on GPU 0"]
    urgent = replace(want(4, 20, priority=1), label="4/1")
    assert said(case, one, running, coming={"4/0": urgent}) == [
        "when task 4/0 ends, on GPU 0, after task 4/1, which goes first there"
    ]


def test_only_those_before_it_that_would_take_that_card_are_named() -> None:
    mine = [lease(0, None), lease(1, None)]
    case = Case(gpu(0), gpu(1), leases=mine)
    running = {"5/0": [mine[0]], "6/0": [mine[1]]}
    before = want(1, 20, waited=9, devices=("0",)), want(2, 20, waited=9, devices=("1",))
    assert said(case, want(7, 20, devices=("0",)), running, *before) == [
        "when task 5/0 ends, on GPU 0, after task 1/0, which goes first there"
    ]


def test_two_things_at_once_where_one_is_not_enough() -> None:
    mine = lease(1, None)
    case = Case(gpu(0, process(23)), gpu(1), leases=[mine], min_gpu=2).but(off=frozenset({"U1"}))
    assert said(case, want(2, 20), {"4/0": [mine]}) == ["with GPU 1 turned on, when task 4/0 ends, on GPU 1"]
    small = want(3, 5, devices=("1",))
    assert said(case, small, {"4/0": [mine]}, want(2, 20, devices=("1",))) == [
        "with GPU 1 turned on, when task 4/0 ends, on GPU 1, after task 2/0, which goes first there"
    ]
    dark = Case(gpu(0), gpu(1), gpu(2)).but(off=frozenset({"U0", "U2"}), aside=frozenset({"U1"}))
    assert said(dark, want(2, 20, gpus=2)) == ["with GPU 0 and 1 turned on it would start now"]


def test_room_beside_what_has_its_card_to_itself() -> None:
    mine = lease(0, 10, exclusive=True)
    case = Case(gpu(0), leases=[mine], maximize_resource_utilization=False)
    assert said(case, want(2, 1), {"4/0": [mine]}) == [
        "when task 4/0 ends, on GPU 0",
        "with share=yes on both it would run beside task 4/0 on GPU 0 "
        "(what runs keeps its cards to itself until its next start)",
    ]
    assert said(case, want(2, 14), {"4/0": [mine]}) == ["when task 4/0 ends, on GPU 0"]


def test_several_have_to_end_where_a_limit_was_lowered() -> None:
    case = Case(gpu(0), max_tasks=1).but(own_tasks=3, own_cpu_tasks=3)
    assert said(case, want(9, 0, gpus=0), {"1/0": [], "2/0": [], "3/0": []})[0] == (
        "when tasks 1/0, 2/0 and 3/0 have ended"
    )
