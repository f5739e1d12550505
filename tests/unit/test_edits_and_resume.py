"""What an edit or a resume must not lose, and what readers see of it afterwards."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from app.core import plan
from app.core.align import align
from app.core.events import Drain, Edited, Ended, Explained, Launched, NotStarted
from app.core.machine import Core
from app.fitting import visible_gpus
from app.model.backend import Lost, Now, Survey
from app.model.blockers import Blocked, LimitReached
from app.model.paths import RunPaths
from app.model.records import HeldBy, Moved, Record, RunFinished
from app.model.settings import Settings
from app.model.state import (
    Backoff,
    Completed,
    ExitCode,
    Failed,
    Held,
    OutOfMemory,
    Pending,
    Running,
    Skipped,
    TaskState,
    Waiting,
)
from app.model.state_dump import dump
from app.model.state_file import StateFile, load
from app.model.task import Planned, TaskKey, TaskSpec
from app.recorder import Recorder
from app.report import Report
from app.resume import Resumed, resume
from app.store.resume import SavedRun, SavedTask
from app.store.schema import HistoryError
from app.view.queues import current
from tests.unit.test_machine import WALL, Case, planned, spec

NOW = Now(0.0, WALL)
LIMIT = LimitReached(1, "max_tasks")


def saved(
    one: TaskSpec,
    state: TaskState,
    ask_gb: float | None = None,
    index: int | None = 0,
    held_by: str | None = None,
) -> SavedTask:
    key = TaskKey(one.digest(), 0)
    held_by = state.by if isinstance(state, Held) else held_by
    return SavedTask(
        key,
        1,
        index,
        state,
        1,
        one.memory_gb,
        one.options,
        held_by,
        ask_gb,
        frozenset(),
        attempts=1,
        log_path="/log",
    )


def resumed(task: SavedTask, *specs: TaskSpec, running: TaskSpec | None = None) -> Resumed:
    kept = {task.key: running} if running else {}
    return resume(SavedRun(1, "run", "boot", (), (task,), kept, 5), specs, NOW)


def core_of(found: Resumed) -> Core:
    return Core(found.tasks, Settings(), RunPaths(Path("/r")), "/w", NOW)


def report_of(case: Case) -> Report:
    base = StateFile(
        pid=1,
        process_start=0,
        boot_id="b",
        host="h",
        user="u",
        mode="multi",
        config_index=None,
        command_file="c",
        config_file=None,
        run="r",
        started_at=0,
        updated_at=0,
        status="running",
        counts={},
        queues=(),
        gpus=(),
        allowance=None,
        problems=(),
    )
    return Report(base, case.core)


def shown(report: Report) -> StateFile:
    return report.state(Survey((), None, (), {}), (), "running")


def test_hold_taken_out_of_the_file_releases_at_a_resume() -> None:
    held = spec(1, "a", hold=True)
    assert core_of(resumed(saved(held, Held(0, "file")), spec(1, "a"))).heads()


def test_hold_put_into_the_file_holds_at_a_resume() -> None:
    before = saved(spec(1, "a"), Pending(0))
    assert not core_of(resumed(before, spec(1, "a", hold=True))).heads()


@pytest.mark.parametrize("by", ["file", "chen"])
def test_what_was_skipped_or_failed_before_it_was_released_is_held_at_a_resume(by: str) -> None:
    one = spec(1, "a", hold=by == "file")
    for state in (Skipped(0, "task 1/0 failed", "1/0"), Failed((), 0, 1, 1, "exit 1", ExitCode(1), None)):
        found = resumed(saved(one, state, held_by=by), one)
        assert core_of(found).heads() == ()
        assert found.tasks[0].held_by == by


def test_a_hold_put_into_the_file_for_what_has_failed_is_told_to_history() -> None:
    case = Case(spec(1, "a"), spec(2, "b"), max_retries=0)
    case.grant("1/0")
    case.end("1/0", 1)
    case.feed(Edited(planned(spec(1, "a", hold=True), spec(2, "b"))))
    assert [each for each in case.actions if isinstance(each, HeldBy)] == [
        HeldBy(case.task("1/0").key, "file")
    ]


def test_what_was_released_stays_so_at_a_resume() -> None:
    one = spec(1, "a", hold=True)
    assert core_of(resumed(saved(one, Pending(0)), one)).heads()


@pytest.mark.parametrize(("declared", "asked"), [(20, 24.2), (70, 70)])
def test_a_new_declaration_outranks_what_was_learned_at_a_resume(declared: float, asked: float) -> None:
    backoff = Backoff(WALL + 5, "oom", OutOfMemory(1, 20, 2), 1, 9)
    before = saved(spec(1, "a", memory=20), backoff, ask_gb=24.2)
    assert resumed(before, spec(1, "a", memory=declared)).tasks[0].ask_gb == asked


def test_a_resume_tells_history_all_that_was_learned() -> None:
    one = spec(1, "a", memory=20)
    waits = replace(saved(one, Waiting(0, "", (), False), ask_gb=24.2), avoid=frozenset({"GPU-0"}))
    (told,) = [each for each in resumed(waits, one).records if isinstance(each, Moved)]
    assert (told.ask_gb, told.avoid) == (24.2, frozenset({"GPU-0"}))


def test_failed_tasks_begin_anew_at_a_resume() -> None:
    one = spec(1, "a")
    failed = Failed((), 0, 1, 1, "exit 1", OutOfMemory(1, None, None), None)
    (task,) = resumed(saved(one, failed, ask_gb=22), one).tasks
    assert (task.state.status, task.failures) == ("pending", 0)
    assert task.ask_gb == 22, "what it has learned of its need stays"


def test_what_was_completed_and_is_gone_is_known_after_a_resume() -> None:
    one, other = spec(1, "a"), spec(2, "b")
    done = Completed((), 0, 1, 0, None)
    found = resumed(saved(one, done), other)
    (gone,) = found.departed
    assert (gone.key, gone.state, gone.in_file) == (TaskKey(one.digest(), 0), done, False)
    core = Core(found.tasks, Settings(), RunPaths(Path("/r")), "/w", NOW, departed=found.departed)
    core.handle(Edited([Planned(gone.key, 0, one), Planned(found.tasks[0].key, 0, other)]), NOW)
    assert core.board.tasks[gone.key].state == done
    assert core.board.tasks[gone.key].spec == one


def test_an_edit_is_asked_whether_what_was_skipped_can_run_now() -> None:
    one = spec(1, "a")
    (task,) = plan.fresh(planned(one), NOW)
    task.state = Skipped(WALL, "task 1/0 failed", "1/0")
    (changed,) = planned(spec(1, "a", memory=999))
    old = {task.key: task}
    assert plan.asking_anew(old, plan.diff(old, [changed])) == [changed.spec]


def test_a_running_task_whose_block_comes_back_is_itself() -> None:
    one = spec(1, "a")
    running = Running(1, 1, ("0",), ("G",), WALL, 10, "/l")
    found = resumed(saved(one, running, index=None), one, running=one)
    assert [task.key for task in found.tasks] == [TaskKey(one.digest(), 0)]


@pytest.mark.parametrize("index", [0, None])
@pytest.mark.parametrize("present", ["a", "b"])
def test_every_attempt_without_an_end_has_its_running_task_at_a_resume(
    index: int | None, present: str
) -> None:
    one = spec(1, "a")
    running = Running(1, 1, ("0",), ("G",), WALL, 10, "/l")
    found = resumed(saved(one, running, index=index), spec(1, present), running=one)
    assert list(core_of(found).running) == [1]


def test_what_is_found_lost_at_a_start_gets_a_fresh_budget() -> None:
    case = Case(spec(1, "a", retries=0), spec(1, "b"))
    case.grant("1/0")
    case.feed(Ended(1, Lost(reboot=False), adopted=True))
    assert case.heads() == ["1/0"]


def test_a_running_task_moved_behind_the_head_of_another_queue() -> None:
    case = Case(spec(1, "a"), spec(2, "b"))
    case.grant("1/0")
    case.feed(Edited(planned(spec(2, "b"), spec(2, "a"))))
    assert case.heads() == []


def test_a_queue_into_which_a_running_task_is_moved_starts_nothing_before_both_have_ended() -> None:
    case = Case(spec(1, "a"), spec(2, "b"), spec(2, "c"))
    case.grant("1/0", "2/0")
    case.feed(Edited(planned(spec(2, "a"), spec(2, "b"), spec(2, "c"))))
    assert [case.status(label) for label in ("2/0", "2/1", "2/2")] == ["running", "running", "pending"]
    case.end("2/1")
    assert case.heads() == []
    case.feed(Edited(planned(spec(2, "b"), spec(2, "c"))))  # out of the file, and still in the queue
    assert case.heads() == []
    case.end("2/0")
    assert case.heads() == ["2/1"]


@pytest.mark.parametrize("why", ["failed", "refused", "called_off"])
def test_a_task_taken_out_of_the_file_before_it_could_be_launched(
    why: Literal["failed", "refused", "called_off"],
) -> None:
    case = Case(spec(1, "a"), spec(2, "b"))
    case.grant("1/0")
    case.feed(Edited(planned(spec(2, "b"))))
    case.feed(NotStarted(1, "the disk is full", why))
    assert case.heads() == ["2/0"]
    assert len(case.core.board.tasks) == 1


def test_the_last_task_of_a_queue_that_left_the_file() -> None:
    case = Case(spec(1, "a"), spec(2, "b"))
    case.grant("1/0")
    case.feed(Edited(planned(spec(2, "b"))))
    case.end("1/0")
    assert list(case.core.board.queues) == [2]


def test_hold_put_into_the_file_during_a_backoff() -> None:
    case = Case(spec(1, "a"))
    case.grant("1/0")
    case.end("1/0", 1)
    case.feed(Edited(planned(spec(1, "a", hold=True))))
    case.later(1000)
    assert case.status("1/0") == "held"


def test_a_timeout_put_into_the_file_holds_for_a_running_task() -> None:
    case = Case(spec(1, "a"))
    case.grant("1/0")
    case.feed(Launched(1, 1, WALL))
    case.feed(Edited(planned(spec(1, "a", timeout=10.0))))
    case.later(11)
    assert case.task("1/0").running.stopping == "timeout"


def test_reasons_follow_the_need_and_the_drain() -> None:
    case = Case(spec(1, "a"))
    key = case.core.heads()[0].key
    case.feed(Explained({key: Blocked(1, 10, 0, (LIMIT,), stuck=False)}))
    case.feed(Edited(planned(spec(1, "a", memory=20))))
    case.feed(Explained({key: Blocked(1, 20, 0, (LIMIT,), stuck=False)}))
    assert "20 GB" in case.task("1/0").state.reason
    case.feed(Drain())
    case.feed(Explained({key: Blocked(1, 20, 0, (LIMIT,), stuck=False)}))
    assert "draining" in case.task("1/0").state.reason


def test_the_state_file_shows_a_task_as_the_edit_left_it() -> None:
    case = Case(spec(1, "a"), spec(1, "b", memory=10))
    report = report_of(case)
    shown(report)
    case.feed(Edited(planned(spec(1, "a"), spec(1, "b", memory=20, name="new"))))
    task = shown(report).queues[0].tasks[1]
    assert (task.memory_gb, task.options.name) == (20, "new")


def test_the_state_file_shows_what_has_stopped_a_long_queue() -> None:
    case = Case(*(spec(1, f"task {number}") for number in range(1_000)), max_retries=0)
    report = report_of(case)
    case.grant("1/0")
    case.end("1/0", 1)
    (queue,) = shown(report).queues
    assert (queue.tasks[0].index, queue.tasks[0].state.status) == (0, "failed")


def test_the_state_file_shows_a_queue_that_went_and_came_back() -> None:
    case = Case(spec(1, "a"), spec(5, "x", hold=True))
    report = report_of(case)
    shown(report)
    case.feed(Edited(planned(spec(1, "a"))))
    case.feed(Edited(planned(spec(1, "a"), spec(5, "y", hold=True))))
    assert shown(report).queues[1].tasks[0].commands == "y"


@pytest.mark.parametrize(
    ("inherited", "kept"),
    [("0,2", {"0", "2"}), ("GPU-3f,1", {"GPU-3f", "1"}), ("MIG-7,-1,0", {"MIG-7"}), ("", set())],
)
def test_inherited_cards_are_kept_while_the_driver_is_away(
    monkeypatch: pytest.MonkeyPatch, inherited: str, kept: set[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", inherited)
    assert visible_gpus(())[0] == frozenset(kept)


def test_records_are_committed_in_their_order_also_after_a_failure() -> None:
    class Journal:
        """Fails the first time, after a moment in which the second commit could overtake it."""

        def __init__(self) -> None:
            self.done: list[Record] = []
            self.calls = 0

        async def commit(self, records: Sequence[Record]) -> None:
            self.calls += 1
            first = self.calls == 1
            await asyncio.sleep(0)
            if first:
                raise HistoryError("full")
            self.done += records

    async def run() -> list[Record]:
        journal = Journal()
        recorder = Recorder(journal, asyncio.sleep)
        recorder.add(RunFinished(1, 0))
        one = asyncio.create_task(recorder.flush())
        await asyncio.sleep(0)
        recorder.add(RunFinished(2, 0))
        two = asyncio.create_task(recorder.flush())
        assert [await one, await two] == [False, True]
        return journal.done

    assert asyncio.run(run()) == [RunFinished(1, 0), RunFinished(2, 0)]


def test_what_runs_without_a_block_is_shown_beside_its_queue() -> None:
    """Its index is another task's now: neither may hide the other."""
    case = Case(spec(1, "a"), spec(1, "b"), spec(1, "c"))
    case.grant("1/0")
    case.end("1/0")
    case.grant("1/1")
    case.feed(Edited(planned(spec(1, "a"), spec(1, "c"))))
    (queue,) = load(dump(shown(report_of(case)))).queues
    facts = [(task.index, task.commands, task.state.status, task.in_file) for task in queue.tasks]
    assert facts == [(1, "b", "running", False), (0, "a", "completed", True), (1, "c", "pending", True)]
    found = current(queue)
    assert found is not None
    assert (queue.status, found.commands) == ("running", "b")


