"""Placement by rule: a machine and tasks are given, cards and sentences expected."""

import pytest

from app.model.backend import Want
from app.model.blockers import (
    Allowance,
    BehindInLine,
    CapReached,
    CardBusy,
    CardCrowded,
    CardLeased,
    CardShort,
    CardUnusable,
    DriverSilent,
    LimitReached,
    TooFewCards,
    reason,
    say,
)
from app.model.gpu import Gpu, Usage
from app.model.lease import Lease
from tests.unit.placing import ALICE, BOB, ME, Case, gpu, lease, process, want


def four() -> list[Gpu]:
    return [gpu(n) for n in range(4)]


# --- the sentence of the design --------------------------------------------------------------------


def test_the_designs_own_sentence() -> None:
    case = Case(gpu(0, process(12.1), reserve=0.2), gpu(1), leases=[lease(1, 24, exclusive=True)])
    assert case.reason(want(5, 20, gpus=2)) == (
        "needs 2 GPUs with 20 GB free; GPU 0 has 11.2 GB free (alice 12.1 GB), GPU 1 is leased to queue 3"
    )


def test_leased_cards_are_told_together() -> None:
    owners = [(0, ME, 3), (1, ME, 3), (2, ME, 7), (3, BOB, 1)]
    case = Case(*four(), leases=[lease(on, 24, uid, queue, exclusive=True) for on, uid, queue in owners])
    told = "GPU 0, 1 are leased to queue 3, GPU 2 to queue 7, GPU 3 to bob"
    assert case.reason(want(5, 20, gpus=4)) == f"needs 4 GPUs with 20 GB free; {told}"


# --- order -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tasks", "first"),
    [
        ([want(1), want(2, priority=1)], 2),
        ([want(1, gpus=1), want(2, gpus=2)], 2),
        ([want(1, gpus=2), want(2, gpus=1, priority=1)], 2),
        ([want(1, waited=5), want(2, waited=9)], 2),
        ([want(1, waited=5), want(2, waited=9, priority=-1)], 1),
        ([want(7), want(2)], 2),
    ],
    ids=[
        "priority",
        "most GPUs",
        "priority before GPUs",
        "longest waiting",
        "priority before waiting",
        "queue",
    ],
)
def test_order(tasks: list[Want], first: int) -> None:
    case = Case(gpu(0), gpu(1))
    assert next(iter(case.given(*tasks))) == first


def test_a_later_task_starts_where_an_earlier_one_cannot() -> None:
    case = Case(gpu(0, process(10)), gpu(1, process(20)), min_gpu=2)
    assert case.given(want(1, 20, priority=5), want(2, 10)) == {2: "0"}


# --- exclusive and shared --------------------------------------------------------------------------


def test_a_card_serves_one_task_unless_cards_are_shared() -> None:
    tasks = [want(n, 5) for n in (1, 2, 3)]
    assert Case(gpu(0), maximize_resource_utilization=False).given(*tasks) == {1: "0"}
    assert Case(gpu(0), maximize_resource_utilization=True).given(*tasks) == {1: "0", 2: "0", 3: "0"}


def test_tasks_share_a_card_as_memory_fits() -> None:
    case = Case(gpu(0))
    placement = case.place(*(want(n, 8) for n in (1, 2, 3)))
    assert len(placement.grants) == 2
    (blocked,) = placement.blocked.values()
    assert blocked.blockers == (CardShort("0", 7.5, 0.0, (), 16.0),)
    assert [grant.exclusive for grant in placement.grants] == [False, False]


@pytest.mark.parametrize(("sharing", "share"), [(True, False), (False, None)])
def test_an_exclusive_task_wants_no_lease_on_its_card(sharing: bool, share: bool | None) -> None:
    case = Case(gpu(0), leases=[lease(0, 2), lease(0, 2, BOB)], maximize_resource_utilization=sharing)
    assert case.blocked(want(1, 5, share=share)).blockers == (
        CardLeased("0", "queue 3", own=True),
        CardLeased("0", "bob", own=False),
    )


