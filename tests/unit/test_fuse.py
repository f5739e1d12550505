"""The fuse as a table: who died how soon, and what is held then, and released."""

import time
from dataclasses import replace
from typing import Any

import pytest

from app.core.events import Asked, Edited, Ended, NotStarted, Released
from app.core.machine import Core
from app.core.verdict import SOON
from app.model.backend import Exit
from app.model.records import HeldBy
from app.model.state import FUSE, Held, OutOfMemory
from tests.unit.test_machine import WALL, Case, planned, spec

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


def all_dead(case: Case, rounds: int = 4) -> None:
    """1/0 to 3/0 die until they wait for long."""
    for _ in range(rounds):
        for label in ("1/0", "2/0", "3/0"):
            die(case, label)
        case.later(3)


def waits(case: Case) -> bool:
    """Has everybody begun anew who died, and does nobody wait for long?"""
    return [(case.status(label), case.task(label).failures) for label in ("2/0", "3/0")] == [
        ("waiting", 0)
    ] * 2


@pytest.mark.parametrize("how", ["edited", "asked for more", "retried", "after a release", "nobody to hold"])
def test_when_one_that_died_is_mended_the_others_that_died_begin_anew(how: str) -> None:
    """However it came to run: none is left in the long rest that it was given for no fault of its own."""
    first, others = spec(1, "run 1", retries=3), SEVEN[1 : 3 if how == "nobody to hold" else 7]
    case = Case(first, *others, fuse_tasks=3, max_retries=9)
    all_dead(case)
    assert [case.status(label) for label in ("1/0", "2/0", "3/0")] == ["failed", "backoff", "backoff"]
    match how:
        case "edited" | "nobody to hold":
            case.feed(Edited(planned(spec(1, "mended"), *others)))
        case "asked for more":
            case.feed(Edited(planned(replace(first, memory_gb=20.0), *others)))
        case "after a release":
            case.feed(Asked("release", case.task("4/0").key, "alice"))
    if how == "after a release":
        die(case, "4/0", 0)
    else:
        if how == "retried":
            case.feed(Asked("retry", case.task("1/0").key, "alice"))
        die(case, "1/0", 0)
    assert held(case) == []
    assert waits(case)


def test_a_fuse_that_blew_before_a_restart_lets_those_that_died_begin_anew_as_well() -> None:
    case = case_of(max_retries=9)
    all_dead(case)
    tasks = list(case.core.board.tasks.values())
    oom = case.task("3/0")
    oom.state = replace(oom.state, cause=OutOfMemory(1, None, None))
    again = case_of(max_retries=9)
    again.core = Core(tasks, again.core.settings, again.core.run, "/w", case.now)
    again.time = case.time
    again.feed(Asked("retry", again.task("1/0").key, "alice"))
    die(again, "1/0", 0)
    assert held(again) == []
    assert again.status("2/0") == "waiting"
    assert again.status("3/0") == "backoff", "that was its own"


def test_what_dies_on_cards_does_not_begin_anew_for_what_lives_without() -> None:
    case = Case(*SEVEN[:3], spec(8, "prepare", gpus=0), fuse_tasks=3, max_retries=9)
    all_dead(case, 1)
    assert held(case) == ["8/0"]
    case.feed(Asked("release", case.task("8/0").key, "alice"))
    case.later(1)
    die(case, "8/0", 0, 100)
    assert {case.task(label).failures for label in ("1/0", "2/0", "3/0")} == {1}
    die(case, "1/0", 0)
    assert waits(case)


def test_what_the_fuse_holds_its_user_may_hold_too_and_then_it_is_the_users() -> None:
    case = case_of()
    all_dead(case, 1)
    assert case.core.objection("hold", case.task("4/0")) is None
    case.feed(Asked("hold", case.task("4/0").key, "alice"))
    assert case.actions == [HeldBy(case.task("4/0").key, "alice")]
    assert case.task("4/0").state.by == "alice"
    assert held(case) == ["5/0", "6/0", "7/0"]
    case.feed(Released(FUSE))
    assert case.status("4/0") == "held"
    assert case.heads() == ["1/0", "2/0", "3/0", "5/0", "6/0", "7/0"]


@pytest.mark.parametrize(("released", "counted_anew"), [("7/0", False), ("4/0", True)])
def test_only_a_release_of_what_it_holds_makes_the_fuse_count_anew(released: str, counted_anew: bool) -> None:
    case = case_of(spec(8, "later"))
    for label in ("7/0", "8/0"):
        case.feed(Asked("hold", case.task(label).key, "alice"))
    all_dead(case, 1)
    case.feed(Asked("release", case.task(released).key, "alice"))
    case.feed(Edited(planned(*SEVEN, spec(8, "later"), spec(9, "new"))))
    die(case, "9/0")  # the first that dies after the word
    found = case.core.fuse.problem()
    assert found
    assert (found.facts["died"], found.facts["task"]) == ((3, "3/0") if counted_anew else (4, "9/0"))


def test_a_hundred_thousand_are_held_and_released_in_no_time() -> None:
    many = [spec(1 + number % 50, f"run {number}") for number in range(20_000)]
    case = Case(*many, fuse_tasks=3, max_retries=0, on_failure="continue")
    case.grant("1/0", "2/0", "3/0")
    numbers = list(case.core.running)
    begun = time.process_time()
    for number in numbers:
        case.core.handle(Ended(number, Exit(1, WALL, WALL + 1, None, "")), case.now)
    assert len(held(case)) == 20_000 - 3
    case.core.handle(Released(FUSE), case.now)
    assert held(case) == []
    assert time.process_time() - begun < 3, "it takes as long as they are many, and not the square of it"
