"""The fuse as a table: who died how soon, and what is held then, and released."""

from dataclasses import replace
from typing import Any

import pytest

from app.core.events import Asked, Edited, NotStarted, Released
from app.core.verdict import SOON
from app.model.records import HeldBy
from app.model.state import FUSE, Held
from tests.unit.test_machine import Case, planned, spec

SEVEN = [spec(queue, f"run {queue}") for queue in range(1, 8)]


def case_of(*more: Any, **settings: Any) -> Case:
    return Case(*SEVEN, *more, **{"fuse_tasks": 3, "max_retries": 0, **settings})


def die(case: Case, label: str, status: int = 1, after: float = 2.0, **how: Any) -> None:
    """It starts, and ends so long after."""
    case.grant(label)
    case.later(after)
    case.end(label, status, **how)


def held(case: Case) -> list[str]:
    return [t.label for t in case.core.board.tasks.values() if t.held_by == FUSE]


def test_when_the_first_tasks_die_at_once_the_others_are_held_and_history_is_told() -> None:
    case = case_of()
    for label in ("1/0", "2/0"):
        die(case, label)
    assert held(case) == []
    die(case, "3/0", 127)
    assert held(case) == ["4/0", "5/0", "6/0", "7/0"]
    assert [action.by for action in case.actions if isinstance(action, HeldBy)] == [FUSE] * 4
    assert isinstance(case.task("4/0").state, Held)
    assert case.heads() == []
    found = case.core.fuse.problem()
    assert found
    assert found.facts == {"died": 3, "seconds": 30, "task": "3/0", "error": found.facts["error"], "held": 4}
    assert "./gpulane release --held-by fuse" in found.text


@pytest.mark.parametrize(
    ("how", "blows"),
    [
        ({"status": 1}, True),
        ({"status": 126}, True),
        ({"status": 139}, True),  # SIGSEGV
        ({"status": 137}, False),  # SIGKILL: somebody, or a kernel out of memory
        ({"status": 143}, False),
        ({"status": 1, "tail": "CUDA out of memory. Tried to allocate 2 GiB"}, False),
        ({"status": 143, "stopping": "timeout"}, False),
        ({"status": 143, "stopping": "killed"}, False),
        ({"status": 143, "stopping": "stopped"}, False),
        ({"status": 1, "after": SOON}, False),
        ({"status": 0}, False),
    ],
)
def test_what_counts_is_what_may_be_the_machines_fault(how: dict[str, Any], blows: bool) -> None:
    case = case_of()
    for label in ("1/0", "2/0", "3/0"):
        die(case, label, **how)
    assert bool(held(case)) == blows
    assert bool(case.core.fuse.problem()) == blows


def test_a_launch_that_fails_counts_and_one_that_was_refused_does_not() -> None:
    for why in ("failed", "refused"):
        case = case_of()
        for launch in case.give("1/0", "2/0", "3/0"):
            case.feed(NotStarted(launch.spec.number, "no such folder", why))
        assert bool(held(case)) == (why == "failed")


def test_one_task_that_dies_again_and_again_is_one() -> None:
    case = case_of(max_retries=9)
    for _ in range(3):
        die(case, "1/0")
        case.later(5)
    assert held(case) == []


def test_the_fuse_may_be_left_out() -> None:
    case = case_of(fuse_tasks=None)
    for label in ("1/0", "2/0", "3/0", "4/0"):
        die(case, label)
    assert held(case) == []


@pytest.mark.parametrize("after", [2.0, SOON + 1])
def test_once_a_task_has_shown_that_tasks_live_here_nothing_blows(after: float) -> None:
    case = case_of()
    die(case, "7/0", 0 if after < SOON else 1, after)
    for label in ("1/0", "2/0", "3/0", "4/0"):
        die(case, label)
    assert held(case) == []


def test_one_that_has_lived_long_and_still_runs_shows_it_too() -> None:
    case = case_of()
    case.grant("7/0")
    case.later(SOON)
    for label in ("1/0", "2/0", "3/0", "4/0"):
        die(case, label)
    assert held(case) == []