@pytest.mark.parametrize(
    "held", [lease(0, 2, ALICE, exclusive=True), lease(0, None), lease(0, 2, valid=False)]
)
def test_nobody_joins_an_exclusive_lease(held: Lease) -> None:
    assert [type(b) for b in Case(gpu(0), leases=[held]).blocked(want(1, 5)).blockers] == [CardLeased]


def test_share_yes_joins_under_exclusive_settings() -> None:
    case = Case(gpu(0), leases=[lease(0, 2)], maximize_resource_utilization=False)
    placement = case.place(want(1, 5, share=True))
    assert [(grant.memory_gb, grant.exclusive) for grant in placement.grants] == [(5, False)]


def test_this_users_own_process_keeps_an_exclusive_task_away_and_others_do_not() -> None:
    mine = process(1, ME, pid=77)
    case = Case(gpu(0, mine), gpu(1, process(1)), min_gpu=2, maximize_resource_utilization=False)
    assert case.given(want(1, 5)) == {1: "1"}
    only = Case(gpu(0, mine), maximize_resource_utilization=False)
    assert only.blocked(want(1, 5)).blockers == (CardBusy("0", "me", 77, "python"),)
    assert Case(gpu(0, mine)).given(want(1, 5)) == {1: "0"}


def test_the_processes_of_a_lease_are_not_named_beside_it() -> None:
    case = Case(
        gpu(0, process(4, ME, session=50)),
        leases=[lease(0, 5, session=50)],
        maximize_resource_utilization=False,
    )
    assert case.blocked(want(1, 5)).blockers == (CardLeased("0", "queue 3", own=True),)


# --- whole cards -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("card", "memory", "granted"),
    [
        (gpu(0), None, None),
        (gpu(0), 0, None),
        (gpu(0), 23.5, 23.5),
        (gpu(0), 23.8, None),
        (gpu(0), 24, None),
        (gpu(0, total=79.6, reserve=0.6), 80, None),
        (gpu(0, total=22.49), 24, None),
        (gpu(0, process(0.4, uid=0, compute=False)), 24, None),
    ],
)
def test_a_demand_up_to_the_nominal_size_means_the_whole_card(
    card: Gpu, memory: float | None, granted: float | None
) -> None:
    (grant,) = Case(card).place(want(1, memory)).grants
    assert grant.memory_gb == granted
    assert grant.exclusive == (granted is None)


@pytest.mark.parametrize(
    ("card", "memory"),
    [
        (gpu(0, process(1)), None),
        (gpu(0, process(1, ME)), None),
        (gpu(0, process(1)), 24),
        (gpu(0, reserve=8), None),  # a dead process has not given it back yet, or a container hides one
        (gpu(0, reserve=8), 24),
    ],
)
def test_a_card_in_use_is_not_given_whole(card: Gpu, memory: float | None) -> None:
    assert Case(card, min_gpu=1).given(want(1, memory)) == {}


def test_memory_that_nobody_explains_is_named() -> None:
    text = Case(gpu(0, reserve=8)).reason(want(1, None))
    assert text == "needs 1 GPU of its own; GPU 0 has 15.5 GB free (unknown 8 GB)"


def test_memory_0_takes_any_card_for_itself_where_cards_are_not_shared() -> None:
    case = Case(gpu(0, process(23.9)), min_gpu=1, maximize_resource_utilization=False)
    assert case.given(want(1, 0)) == {1: "0"}
    assert case.given(want(1, 0), want(2, 0)) == {1: "0"}


