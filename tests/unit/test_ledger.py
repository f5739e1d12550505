"""What is free on a card: sums one can check in one's head."""

from typing import Any

import pytest

from app.core.allowance import allowance
from app.core.ledger import Card, ledger
from app.core.rules import Rules, Seen
from app.model.gpu import Gpu, GpuProcess
from app.model.lease import Lease
from app.model.settings import Settings
from tests.unit.placing import ALICE, BOB, ME, gpu, lease, process, rules


def card_of(card: Gpu, *leases: Lease, **settings: Any) -> Card:
    return ledger(Seen((card,), leases), rules(**settings))[card.uuid]


def ours(used: float, session: int = 50, uid: int = ME) -> GpuProcess:
    return process(used, uid, session=session)


@pytest.mark.parametrize(
    ("card", "leases", "free"),
    [
        (gpu(0), [], 23.5),
        (gpu(0, reserve=0.6), [], 22.9),
        (gpu(0, process(10)), [], 13.5),
        # declared counts from the moment of the lease, and nothing is counted twice
        (gpu(0), [lease(0, 10)], 13.5),
        (gpu(0, ours(4)), [lease(0, 10, session=50)], 13.5),
        (gpu(0, ours(10)), [lease(0, 10, session=50)], 13.5),
        # what a lease uses beyond what it declared counts as well
        (gpu(0, ours(12)), [lease(0, 10, session=50)], 11.5),
        (gpu(0, ours(4), ours(8)), [lease(0, 10, session=50)], 11.5),
        # a process of another session, of another user, or of nobody known is not the lease's
        (gpu(0, ours(4, session=51)), [lease(0, 10, session=50)], 9.5),
        (gpu(0, ours(4, uid=ALICE)), [lease(0, 10, session=50)], 9.5),
        (gpu(0, process(4, uid=None, session=50)), [lease(0, 10, session=50)], 9.5),
        # two leases, each with its own
        (
            gpu(0, ours(4, 50), ours(9, 60, ALICE)),
            [lease(0, 10, session=50), lease(0, 8, ALICE, session=60)],
            4.5,
        ),
        # a lease that does not say counts as the whole card, and so does one that can't be read
        (gpu(0), [lease(0, None)], -0.5),
        (gpu(0), [lease(0, 2, ALICE, valid=False)], -0.5),
        # the driver does not say how much the process uses: it is others' until it does
        (gpu(0, process(None, ME, session=50), reserve=4), [lease(0, 10, session=50)], 9.5),
        # a lease of another card's
        (gpu(0), [lease(1, 10)], 23.5),
    ],
)
def test_free_memory(card: Gpu, leases: list[Lease], free: float) -> None:
    assert card_of(card, *leases).free_gb == pytest.approx(free)


def test_a_process_belongs_to_a_lease_by_descent_from_its_supervisor() -> None:
    held = lease(0, 10)
    known = Lease(
        **{name: getattr(held, name) for name in held.__slots__} | {"supervisor": 7, "supervisor_start": 99}
    )
    child = process(4, ME, lineage=((30, 5), (20, 4), (7, 99)))
    reused = process(4, ME, lineage=((30, 5), (7, 98)))
    assert card_of(gpu(0, child), known).free_gb == pytest.approx(13.5)
    assert card_of(gpu(0, reused), known).free_gb == pytest.approx(9.5)


@pytest.mark.parametrize(
    ("one", "kept"),
    [
        (process(10, ALICE, peak_gb=10), 1.0),
        (process(5, ALICE, peak_gb=10), 6.0),  # it has used 10 before and may again
        (process(5, None, peak_gb=5), 0.5),
        (process(5, ME, peak_gb=10), 0.0),  # this user's own count as they are
        (process(None, ALICE, peak_gb=10), 1.0),
    ],
)
def test_other_peoples_processes_may_grow(one: GpuProcess, kept: float) -> None:
    card = card_of(gpu(0, one), others_growth_percent=10.0)
    assert card.free_gb == pytest.approx(24 - (one.used_gb or 0) - kept - 0.5)


def test_processes_of_a_lease_are_not_expected_to_grow() -> None:
    card = card_of(gpu(0, ours(5, 60, ALICE)), lease(0, 8, ALICE, session=60), others_growth_percent=10.0)
    assert card.free_gb == pytest.approx(24 - 8 - 0.5)


