"""The schedulers of this home as their state files show them: read once when they change, for all who ask."""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic_core import from_json, to_json
from watchfiles import awatch

from app.model.paths import Home
from app.model.state_file import StateFile, load
from app.store.lock import is_alive
from app.store.states import Found, read_state, state_names
from control.src.hub import Hub

log = logging.getLogger("gpulane.console")

LOOK_SECONDS = 1.0
"""Between looks at who has died: a lock that goes free changes no file."""

DEBOUNCE_MS, STEP_MS = 30, 5

Raw = dict[str, Any]
Ended = Literal["finished", "asked", "shutdown", "died"]
Stamp = tuple[int, int, int]
_NONE = object()
Finish = Callable[[StateFile, Raw, bool | None], Raw]
"""What the console adds to a state: estimates, what a dead one has left."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A scheduler, at its last change."""

    pid: int
    path: Path
    stamp: Stamp  #: of the file: mtime, inode, size
    alive: bool | None  #: None: another host's, which can't be judged from here
    version: str  #: another one with each change
    state: StateFile | None  #: None: it can't be read
    shown: Raw  #: as the API answers it
    body: bytes  #: the same, as JSON


class States:
    """For the event loop's thread."""

    def __init__(self, home: Callable[[], Home], hub: Hub, finish: Finish) -> None:
        """`home`: where state lies at the moment (`state_dir` may change)."""
        self._home, self._hub, self._finish = home, hub, finish
        self._seen: dict[str, Seen] = {}  #: by file name
        self._boot, self._number = secrets.token_hex(3), 0
        self._stale: set[str] = set()
        self._looking = asyncio.Lock()
        self._data = b""

    @property
    def all(self) -> list[Seen]:
        """By pid."""
        return sorted(self._seen.values(), key=lambda one: (one.pid, one.path.name))

    def of(self, pid: int) -> Seen | None:
        """The one that has this pid now."""
        return self._seen.get(f"{pid}.json")

    def living(self, command_file: str) -> Seen | None:
        """Who runs this file (real path)."""
        return next(
            (one for one in self.all if one.alive and one.state and one.state.command_file == command_file),
            None,
        )

    def last(self, command_file: str) -> Seen | None:
        """Who runs it, else who has run it last."""
        its = [one for one in self.all if one.state and one.state.command_file == command_file]
        return max(
            its, key=lambda one: (bool(one.alive), one.state.updated_at if one.state else 0.0), default=None
        )

    def versions(self) -> dict[str, str]:
        return {one.path.name.removesuffix(".json"): one.version for one in self.all}

    @property
    def body(self) -> bytes:
        """All of them, as JSON."""
        return b"[" + b",".join(one.body for one in self.all) + b"]"

    def again(self, name: str | None = None) -> None:
        """What is added to a state (of all, or of one file's) may be another thing now."""
        self._stale.update([name] if name else self._seen)

    async def run(self) -> None:
        """Watch, until cancelled."""
        changed = asyncio.Event()
        changed.set()
        watcher: asyncio.Task[None] | None = None
        folder: Path | None = None
        try:
            while True:
                state = self._home().state
                if state != folder or watcher is None or watcher.done():
                    if watcher:
                        watcher.cancel()
                    folder, watcher = state, asyncio.create_task(self._watch(state, changed))
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(changed.wait(), LOOK_SECONDS)
                changed.clear()
                try:
                    await self.look()
                except Exception:
                    log.exception("the schedulers could not be looked at; trying again")
        finally:
            if watcher:
                watcher.cancel()

    async def _watch(self, folder: Path, changed: asyncio.Event) -> None:
        try:
            async for _ in awatch(
                folder, watch_filter=None, debounce=DEBOUNCE_MS, step=STEP_MS, recursive=False
            ):
                changed.set()
        except (
            OSError,
            RuntimeError,
        ) as error:  # it is not there, or there are too many watches: looks go on
            log.debug("%s is not watched: %s", folder, error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """At all of them, now. What has changed is told."""
        async with self._looking:
            home, before = self._home(), dict(self._seen)
            stale = self._stale | {name for name, one in before.items() if one.shown.get("left")}
            self._stale = set()
            found = await asyncio.to_thread(self._read, home, before, stale)
            for name in before.keys() - found.keys():
                del self._seen[name]
                self._hub.tell("gone", {"pid": before[name].pid, "id": name.removesuffix(".json")})
            for name, seen in found.items():
                if seen is not before.get(name):
                    self._seen[name] = seen
                    self._hub.tell("scheduler", change(before.get(name), seen))

    def _read(self, home: Home, before: Mapping[str, Seen], stale: set[str]) -> dict[str, Seen]:
        """In a thread. What has not changed is the very object of before."""
        host = socket.gethostname()
        found = {}
        for name in state_names(home):
            with contextlib.suppress(FileNotFoundError):
                stamp = _stamp(home.state / name)
                old = before.get(name)
                same = old and old.stamp == stamp and old.path == home.state / name and name not in stale
                if old and same and old.alive == _alive(home, old):
                    found[name] = old
                    continue
                if one := read_state(home, name, host, self._load):
                    found[name] = self._one(one, stamp, old)
        return found

    def _load(self, data: bytes) -> StateFile:
        self._data = data
        return load(data)

    def _one(self, one: Found, stamp: Stamp, old: Seen | None) -> Seen:
        state = one.state if isinstance(one.state, StateFile) else None
        added: Raw = {
            "id": one.path.name.removesuffix(".json"),
            "pid": one.pid,
            "version": old.version if old else "",
            "alive": one.alive,
            "ended": _ended(state) if one.alive is False and state else None,
            "unreadable": one.unreadable,
        }
        if state is not None:
            raw = from_json(self._data)
            added |= self._finish(state, raw, one.alive) | {"state": raw}
        else:
            added["state"] = None
        if old and old.shown == added and old.stamp == stamp:
            return old
        self._number += 1
        version = added["version"] = f"{self._boot}.{self._number}"
        return Seen(one.pid, one.path, stamp, one.alive, version, state, added, to_json(added))


def _ended(state: StateFile) -> Ended:
    """How one that is gone has ended."""
    if state.status == "finished":
        return "finished"
    return "asked" if state.ended_as_asked else "shutdown" if state.ended_by_shutdown else "died"


def _stamp(path: Path) -> Stamp:
    info = path.stat()
    return info.st_mtime_ns, info.st_ino, info.st_size


def _alive(home: Home, seen: Seen) -> bool | None:
    """A dead one stays so; another host's is not judged."""
    return is_alive(home.state_lock(seen.pid)) if seen.alive else seen.alive


def change(before: Seen | None, now: Seen) -> Raw:
    """What has changed in a scheduler, for who has seen it as it was `from`; all of it, for who has not.

    Of `set` every key is another value now; of a queue's `tasks`, those that are new or changed; `order` is
    that of all ids or keys, where it has changed, and what is not in it is gone."""
    old = before.shown if before else {}
    top = {key: value for key, value in now.shown.items() if key != "state" and old.get(key, _NONE) != value}
    told: Raw = {"id": now.shown["id"], "from": before.version if before else None, "set": top}
    state, was = now.shown["state"], old.get("state") or {}
    if state is not None:
        told["state"] = {
            key: value for key, value in state.items() if key != "queues" and was.get(key, _NONE) != value
        }
        told["queues"], told["order"] = _parts(
            was.get("queues", []), state["queues"], "queue_id", lambda a, b: _queue(a, b)
        )
    return told


def _queue(was: Raw, now: Raw) -> Raw:
    tasks, order = _parts(was.get("tasks", []), now["tasks"], "key", lambda _, task: task)
    rest = {key: value for key, value in now.items() if key != "tasks" and was.get(key, _NONE) != value}
    return {"queue_id": now["queue_id"], "set": rest, "tasks": tasks, "order": order}


def _parts(
    was: Sequence[Raw], now: Sequence[Raw], by: str, told: Callable[[Raw, Raw], Raw]
) -> tuple[list[Raw], list[Any] | None]:
    """Those that have changed, and the order of all, if that has."""
    old = {each[by]: each for each in was}
    changed = [told(old.get(each[by], {}), each) for each in now if old.get(each[by]) != each]
    order = [each[by] for each in now]
    return changed, None if order == [each[by] for each in was] else order