def test_an_edit_asks_anew_for_what_is_new_or_needs_other_cards_and_is_still_to_run() -> None:
    case = Case(spec(1, "done"), spec(2, "same"), spec(3, "grows"), spec(4, "named"))
    case.grant("1/0")
    case.end("1/0")
    grows, new = spec(3, "grows", memory=20), spec(4, "new")
    edited = planned(spec(1, "done", memory=20), spec(2, "same"), grows, spec(4, "named", name="x"), new)
    old = case.core.board.tasks
    assert plan.asking_anew(old, plan.diff(old, edited)) == [new, grows]


def test_what_was_completed_and_comes_back_is_not_done_again() -> None:
    """An edit undone, or a file saved in two steps."""
    case = Case(spec(1, "a"), spec(2, "b"), spec(3, "c"))
    case.grant("1/0", "2/0", "3/0")
    case.end("1/0")
    whole = planned(spec(1, "a"), spec(2, "b"), spec(3, "c"))
    case.feed(Edited(planned(spec(3, "c"))))
    case.end("2/0")  # out of the file, and runs on to its end
    known = plan.old_tasks(case.core.board.tasks.values())
    keys = align(known, [each.spec for each in whole], case.core.known(), case.core.departed)

    case.feed(Edited(plan.numbered([each.spec for each in whole], keys)))

    assert [case.status(label) for label in ("1/0", "2/0", "3/0")] == ["completed", "completed", "running"]
    assert case.core.departed == {}


def test_a_twin_of_what_was_completed_and_is_gone_runs() -> None:
    gone = TaskKey(spec(1, "a").digest(), 0)
    keys = align((), [spec(1, "a"), spec(1, "a")], [gone], [gone])
    assert [key.occurrence for key in keys] == [0, 1]