# --- compute mode, health, off ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("card", "seen", "why"),
    [
        (gpu(0, health="lost"), {}, ("lost",)),
        (gpu(0, health="unreadable"), {}, ("unreadable",)),
        (gpu(0, compute_mode="prohibited"), {}, ("prohibited",)),
        (gpu(0), {"off": frozenset({"U0"})}, ("off",)),
        (gpu(0), {"vanished": frozenset({"U0"})}, ("leases_gone",)),
        (gpu(0), {"gpus": (), "known": (gpu(0),)}, ("missing",)),
        (gpu(0, compute_mode="prohibited"), {"off": frozenset({"U0"})}, ("off", "prohibited")),
    ],
)
def test_unusable_cards(card: Gpu, seen: dict[str, frozenset[str]], why: tuple[str, ...]) -> None:
    blocked = Case(card, min_gpu=1).but(**seen).blocked(want(1))
    assert [b.why for b in blocked.blockers if isinstance(b, CardUnusable)] == list(why)
    assert len(blocked.blockers) == len(why)


def test_exclusive_process_mode_allows_one_at_a_time() -> None:
    card = gpu(0, compute_mode="exclusive_process")
    assert Case(card).given(want(1, 5), want(2, 5)) == {1: "0"}
    busy = gpu(0, process(1, pid=9), compute_mode="exclusive_process")
    assert Case(busy, min_gpu=1).blocked(want(1, 5)).blockers == (CardBusy("0", "alice", 9, "python"),)


def test_a_silent_driver_stops_gpu_tasks_only() -> None:
    silent = DriverSilent(5.0, "timed out")
    assert Case().but(silent=silent).blocked(want(1)).blockers == (silent,), "nobody knows how many there are"
    case = Case(gpu(0)).but(silent=silent)
    placement = case.place(want(1), want(2, gpus=0))
    assert [grant.gpu_ids for grant in placement.grants] == [()]
    (blocked,) = placement.blocked.values()
    assert blocked.blockers == (silent,)
    assert blocked.stuck


# --- restrictions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "needs"),
    [
        (want(1, 20, devices=("0",)), "needs GPU 0 with 20 GB free; GPU 0 has"),
        (want(1, 20, devices=("0", "2")), "needs 1 of GPU 0, 2 with 20 GB free; GPU 0 has"),
        (want(1, 20, gpus=2, model="L4"), 'needs 2 GPUs of model "L4" with 20 GB free; GPU 2 has'),
    ],
)
def test_a_reason_names_the_cards_that_a_task_is_bound_to(task: Want, needs: str) -> None:
    """Else nobody would know why a free one is not taken."""
    cards = gpu(0, process(10)), gpu(1), gpu(2, process(10), name="NVIDIA L4")
    assert Case(*cards, min_gpu=3).reason(task).startswith(needs)


def test_devices_model_and_range_choose_among_cards() -> None:
    cards = [gpu(0, name="NVIDIA A100"), gpu(1, name="NVIDIA H100"), gpu(2, name="NVIDIA A100")]
    assert Case(*cards).given(want(1, devices=("2",))) == {1: "2"}
    assert Case(*cards).given(want(1, model="h100")) == {1: "1"}
    assert Case(*cards, in_range=frozenset({"2"})).given(want(1)) == {1: "2"}


def test_cards_that_a_task_may_not_use_are_not_named() -> None:
    case = Case(gpu(0), gpu(1, process(10)), leases=[lease(0, None)], min_gpu=2)
    assert [getattr(b, "gpu", None) for b in case.blocked(want(1, 20, devices=("1",))).blockers] == ["1"]


def test_cards_too_small_are_not_named_while_larger_ones_are_enough() -> None:
    case = Case(gpu(0), gpu(1, process(10), total=79.6), min_gpu=2)
    assert [getattr(b, "gpu", None) for b in case.blocked(want(1, 75)).blockers] == ["1"]


def test_too_few_cards_that_could_ever_serve() -> None:
    blocked = Case(gpu(0), gpu(1, total=79.6)).blocked(want(1, 40, gpus=2))
    assert blocked.blockers[-1] == TooFewCards(2, 1)
    assert blocked.stuck
    assert "only 1 GPU here could serve it even when free" in reason(blocked)


