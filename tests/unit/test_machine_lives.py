"""Random lives of a core: its invariants hold at each step, and nothing is forgotten."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import transitions
from app.core.events import (
    Asked,
    Drain,
    Edited,
    Ended,
    Granted,
    Launch,
    Launched,
    NotStarted,
    Pause,
    Signal,
    StopNow,
    Verb,
)
from app.core.task import Task
from app.model.backend import Exit, Grant, Lost
from app.model.records import AttemptEnded
from app.model.state import FINISHED, STATUSES, Killed, Status
from app.model.task import TaskSpec
from tests.unit.test_machine import Case, planned, spec

OOM = "CUDA out of memory"
VERBS: list[Verb] = ["kill", "retry", "hold", "release"]
SPECS = st.lists(
    st.builds(spec, st.integers(1, 3), st.sampled_from("abc"), hold=st.booleans()), min_size=1, max_size=6
)


def leading_to(new: Status) -> set[Status]:
    return {old for old in STATUSES if new in transitions.TRANSITIONS[old]}


def test_a_task_runs_only_from_the_head_of_its_queue_and_attempts_end_in_what_follows_one() -> None:
    assert leading_to("running") == {"waiting", "running"}
    assert leading_to("backoff") == leading_to("completed") == leading_to("failed") == {"running"}
    assert leading_to("waiting") == {"pending", "running"}


def test_a_finished_task_is_left_alone_unless_it_is_asked_for_again() -> None:
    assert transitions.TRANSITIONS["completed"] == {"pending"}
    assert all("pending" in transitions.TRANSITIONS[old] for old in FINISHED)
    with pytest.raises(transitions.IllegalTransition, match="1/0: completed -> running"):
        transitions.check("1/0", "completed", "running")


def launched(case: Case, label: str) -> int:
    """Granted, and the launch under way; the attempt's number."""
    want = next(want for want in case.core.heads() if want.label == label)
    grant = Grant(want.key, ("0",), ("GPU-0",), ("lease",), want.memory_gb)
    (launch,) = (each for each in case.feed(Granted((grant,))) if isinstance(each, Launch))
    return launch.spec.number


def tasks_of(case: Case) -> list[Task]:
    return list(case.core.board.tasks.values())


def ask(case: Case, verb: Verb, task: Task) -> bool:
    """A user's word; whether it could be given."""
    if case.core.objection(verb, task):
        return False
    case.feed(Asked(verb, task.key, "chen"))
    return True


def assert_by_chen(task: Task, status: Status) -> None:
    state: Any = task.state
    assert (state.status, state.by) == (status, "chen")


def step(case: Case, data: st.DataObject) -> None:  # noqa: C901 - one flat match, an arm a step
    """One thing that may happen now."""
    heads, running = case.heads(), list(case.core.running)
    steps = (
        ["later", "edit", "word", "pause"]
        + ["launch", "no launch"] * bool(heads)
        + ["end", "lost", "adopt"] * bool(running)
    )
    match data.draw(st.sampled_from(steps)):
        case "later":
            case.later(data.draw(st.sampled_from([0.5, 3.0, 700.0])))
        case "pause":
            case.feed(Pause(lifted=data.draw(st.booleans())))
        case "word":
            ask(case, data.draw(st.sampled_from(VERBS)), data.draw(st.sampled_from(list(tasks_of(case)))))
        case "edit":
            case.feed(Edited(planned(*data.draw(SPECS))))
        case "launch":
            number = launched(case, data.draw(st.sampled_from(heads)))
            if data.draw(st.booleans()):  # else it is edited or stopped before its pid is known
                case.feed(Launched(number, 100, case.now.wall))
        case "no launch":
            number = launched(case, data.draw(st.sampled_from(heads)))
            case.feed(
                NotStarted(number, "why", data.draw(st.sampled_from(["failed", "refused", "called_off"])))
            )
        case "adopt":  # as at a start: found alive, it is launched a while ago
            case.feed(Launched(data.draw(st.sampled_from(running)), 100, case.now.wall - 5))
        case "lost":
            lost = Lost(data.draw(st.booleans()), began=data.draw(st.booleans()))
            case.feed(Ended(data.draw(st.sampled_from(running)), lost, adopted=data.draw(st.booleans())))
        case "end":
            number = data.draw(st.sampled_from(running))
            status, tail = data.draw(st.sampled_from([0, 1, 127, 143])), data.draw(st.sampled_from(["", OOM]))
            case.end(case.core.running[number].label, status, tail)


def lived(data: st.DataObject) -> Case:
    """Tasks of a random file, after a random number of steps."""
    policy = data.draw(st.sampled_from(["stop", "continue"]))
    case = Case(*data.draw(SPECS), max_retries=2, on_failure=policy, timeout=100)
    for _ in range(data.draw(st.integers(0, 25))):
        step(case, data)
    return case


def end_all(case: Case) -> None:
    for number in list(case.core.running):
        case.feed(Ended(number, Lost(reboot=True)))


@given(st.data())
def test_whatever_happens_every_task_ends_or_is_waited_for(data: st.DataObject) -> None:
    case = lived(data)
    released = [TaskSpec(queue, script, 1, 10) for queue in (1, 2, 3) for script in "abc"]
    case.feed(Edited(planned(*released)))
    case.feed(Pause(lifted=True))
    for task in tasks_of(case):
        ask(case, "release", task)
    while not case.core.finished:  # let it come to its end
        case.later(1000.0)
        case.grant(*case.heads())
        for number in list(case.core.running):
            case.feed(Ended(number, Exit(0, case.now.wall, case.now.wall, None, "")))
    assert all(task.state.status in FINISHED for task in tasks_of(case))
    assert len(case.core.board.tasks) == len(released)


