"""Cards set aside, as a table: what died where, and which cards are not to be used then."""

from dataclasses import replace

import pytest

from app.core.aside import FIRST_REST, LONGEST_REST, Aside
from app.core.board import Board
from app.core.events import Ended
from app.core.verdict import SOON
from app.model.backend import Exit, Now
from app.model.settings import Settings
from app.model.task import TaskKey
from tests.unit.placing import Case as Machine
from tests.unit.placing import gpu, want
from tests.unit.test_machine import WALL, spec
from tests.unit.test_machine import Case as Plan


def key(name: str) -> TaskKey:
    return TaskKey(name, 0)


def aside_after(*ends: str, tasks: int | None = 3, at: float = 0.0) -> tuple[Aside, list[str]]:
    """Each end: "a+0" (task a went well on card 0), "b-01" (b died soon on cards 0 and 1)."""
    found = Aside(Board(Settings(fuse_tasks=tasks), (), Now(0.0, WALL)))
    judge(found, *ends)
    return found, sorted(found.decide(Now(at, WALL + at)))


def judge(aside: Aside, *ends: str) -> None:
    for end in ends:
        aside.judge(key(end[0]), tuple(end[2:]), "well" if end[1] == "+" else "suspect")


@pytest.mark.parametrize(
    ("ends", "aside"),
    [
        (("w+1", "a-0", "b-0"), []),
        (("w+1", "a-0", "b-0", "c-0"), ["0"]),
        (("w+1", "a-0", "a-0", "a-0"), []),  # one task is one
        (("a-0", "b-0", "c-0"), []),  # nobody knows how it is on other cards
        (("a-0", "b-0", "c-0", "w+1"), ["0"]),
        (("a-0", "b-0", "c-0", "d-1"), []),  # it dies everywhere
        (("w+1", "a-0", "b-0", "w+0", "c-0"), []),  # since the last that went well
        (("w+1", "a-0", "b-0", "c-0", "c-1"), []),  # c dies on its own account
        (("w+1", "w+2", "a-0", "b-0", "c-0", "c-1"), []),
        (("w+2", "a-01", "b-01", "c-01"), ["0", "1"]),  # one of them, and nobody can tell which
        (("w+4", "a-01", "b-02", "c-03"), ["0"]),  # the one that all of them had
    ],
)
def test_a_card_where_different_tasks_die_while_others_are_fine_is_set_aside(
    ends: tuple[str, ...], aside: list[str]
) -> None:
    assert aside_after(*ends)[1] == aside


def test_without_a_fuse_no_card_is_set_aside() -> None:
    assert aside_after("w+1", "a-0", "b-0", "c-0", tasks=None)[1] == []


def test_it_is_tried_again_later_and_each_time_later_still() -> None:
    found, now = aside_after("w+1", "a-0", "b-0", "c-0")
    assert now == ["0"]
    at, rests = 0.0, []
    for _ in range(7):
        shown = found.decide(Now(at, WALL + at))["0"]
        rests.append(shown.until - WALL - at)
        at += rests[-1]
        assert found.decide(Now(at, WALL + at)) == {}
        judge(found, "d-0")  # one is enough now
    assert rests == [FIRST_REST * 2**n for n in range(5)] + [LONGEST_REST] * 2
    found.decide(Now(at, WALL + at))
    at += LONGEST_REST
    judge(found, "e+0", "d-0", "f-0")
    assert found.decide(Now(at, WALL + at)) == {}, "it has gone well there since"


def test_what_goes_well_elsewhere_frees_no_card() -> None:
    found, now = aside_after("w+1", "w+2", "a-0", "b-0", "c-0", "a-1")
    assert now == [], "a has only itself to blame"
    judge(found, "d-0")
    assert list(found.decide(Now(0.0, WALL))) == ["0"]
    judge(found, *(f"{task}-1" for task in "abcd"), "w+1")
    assert list(found.decide(Now(1.0, WALL))) == ["0"]


def test_its_user_may_know_better() -> None:
    found, _ = aside_after("w+1", "a-0", "b-0", "c-0")
    assert found.forgive("0")
    assert not found.forgive("0")
    assert found.decide(Now(1.0, WALL)) == {}


def test_a_card_set_aside_gets_nothing_and_says_so() -> None:
    machine = Machine(gpu(0), gpu(1)).but(aside=frozenset({"U0"}))
    assert machine.given(want(1), want(2)) == {1: "1"}
    assert "GPU 0 is set aside for a while" in machine.reason(want(1, devices=("0",)))


def test_the_core_blames_a_card_once_attempts_on_others_have_lived() -> None:
    case = Plan(*(spec(queue, f"run {queue}") for queue in range(1, 6)), fuse_tasks=2, max_retries=0)
    case.grant("1/0")
    first = case.task("1/0")
    first.state = replace(first.state, gpu_uuids=("GPU-1",))
    case.grant("2/0", "3/0")
    for label in ("2/0", "3/0"):
        state = case.task(label).running
        case.feed(Ended(state.number, Exit(1, case.now.wall, case.now.wall + 2, None, "")))
    assert case.core.aside.decide(case.now) == {}
    assert case.status("4/0") == "held", "the fuse can't tell yet"
    case.later(SOON)
    assert list(case.core.aside.decide(case.now)) == ["GPU-0"]
    assert case.status("4/0") == "waiting"