def test_a_card_where_it_ran_out_of_memory_is_the_last_resort() -> None:
    assert Case(gpu(0), gpu(1)).given(want(1, avoid=["U0"])) == {1: "1"}
    assert Case(gpu(0)).given(want(1, avoid=["U0"])) == {1: "0"}
    assert Case(gpu(0), gpu(1)).given(want(1, gpus=2, avoid=["U0"])) == {1: "0 1"}


# --- selection -------------------------------------------------------------------------------------


def busy(index: int, utilization: float, used: float) -> Gpu:
    return gpu(index, usage=Usage(utilization, used), utilization=0.0)


@pytest.mark.parametrize(
    ("cards", "saving", "sparing"),
    [
        ([busy(0, 50, 4), busy(1, 10, 4)], "1", "1"),
        # 10 x 14 < 8 x 22; 8 x 2 < 10 x 10
        ([busy(0, 10, 10), busy(1, 8, 2)], "0", "1"),
        # utilisation 0 everywhere: ties by free, by used
        ([busy(0, 0, 4), busy(1, 0, 9)], "1", "0"),
        ([busy(0, 0, 4), busy(1, 0, 4)], "0", "0"),
        # instantaneous values until there are samples
        ([gpu(0, utilization=80.0, reserve=2.0), gpu(1, utilization=20.0, reserve=2.0)], "1", "1"),
        ([gpu(0, utilization=None), gpu(1, utilization=20.0, reserve=2.0)], "0", "0"),
        ([gpu("10"), gpu("9")], "9", "9"),
    ],
)
def test_selection_modes(cards: list[Gpu], saving: str, sparing: str) -> None:
    assert Case(*cards, memory_save_mode=True).given(want(1, 5)) == {1: saving}
    assert Case(*cards, memory_save_mode=False).given(want(1, 5)) == {1: sparing}


def test_a_card_just_given_does_not_look_empty() -> None:
    assert Case(*four()).given(*(want(n, 5) for n in (1, 2, 3, 4))) == {1: "0", 2: "1", 3: "2", 4: "3"}
    saving = Case(*four(), memory_save_mode=True)
    assert set(saving.given(*(want(n, 5) for n in (1, 2, 3, 4))).values()) == {"0"}


@pytest.mark.parametrize("other", [gpu(0, process(2)), gpu(0, process(2, uid=None))])
def test_cards_of_other_people_come_last(other: Gpu) -> None:
    cards = [other, gpu(1, reserve=5.0, utilization=90.0)]
    assert Case(*cards).given(want(1, 5)) == {1: "1"}
    assert Case(*cards, avoid_others=False).given(want(1, 5)) == {1: "0"}


# --- cap, limits -----------------------------------------------------------------------------------


def test_the_cap_counts_cards_once_and_joining_is_free() -> None:
    case = Case(*four(), leases=[lease(0, 5), lease(0, 5)], max_gpu=1)
    assert case.given(want(1, 5), want(2, 20)) == {1: "0"}
    blocked = case.blocked(want(2, 20))
    assert blocked.blockers[-1] == CapReached(Allowance(1, 1, 4), 0, 1)
    assert not blocked.stuck


def test_gpu_left_leaves_cards_to_others() -> None:
    assert Case(*four(), gpu_left=3).given(want(1), want(2)) == {1: "0"}
    assert Case(*four(), gpu_left=4).given(want(1)) == {}
    assert Case(*four(), gpu_left=4, min_gpu=1).given(want(1)) == {1: "0"}


def test_a_grant_that_raises_the_cap_lets_those_passed_over_try_again() -> None:
    """A colleague's card counts as available once this user holds it as well."""
    case = Case(gpu(0, process(10)), gpu(1, process(10)), gpu(2, total=11.0))
    assert case.given(want(1, 11.2, gpus=2), want(2, 2, devices=("0",))) == {2: "0", 1: "0 1"}


