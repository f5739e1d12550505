"""The core as a table: what happened, and what must follow. No processes, no clock."""

from pathlib import Path
from typing import Any

import pytest

from app.core import chain, plan
from app.core.events import (
    Action,
    Asked,
    Drain,
    Edited,
    Ended,
    Explained,
    Granted,
    Launch,
    Launched,
    NotStarted,
    Signal,
    StopNow,
    Tick,
)
from app.core.machine import Core
from app.model.backend import Exit, Grant, Lost, Now
from app.model.blockers import Allowance, Blocked, CapReached
from app.model.paths import RunPaths
from app.model.settings import RetryConfig, Settings
from app.model.state import FINISHED, STATUSES, Backoff, OutOfMemory, Running, Waiting, Why
from app.model.task import Options, Planned, TaskKey, TaskSpec

WALL = 1_700_000_000.0


def spec(
    queue: int, script: str = "true", gpus: int = 1, memory: float | None = 10, **options: object
) -> TaskSpec:
    return TaskSpec(queue, script, gpus, memory, Options(**options))  # type: ignore[arg-type]


def planned(*specs: TaskSpec) -> list[Planned]:
    seen: dict[str, int] = {}
    places: dict[int, int] = {}
    result = []
    for one in specs:
        digest = one.digest()
        occurrence, index = seen.get(digest, 0), places.get(one.queue_id, 0)
        seen[digest], places[one.queue_id] = occurrence + 1, index + 1
        result.append(Planned(TaskKey(digest, occurrence), index, one))
    return result


class Case:
    """A core with a clock in its hand. `check` holds after every step."""

    def __init__(self, *specs: TaskSpec, **settings: object) -> None:
        self.time = 0.0
        self.clock_set = 0.0  #: by how much somebody has set the wall clock forward
        self.core = Core(
            plan.fresh(planned(*specs), self.now),
            Settings(**settings),  # type: ignore[arg-type]
            RunPaths(Path("/runs/x")),
            "/work",
            self.now,
        )
        self.actions: list[Action] = list(self.core.start())

    @property
    def now(self) -> Now:
        return Now(self.time, WALL + self.time + self.clock_set)

    def feed(self, event: object) -> list[Action]:
        self.actions = self.core.handle(event, self.now)  # type: ignore[arg-type]
        self.check()
        return self.actions

    def status(self, label: str) -> str:
        return str(self.task(label).state.status)

    def task(self, label: str) -> Any:
        return next(t for t in self.core.board.tasks.values() if t.label == label)

    def heads(self) -> list[str]:
        return [want.label for want in self.core.heads()]

    def grant(self, *labels: str) -> list[Launch]:
        """Give each its GPUs and start it; what is not named stays blocked."""
        launches = self.give(*labels)
        for launch in launches:
            self.core.handle(Launched(launch.spec.number, 100 + launch.spec.number, self.now.wall), self.now)
        return launches

    def give(self, *labels: str) -> list[Launch]:
        """The same, before anything has started."""
        wants = {want.label: want for want in self.core.heads()}
        grants = tuple(
            Grant(wants[at].key, ("0",), ("GPU-0",), ("lease",), wants[at].memory_gb) for at in labels
        )
        blocked = {
            w.key: Blocked(1, 10, 0, (CapReached(Allowance(1, 1, 1), 0, 1),), False)
            for k, w in wants.items()
            if k not in labels
        }
        launches = [a for a in self.feed(Granted(grants)) if isinstance(a, Launch)]
        self.feed(Explained(blocked))
        return launches

    def end(
        self,
        label: str,
        status: int = 0,
        tail: str = "",
        peak: float | None = None,
        stopping: Why | None = None,
    ) -> list[Action]:
        """`stopping`: what the backend says of it, which knows best whether it ended for that."""
        state = self.task(label).running
        exit_ = Exit(status, state.since, self.now.wall, peak, tail, stopping=stopping)
        return self.feed(Ended(state.number, exit_))

    def later(self, seconds: float) -> list[Action]:
        self.time += seconds
        return self.feed(Tick())

    def check(self) -> None:
        """What must hold whatever happened."""
        board = self.core.board
        for status in STATUSES:
            assert board.counts[status] == sum(t.state.status == status for t in board.tasks.values())
        for queue in board.queues.values():
            running = [t for t in queue.tasks if isinstance(t.state, Running)]
            waiting = [t for t in queue.tasks if isinstance(t.state, Waiting)]
            assert all(t is queue.head() for t in waiting)
            # A queue is a chain.
            broken = [i for i, task in enumerate(queue.tasks) if chain.breaks(task, self.core.settings)]
            for i, task in enumerate(queue.tasks):
                if broken and i > broken[0]:
                    assert task.state.status in ("running", *FINISHED)
                else:
                    assert task.state.status != "skipped"
            # A queue is serial. (An edit may move two that run already into one.)
            assert not (running and waiting)
        assert set(board.wants) == {t.key for t in board.tasks.values() if t.asks}
        assert all(t.due for t in board.tasks.values() if isinstance(t.state, Waiting) and not t.asks)
        assert set(board.attempts) == {
            t.state.number for t in board.tasks.values() if isinstance(t.state, Running)
        }


