"""The local backend: this machine's GPUs, given out by placement and leases, attempts run as processes."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from app.core.fit import holds, suits
from app.core.nearest import Outlook, outlook
from app.core.question import Ongoing, Question, Runs
from app.core.rules import Rules, Seen
from app.core.verdict import SOON
from app.gpu.watch import GpuWatch
from app.hooks.child import HookFailed
from app.lease.directory import choose_directory, preview_directory
from app.lease.store import Held, LeaseStore
from app.local.advice import Advice
from app.local.attempts import Attempts
from app.local.hidden import Hidden
from app.local.machine import Machine, Own
from app.local.seats import Seats
from app.local.survey import allowance_of, cards, used_by_lease
from app.local.whose import Whose
from app.model.backend import (
    Acquired,
    AttemptRecord,
    Exit,
    Grant,
    LaunchFailed,
    LaunchSpec,
    Lost,
    Now,
    Running,
    Survey,
    Want,
)
from app.model.blockers import Blocked, DriverSilent, Standstill
from app.model.gpu import Gpu, SetAside
from app.model.lease import Holder
from app.model.paths import Home, RunPaths
from app.model.problems import Problem, problem
from app.model.settings import Settings
from app.model.state import Why
from app.model.task import TaskKey

MEASURE_SECONDS = 1.0
"""Between looks at what our attempts use, for their peaks."""

EARLY_SECONDS = 0.25
"""The same in an attempt's first seconds, on real cards."""

EARLY = 10.0

COMPARING = Blocked(0, None, 0, (Standstill("comparing"),), stuck=False)
COMPARING_SECONDS = 0.05
"""Between looks whether a comparator has given its first order."""

MOST_AROUND = 50
"""Waiting tasks before one, and behind it, that are thought of when it is asked what would start it."""

