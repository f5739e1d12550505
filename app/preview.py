"""What saving or starting a command file would do now, by the very plan and placement of a scheduler.

Nothing is started or written."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from app.command_file.parse import Source
from app.core import plan
from app.core.align import OldTask, align
from app.core.events import Edited
from app.core.machine import Core
from app.core.never import Never, asked_of_cards, never_fits
from app.core.place import lease_of, lined_up, place
from app.core.rules import Rules, Seen
from app.core.task import Task
from app.fitting import never_fitting
from app.model.backend import Grant, Now
from app.model.blockers import Blocker, Standstill, reason, say
from app.model.faults import Fault
from app.model.lease import Lease
from app.model.paths import RunPaths
from app.model.settings import Settings
from app.model.state import (
    FINISHED,
    RUN_DONE,
    Backoff,
    Cancelled,
    Failed,
    Held,
    Running,
    Skipped,
    Status,
    Waiting,
    holder,
)
from app.model.task import Planned, TaskKey, TaskSpec
from app.previewed import Change, Preview, Removed, Row, State
from app.resume import resume
from app.store.resume import SavedRun, SavedTask

MOST_PLACED = 500
"""Tasks at the heads of their queues that are placed; the rest waits behind them for certain."""

Standing = Literal["paused", "draining"]


@dataclass(frozen=True, slots=True)
class Before:
    """What there is of a file: its unfinished run, or what is saved in it."""

    saved: SavedRun | None = None
    living: bool = False  #: a scheduler goes on with it now, and would take an edit up
    standing: Standing | None = None
    specs: Sequence[TaskSpec] = ()  #: without an unfinished run
    ended: Sequence[Status | None] = ()  #: how each of these did in the run before; none: it had no run


@dataclass(frozen=True, slots=True)
class _Plan:
    """The tasks as a scheduler would have them."""

    core: Core
    planned: Sequence[Planned]
    old: Mapping[TaskKey, "_Old"]
    anew: Sequence[TaskSpec]  #: what is asked for that was not before
    how: Literal["fresh", "resume", "edit"]


@dataclass(frozen=True, slots=True)
class _Old:
    """A task of the plan so far that its file has."""

    key: TaskKey
    spec: TaskSpec
    index: int
    status: str = "pending"

    @property
    def label(self) -> str:
        return f"{self.spec.queue_id}/{self.index}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A version of a command file, parsed without a fault."""

    specs: Sequence[TaskSpec]
    document: Source
    file: str  #: as faults call it
    rules: Rules
    now: Now


def own_leases(before: Before) -> frozenset[str]:
    """Names of the leases of what runs of it."""
    attempts = before.saved.open_attempts if before.saved else ()
    return frozenset(name for attempt in attempts for name in attempt.leases)


def preview(asked: Asked, before: Before, seen: Seen) -> Preview:
    """`seen`: the cards it would run on."""
    made = _made(asked, before)
    running = [task for task in made.core.board.tasks.values() if isinstance(task.state, Running)]
    seen = replace(
        seen,
        own=own_leases(before),
        own_tasks=len(running),
        own_cpu_tasks=sum(not task.spec.gpus for task in running),
    )
    faults: tuple[Fault, ...] = ()
    if cards := (*seen.gpus, *seen.known):
        faults = never_fitting(made.anew, asked.document, cards, asked.rules, asked.file)
    rows = _Rows(asked, before, seen, made)
    all_ = [rows.row(task) for task in made.core.board.tasks.values()]
    return Preview(
        how=made.how,
        total=len(made.planned),
        counts=Counter(row.state for row in all_),
        rows=tuple(all_),
        removed=tuple(_removed(made)),
        faults=faults,
        taken=rows.taken(),
    )