def test_what_the_state_file_shows_of_a_card() -> None:
    card = card_of(
        gpu(0, ours(4, 50), ours(3, 60, ALICE), process(2, BOB), reserve=0.5),
        lease(0, 10, session=50),
        lease(0, 5, ALICE, session=60),
    )
    assert (card.own_promised_gb, card.leased_gb) == (10, 5)
    assert card.others_gb == pytest.approx(2.5)
    assert card.unexplained_gb == pytest.approx(0.5)
    assert card.pending_gb == 8
    assert card.free_gb == pytest.approx(24 - 2.5 - 15 - 0.5)


def test_a_simulated_task_uses_what_it_declares() -> None:
    card = card_of(gpu(0, simulated=True), lease(0, 10))
    assert (card.own_promised_gb, card.others_gb, card.free_gb) == (10, 0, 13.5)


def test_cards_that_are_gone_are_in_the_book() -> None:
    book = ledger(Seen((gpu(0),), known=(gpu(0), gpu(1))), rules())
    assert [(card.gpu.index, card.unusable) for card in book.values()] == [("0", ()), ("1", ("missing",))]


CARDS = {
    "empty": gpu(0),
    "alice's": gpu(0, process(2)),
    "unknown's": gpu(0, process(2, uid=None)),
    "my own process": gpu(0, process(2, ME)),
    "a screen of root's": gpu(0, process(0.3, uid=0, compute=False)),
    "lost": gpu(0, health="lost"),
    "prohibited": gpu(0, compute_mode="prohibited"),
}


@pytest.mark.parametrize(
    ("card", "leases", "available", "held"),
    [
        ("empty", [], 1, 0),
        ("alice's", [], 0, 0),
        ("unknown's", [], 0, 0),
        ("my own process", [], 1, 0),
        ("a screen of root's", [], 1, 0),
        ("lost", [], 0, 0),
        ("prohibited", [], 0, 0),
        ("empty", [lease(0, 2, ALICE)], 0, 0),
        ("empty", [lease(0, 2), lease(0, 2), lease(0, 2, ALICE)], 1, 1),
        ("alice's", [lease(0, 2)], 1, 1),
        ("lost", [lease(0, 2)], 0, 1),
    ],
)
def test_what_counts_as_available_and_held(card: str, leases: list[Lease], available: int, held: int) -> None:
    plain = rules()
    counted = allowance(ledger(Seen((CARDS[card],), tuple(leases)), plain).values(), plain)
    assert (counted.available, counted.held) == (available, held)


@pytest.mark.parametrize(
    ("left", "least", "most", "allowed"),
    [
        (0, 0, None, 4),
        (1, 0, None, 3),
        (5, 0, None, 0),
        (5, 2, None, 2),
        (0, 0, 3, 3),
        (0, 4, 2, 2),
        (0, 9, None, 9),
    ],
)
def test_the_cap(left: int, least: int, most: int | None, allowed: int) -> None:
    chosen = rules(gpu_left=left, min_gpu=least, max_gpu=most)
    cards = ledger(Seen(tuple(gpu(n) for n in range(4))), chosen).values()
    assert allowance(cards, chosen).allowed == allowed


def test_a_card_that_is_off_counts_as_available() -> None:
    """Nobody else has it; that its user wants nothing there takes none from what others may have."""
    seen = Seen((gpu(0), gpu(1)), off=frozenset({"U0"}))
    assert allowance(ledger(seen, rules()).values(), rules()).available == 2


def test_only_cards_in_range_count() -> None:
    chosen = rules(in_range=frozenset({"1", "2"}))
    seen = Seen(tuple(gpu(n) for n in range(4)), (lease(0, 5), lease(1, 5)))
    counted = allowance(ledger(seen, chosen).values(), chosen)
    assert (counted.available, counted.held) == (2, 1)


@pytest.mark.parametrize(
    ("settings", "visible", "covered"),
    [
        (Settings(), None, {"0", "1", "2", "3"}),
        (Settings(), frozenset({"0", "1"}), {"0", "1"}),
        (Settings(use_all_gpus=False, compete_gpus=("1", "2")), None, {"1", "2"}),
        (Settings(use_all_gpus=False, compete_gpus=("1", "2")), frozenset({"0", "1"}), {"1"}),
        (Settings(use_all_gpus=False, compete_gpus=("1", "2")), frozenset({"U2", "0"}), {"2"}),
        (Settings(), frozenset(), set()),
    ],
)
def test_the_range(settings: Settings, visible: frozenset[str] | None, covered: set[str]) -> None:
    chosen = Rules.of(settings, ME, visible, cpu_count=8)
    assert {card.index for card in map(gpu, range(4)) if chosen.covers(card)} == covered
    assert chosen.cpu_tasks == 8
