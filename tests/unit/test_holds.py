"""A user's hold outlasts what becomes of its block; the file's and the fuse's do not."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import plan
from app.core.align import align
from app.core.events import Asked, Edited
from app.model.backend import Now
from app.model.records import HeldBy, Moved
from app.model.state import FUSE, Backoff, Cancelled, Completed, ExitCode, Failed, Held, Pending
from app.model.task import TaskSpec
from app.resume import Resumed, resume
from app.store.resume import SavedRun, SavedTask
from tests.unit.test_edits_and_resume import core_of, saved
from tests.unit.test_machine import WALL, Case, spec

NOW = Now(0.0, WALL)


def save(case: Case, *specs: TaskSpec) -> None:
    """As an editor does; keys are given out as a scheduler gives them."""
    core = case.core
    old = plan.old_tasks(core.board.tasks.values())
    keys = align(old, specs, {**core.known(), **dict.fromkeys(case.__dict__.get("used", ()))}, core.departed)
    case.__dict__.setdefault("used", set()).update(core.known(), keys)
    case.feed(Edited(plan.numbered(specs, keys)))


def ask(case: Case, verb: str, label: str) -> None:
    case.feed(Asked(verb, case.task(label).key, "chen"))  # type: ignore[arg-type]


def holding(*behind: TaskSpec) -> Case:
    """1/0 runs, and 1/1 is held by its user."""
    case = Case(spec(1, "a"), *behind, max_retries=0)
    case.grant("1/0")
    ask(case, "hold", "1/1")
    return case


def ends(case: Case) -> None:
    for label in [task.label for task in case.core.running.values()]:
        case.end(label)


def test_a_hold_outlasts_a_block_that_goes_and_comes_back() -> None:
    case = holding(spec(1, "c"))
    key = case.task("1/1").key
    save(case, spec(1, "a"))
    save(case, spec(1, "a"), spec(1, "c"))
    assert (case.task("1/1").key, case.status("1/1")) == (key, "held")
    assert [action.state.status for action in case.actions if isinstance(action, Moved)] == [
        "pending",
        "held",
    ]
    ends(case)
    assert case.heads() == []
    ask(case, "release", "1/1")
    assert case.heads() == ["1/1"]


def test_it_may_be_gone_over_many_edits() -> None:
    case = holding(spec(1, "c"))
    for _ in range(3):
        save(case, spec(1, "a"))
        save(case, spec(1, "a"), spec(2, "b"))
    save(case, spec(1, "a"), spec(2, "b"), spec(3, "c", memory=20))
    assert case.task("3/0").held_by == "chen"


@pytest.mark.parametrize("by", [FUSE, "file"])
def test_the_fuses_and_the_files_hold_do_not(by: str) -> None:
    case = Case(spec(1, "a"), spec(1, "c", hold=by == "file"))
    if by == FUSE:
        case.task("1/1").held_by = FUSE
    save(case, spec(1, "a"))
    save(case, spec(1, "a"), spec(1, "c"))
    assert (case.status("1/1"), case.task("1/1").held_by) == ("pending", None)


@pytest.mark.parametrize(
    ("after", "held"),
    [
        (("a", "c2"), ["c2"]),  # edited
        (("a2", "c"), ["c"]),
        (("a2", "c2"), ["c2"]),
        (("a", "c", "d"), ["c"]),
        (("a", "d", "c"), ["c"]),
        (("c", "a"), ["c"]),
        (("a", "d", "e"), []),  # nobody can tell
        (("a",), []),
    ],
)
def test_a_hold_stays_with_an_edited_block(after: tuple[str, ...], held: list[str]) -> None:
    case = Case(spec(1, "a"), spec(1, "c"))
    ask(case, "hold", "1/1")
    save(case, *(spec(1, script) for script in after))
    assert [t.spec.script for t in case.core.board.tasks.values() if isinstance(t.state, Held)] == held


def test_history_is_told_who_holds_what_was_edited() -> None:
    case = holding(spec(1, "c"))
    save(case, spec(1, "a"), spec(1, "mended"))
    assert HeldBy(case.task("1/1").key, "chen") in case.actions


def test_what_is_done_hands_nothing_on_and_takes_nothing_over() -> None:
    case = Case(spec(1, "a"), spec(1, "c"), spec(2, "b"))
    case.grant("1/0")
    ask(case, "hold", "1/1")
    ends(case)
    save(case, spec(1, "c2"), spec(2, "b"))
    assert case.task("1/0").held_by == "chen"
    ask(case, "kill", "1/0")
    save(case, spec(1, "c3"), spec(2, "b"))
    assert case.heads() == ["1/0", "2/0"]


# Over a restart

LEAVE: list[Callable[[TaskSpec], SavedTask]] = [
    lambda c: saved(c, Cancelled(WALL, "edit"), index=None, held_by="chen"),
    lambda c: saved(c, Held(WALL, "chen"), index=0),
]


def went_on(task: SavedTask, *specs: TaskSpec) -> Resumed:
    return resume(SavedRun(1, "run", "boot", (), (task,), {}, 5), specs, NOW)


@pytest.mark.parametrize("left", LEAVE)
def test_it_outlasts_a_restart_while_the_block_is_there_or_gone(
    left: Callable[[TaskSpec], SavedTask],
) -> None:
    block, other = spec(1, "c"), spec(2, "b")
    found = went_on(left(block), block, other)
    assert [want.label for want in core_of(found).heads()] == ["2/0"]
    assert found.tasks[0].held_by == "chen"
    gone = went_on(left(block), other)
    (departed,) = gone.departed
    assert (departed.state, departed.held_by) == (Cancelled(WALL, "edit"), "chen")


def test_it_stays_with_a_block_that_was_edited_while_no_scheduler_ran() -> None:
    found = went_on(saved(spec(1, "c"), Held(WALL, "chen")), spec(1, "mended"))
    assert core_of(found).heads() == ()
    assert HeldBy(found.tasks[0].key, "chen") in found.records


@pytest.mark.parametrize("state", [Pending(WALL), Backoff(WALL, "", ExitCode(1), 1, 9)])
def test_nobody_holds_what_nobody_held(state: Pending | Backoff) -> None:
    assert core_of(went_on(saved(spec(1, "c"), state), spec(1, "mended"))).heads()


def test_a_failed_task_that_is_gone_is_a_new_one_when_it_is_back() -> None:
    failed = Failed((), WALL, WALL, 1, "exit 1", ExitCode(1), None)
    assert went_on(saved(spec(1, "c"), failed, index=None), spec(2, "b")).departed == []
    assert went_on(saved(spec(1, "c"), Completed((), 0, 1, 0, None), index=None), spec(2, "b")).departed


# Whatever is saved

VERSIONS = st.lists(st.lists(st.sampled_from("abcd"), unique=True, max_size=4), max_size=8)


@given(VERSIONS, st.data())
def test_what_its_user_holds_starts_in_no_version_before_it_is_released(
    versions: Sequence[Sequence[str]], data: st.DataObject
) -> None:
    case = Case(*(spec(queue, script) for queue, script in enumerate("abcd", 1)))
    held = data.draw(st.sets(st.sampled_from("abcd")))
    for queue, script in enumerate("abcd", 1):
        if script in held:
            ask(case, "hold", f"{queue}/0")
    for version in versions:
        save(case, *(spec(data.draw(st.integers(1, 2)), script) for script in version), spec(9, "stays"))
        case.grant(*case.heads())
        if data.draw(st.booleans()):
            ends(case)
        for task in case.core.board.tasks.values():
            if task.spec.script in held:
                assert (task.held_by, task.attempts) == ("chen", 0), "before it was released"
    save(case, *(spec(1, script) for script in "abcd"))
    for task in list(case.core.board.tasks.values()):
        if isinstance(task.state, Held):
            ask(case, "release", task.label)
    while not case.core.finished:
        case.grant(*case.heads())
        ends(case)
    assert {t.state.status for t in case.core.board.tasks.values()} == {"completed"}, "nothing is forgotten"