def _made(asked: Asked, before: Before) -> _Plan:
    """The plan, as a fresh start, a resume or an edit makes it."""
    run, saved, now = RunPaths(Path("preview")), before.saved, asked.now
    settings = asked.rules.settings
    if saved is None:
        old = plan.numbered(before.specs, align([], before.specs))
        there = [OldTask(one.key, one.spec.queue_id, False, False) for one in old]
        planned = plan.numbered(asked.specs, align(there, asked.specs))
        core = Core(plan.fresh(planned, now), settings, run, "", now)
        ended = before.ended or [None] * len(old)
        known = {
            one.key: _Old(one.key, one.spec, one.index, status or "pending")
            for one, status in zip(old, ended, strict=True)
        }
        return _Plan(core, planned, known, asked.specs, "fresh")
    specs = {spec.digest(): spec for spec in asked.specs}
    known = {
        one.key: _Old(one.key, _spec(one, saved, specs), one.index, one.state.status)
        for one in saved.tasks
        if one.index is not None
    }
    if before.living:
        return _edited(asked, saved, known, _core(saved, specs, settings, now))
    resumed = resume(saved, asked.specs, now)
    planned = [Planned(task.key, task.index, task.spec) for task in resumed.tasks if task.in_file]
    core = Core(resumed.tasks, settings, run, "", now, saved.last_number, resumed.departed)
    return _Plan(core, planned, known, resumed.anew, "resume")


def _core(saved: SavedRun, specs: Mapping[str, TaskSpec], settings: Settings, now: Now) -> Core:
    """As the scheduler has it that goes on with this run."""
    here = [one for one in saved.tasks if one.index is not None or isinstance(one.state, Running)]
    gone = [one for one in saved.tasks if one.index is None and plan.remembered(one.state, one.held_by)]
    tasks, departed = ([_task(one, saved, specs, now) for one in group] for group in (here, gone))
    return Core(tasks, settings, RunPaths(Path("preview")), "", now, saved.last_number, departed)


def _edited(asked: Asked, saved: SavedRun, old: Mapping[TaskKey, _Old], core: Core) -> _Plan:
    used = [task.key for task in saved.tasks]
    keys = align(plan.old_tasks(core.board.tasks.values()), asked.specs, used, core.departed)
    planned = plan.numbered(asked.specs, keys)
    known = core.known()
    anew = plan.asking_anew(known, plan.diff(known, planned))
    core.handle(Edited(planned), asked.now)
    return _Plan(core, planned, old, anew, "edit")


def _spec(task: SavedTask, saved: SavedRun, specs: Mapping[str, TaskSpec]) -> TaskSpec:
    """As it was planned. History is not asked for its script: a key tells whether it is one of `specs`."""
    like = saved.specs.get(task.key) or specs.get(task.key.digest) or TaskSpec(0, "", 0, None)
    return replace(like, queue_id=task.queue_id, memory_gb=task.memory_gb, options=task.options)


def _task(one: SavedTask, saved: SavedRun, specs: Mapping[str, TaskSpec], now: Now) -> Task:
    task = Task.planned(Planned(one.key, one.index or 0, _spec(one, saved, specs)), one.state)
    task.attempts, task.failures, task.held_by = one.attempts, one.failures, one.held_by
    task.ask_gb, task.avoid, task.in_file = one.ask_gb, one.avoid, one.index is not None
    task.since = now.mono
    if isinstance(one.state, Waiting | Running):
        task.since -= max(0.0, now.wall - one.state.since)
    return task


def _removed(made: _Plan) -> Iterable[Removed]:
    """What a run that is over has done is nothing to lose."""
    kept = {one.key for one in made.planned}
    for old in made.old.values():
        if old.key not in kept and not (made.how == "fresh" and old.status in RUN_DONE):
            running = old.status == "running"
            name = old.spec.options.name
            yield Removed(task=old.label, key=str(old.key), name=name, status=old.status, runs_on=running)


