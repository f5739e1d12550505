"""Where gpulane writes, and what it reads as code."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from app import procfs
from app.config.load import Loaded
from app.doctor.finding import Finding
from app.model.faults import BadInput, GpulaneError
from app.model.paths import Home
from app.model.state_file import StateFile
from app.store.past import open_past
from app.store.states import Found
from app.tables.sheet import SUFFIXES
from app.trust import read_trusted_bytes

LITTLE_MB, NOTHING_MB = 500, 20
LARGEST_BYTES = 1 << 30


def folders(home: Home) -> Iterator[Finding]:
    """Those of this home."""
    if not home.root.is_dir():
        advice = "make it, or name another in GPULANE_HOME"
        yield Finding.wrong("folders", f"GPULANE_HOME is {home.root}, and that is no folder", advice)
        return
    if home.local:
        yield Finding.ok("folders", f"state, runs and history are kept in {home.local}, not in logs/")
    closed = [found for each in (home.logs, home.state, home.runs) if (found := _closed(each))]
    yield from dict.fromkeys(closed)
    if not closed:
        yield Finding.ok(
            "folders", f"{home.logs} can be written" + ("" if home.logs.exists() else ", once made")
        )
    yield from dict.fromkeys(found for each in (home.logs, home.data) if (found := _space(each)))
    yield from _history(home)
    yield from _open_to_others(home)


def _closed(folder: Path) -> Finding | None:
    """That it can't be written; or, where it is not there yet, made."""
    there = _nearest(folder)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return None
    owner = procfs.user_name(there.stat().st_uid)
    what = "can't be written" if there.is_dir() else "is no folder"
    advice = f"it is {owner}'s: make it yours (chown, chmod u+rwx), or name another folder in GPULANE_HOME"
    return Finding.wrong("folders", f"{there} {what}, and logs, state and history go there", advice)


def _nearest(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


def _space(folder: Path) -> Finding | None:
    there = _nearest(folder)
    found = os.statvfs(there)
    free_mb = found.f_bavail * found.f_frsize / 1024**2
    advice = f"free some: what is left of old runs lies in {folder / 'runs'}"
    if free_mb < NOTHING_MB or (found.f_files and found.f_favail == 0):
        return Finding.wrong("disk", f"full where {there} lies: nothing new starts", advice)
    if free_mb < LITTLE_MB:
        return Finding.warning("disk", f"{free_mb:.0f} MB are left where {there} lies", advice)
    return Finding.ok("disk", f"{free_mb / 1024:,.0f} GB are left where {there} lies")


def _history(home: Home) -> Iterator[Finding]:
    if not home.history.exists():
        yield Finding.ok("history", "there is none yet")
        return
    try:
        with open_past(home.history) as past:
            wrong = past.execute("PRAGMA quick_check(1)").fetchone()[0]
    except GpulaneError as error:
        yield Finding.wrong("history", str(error))
        return
    if wrong != "ok":
        advice = "end all schedulers, move it away, and a new one is made"
        yield Finding.wrong("history", f"{home.history} is damaged: {wrong}", advice)
    elif not os.access(home.history, os.W_OK):
        yield Finding.wrong("history", f"{home.history} can't be written", "make it yours: chown, chmod u+rw")
    else:
        yield Finding.ok("history", f"{home.history} is sound")


def _open_to_others(home: Home) -> Iterator[Finding]:
    """Who can write a folder can put another file there, whoever owns the file."""
    for folder in (home.root, home.root / "command", home.root / "config"):
        if folder.is_dir() and folder.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
            text = f"everybody on this machine can replace what lies in {folder}, and it runs as you"
            yield Finding.warning("folders", text, f"chmod o-w {folder}")


def settings(loaded: Loaded | BadInput, file: Path) -> Iterator[Finding]:
    """What is wrong in the settings, a line each."""
    if isinstance(loaded, BadInput):
        for fault in loaded.faults:
            where = f"{fault.file}:{fault.line}" if fault.line else fault.file
            yield Finding.wrong("settings", f"{where}: {fault.problem}", fault.hint)
        if not loaded.faults:
            yield Finding.wrong("settings", str(loaded))
        return
    for each in loaded.problems:
        yield Finding.warning("settings", each.text)
    if not loaded.problems:
        yield Finding.ok("settings", str(file) if loaded.file else "none, so the defaults")


def command_files(home: Home, states: list[Found]) -> Iterator[Finding]:
    """Whose they are: what they say runs as their reader."""
    known = {Path(one.state.command_file) for one in states if isinstance(one.state, StateFile)}
    here = (home.root / "command").glob("*")
    files = {path for path in here if path.is_file() and path.suffix.lower() in (".txt", *SUFFIXES)}
    files |= {path for path in known if path.exists()}
    sound = 0
    for path in sorted(files):
        try:
            _, problems = read_trusted_bytes(path, LARGEST_BYTES, str(path))
        except BadInput as bad:
            for fault in bad.faults:
                yield Finding.wrong("command files", f"{path}: {fault.problem}", fault.hint)
            continue
        sound += not problems
        for each in problems:
            yield Finding.warning("command files", each.text, f"chmod g-w {path}")
    if sound:
        yield Finding.ok("command files", f"{sound} that nobody but you (and root) can change")