def test_the_cap_is_named_beside_the_leases_where_it_forbids_the_card_that_is_free() -> None:
    mine = [lease(n, 20) for n in range(3)]
    case = Case(*four(), leases=mine, gpu_left=1, maximize_resource_utilization=False)
    blocked = case.blocked(want(1, 20, gpus=2))
    assert [type(each) for each in blocked.blockers] == [*[CardLeased] * 3, CapReached]
    assert reason(blocked).endswith(
        "you hold 3 of the 3 cards allowed now, and it would take 2 more "
        "(4 free of others; see gpu_left, min_gpu, max_gpu)"
    )
    full = Case(*four(), leases=[lease(n, 20) for n in range(4)], maximize_resource_utilization=False)
    assert {type(each) for each in full.blocked(want(1, 20)).blockers} == {CardLeased}


def test_the_cap_is_named_where_it_is_exceeded_since_others_came() -> None:
    mine = [lease(n, 20) for n in range(3)]
    case = Case(
        *four()[:3], gpu(3, process(20)), leases=mine, gpu_left=1, maximize_resource_utilization=False
    )
    assert isinstance(case.blocked(want(1, 20)).blockers[-1], CapReached)


def test_leases_of_this_users_other_schedulers_count_for_the_cap() -> None:
    case = Case(*four(), leases=[lease(2, 24)], own=False, max_gpu=1)
    blocked = case.blocked(want(1, 20))
    assert blocked.stuck
    assert isinstance(blocked.blockers[-1], CapReached)


def test_max_tasks_counts_all_running_tasks_and_this_rounds() -> None:
    case = Case(*four(), max_tasks=2).but(own_tasks=1)
    placement = case.place(want(1, 5, waited=9), want(2, 5), want(3, gpus=0))
    assert len(placement.grants) == 1
    assert {one.blockers for one in placement.blocked.values()} == {(LimitReached(2, "max_tasks", 2),)}


def test_tasks_without_gpu_need_only_a_slot() -> None:
    case = Case(cpu_tasks=2).but(own_cpu_tasks=1, own_tasks=1)
    placement = case.place(want(1, gpus=0), want(2, gpus=0))
    assert [(grant.gpu_ids, grant.gpu_uuids) for grant in placement.grants] == [((), ())]
    (blocked,) = placement.blocked.values()
    assert blocked.blockers == (LimitReached(2, "cpu_tasks", 2),)
    assert reason(blocked) == "2 tasks without a GPU run already (cpu_tasks 2)"


def test_a_limit_that_was_lowered_says_how_many_run() -> None:
    case = Case(*four(), max_tasks=3).but(own_tasks=4)
    assert case.reason(want(1, 5)) == "needs 1 GPU with 5 GB free; 4 tasks run already (max_tasks 3)"
    assert say(LimitReached(1, "max_tasks")) == "1 task runs already (max_tasks 1)", "of an older state file"


def test_a_card_of_which_others_use_much_counts_as_busy() -> None:
    case = Case(gpu(0, process(12)), busy_memory_percent=40.0, min_gpu=1)
    assert case.blocked(want(1, 2)).blockers == (CardCrowded("0", 50.0, 40.0),)
    assert Case(gpu(0, process(12, ME)), busy_memory_percent=40.0).given(want(1, 2)) == {1: "0"}
    assert Case(gpu(0, reserve=0.6), busy_memory_percent=0.0).given(want(1, 2)) == {1: "0"}


# --- in line ---------------------------------------------------------------------------------------


def test_a_task_in_line_that_does_not_fit_holds_back_those_behind_it_and_nobody_else() -> None:
    case = Case(gpu(0), gpu(1), leases=[lease(0, None)])
    waiting = [
        want(4, 5, fifo=True),
        want(2, 5, gpus=2, fifo=True),
        want(3, 5, fifo=True, waited=90),
        want(9, 5),
    ]
    assert case.given(*waiting) == {9: "1"}
    placement = case.place(*waiting[:3])
    assert "GPU 0 is leased to queue 3" in reason(placement.blocked[waiting[1].key])
    for one in (waiting[0], waiting[2]):
        assert placement.blocked[one.key].blockers == (BehindInLine("task 2/0"),)
        assert reason(placement.blocked[one.key]) == (
            "needs 1 GPU with 5 GB free; task 2/0 is first in line (fifo)"
        )


