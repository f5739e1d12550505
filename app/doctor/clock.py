"""The clock: waits, retries and history are told by the wall clock, which somebody may set."""

import os
import time
from collections.abc import Iterator

from app import procfs
from app.doctor.finding import Finding
from app.model.faults import GpulaneError
from app.model.paths import Home
from app.model.state_file import StateFile
from app.store.past import latest, open_past
from app.store.states import Found

JUMP_SECONDS = 120.0
"""More than a scheduler takes from its process's start to its own: the driver alone gets a minute."""

FUTURE_SECONDS = 60.0
BUILT = 1_735_689_600
"""A time before which nobody had this program: the start of 2025."""


def clock(home: Home, found: list[Found]) -> Iterator[Finding]:
    findings = [*_year(), *_jumps(found), *_future(home)]
    yield from findings
    if not findings:
        yield Finding.ok("clock", time.strftime("%Y-%m-%d %H:%M:%S %Z, and it has not jumped"))


def _year() -> Iterator[Finding]:
    if time.time() < BUILT:
        yield Finding.wrong("clock", time.strftime("it shows %Y-%m-%d"), "set it: timedatectl set-ntp true")


def _jumps(found: list[Found]) -> Iterator[Finding]:
    """A process's start is counted from boot, which does not jump; a scheduler wrote the wall clock down."""
    booted = time.time() - procfs.uptime()
    ticks = os.sysconf("SC_CLK_TCK")
    for one in found:
        state = one.state
        if not one.alive or not isinstance(state, StateFile) or state.boot_id != procfs.boot_id():
            continue
        jump = booted + state.process_start / ticks - state.started_at
        if abs(jump) > JUMP_SECONDS:
            way = "forward" if jump > 0 else "back"
            text = f"it was set {way} by {abs(jump):,.0f} s since the scheduler with pid {one.pid} started"
            advice = (
                "what that shows of waits and durations is off by as much; timedatectl shows what sets it"
            )
            yield Finding.warning("clock", text, advice)


def _future(home: Home) -> Iterator[Finding]:
    if not home.history.exists():
        return
    try:
        with open_past(home.history) as past:
            last = latest(past)
    except GpulaneError:
        return  # said of history itself
    ahead = 0.0 if last is None else last - time.time()
    if ahead > FUTURE_SECONDS:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(last))
        text = (
            f"history has an entry of {when}, which is still to come: the clock was ahead then, or is behind"
        )
        yield Finding.warning(
            "clock", text, "compare `date` with a clock you trust; timedatectl set-ntp true"
        )
