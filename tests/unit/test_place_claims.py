"""Claims: cards kept for the longest waiter, so that small tasks can't starve a large one."""

from dataclasses import replace

from app.core.cards import Cards
from app.core.fit import need_of
from app.core.rules import Claim, Seen
from app.model.blockers import CapReached, CardClaimed, DriverSilent
from tests.unit.placing import ALICE, Case, gpu, lease, process, want

BIG = want(1, 20, gpus=2, waited=700)


def two_cards() -> Case:
    """GPU 0 free, GPU 1 ours until our attempt there ends."""
    return Case(gpu(0), gpu(1), leases=[lease(1, 20)])


def ended(case: Case) -> Case:
    return case.but(leases=(), own=frozenset(), own_tasks=0)


def test_the_longest_waiter_claims_and_holds_against_every_priority() -> None:
    case = two_cards()
    small = want(2, 5, priority=9)
    placement = case.place(BIG, small)
    assert placement.claim == Claim(BIG.key, "1/0", ("U0", "U1"))
    assert placement.grants == ()
    assert CardClaimed("0", "task 1/0") in placement.blocked[small.key].blockers
    assert ended(case).given(BIG, small) == {1: "0 1"}


def test_no_claim_before_reserve_after() -> None:
    case = two_cards()
    young = want(1, 20, gpus=2, waited=599)
    assert case.given(young, want(2, 5, priority=9)) == {2: "0"}
    assert case.claim is None


def test_no_claim_while_too_few_cards_could_become_free_by_us() -> None:
    """A colleague's long job on one of them must not idle the others."""
    case = Case(gpu(0), gpu(1, process(20)), min_gpu=2)
    assert case.given(BIG, want(2, 5)) == {2: "0"}
    assert case.claim is None


def test_a_lease_of_this_users_other_scheduler_is_not_ours_to_wait_for() -> None:
    case = Case(gpu(0), gpu(1), leases=[lease(1, 20)], own=False)
    case.place(BIG)
    assert case.claim is None


def test_a_task_that_can_be_reached_claims_where_a_longer_waiter_cannot() -> None:
    case = two_cards()
    hopeless = want(9, 20, gpus=3, waited=5000)
    assert case.place(hopeless, BIG).claim == Claim(BIG.key, "1/0", ("U0", "U1"))


def test_cards_that_would_do_now_are_claimed_first() -> None:
    case = Case(gpu(0), gpu(1), gpu(2), leases=[lease(0, 20), lease(1, 20)])
    case.place(BIG)
    assert case.claim is not None
    assert case.claim.gpus[0] == "U2"


def test_a_claim_is_remembered_and_does_not_flap() -> None:
    case = Case(*(gpu(n) for n in range(3)), leases=[lease(n, 20, name=f"U{n}.x") for n in range(3)])
    case.claim = Claim(BIG.key, "1/0", ("U2", "U1"))
    assert case.place(BIG).claim == Claim(BIG.key, "1/0", ("U2", "U1"))


def test_a_claim_is_named_by_its_task_as_it_stands_now() -> None:
    case = two_cards()
    case.claim = Claim(BIG.key, "7/3", ("U0", "U1"))
    assert case.place(BIG).claim == Claim(BIG.key, "1/0", ("U0", "U1"))


def test_a_claim_moves_when_its_cards_would_not_do_any_more() -> None:
    case = Case(gpu(0), gpu(1, process(20)), gpu(2), leases=[lease(0, 20), lease(2, 20)], min_gpu=3)
    case.claim = Claim(BIG.key, "1/0", ("U0", "U1"))
    assert case.place(BIG).claim == Claim(BIG.key, "1/0", ("U0", "U2"))


def test_a_claim_ends_with_its_task() -> None:
    case = two_cards()
    case.claim = Claim(BIG.key, "1/0", ("U0", "U1"))
    assert case.given(want(2, 5)) == {2: "0"}
    assert case.claim is None


def test_a_new_wait_of_the_same_task_has_no_claim() -> None:
    case = two_cards()
    case.claim = Claim(BIG.key, "1/0", ("U0", "U1"))
    assert case.given(replace(BIG, since=1000.0), want(2, 5)) == {2: "0"}


def test_the_claimant_takes_other_cards_when_they_come_free_first() -> None:
    case = Case(*(gpu(n) for n in range(3)), leases=[lease(2, 20)])
    case.claim = Claim(BIG.key, "1/0", ("U0", "U2"))
    assert case.given(BIG) == {1: "0 1"}
    assert case.claim is None