def test_queues_are_serial_inside_and_parallel_across() -> None:
    case = Case(spec(1, "a"), spec(1, "b"), spec(2, "c"))
    assert case.heads() == ["1/0", "2/0"]
    case.grant("1/0", "2/0")
    assert case.heads() == []
    case.end("1/0")
    assert case.heads() == ["1/1"]
    case.end("2/0")
    case.grant("1/1")
    case.end("1/1")
    assert case.core.finished
    assert case.core.all_well


def test_a_failed_task_tries_quickly_three_times_then_backs_off_then_again() -> None:
    case = Case(
        spec(1), max_retries=5, retry_config=RetryConfig(max_retry_before_backoff=3, backoff_duration=600)
    )
    waits = []
    for _ in range(5):
        case.grant("1/0")
        case.end("1/0", 1)
        state = case.task("1/0").state
        assert isinstance(state, Backoff)
        waits.append(state.until - case.now.wall)
        case.later(waits[-1] - 0.01)
        assert case.status("1/0") == "backoff"
        case.later(0.02)
        assert case.heads() == ["1/0"]
    assert all(1 <= wait <= 2 for wait in (*waits[:3], waits[4]))
    assert waits[3] == 600
    case.grant("1/0")
    case.end("1/0", 1)
    assert case.status("1/0") == "failed"
    assert case.core.finished
    assert not case.core.all_well


@pytest.mark.parametrize("status", [126, 127])
def test_what_cannot_be_found_or_executed_is_not_retried(status: int) -> None:
    case = Case(spec(1))
    case.grant("1/0")
    case.end("1/0", status)
    assert case.status("1/0") == "failed"


def test_retries_of_the_task_outrank_the_settings() -> None:
    case = Case(spec(1, retries=0))
    case.grant("1/0")
    case.end("1/0", 1)
    assert case.status("1/0") == "failed"


def test_a_queue_is_a_chain_unless_told_otherwise() -> None:
    case = Case(
        spec(1, "a", retries=0),
        spec(1, "b"),
        spec(1, "c"),
        spec(2, "d", retries=0, on_failure="continue"),
        spec(2, "e"),
    )
    case.grant("1/0", "2/0")
    case.end("1/0", 1)
    case.end("2/0", 1)
    assert [case.status(at) for at in ("1/1", "1/2")] == ["skipped", "skipped"]
    assert case.task("1/1").state.because == "task 1/0 failed"
    assert case.heads() == ["2/1"]


def test_a_queue_whose_failed_task_is_mended_goes_on_in_its_order() -> None:
    case = Case(spec(1, "a"), spec(1, "b"), spec(1, "c", hold=True), max_retries=0)
    case.grant("1/0")
    case.end("1/0", 1)
    assert [case.status(at) for at in ("1/1", "1/2")] == ["skipped", "skipped"]
    case.feed(Edited(planned(spec(1, "a"), spec(1, "b"), spec(1, "c", hold=True), spec(1, "d"))))
    assert case.status("1/3") == "skipped"
    assert case.heads() == []  # a block that is added does not overtake what the failure keeps
    case.feed(Edited(planned(spec(1, "0"), spec(1, "a"), spec(1, "b"))))
    assert case.task("1/2").state.because == "task 1/1 failed"
    assert case.heads() == ["1/0"]
    case.feed(Edited(planned(spec(1, "a better"), spec(1, "b"), spec(1, "c", hold=True), spec(1, "d"))))
    assert case.heads() == ["1/0"]
    for at, script in enumerate(("a better", "b")):
        assert case.task(f"1/{at}").spec.script == script
        case.grant(f"1/{at}")
        case.end(f"1/{at}")
    assert [case.status(at) for at in ("1/2", "1/3")] == ["held", "pending"]
    case.feed(Edited(planned(spec(1, "a better"), spec(1, "b"), spec(1, "c"), spec(1, "d"))))
    for label in ("1/2", "1/3"):
        case.grant(label)
        case.end(label)
    assert case.core.all_well


