"""The machine's cards as they are now, for somebody who runs no scheduler."""

import os

from app.core.rules import Rules
from app.gpu.nvml import NvmlProbe
from app.gpu.watch import GpuWatch
from app.lease.directory import SHARED, preview_directory
from app.lease.store import LeaseStore
from app.local.backend import given_directory
from app.local.machine import Machine, Own
from app.local.survey import cards
from app.model.paths import Home
from app.model.settings import Settings
from app.model.state_file import Card

NOBODY = Own(frozenset(), 0, 0)


async def cards_here(home: Home, settings: Settings) -> tuple[Card, ...]:
    """What the driver and everybody's leases say of each card. Raises ProbeError, LeaseError."""
    watch = GpuWatch(NvmlProbe())
    given, _ = given_directory(home, settings)
    directory = preview_directory(given)
    try:
        await watch.look()
        rules = Rules.of(settings, os.getuid(), None, os.cpu_count() or 1)
        leases = LeaseStore(directory.path if directory else SHARED)  # not there: nobody has a lease
        machine = Machine(watch, leases, home.gpus_off)
        try:
            return cards(await machine.look(NOBODY, max_age=1.0), rules, {}, machine.off(), {})
        finally:
            leases.close()
    finally:
        await watch.close()
