"""What else of the machine is needed: programs, the kernel, limits."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from app.doctor.finding import Finding
from app.execution.tmux import tmux_available
from app.preparation import ENOUGH_DESCRIPTORS, LEAST_DESCRIPTORS

PATIENCE = 5.0
"""Seconds for a program to tell its version."""


def programs() -> Iterator[Finding]:
    yield _bash()
    yield _tmux()
    yield from _kernel()
    yield from _limits()
    yield from _hidden()


def _bash() -> Finding:
    if shutil.which("bash") is None:
        return Finding.wrong("bash", "it is not on PATH, and tasks are bash scripts", "install bash")
    version = _version("bash", "--version")
    if version is None:
        return Finding.wrong("bash", f"{shutil.which('bash')} does not run", "see what `bash --version` says")
    return Finding.ok("bash", version)


def _tmux() -> Finding:
    if not tmux_available():
        return Finding.warning("tmux", "it is not on PATH: no task can have terminal=tmux", "install tmux")
    version = _version("tmux", "-V")
    if version is None:
        return Finding.warning("tmux", f"{shutil.which('tmux')} does not run", "see what `tmux -V` says")
    return Finding.ok("tmux", version)


def _version(*command: str) -> str | None:
    """The first line; None: it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip().partition("\n")[0]


def _kernel() -> Iterator[Finding]:
    release = f"Linux {os.uname().release}"
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError as error:
        text = f"{release} has no pidfd_open ({error.strerror}): no task can be watched"
        yield Finding.wrong("kernel", text, "it needs Linux 5.3 or newer; old container software forbids it")
    else:
        yield Finding.ok("kernel", release)


def _limits() -> Iterator[Finding]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= ENOUGH_DESCRIPTORS:
        return
    advice = f"raise it: ulimit -n {ENOUGH_DESCRIPTORS}, or in /etc/security/limits.conf"
    text = f"at most {hard} may be open at once"
    make = Finding.wrong if hard < LEAST_DESCRIPTORS else Finding.warning
    yield make("open files", f"{text}; a running task takes a handful", advice)


def _hidden() -> Iterator[Finding]:
    """Other people's processes may be kept from us."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        hides = [each for each in fields[-1].split(",") if each.startswith("hidepid=")]
        if fields[4] == "/proc" and hides and hides[0] not in ("hidepid=0", "hidepid=off") and os.getuid():
            text = f"/proc is mounted with {hides[0]}: whose the processes on a card are can't be told"
            yield Finding.warning(
                "processes", text, "they count all the same; only their owners stay unnamed"
            )