def test_what_runs_behind_a_failed_task_after_an_edit_is_not_tried_again() -> None:
    case = Case(spec(1, "a"), spec(2, "b", retries=5), max_retries=0)
    case.grant("1/0", "2/0")
    case.end("1/0", 1)
    key = case.task("2/0").key
    moved = [Planned(case.task("1/0").key, 0, spec(1, "a")), Planned(key, 1, spec(1, "b", retries=5))]
    case.feed(Edited(moved))
    case.end("1/1", 1)
    assert case.status("1/1") == "skipped"


def test_on_failure_may_be_changed_afterwards() -> None:
    case = Case(spec(1, "a"), spec(1, "b"), max_retries=0)
    case.grant("1/0")
    case.end("1/0", 1)
    case.feed(Edited(planned(spec(1, "a", on_failure="continue"), spec(1, "b"))))
    assert case.heads() == ["1/1"]
    case.feed(Edited(planned(spec(1, "a", on_failure="stop"), spec(1, "b"))))
    assert case.status("1/1") == "skipped"


def test_running_out_of_memory_teaches() -> None:
    case = Case(spec(1, memory=10))
    case.grant("1/0")
    case.end(
        "1/0", 1, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 4.00 GiB. GPU 0", peak=9.0
    )
    state = case.task("1/0").state
    assert isinstance(state.cause, OutOfMemory)
    assert state.cause.tried_gb == 4
    case.later(3)
    (want,) = case.core.heads()
    assert want.memory_gb == pytest.approx(14.3)
    assert want.avoid == {"GPU-0"}


def test_cards_it_ran_out_of_memory_on_are_avoided_in_turn() -> None:
    case = Case(spec(1, memory=1))
    shunned = []
    for uuid in ("a", "b", "a", "b"):
        (want,) = case.core.heads()
        shunned.append(set(want.avoid))
        grant = Grant(want.key, ("0",), (uuid,), ("lease",), want.memory_gb)
        (launch,) = (each for each in case.feed(Granted((grant,))) if isinstance(each, Launch))
        case.feed(Launched(launch.spec.number, 100, case.now.wall))
        case.end("1/0", 1, "CUDA out of memory")
        case.later(3)
    assert shunned == [set(), {"a"}, {"a", "b"}, {"a"}]


def test_a_demand_that_outgrows_every_card_becomes_a_whole_card() -> None:
    case = Case(spec(1, memory=20))
    case.core.surely_gb = lambda _: 23.5
    case.grant("1/0")
    case.end("1/0", 1, "CUDA out of memory. Tried to allocate 512.00 MiB", peak=23.0)
    case.later(3)
    assert case.core.heads()[0].memory_gb is None


def test_a_timeout_asks_the_attempt_to_end_and_counts_as_a_failure() -> None:
    case = Case(spec(1, timeout=30.0), max_retries=0)
    case.grant("1/0")
    assert case.later(29.9) == []
    actions = case.later(0.2)
    assert [a.number for a in actions if isinstance(a, Signal)] == [1]
    case.later(1)
    case.end("1/0", 0, stopping="timeout")  # even if it ends well then
    assert case.task("1/0").state.cause.kind == "timeout"


def test_an_end_before_the_stop_was_sent_is_its_own() -> None:
    case = Case(spec(1))
    case.grant("1/0")
    ended = Exit(0, WALL, WALL, None, "")
    case.time += 1
    case.feed(StopNow())
    case.feed(Ended(1, ended))
    assert case.status("1/0") == "completed"