FREEING_LOOKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds after a release at which we look whether the memory has come back."""


class LocalBackend:
    """See `app.model.backend.Backend`."""

    def __init__(
        self, machine: Machine, seats: Seats, attempts: Attempts, settings: Settings, advice: Advice
    ) -> None:
        self._machine, self._seats, self._attempts, self._settings = machine, seats, attempts, settings
        self._advice = advice
        self._held: dict[TaskKey, Held] = {}
        self._granted: dict[TaskKey, Grant] = {}
        self._whose = Whose()
        self._hidden = Hidden()
        self._begun = asyncio.Event()  #: an attempt has started since the last look
        self._seen: Seen | None = None
        self._asked_at: float | None = None  #: monotonic, when GPUs were last asked for
        self._wanted: Sequence[Want] | None = None  #: the heads they were then asked for

    async def close(self) -> None:
        """What runs, runs on, and keeps its leases; what ended tasks have left does not."""
        await self._attempts.close()
        await self._advice.close()
        self._machine.leases.close()

    async def acquire(self, heads: Sequence[Want], now: Now) -> Acquired:
        on_cards = [want for want in heads if want.spec.gpus]
        if on_cards:
            self._asked_at, self._wanted = time.monotonic(), on_cards
        later = on_cards if on_cards and self._advice.is_to_come() else []
        self._machine.order = self._advice.order
        asking = [want for want in heads if not want.spec.gpus] if later else heads
        taken, explain = await self._seats.give(asking, self._own(), now)
        labels = {want.key: want.label for want in heads}
        for grant, held in taken:
            self._granted[grant.key] = grant
            self._whose.note(grant.leases, grant.key, labels[grant.key])
            if held:
                self._held[grant.key] = held
        grants = tuple(grant for grant, _ in taken)
        if later:
            soon = time.monotonic() + COMPARING_SECONDS
            return Acquired(grants, lambda: {**{want.key: COMPARING for want in later}, **explain()}, soon)
        return Acquired(grants, explain, self._look_again_at() if len(taken) < len(heads) else None)

    async def launch(self, grant: Grant, spec: LaunchSpec) -> Running | LaunchFailed:
        held = self._held.pop(grant.key, None)
        try:
            spec = await self._advice.built(spec, grant, self._seen.gpus if self._seen else ())
            return await self._attempts.launch(grant, held, spec, self._visible(grant))
        except HookFailed as failed:
            self._machine.leases.release(grant.leases)
            if failed.called_off:
                return LaunchFailed(str(failed), called_off=True)
            said = f"{failed.trace}gpulane: not started, as its hook failed: {failed}\n"
            logged = self._attempts.leave_log(grant, spec, self._visible(grant), said)
            return LaunchFailed(str(failed), logged=logged)
        finally:
            del self._granted[grant.key]
            self._begun.set()

    def call_off(self, number: int) -> None:
        self._advice.call_off(number)

    async def wait(self, running: Running) -> Exit | Lost | LaunchFailed:
        return await self._attempts.wait(running)

    async def signal(self, running: Running, why: Why, grace: float) -> None:
        await self._attempts.signal(running, why, grace)

    async def adopt(self, record: AttemptRecord, label: str) -> Running | Exit | Lost:
        self._whose.note(record.leases, record.key, label)
        return await self._attempts.adopt(record)

    async def give_back(self, grant: Grant) -> None:
        self._granted.pop(grant.key, None)
        held = self._held.pop(grant.key, None)
        if held:
            self._machine.leases.release(held.names)

    async def observe(self, wake: Callable[[], None]) -> None:
        """Look every second while something of ours runs on a card, more often while it is young; else every
        check_time, for the view."""
        self._attempts.leftovers.freed = wake
        while True:
            with contextlib.suppress(OSError):  # no descriptor left: next time
                await self._attempts.leftovers.sweep()
            await self.look()
            await self._compare()
            self._machine.watch.sampling(self._choice_matters())
            await self._pause()

    async def _compare(self) -> None:
        assert self._seen is not None
        await self._advice.compare([gpu for gpu in self._seen.gpus if self.rules.covers(gpu)])
        self._machine.order = self._advice.order

    async def look(self) -> None:
        """Bring `survey` up to date."""
        self._seen = await self._look()
        self._note_use(self._seen)
        self._hidden.note(self._seen.gpus, time.monotonic())

    async def _pause(self) -> None:
        """Until the next look. Short attempts have a peak, too, and most run out of memory soon: what starts
        while nothing runs is looked at at once, and what is young on real cards often."""
        on_cards = [living for living in self._attempts.living.values() if living.leases]
        self._begun.clear()
        if not on_cards:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._begun.wait(), self._settings.check_time)
            return
        assert self._seen is not None
        age = time.monotonic() - max(living.since for living in on_cards)
        early = age < EARLY and not all(gpu.simulated for gpu in self._seen.gpus)
        await asyncio.sleep(EARLY_SECONDS if early else MEASURE_SECONDS)

    @property
    def rules(self) -> Rules:
        """What decisions follow now."""
        return self._seats.rules

    def settle(self, settings: Settings) -> None:
        """Follow other settings from the next decision on. The lease directory stays."""
        self._settings, self._seats.rules = settings, self._seats.rules.under(settings)
        self._attempts.leftovers.end_them = settings.kill_leftovers
        self._advice.settle(settings.hook_timeout)

    def outlook(self, want: Want, heads: Sequence[Want], now: Now, running: Mapping[int, Runs]) -> Outlook:
        """Of one of the heads, which are in their order; `running`: by attempts' numbers."""
        seats, living = self._seats, self._attempts.living
        seen = self._machine.again(self._own())
        ongoing = {
            running[n].label: Ongoing(frozenset(each.leases), running[n].next)
            for n, each in living.items()
            if n in running
        }
        at = next((at for at, other in enumerate(heads) if other.key == want.key), len(heads))
        others = [*heads[:at][:MOST_AROUND], *heads[at + 1 :][:MOST_AROUND]]
        if seats.claim:  # its cards are not to be had, whatever its place
            near = {other.key for other in (*others, want)}
            others += [one for one in heads if one.key == seats.claim.key and one.key not in near]
        return outlook(Question(seen, want, seats.claim, seats.rules, now, tuple(others), ongoing))

    def shun(self, aside: Callable[[], Mapping[str, SetAside]]) -> None:
        """`aside`: whom to ask, at every decision, which cards are set aside."""
        self._machine.aside = aside

    def name_by(self, called: Callable[[TaskKey], str | None]) -> None:
        """`called`: how a task is called now, "3/1"; None: it is not in the plan any more."""
        self._whose.called = called

    def known(self) -> Sequence[Gpu]:
        """Every card that was ever seen: one that is lost at the moment comes back some day."""
        return tuple(self._machine.known())

    def survey(self) -> Survey:
        if self._seen is None:
            return Survey((), None, (), {})
        found = []  # the gravest first: a reader may be shown only so many
        seen = self._machine.again(self._own())  # what we have given out is no measurement that may be old
        if isinstance(seen.silent, DriverSilent):
            found.append(problem("driver", error=seen.silent.error))
        lost = (gpu for gpu in seen.gpus if gpu.health == "lost")
        found += [problem("gpu_lost", gpu=gpu.index, name=gpu.name) for gpu in lost]
        found += [self._seats.problem] if self._seats.problem else []
        found += [*self._machine.problems, *self._advice.problems, *self._attempts.unseen.values()]
        hidden = self._hidden.problem(time.monotonic())
        found += [hidden] if hidden else []
        found += self._attempts.leftovers.problems()
        used = {n: a.used_gb for n, a in self._attempts.living.items() if a.used_gb is not None}
        aside = self._machine.aside()
        found += [_aside(gpu, aside[gpu.uuid]) for gpu in seen.gpus if gpu.uuid in aside]
        shown = cards(seen, self._seats.rules, self._whose.labels(), self._machine.off(), aside)
        return Survey(shown, allowance_of(seen, self._seats.rules), tuple(found), used)

    def _own(self) -> Own:
        """What of ours is running or granted."""
        living = self._attempts.living.values()
        names = {name for attempt in living for name in attempt.leases}
        names |= {name for grant in self._granted.values() for name in grant.leases}
        on_cpu = sum(attempt.on_cpu for attempt in living)
        on_cpu += sum(not grant.gpu_uuids for grant in self._granted.values())
        tasks = len(self._attempts.living) + len(self._granted)
        return Own(frozenset(names), tasks, on_cpu, self._kept(), self._whose.queues())

    def _kept(self) -> dict[str, Holder]:
        """Leases of ours that no running attempt has, and for what they are kept."""
        sought = [name for names in self._attempts.sought.values() for name in names]
        kept = {name: Holder("sought", f"task {self._whose.label(name)}") for name in sought}
        for name, who in self._attempts.leftovers.keepers().items():
            kept[name] = Holder("left_running", f"task {self._whose.label(name)}", processes=who)
        return kept

    async def _look(self) -> Seen:
        own = self._own()
        self._whose.keep({*own.leases, *own.kept})
        return await self._machine.look(own, max_age=MEASURE_SECONDS / 2)

    def _choice_matters(self) -> bool:
        """Samples are taken while there is a choice among cards and something that waits or soon may.

        What comes after the attempts that run on cards is taken to be like what was last asked for.
        """
        assert self._seen is not None
        gpus = [gpu for gpu in self._seen.gpus if self._seats.rules.covers(gpu)]
        choice = len(gpus) > 1 if self._wanted is None else _have_a_choice(self._wanted, gpus)
        lately = (
            self._asked_at is not None and time.monotonic() - self._asked_at < 2 * self._settings.check_time
        )
        return choice and (lately or any(living.leases for living in self._attempts.living.values()))

    def _note_use(self, seen: Seen) -> None:
        used = used_by_lease(seen, self._seats.rules)
        for attempt in self._attempts.living.values():
            known = [used[name] for name in attempt.leases if name in used]
            if known:
                attempt.note_use(max(known))

    def _visible(self, grant: Grant) -> str:
        """CUDA_VISIBLE_DEVICES: indices in PCI order, or UUIDs; a MIG device has no other name."""
        gpus = {gpu.uuid: gpu for gpu in (self._machine.known())}
        names = []
        for uuid, index in zip(grant.gpu_uuids, grant.gpu_ids, strict=True):
            gpu = gpus.get(uuid)
            if gpu is not None and gpu.simulated:
                return ""  # nothing simulated touches a real card
            by_uuid = self._settings.cuda_visible_as == "uuid" or ":" in index
            names.append(uuid if by_uuid else index)
        return ",".join(names)

    def _look_again_at(self) -> float:
        """Our own events wake the engine; for the rest, every check_time; sooner while memory comes back."""
        now = time.monotonic()
        freed = self._attempts.freed_at
        if freed is not None and self._seen and not all(gpu.simulated for gpu in self._seen.gpus):
            for after in FREEING_LOOKS:
                if freed + after > now and after < self._settings.check_time:
                    return freed + after
        return now + self._settings.check_time