class _Rows:
    """Each task with what becomes of it."""

    def __init__(self, asked: Asked, before: Before, seen: Seen, made: _Plan) -> None:
        self._before, self._made, self._now = before, made, asked.now
        self._cards, self._rules = (*seen.gpus, *seen.known), asked.rules
        self._never: dict[object, tuple[Never, ...]] = {}
        self._moved = _moved(made)
        wants = lined_up(made.core.board.wants.values())
        self._able = [want for want in wants if not self._why_never(want.spec)]
        first = self._able[:MOST_PLACED]
        self._placed = None if before.standing else place(seen, first, None, asked.rules, asked.now)
        grants = self._placed.grants if self._placed else ()
        self._grants: dict[TaskKey, Grant] = {grant.key: grant for grant in grants}

    def taken(self) -> tuple[Lease, ...]:
        """The leases of what starts now."""
        starts = [(want, self._grants[want.key]) for want in self._able if want.key in self._grants]
        return tuple(
            replace(lease_of(grant, want, self._rules), gpu=uuid)
            for want, grant in starts
            for uuid in grant.gpu_uuids
        )

    def row(self, task: Task) -> Row:
        old = self._made.old.get(task.key)
        changed = () if old is None else _changed(old.spec, task.spec)
        change: Change = "changed" if changed else "moved" if task.key in self._moved else "same"
        return replace(
            self._state(task),
            name=task.spec.options.name,
            line=task.spec.line,
            change="new" if old is None else change,
            changed=changed,
            in_file=task.in_file,
        )

    def _state(self, task: Task) -> Row:
        match task.state:
            case Running() as state:
                return _row(task, "runs_on", gpus=state.gpu_ids)
            case Cancelled() as state:
                return _row(task, "cancelled", reason=f"cancelled by {state.by}")
            case Failed() as state:
                return _row(task, "failed", reason=state.error)
            case Skipped() as state:
                return _row(task, "skipped", reason=state.because)
            case state if state.status in FINISHED:
                return _row(task, "completed")
        if never := self._why_never(task.spec):
            return _row(task, "never", reason="; ".join(each.why for each in never))
        match task.state:
            case Held() as state:
                return _row(task, "held", reason=f"held by {holder(state.by)}")
            case Backoff() as state:
                left = max(0, round(state.until - self._now.wall))
                return _row(task, "waits", reason=f"tries again in {left} s; {state.error}")
            case Waiting():
                return self._waiting(task)
            case _:
                return self._behind(task)

    def _waiting(self, task: Task) -> Row:
        if grant := self._grants.get(task.key):
            return _row(task, "starts_now", gpus=grant.gpu_ids)
        if self._placed is None:
            assert self._before.standing is not None
            stands = Standstill(self._before.standing)
            return _row(task, "waits", reason=say(stands), blockers=(stands,))
        blocked = self._placed.blocked.get(task.key)
        if blocked is None:
            return _row(task, "waits", reason=f"{MOST_PLACED} others come before it")
        row = _row(task, "waits", reason=reason(blocked), blockers=blocked.blockers)
        return replace(
            row,
            gpu_count=blocked.gpus,
            memory_gb=blocked.memory_gb,
            ready=blocked.ready,
            stuck=blocked.stuck,
        )

    def _behind(self, task: Task) -> Row:
        first = self._made.core.board.queue_of(task).current()
        if first is None or first is task:
            return _row(task, "waits", reason="its queue stands")
        what = ", which is held" if isinstance(first.state, Held) else " in its queue"
        return _row(task, "behind", reason=f"behind {first.label}{what}", behind=first.label)

    def _why_never(self, spec: TaskSpec) -> tuple[Never, ...]:
        need = asked_of_cards(spec)
        if need not in self._never:
            self._never[need] = never_fits(spec, self._cards, self._rules) if self._cards else ()
        return self._never[need]


def _row(
    task: Task,
    state: State,
    *,
    gpus: tuple[str, ...] = (),
    reason: str | None = None,
    blockers: tuple[Blocker, ...] = (),
    behind: str | None = None,
) -> Row:
    return Row(
        task=task.label,
        queue=task.spec.queue_id,
        index=task.index,
        key=str(task.key),
        name=None,
        line=0,
        change="same",
        state=state,
        gpus=gpus,
        reason=reason,
        blockers=blockers,
        behind=behind,
    )


def _changed(old: TaskSpec, new: TaskSpec) -> tuple[str, ...]:
    found = ["memory"] if old.memory_gb != new.memory_gb else []
    if old.options != new.options:
        names = type(new.options).__dataclass_fields__
        found += [name for name in names if getattr(old.options, name) != getattr(new.options, name)]
    return tuple(found)


def _moved(made: _Plan) -> set[TaskKey]:
    """Tasks that are in another queue now, or stand otherwise among those that have stayed in it."""
    moved = set()
    before: dict[int, list[TaskKey]] = defaultdict(list)
    after: dict[int, list[TaskKey]] = defaultdict(list)
    new = {one.key: one.spec.queue_id for one in made.planned}
    for old in made.old.values():
        if new.get(old.key) == old.spec.queue_id:
            before[old.spec.queue_id].append(old.key)
        elif old.key in new:
            moved.add(old.key)
    for one in made.planned:
        if one.key in made.old and one.key not in moved:
            after[one.spec.queue_id].append(one.key)
    for queue, keys in before.items():
        moved.update(a for a, b in zip(keys, after[queue], strict=True) if a != b)
    return moved