def test_stop_now_leaves_tasks_pending() -> None:
    case = Case(spec(1, "a"), spec(1, "b"), spec(2, "c"))
    case.grant("1/0")
    signals = [a for a in case.feed(StopNow()) if isinstance(a, Signal)]
    assert [s.number for s in signals] == [1]
    assert case.heads() == []
    case.time += 1
    case.end("1/0", 143, stopping="stopped")
    assert case.status("1/0") == "pending"
    assert case.core.finished


def test_draining_starts_nothing_more() -> None:
    case = Case(spec(1, "a"), spec(1, "b"), spec(2, "c"))
    case.grant("1/0")
    case.feed(Drain())
    assert case.heads() == []
    assert "draining" in case.task("2/0").state.reason
    case.end("1/0")
    assert case.core.finished
    assert case.status("1/1") == "waiting"


def test_a_held_head_stops_its_queue() -> None:
    case = Case(spec(1, "a", hold=True), spec(1, "b"))
    assert case.heads() == []
    assert case.core.only_held
    assert not case.core.finished


def test_lost_by_a_reboot_costs_no_retry() -> None:
    case = Case(spec(1), max_retries=0)
    case.grant("1/0")
    case.feed(Ended(1, Lost(reboot=True)))
    assert case.heads() == ["1/0"]
    case.grant("1/0")
    case.feed(Ended(2, Lost(reboot=False)))
    assert case.status("1/0") == "failed"


def test_a_launch_that_the_machine_refused_costs_nothing_and_says_so() -> None:
    case = Case(spec(1), max_retries=0)
    (launch,) = case.give("1/0")
    case.later(100)
    case.feed(NotStarted(launch.spec.number, "disk full", "refused"))
    assert case.heads() == []
    case.feed(Edited(planned(spec(1), spec(2))))  # whatever happens meanwhile
    assert case.heads() == ["2/0"]
    case.later(5)
    assert case.heads() == ["1/0", "2/0"], "it has waited longer"
    since = {want.label: want.since for want in case.core.heads()}
    assert since["2/0"] - since["1/0"] == 100, "it has waited all the time"
    assert case.task("1/0").state.reason == "it could not be launched (disk full) and is tried again"
    (launch,) = case.give("1/0")
    case.feed(NotStarted(launch.spec.number, "disk full", "refused"))
    case.later(9)
    assert case.heads() == ["2/0"], "each time it rests twice as long"
    case.later(1)
    assert case.heads() == ["1/0", "2/0"]
    (launch,) = case.give("1/0")
    assert (launch.spec.attempt, launch.spec.number) == (1, 3)
    case.feed(NotStarted(launch.spec.number, "no bash", "failed"))
    assert case.status("1/0") == "failed"


def test_an_edit_never_touches_what_runs_and_drops_what_is_gone() -> None:
    case = Case(spec(1, "a"), spec(1, "b"), spec(1, "c"), spec(2, "d"))
    case.grant("1/0")
    case.feed(Edited(planned(spec(1, "c"), spec(1, "b"))))
    assert [t.spec.script for t in case.core.board.queues[1].tasks] == ["a", "c", "b"]
    assert 2 not in case.core.board.queues
    assert case.heads() == []
    case.end("1/0")
    assert [want.spec.script for want in case.core.heads()] == ["c"]
    assert len(case.core.board.tasks) == 2


def test_a_block_put_before_the_running_one_waits_its_turn() -> None:
    case = Case(spec(1, "a"))
    case.grant("1/0")
    case.feed(Edited(planned(spec(1, "new"), spec(1, "a"))))
    assert case.heads() == []
    case.end("1/1")
    assert case.heads() == ["1/0"]