def test_what_lives_without_a_card_shows_nothing_of_cards() -> None:
    case = case_of(spec(8, "prepare", gpus=0))
    die(case, "8/0", 0, 100)
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    assert held(case)


def test_the_others_are_released_as_soon_as_one_that_ran_meanwhile_has_lived() -> None:
    case = case_of()
    case.grant("7/0")  # three others die beside it on a card that is broken
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    assert held(case) == ["4/0", "5/0", "6/0"]
    due = case.core.next_due()
    assert due == SOON
    case.later(due - case.time)
    assert held(case) == []
    assert case.heads() == [f"{queue}/0" for queue in range(1, 7)]
    assert case.core.fuse.problem() is None
    assert case.core.next_due() is None


def test_retries_of_those_that_died_find_out_when_it_is_mended() -> None:
    case = case_of(max_retries=9)
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    case.later(5)
    assert case.heads() == ["1/0", "2/0", "3/0"]
    die(case, "1/0")
    assert held(case) == ["4/0", "5/0", "6/0", "7/0"]
    case.later(5)
    die(case, "2/0", 0)
    assert held(case) == []
    assert case.task("1/0").failures == 0
    assert case.status("1/0") == "waiting", "it was no fault of its own, and is not kept waiting"


@pytest.mark.parametrize("verb", ["release", "retry"])
def test_a_users_word_frees_one_and_counting_begins_anew(verb: Any) -> None:
    case = case_of()
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    assert case.core.objection(verb, case.task("4/0")) is None
    case.feed(Asked(verb, case.task("4/0").key, "alice"))
    assert held(case) == ["5/0", "6/0", "7/0"]
    die(case, "4/0")
    found = case.core.fuse.problem()
    assert found
    assert (found.kind, found.facts["died"], found.facts["held"]) == ("fuse", 3, 3)
    assert case.status("5/0") == "held"


def test_a_users_word_frees_all_and_they_have_as_many_tries_again() -> None:
    case = case_of()
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    case.feed(Released(FUSE))
    assert held(case) == []
    assert case.core.fuse.problem() is None
    assert case.heads() == [f"{queue}/0" for queue in range(1, 8)], "also those that had failed"
    for label in ("4/0", "5/0"):
        die(case, label)
    assert held(case) == []
    die(case, "6/0")
    assert held(case) == ["1/0", "2/0", "3/0", "7/0"]


def test_what_was_skipped_for_those_that_died_comes_back_with_them() -> None:
    case = case_of(spec(1, "behind"), spec(1, "later", hold=True))
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    assert case.status("1/1") == "skipped"
    case.feed(Released("alice"))
    assert case.status("4/0") == "held"
    case.feed(Released(FUSE))
    assert [case.status(label) for label in ("1/0", "1/1", "1/2")] == ["waiting", "pending", "held"]


def test_what_is_said_stays_while_those_that_died_are_tried_again() -> None:
    case = case_of(max_retries=9)
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    case.later(5)
    case.grant("1/0", "2/0", "3/0")
    found = case.core.fuse.problem()
    assert found
    assert (found.kind, found.facts["task"], found.facts["error"]) == ("fuse", "3/0", "exit 1 in: run 3")


def test_what_is_said_names_the_last_that_died_as_it_stands_now() -> None:
    case = case_of(max_retries=9)
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    moved = [replace(one, queue_id=9) if one.script == "run 3" else one for one in SEVEN]
    case.feed(Edited(planned(*moved)))
    found = case.core.fuse.problem()
    assert found
    assert found.facts["task"] == "9/0"


def test_one_that_died_and_has_left_the_file_does_not_come_back() -> None:
    case = case_of()
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    case.feed(Edited(planned(*SEVEN[1:])))
    case.feed(Released(FUSE))
    assert case.heads() == [f"{queue}/0" for queue in range(2, 8)]


def test_what_its_user_or_the_file_holds_is_not_the_fuses() -> None:
    case = case_of(spec(8, "later", hold=True))
    case.feed(Asked("hold", case.task("7/0").key, "alice"))
    for label in ("1/0", "2/0", "3/0"):
        die(case, label)
    case.feed(Released(FUSE))
    assert case.task("7/0").held_by == "alice"
    assert case.task("8/0").held_by == "file"
