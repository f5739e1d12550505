"""The machine's cards as they are now, kept open for somebody who runs no scheduler and asks all the time."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.allowance import allowance
from app.core.ledger import Card as Account
from app.core.ledger import ledger
from app.core.rules import Rules, Seen
from app.fitting import visible_gpus
from app.gpu.nvml import NvmlProbe
from app.gpu.probe import GpuProbe, NoDriver, ProbeError
from app.gpu.simulated import SimulatedProbe
from app.gpu.watch import GpuWatch, Look
from app.lease.directory import SHARED, preview_directory
from app.lease.errors import LeaseError
from app.lease.store import LeaseStore
from app.local.backend import given_directory
from app.local.machine import Machine, Own
from app.local.survey import cards as survey
from app.local.survey import used_by_lease
from app.model.blockers import Allowance, DriverSilent, LeasesUnreadable
from app.model.gpu import Gpu, SetAside
from app.model.paths import Home
from app.model.settings import Settings
from app.model.state_file import Card

LOOK_SECONDS = 0.7
"""For a look at a driver that has answered before. After that the last look is answered, and says so."""

FIRST_SECONDS = 0.4
"""The same as long as it has never answered: it may be loading. The look goes on for whoever asks next."""

NO_DRIVER_SECONDS = 30.0
"""Where there is no driver it is looked for no sooner again."""

MOST_RULES = 16
"""That are kept: of the settings of each scheduler that somebody asks about."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the driver has said last."""

    gpus: tuple[Gpu, ...]
    at: float  #: wall, when it was asked
    silent: DriverSilent | None = None  #: why that may not hold any more; without any card: why there is none
    none: NoDriver | None = None  #: there is no driver


@dataclass(frozen=True, slots=True)
class Accounts:
    """The cards of one moment, and who has what of them."""

    seen: Seen
    rules: Rules
    cards: tuple[Card, ...]
    used_gb: Mapping[str, float]  #: by name of lease, where it is known
    book: Mapping[str, Account]  #: by uuid
    allowance: Allowance


class CardsNow:
    """`look` on one event loop; the rest in any thread."""

    def __init__(self, home: Callable[[], Home], probe: GpuProbe | None = None) -> None:
        self._home = home
        self._watch = GpuWatch(probe or NvmlProbe(), deadline=LOOK_SECONDS)
        self._none: tuple[float, Looked] | None = None  #: monotonic time until which there is no driver
        self._lock = threading.Lock()
        self._machine: Machine | None = None
        self._path: Path | None = None  #: of its leases
        self._rules: dict[tuple[Settings, frozenset[str] | None], Rules] = {}

    async def look(self, max_age: float = 1.0) -> Looked:
        """At the driver, at most so many seconds ago; answers within a second whatever the driver does."""
        now, last = time.monotonic(), self._watch.last
        if self._none and now < self._none[0]:
            return self._none[1]
        if last is None or now - last.at > max_age:
            try:
                last = await asyncio.wait_for(self._watch.look(), None if last else FIRST_SECONDS)
            except NoDriver as none:
                looked = Looked((), time.time(), DriverSilent(time.time(), none.found), none)
                self._none = time.monotonic() + NO_DRIVER_SECONDS, looked
                return looked
            except ProbeError as error:
                return Looked((), time.time(), DriverSilent(time.time(), str(error)))
            except asyncio.TimeoutError:
                return Looked((), time.time(), DriverSilent(time.time(), "it has not answered yet"))
        return Looked(last.gpus, time.time() - (time.monotonic() - last.at), last.silent)

    def seen(
        self,
        looked: Looked | None,
        simulated: Iterable[Gpu],
        settings: Settings,
        own: frozenset[str] = frozenset(),
    ) -> Seen:
        """The driver's cards (None: leave them out), simulated ones, and everybody's leases now; `own`: names
        of the leases of the scheduler that is asked for."""
        look = Look((), 0.0) if looked is None else Look(looked.gpus, 0.0, looked.silent)
        with self._lock:
            try:
                found = self._opened(settings).seen(look, Own(own, 0, 0))
            except LeaseError as error:
                found = Seen(look.gpus, silent=look.silent or LeasesUnreadable(str(error)), own=own)
        known = () if looked is None else found.known
        return replace(found, gpus=(*found.gpus, *simulated), known=known)

    def rules(self, settings: Settings, gpus: Iterable[Gpu]) -> Rules:
        """What the settings come to here. The very object of the last time while nothing has changed, as
        what follows from it is kept."""
        visible, _ = visible_gpus(tuple(gpus))
        kept = self._rules.get((settings, visible))
        if kept is not None:
            return kept
        if len(self._rules) >= MOST_RULES:
            self._rules = {}
        rules = Rules.of(settings, os.getuid(), visible, os.cpu_count() or 1)
        return self._rules.setdefault((settings, visible), rules)  # of two threads the first one's

    def accounts(
        self, seen: Seen, rules: Rules, tasks: Mapping[str, str], aside: Mapping[str, SetAside]
    ) -> Accounts:
        """`tasks`: name of lease -> "3/1", of those that count as our own."""
        off = self._off()
        book = ledger(seen, rules)
        real = [card for card in book.values() if not card.gpu.simulated]
        return Accounts(
            seen,
            rules,
            survey(seen, rules, tasks, off, aside),
            used_by_lease(seen, rules),
            book,
            allowance(real or book.values(), rules),
        )

    async def close(self) -> None:
        """Let go of the driver, without waiting for it."""
        await self._watch.close()
        with self._lock:
            self._close_leases()

    def _off(self) -> dict[str, float]:
        with self._lock:
            return self._machine.off() if self._machine else {}

    def _opened(self, settings: Settings) -> Machine:
        """With the leases where the settings have them now. Raises LeaseError."""
        home = self._home()
        directory = preview_directory(given_directory(home, settings)[0])
        path = directory.path if directory else SHARED  # not there: nobody has a lease
        if self._machine is None or path != self._path:
            self._close_leases()
            self._path = path
            self._machine = Machine(self._watch, LeaseStore(path), home.gpus_off)
        return self._machine

    def _close_leases(self) -> None:
        if self._machine:
            self._machine.leases.close()
            self._machine = None


def simulated_cards(specifications: Iterable[str]) -> tuple[Gpu, ...]:
    """The cards of "4x24" and the like, each once: schedulers share them. Raises BadInput."""
    found = {gpu.uuid: gpu for each in specifications for gpu in SimulatedProbe(each).look()}
    return tuple(found.values())