@pytest.mark.parametrize("why", ["refused", "called_off"])
def test_a_launch_that_comes_to_nothing_after_an_edit_takes_its_new_place(why: Any) -> None:
    case = Case(spec(1, "a"), spec(2, "b"))
    (launch,) = case.give("1/0")
    case.feed(Edited(planned(spec(1, "first"), spec(1, "a"), spec(2, "b"))))
    case.feed(NotStarted(launch.spec.number, "why", why))
    assert [case.status(at) for at in ("1/0", "1/1", "2/0")] == ["waiting", "pending", "waiting"]
    (launch,) = case.give("2/0")
    case.feed(Edited(planned(spec(1, "first"), spec(1, "a"), spec(2, "b", hold=True))))
    case.feed(NotStarted(launch.spec.number, "why", why))
    assert case.status("2/0") == "held"
    case.feed(Edited(planned(spec(1, "first"), spec(1, "a"), spec(2, "b"))))
    case.later(100)
    (launch,) = case.give("2/0")
    moved = planned(spec(1, "first"), spec(1, "a"), spec(1, "b"))
    case.grant("1/0")
    case.feed(Edited(moved))
    case.feed(NotStarted(launch.spec.number, "why", why))
    assert [case.status(at) for at in ("1/0", "1/1", "1/2")] == ["running", "pending", "pending"]


def test_an_edit_holds_releases_and_reorders() -> None:
    case = Case(spec(1, "a"), spec(1, "b"))
    case.feed(Edited(planned(spec(1, "b"), spec(1, "a"))))
    assert [want.spec.script for want in case.core.heads()] == ["b"]
    case.feed(Edited(planned(spec(1, "b", hold=True), spec(1, "a"))))
    assert case.heads() == []
    case.feed(Edited(planned(spec(1, "b"), spec(1, "a"))))
    assert case.heads() == ["1/0"]


def test_a_new_declaration_outranks_what_a_failure_taught() -> None:
    case = Case(spec(1, "a", memory=10))
    case.grant("1/0")
    case.end("1/0", 1, "CUDA out of memory", peak=None)
    case.later(3)
    assert case.core.heads()[0].memory_gb == 12.5
    case.feed(Edited(planned(spec(1, "a", memory=10, name="new"))))
    assert (case.core.heads()[0].memory_gb, case.core.heads()[0].avoid) == (12.5, frozenset({"GPU-0"}))
    case.feed(Edited(planned(spec(1, "a", memory=11))))
    assert (case.core.heads()[0].memory_gb, case.core.heads()[0].avoid) == (11, frozenset())


def test_what_an_earlier_scheduler_had_asked_an_attempt_for_goes_on() -> None:
    """Its history had no room for that, but the backend knows."""
    case = Case(spec(1))
    case.grant("1/0")
    actions = case.feed(Launched(1, 100, WALL, stopping="timeout"))
    assert [(each.number, each.why) for each in actions if isinstance(each, Signal)] == [(1, "timeout")]
    case.end("1/0", 143, stopping="timeout")
    assert case.task("1/0").state.cause.kind == "timeout"


def test_a_variable_of_the_users_own_is_not_the_work_dir() -> None:
    case = Case(spec(1, "cp {work_dir}/a ${work_dir}/b"))
    (launch,) = case.grant("1/0")
    assert launch.spec.script == "cp /work/a ${work_dir}/b"


def test_in_line_stands_first_whose_turn_came_first_also_after_a_failure_or_a_hold() -> None:
    case = Case(*(spec(queue, script, fifo=True) for queue in (1, 3) for script in "ab"))
    assert case.heads() == ["1/0", "3/0"], "what came at one moment goes by queue id"
    case.grant("1/0")
    case.time = 2.0
    case.end("1/0")
    assert case.heads() == ["3/0", "1/1"], "the next of a queue comes behind those that waited"
    case.grant("3/0")
    case.end("3/0", status=1)
    assert case.heads() == ["1/1"]
    case.later(60.0)
    assert case.heads() == ["3/0", "1/1"], "one that is tried again does not lose its place"
    for verb in ("hold", "release"):
        case.time += 10.0
        case.feed(Asked(verb, case.task("3/0").key, "chen"))
    assert case.heads() == ["3/0", "1/1"]


def test_what_comes_next_in_a_queue_asks_from_then_on_unless_it_is_held() -> None:
    case = Case(spec(1, "a"), spec(1, "b", priority=3), spec(1, "c"))
    case.grant("1/0")
    case.time = 5.0
    queue = case.core.board.queues[1]
    coming = queue.coming(case.now)
    assert coming is not None
    assert (coming.label, coming.since, coming.came) == ("1/1", 5.0, 5.0)
    case.feed(Asked("hold", case.task("1/1").key, "chen"))
    assert queue.coming(case.now) is None