def _aside(gpu: Gpu, aside: SetAside) -> Problem:
    until = f"{datetime.fromtimestamp(aside.until):%H:%M}"  # noqa: DTZ006 - as a clock on the wall shows it
    return problem(
        "card_aside",
        gpu=gpu.index,
        name=gpu.name,
        tasks=aside.tasks,
        seconds=int(SOON),
        until=until,
        pid=os.getpid(),
    )


def _have_a_choice(wants: Sequence[Want], gpus: Sequence[Gpu]) -> bool:
    """Could two or more of the cards serve one of them?"""
    needs = {(want.spec.options.devices, want.spec.options.model, want.memory_gb) for want in wants}
    return any(
        sum(suits(gpu, devices, model) and holds(gpu, memory) for gpu in gpus) > 1
        for devices, model, memory in needs
    )


def open_backend(
    home: Home, settings: Settings, run: RunPaths, watch: GpuWatch, rules: Rules, advice: Advice
) -> LocalBackend:
    """Everything of the local backend, put together. Raises LeaseDirectoryError."""
    given, own = given_directory(home, settings)
    if own:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = choose_directory(given)
    leases = LeaseStore(directory.path)
    problems = () if own and directory.private else directory.problems
    machine = Machine(watch, leases, home.gpus_off, problems)
    return LocalBackend(machine, Seats(machine, rules), Attempts(run, leases, settings), settings, advice)


def preview_leases(home: Home, settings: Settings) -> tuple[Problem, ...]:
    """What `open_backend` would say of the lease directory; nothing is made. Raises LeaseDirectoryError."""
    given, own = given_directory(home, settings)
    directory = None if own else preview_directory(given)
    return directory.problems if directory else ()


def given_directory(home: Home, settings: Settings) -> tuple[str | None, Path | None]:
    """`lease_dir`, relative to the home; and again if it lies among this home's own logs: that is a private
    world, and made when it is missing."""
    if settings.lease_dir is None:
        return None, None
    given = home.root / Path(settings.lease_dir).expanduser()
    return str(given), given if given.is_relative_to(home.logs) else None