@given(st.data())
def test_a_users_word_does_what_it_says(data: st.DataObject) -> None:
    case = lived(data)
    task, verb = data.draw(st.sampled_from(tasks_of(case))), data.draw(st.sampled_from(VERBS))
    before = task.state.status
    if not ask(case, verb, task):
        return
    match verb:
        case "kill" if before == "running":
            case.feed(Ended(task.running.number, Exit(143, case.now.wall, case.now.wall, None, "")))
            assert_by_chen(task, "cancelled")
        case "kill":
            assert_by_chen(task, "cancelled")
        case "hold":
            assert_by_chen(task, "held")
        case "release" | "retry":
            assert task.state.status in ("pending", "waiting", "skipped")


def test_a_killed_task_is_not_tried_again_and_its_queue_goes_on() -> None:
    case = Case(spec(1, "a"), spec(1, "b"))
    case.grant("1/0")
    (signal,) = case.feed(Asked("kill", case.task("1/0").key, "chen"))[1:]
    assert signal == Signal(1, "killed", 10)
    case.end("1/0", 143)
    assert case.status("1/0") == "cancelled"
    assert [end.cause for end in case.actions if isinstance(end, AttemptEnded)] == [Killed("chen")]
    assert case.heads() == ["1/1"]


def test_a_kill_that_comes_too_late_takes_nothing_away() -> None:
    case = Case(spec(1, "a"))
    case.grant("1/0")
    case.feed(Asked("kill", case.task("1/0").key, "chen"))
    case.end("1/0", 0)
    assert case.status("1/0") == "completed"


@pytest.mark.parametrize("why", ["timeout", "stopped"])
def test_a_timeout_or_a_stop_that_comes_too_late_takes_nothing_away(why: str) -> None:
    """Its end came before any signal, as the backend says of it."""
    case = Case(spec(1, "a", timeout=5))
    case.grant("1/0")
    case.feed(StopNow()) if why == "stopped" else case.later(6)
    assert case.task("1/0").running.stopping == why
    case.end("1/0", 0, stopping=None)
    assert case.status("1/0") == "completed"


def test_a_kill_during_a_timeout_or_a_launch_counts() -> None:
    case = Case(spec(1, "a", timeout=5), spec(2, "b"))
    case.grant("1/0")
    case.later(6)
    case.feed(Asked("kill", case.task("1/0").key, "chen"))
    case.end("1/0", 143)
    number = launched(case, "2/0")
    case.feed(Asked("kill", case.task("2/0").key, "chen"))
    case.feed(NotStarted(number, "it shall not start any more", "called_off"))
    assert (case.status("1/0"), case.status("2/0")) == ("cancelled", "cancelled")


def test_a_retry_gives_back_what_was_skipped_and_runs_first() -> None:
    case = Case(spec(1, "a"), spec(1, "b"), spec(1, "c"), max_retries=0)
    case.grant("1/0")
    case.end("1/0", 0)
    case.grant("1/1")
    case.end("1/1", 1)
    assert case.status("1/2") == "skipped"
    case.feed(Asked("retry", case.task("1/1").key, "chen"))
    assert (case.heads(), case.status("1/2")) == (["1/1"], "pending")
    case.feed(Asked("retry", case.task("1/0").key, "chen"))
    assert (case.heads(), case.status("1/1")) == (["1/0"], "pending")


def test_while_paused_nothing_is_asked_for_and_what_waits_says_so() -> None:
    case = Case(spec(1, "a"), spec(2, "b"))
    case.grant("1/0")
    case.feed(Pause())
    assert (case.heads(), case.task("2/0").state.reason) == ([], "the scheduler is paused")
    case.end("1/0", 0)
    assert not case.core.finished
    case.feed(Pause(lifted=True))
    assert case.heads() == ["2/0"]


@given(st.data())
def test_whatever_happens_a_stop_or_a_drain_comes_to_its_end(data: st.DataObject) -> None:
    case = lived(data)
    case.feed(data.draw(st.sampled_from([StopNow(), Drain()])))
    assert case.heads() == []
    for _ in range(data.draw(st.integers(0, 5))):
        step(case, data)
    if data.draw(st.booleans()):
        case.feed(StopNow())  # a second Ctrl-C
    end_all(case)
    assert case.core.finished
    assert case.heads() == []


def test_a_retry_behind_a_failed_task_is_refused_and_takes_nothing_away() -> None:
    case = Case(spec(1, "a"), spec(1, "b"), spec(1, "c"), max_retries=0)
    for label in ("1/0", "1/1"):
        case.grant(label)
        case.end(label, 0)
    case.feed(Asked("retry", case.task("1/0").key, "chen"))
    case.grant("1/0")
    case.end("1/0", 1)
    said = "would be skipped, as task 1/0 failed: retry that one"
    assert [case.core.objection("retry", case.task(label)) for label in ("1/1", "1/2")] == [said, said]
    assert case.status("1/1") == "completed"


def test_a_users_hold_outlasts_the_files() -> None:
    case = Case(spec(1, "a"), spec(1, "b"))
    case.feed(Asked("hold", case.task("1/1").key, "chen"))
    case.feed(Edited(planned(spec(1, "a"), spec(1, "b", hold=True))))
    case.feed(Edited(planned(spec(1, "a"), spec(1, "b"))))
    assert case.task("1/1").state.by == "chen"