def test_priority_still_rules_the_cards_that_are_not_claimed() -> None:
    case = Case(gpu(0), gpu(1), leases=[lease(1, 20)])
    old, urgent = want(1, 20, waited=700), want(2, 20, priority=9)
    case.claim = Claim(old.key, "1/0", ("U1",))
    assert case.given(old, urgent) == {2: "0"}
    assert case.claim == Claim(old.key, "1/0", ("U1",))


def test_a_claim_counts_towards_the_cap() -> None:
    case = Case(*(gpu(n) for n in range(3)), leases=[lease(1, 20)], max_gpu=2)
    small = want(2, 5, share=False)
    case.claim = Claim(BIG.key, "1/0", ("U0", "U1"))
    placement = case.place(BIG, small)
    caps = [b for b in placement.blocked[small.key].blockers if isinstance(b, CapReached)]
    assert [(cap.allowance.held, cap.allowance.allowed, cap.claimed, cap.needs_more) for cap in caps] == [
        (1, 2, 1, 1)
    ]


def test_a_claim_is_kept_while_the_driver_is_silent() -> None:
    case = two_cards()
    case.place(BIG)
    before = case.claim
    assert before is not None
    case.but(silent=DriverSilent(1.0, "timed out")).place(BIG)
    assert case.claim == before


def test_when_one_claim_is_served_the_next_longest_waiter_claims() -> None:
    case = Case(gpu(0), gpu(1), leases=[lease(1, 20)])
    first, second = want(1, 20, waited=900), want(2, 20, waited=800)
    assert case.given(first, second) == {1: "0"}
    assert case.claim is not None
    assert case.claim.key == second.key


def test_the_cap_a_claim_needs_can_come_from_its_own_attempts_ending() -> None:
    case = Case(gpu(0), gpu(1), gpu(2), leases=[lease(2, 20)], max_gpu=2)
    case.place(BIG)
    assert case.claim == Claim(BIG.key, "1/0", ("U0", "U1"))


def test_another_users_lease_is_never_claimed() -> None:
    seen = Seen((gpu(0), gpu(1)), (lease(1, 20, ALICE),))
    case = Case(*seen.gpus, leases=seen.leases, min_gpu=2)
    case.place(BIG)
    assert case.claim is None


def test_the_claim_goes_to_the_longest_waiter_whatever_the_priority() -> None:
    case = Case(gpu(0), leases=[lease(0, 20)])
    urgent, old = want(1, 20, waited=700, priority=9), want(2, 20, waited=800)
    claim = case.place(urgent, old).claim
    assert claim is not None
    assert claim.key == old.key


def test_the_holder_of_a_claim_keeps_it_when_it_has_to_move() -> None:
    case = Case(gpu(0, process(20)), gpu(1), leases=[lease(1, 20)], min_gpu=2)
    holder, older = want(1, 20, waited=700), want(2, 20, waited=800)
    case.claim = Claim(holder.key, "1/0", ("U0",))
    assert case.place(holder, older).claim == Claim(holder.key, "1/0", ("U1",))


def test_a_claim_whose_cards_are_ready_gets_the_next_slot() -> None:
    case = Case(gpu(0), gpu(1), max_tasks=1)
    old, urgent = want(1, 20, waited=700), want(2, 20, priority=9)
    assert case.given(old, urgent) == {1: "0"}


def test_cards_of_a_claim_that_ended_are_given_at_once() -> None:
    case = Case(*(gpu(n) for n in range(3)), leases=[lease(2, 20)])
    case.claim = Claim(BIG.key, "1/0", ("U0", "U2"))
    assert case.given(BIG, want(2, 3, priority=9, devices=("2",))) == {1: "0 1", 2: "2"}


def test_the_cap_is_not_named_where_only_the_claim_is_in_the_way() -> None:
    case = Case(gpu(0), gpu(1), leases=[lease(1, 20)], max_gpu=2)
    small = want(2, 5, devices=("0",))
    assert case.place(BIG, small).blocked[small.key].blockers == (CardClaimed("0", "task 1/0"),)


def test_a_claim_holds_from_the_moment_it_is_made() -> None:
    case = Case(gpu(0))
    cards, need = Cards(case.seen, case.rules), need_of(want(2, 5), case.rules)
    assert cards.choose(need) is not None
    cards.keep(Claim(BIG.key, "1/0", ("U0",)))
    assert cards.choose(need) is None
