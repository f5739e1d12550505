"""What a text would do, as tables: a run and its states, a new text, and what becomes of each task."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from app.command_file.parse import parse
from app.core import plan
from app.core.align import align
from app.core.rules import Seen
from app.model.backend import AttemptRecord
from app.model.gpu import Gpu
from app.model.lease import Lease
from app.model.state import (
    Cancelled,
    Completed,
    ExitCode,
    Failed,
    Held,
    Pending,
    Running,
    Skipped,
    Status,
    TaskState,
    Waiting,
)
from app.model.task import TaskKey
from app.preview import Asked, Before, preview
from app.previewed import Preview
from app.store.resume import SavedRun, SavedTask
from tests.unit.placing import NOW, gpu, lease, process, rules

T = NOW.wall - 100
DONE = Completed(("0",), T, T + 1, 0, None)
FAILED = Failed(("0",), T, T + 1, 1, "exit 1", ExitCode(1), None)
WAITS = Waiting(T, "", (), False, 1, 20)
PENDING = Pending(T)
SKIPPED = Skipped(T, "task 1/0 failed", "1/0")
ON_0 = Running(1, 1, ("0",), ("U0",), T, 20, "log")

TWO = "1\na\n20\n\n1\nb\n20\n"
"""A queue of two tasks, in single mode."""


def saved(text: str, states: Sequence[TaskState], held: Mapping[int, str] | None = None) -> SavedRun:
    """The run of a file whose tasks are in these states."""
    specs = parse(text, "single", "f").tasks
    planned = plan.numbered(specs, align([], specs))
    tasks = [
        SavedTask(
            *(one.key, one.spec.queue_id, one.index, state, 0, one.spec.memory_gb, one.spec.options),
            *((held or {}).get(at), one.spec.memory_gb, frozenset(), 0, None),
        )
        for at, (one, state) in enumerate(zip(planned, states, strict=True))
    ]
    runs = [(one, state) for one, state in zip(planned, states, strict=True) if isinstance(state, Running)]
    attempts = tuple(
        AttemptRecord(
            one.key, s.number, 1, s.gpu_ids, s.gpu_uuids, ("own",), 20, "log", "direct", None, T, "b"
        )
        for one, s in runs
    )
    open_ = {one.key: one.spec for one, _ in runs}
    return SavedRun(1, "run", "b", attempts, tuple(tasks), open_, 1)


def previewed(
    text: str, before: Before, *gpus: Gpu, leases: Sequence[Lease] = (), **settings: Any
) -> Preview:
    parsed = parse(text, "single", "f")
    assert not parsed.faults
    seen = Seen(gpus or (gpu(0), gpu(1)), tuple(leases))
    shares = {"maximize_resource_utilization": False} | settings
    return preview(Asked(parsed.tasks, parsed.document, "f", rules(**shares), NOW), before, seen)


def shown(found: Preview) -> list[str]:
    """ "1/0 starts_now 0" of each."""
    return [" ".join([row.task, row.state, *row.gpus]) for row in found.rows]


# --- a start ---------------------------------------------------------------------------------------

BESIDE = "1\na\n20\n\n2\nb\n20\n\n3\nc\n20\n\n3\nd\n20\n"


def test_a_fresh_start_fills_the_cards() -> None:
    found = previewed(BESIDE, Before())
    assert (found.how, shown(found)) == (
        "fresh",
        ["1/0 starts_now 0", "2/0 starts_now 1", "3/0 waits", "3/1 behind"],
    )
    waits, behind = found.rows[2:]
    assert waits.reason == "needs 1 GPU with 20 GB free; GPU 0 is leased to queue 1, GPU 1 to queue 2"
    assert [blocker.kind for blocker in waits.blockers] == ["card_leased", "card_leased"]
    assert (behind.behind, behind.reason) == ("3/0", "behind 3/0 in its queue")
    assert dict(found.counts) == {"starts_now": 2, "waits": 1, "behind": 1}


def test_what_starts_is_told_with_the_leases_that_others_will_find() -> None:
    first = previewed(BESIDE, Before())
    assert [(lease.gpu, lease.declared_gb, lease.label) for lease in first.taken] == [
        ("U0", 20, "queue 1"),
        ("U1", 20, "queue 2"),
    ]
    then = previewed(BESIDE, Before(), leases=first.taken)
    assert (shown(then)[:2], then.taken) == (["1/0 waits", "2/0 waits"], ())


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [
        ("#LANE hold\n1\na\n20\n\n1\nb\n20\n", ["1/0 held", "1/1 behind"], "behind 1/0, which is held"),
        ("1\na\n80\n\n1\nb\n20\n", ["1/0 never", "1/1 behind"], "behind 1/0 in its queue"),
    ],
    ids=["held", "never"],
)
def test_what_does_not_go_on_by_itself(text: str, expected: list[str], said: str) -> None:
    found = previewed(text, Before())
    assert (shown(found), found.rows[1].reason) == (expected, said)


def test_what_can_never_run_is_a_fault_at_its_line() -> None:
    found = previewed("1\na\n20\n\n2\nb\n80\n", Before())
    (fault,) = found.faults
    assert (fault.line, "asks for 80 GB" in fault.problem) == (7, True)
    assert "the largest that fits" in (found.rows[1].reason or "")


def test_other_people_and_the_cap_are_minded() -> None:
    found = previewed(BESIDE, Before(), gpu(0, process(12)), gpu(1), gpu(2), gpu_left=1)
    assert shown(found)[:2] == ["1/0 starts_now 1", "2/0 waits"]
    assert "you hold 1 of the 1 card allowed now" in (found.rows[1].reason or "")


def test_without_a_run_it_is_held_against_what_is_saved() -> None:
    specs = parse(TWO, "single", "f").tasks
    found = previewed("1\nb\n20\n\n1\na\n10\n\n2\nc\n20\n", Before(specs=specs))
    assert [(row.task, row.change, row.changed) for row in found.rows] == [
        ("1/0", "moved", ()),
        ("1/1", "changed", ("memory",)),
        ("2/0", "new", ()),
    ]
    assert [one.task for one in previewed("1\nb\n20\n", Before(specs=specs)).removed] == ["1/0"]


@pytest.mark.parametrize(
    ("status", "removed"), [("completed", []), ("cancelled", []), ("failed", ["failed"])]
)
def test_what_a_finished_run_has_done_is_not_removed(status: Status, removed: list[str]) -> None:
    specs = parse(TWO, "single", "f").tasks
    found = previewed("1\nb\n20\n", Before(specs=specs, ended=[status, "completed"]))
    assert [one.status for one in found.removed] == removed
    assert shown(found) == ["1/0 starts_now 0"]


# --- a resume --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([DONE, PENDING], ["1/0 completed", "1/1 starts_now 0"]),
        ([FAILED, SKIPPED], ["1/0 starts_now 0", "1/1 behind"]),
        ([Cancelled(T, "me"), WAITS], ["1/0 cancelled", "1/1 starts_now 0"]),
        ([ON_0, PENDING], ["1/0 runs_on 0", "1/1 behind"]),
        ([Held(T, "me"), PENDING], ["1/0 held", "1/1 behind"]),
    ],
    ids=["completed", "failed", "cancelled", "running", "held"],
)
def test_a_resume(states: list[TaskState], expected: list[str]) -> None:
    held = {at: state.by for at, state in enumerate(states) if isinstance(state, Held)}
    leases = [lease(0, 20, name="own", exclusive=True)] if ON_0 in states else []
    found = previewed(TWO, Before(saved(TWO, states, held)), leases=leases)
    assert (found.how, shown(found)) == ("resume", expected)
    assert {row.change for row in found.rows} == {"same"}


# --- an edit under a living scheduler --------------------------------------------------------------


def edited(text: str, states: Sequence[TaskState], **more: Any) -> Preview:
    leases = [lease(0, 20, name="own", exclusive=True)] if ON_0 in states else []
    return previewed(text, Before(saved(TWO, states), living=True, **more), leases=leases)


def test_what_has_failed_stays_so_unless_it_is_asked_otherwise() -> None:
    assert shown(edited(TWO, [FAILED, SKIPPED])) == ["1/0 failed", "1/1 skipped"]
    more = TWO.replace("a\n20", "a\n22", 1)
    assert shown(edited(more, [FAILED, SKIPPED])) == ["1/0 starts_now 0", "1/1 behind"]


def test_a_running_task_whose_block_is_gone_runs_on() -> None:
    found = edited("1\nb\n20\n", [ON_0, PENDING])
    assert [(row.state, row.in_file) for row in found.rows] == [("runs_on", False), ("behind", True)]
    assert [(one.task, one.runs_on, one.status) for one in found.removed] == [("1/0", True, "running")]


def test_a_new_task_gets_what_is_free() -> None:
    found = edited(TWO + "\n2\nc\n20\n", [ON_0, PENDING])
    assert shown(found) == ["1/0 runs_on 0", "1/1 behind", "2/0 starts_now 1"]
    assert [row.change for row in found.rows] == ["same", "same", "new"]


def test_cards_of_its_own_running_tasks_will_be_free() -> None:
    before = Before(saved(TWO, [ON_0, PENDING]), living=True)
    mine, others = (lease(0, 20, name=name, exclusive=True) for name in ("own", "another's"))
    for one, stuck in ((mine, False), (others, True)):
        found = previewed(TWO + "\n2\nc\n20\n", before, gpu(0), leases=[one])
        assert (found.rows[2].state, found.rows[2].stuck) == ("waits", stuck)


@pytest.mark.parametrize("standing", ["paused", "draining"])
def test_a_scheduler_that_starts_nothing(standing: Any) -> None:
    found = edited(TWO, [WAITS, PENDING], standing=standing)
    assert shown(found) == ["1/0 waits", "1/1 behind"]
    assert standing in (found.rows[0].reason or "")


def test_keys_are_those_of_the_run() -> None:
    """Of two equal tasks the one that is done goes, if one goes."""
    twins = "1\na\n20\n\n1\na\n20\n"
    run = saved(twins, [DONE, WAITS])
    found = previewed("1\na\n20\n", Before(run, living=True))
    assert [TaskKey.of(row.key) for row in found.rows] == [run.tasks[1].key]
    assert shown(found) == ["1/0 starts_now 0"]
