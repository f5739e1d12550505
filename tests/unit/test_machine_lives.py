"""Random lives of a core: its invariants hold at each step, and nothing is forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import transitions
from app.core.events import Drain, Edited, Ended, Granted, Launch, Launched, NotStarted, StopNow
from app.model.backend import Exit, Grant, Lost
from app.model.state import FINISHED, STATUSES, Status
from app.model.task import TaskSpec
from tests.unit.test_machine import Case, planned, spec

OOM = "CUDA out of memory"
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


def step(case: Case, data: st.DataObject) -> None:
    """One thing that may happen now."""
    heads, running = case.heads(), list(case.core.running)
    steps = (
        ["later", "edit"] + ["launch", "no launch"] * bool(heads) + ["end", "lost", "adopt"] * bool(running)
    )
    match data.draw(st.sampled_from(steps)):
        case "later":
            case.later(data.draw(st.sampled_from([0.5, 3.0, 700.0])))
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
    while not case.core.finished:  # let it come to its end
        case.later(1000.0)
        case.grant(*case.heads())
        for number in list(case.core.running):
            case.feed(Ended(number, Exit(0, case.now.wall, case.now.wall, None, "")))
    assert all(task.state.status in FINISHED for task in case.core.board.tasks.values())
    assert len(case.core.board.tasks) == len(released)


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