def test_the_line_goes_by_priority_then_by_whose_turn_came_first_then_by_queue_id() -> None:
    case = Case(gpu(0), maximize_resource_utilization=False)
    late = want(1, 5, fifo=True, waited=50, came=9)
    assert case.given(late, want(3, 5, fifo=True), want(2, 5, fifo=True)) == {2: "0"}
    assert case.given(want(1, 5, fifo=True), want(3, 5, fifo=True, priority=1), want(2, 5)) == {3: "0"}


def test_each_group_of_cards_has_its_line_and_so_has_what_needs_none() -> None:
    case = Case(gpu(0), gpu(1), leases=[lease(0, None)])
    first = want(1, 5, fifo=True, devices=("0",))
    behind = want(2, 5, fifo=True, devices=("0",)), want(3, 5, fifo=True, devices=("1",))
    assert case.given(first, *behind, want(4, gpus=0, fifo=True)) == {3: "1", 4: ""}


def test_where_lines_meet_on_a_card_who_came_first_goes_first() -> None:
    """Seed 004: each group of cards has its own queue, and all go by creation."""
    case = Case(gpu(0), gpu(1), maximize_resource_utilization=False)
    first = want(1, 5, fifo=True, devices=("0",))
    both = want(2, 5, gpus=2, fifo=True, devices=("0", "1"), came=1)
    third = want(3, 5, fifo=True, devices=("1",), came=2)
    assert case.given(both, third, first) == {1: "0", 3: "1"}, "a line does not wait for another one"
    assert case.given(both, third) == {2: "0 1"}
    assert case.given(both, want(9, 5, fifo=True, devices=("1", "0"))) == {9: "0"}


def test_what_stands_behind_another_claims_no_cards() -> None:
    """It would keep them from the one before it, and neither could start."""
    case = Case(gpu(0), gpu(1), leases=[lease(0, None), lease(1, None)], reserve_after=60)
    ahead, behind = want(1, 5, gpus=2, fifo=True), want(2, 5, fifo=True, waited=100)
    assert case.place(ahead, behind).claim is None
    assert case.place(want(1, 5, gpus=2, fifo=True, waited=90), behind).claim is not None


def test_whose_cards_are_kept_goes_before_whoever_comes_to_its_line_meanwhile() -> None:
    case = Case(gpu(0), leases=[lease(0, 20)], reserve_after=60, maximize_resource_utilization=False)
    long, urgent = want(2, 5, fifo=True, waited=100), want(3, 5, fifo=True, priority=9, came=5)
    blocked = case.place(long, urgent).blocked
    assert case.claim is not None
    assert case.claim.key == long.key
    assert BehindInLine("task 2/0") in blocked[urgent.key].blockers
    assert case.but(leases=(), own=frozenset(), own_tasks=0).given(long, urgent) == {2: "0"}


# --- stuck -----------------------------------------------------------------------------------------


def test_stuck_means_that_no_end_of_ours_would_help() -> None:
    ours = Case(gpu(0), leases=[lease(0, 20)]).blocked(want(1, 20))
    theirs = Case(gpu(0), leases=[lease(0, 20, ALICE)], min_gpu=1).blocked(want(1, 20))
    assert (ours.stuck, theirs.stuck) == (False, True)


def test_memory_of_our_own_attempts_counts_as_freed_by_their_end() -> None:
    case = Case(gpu(0, process(15, ME, session=50)), leases=[lease(0, 10, session=50)])
    assert not case.blocked(want(1, 20)).stuck
