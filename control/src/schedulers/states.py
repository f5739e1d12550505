"""The schedulers of this home as their state files show them: read once when they change, for all who ask.

Of each the JSON of its tasks is kept, and not the tasks: thousands of them would take hundreds of megabytes.
"""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic_core import ValidationError, from_json, to_json

from app.model.paths import Home
from app.model.state_file import SCHEMA, Card, Queue, StateFile, Task, UnreadableState, adapter, load
from app.store.lock import is_alive
from app.store.own_file import read_own
from app.store.states import state_names
from control.src.watching import looks
from control.src.web.hub import Hub

log = logging.getLogger("gpulane.console")

LOOK_SECONDS = 1.0
"""Between looks at who has died: a lock that goes free changes no file."""

Raw = dict[str, Any]
Ended = Literal["finished", "asked", "shutdown", "died"]
Stamp = tuple[int, int, int]
Finish = Callable[[Raw, bool | None, Ended | None], Raw]
"""What the console adds to a state (and into it: estimates): of a living one, or of one that has ended."""

NOTHING_MORE: Raw = {"configuration": None, "stale_after": 0.0, "left": None}
"""What `Finish` says of a state that can't be read."""

_NONE = object()


class SeenQueue:
    """A queue: what is said of it, and the JSON of each of its tasks by key."""

    def __init__(self, raw: Raw) -> None:
        self.tasks = {task["key"]: to_json(task) for task in raw.pop("tasks")}
        self.head = raw

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SeenQueue) and self.head == other.head and self.tasks == other.tasks

    __hash__ = None  # type: ignore[assignment]


class Seen:
    """A scheduler, at its last change."""

    def __init__(self, path: Path, stamp: Stamp, head: Raw, state: Raw | None) -> None:
        """`head`: all that is answered but the state."""
        self.path, self.stamp, self.head = path, stamp, head
        self.queues = {raw["queue_id"]: SeenQueue(raw) for raw in state.pop("queues")} if state else {}
        self.top = state  #: the state without its queues; None: it can't be read

    @property
    def pid(self) -> int:
        return int(self.head["pid"])

    @property
    def alive(self) -> bool | None:
        """None: it is another host's, which can't be judged from here."""
        alive: bool | None = self.head["alive"]
        return alive

    @property
    def ended(self) -> Ended | None:
        ended: Ended | None = self.head["ended"]
        return ended

    @property
    def command_file(self) -> str | None:
        return self.top["command_file"] if self.top else None

    @cached_property
    def body(self) -> bytes:
        """As the API answers it, as JSON."""
        if self.top is None:
            return _with(self.head, "state", b"null")
        queues = (
            _with(queue.head, "tasks", b"[" + b",".join(queue.tasks.values()) + b"]")
            for queue in self.queues.values()
        )
        return _with(self.head, "state", _with(self.top, "queues", b"[" + b",".join(queues) + b"]"))

    @property
    def shown(self) -> Raw:
        """The same as objects, made anew each time."""
        found: Raw = from_json(self.body)
        return found

    @property
    def state(self) -> StateFile | None:
        """Made anew each time. None: it can't be read."""
        with contextlib.suppress(ValidationError):
            return None if self.top is None else adapter().validate_python(self.shown["state"])
        return None

    def same_as(self, other: "Seen") -> bool:
        """But for the version."""
        heads = {**self.head, "version": ""} == {**other.head, "version": ""}
        return heads and self.top == other.top and self.queues == other.queues


class States:
    """The loop looks; any thread may ask: each look makes another dict, and none is changed."""

    def __init__(self, home: Callable[[], Home], hub: Hub, finish: Finish) -> None:
        """`home`: where state lies at the moment (`state_dir` may change)."""
        self._home, self._hub, self._finish = home, hub, finish
        self._seen: dict[str, Seen] = {}  #: by file name
        self._boot, self._number = secrets.token_hex(3), 0
        self._looking = asyncio.Lock()

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
            (one for one in self._seen.values() if one.alive and one.command_file == command_file), None
        )

    def last(self, command_file: str) -> Seen | None:
        """Who runs it, else who has run it last."""
        its = [one for one in self._seen.values() if one.command_file == command_file]
        return max(its, key=lambda one: (bool(one.alive), (one.top or {})["updated_at"]), default=None)

    def versions(self) -> dict[str, str]:
        return {one.head["id"]: one.head["version"] for one in self.all}

    async def run(self) -> None:
        """Watch, until cancelled."""
        async for _ in looks(lambda: [self._home().state], LOOK_SECONDS):
            try:
                await self.look()
            except Exception:
                log.exception("the schedulers could not be looked at; trying again")

    async def look(self) -> None:
        """At all of them, now. What has changed is told."""
        async with self._looking:
            before = self._seen
            found = self._seen = await asyncio.to_thread(self._read, self._home(), before)
            for name in before.keys() - found.keys():
                self._hub.tell("gone", {"pid": before[name].pid, "id": before[name].head["id"]})
            for name, seen in found.items():
                if seen is not before.get(name) and self._hub.listeners:
                    self._hub.tell("scheduler", change(before.get(name), seen))

    def _read(self, home: Home, before: Mapping[str, Seen]) -> dict[str, Seen]:
        """In a thread. What has not changed is the very object of before."""
        host = socket.gethostname()
        found = {}
        for name in state_names(home):
            with contextlib.suppress(FileNotFoundError):
                path, old = home.state / name, before.get(name)
                stamp = _stamp(path)
                same = old is not None and old.path == path and old.stamp == stamp
                if old and same and not _may_differ(home, old):
                    found[name] = old
                else:
                    found[name] = self._one(home, path, stamp, host, old)
        return found

    def _one(self, home: Home, path: Path, stamp: Stamp, host: str, old: Seen | None) -> Seen:
        """Raises FileNotFoundError: it has gone meanwhile."""
        pid, _, aside = path.name.partition(".json")
        # One that was moved aside belongs to a scheduler whose pid another has now.
        alive: bool | None = not aside and is_alive(home.state_lock(int(pid)))
        head: Raw = {"id": path.name.replace(".json", ""), "pid": int(pid), "version": ""}
        try:
            try:
                seen = self._seen_as(path, stamp, head, alive, host, whole=not alive or old is None)
            except (ValueError, TypeError, KeyError, AttributeError):  # not as its version writes it
                seen = self._seen_as(path, stamp, head, alive, host, whole=True)
        except FileNotFoundError:
            raise
        except Exception as error:  # whatever is wrong with one, the others are shown
            why = error.strerror if isinstance(error, OSError) else None
            unreadable = f"{path} can't be read: {why or error}"
            said = {"alive": alive, "ended": None, "unreadable": unreadable}
            seen = Seen(path, stamp, {**head, **said, **NOTHING_MORE}, None)
        if old and seen.same_as(old):
            old.stamp = stamp
            return old
        self._number += 1
        seen.head["version"] = f"{self._boot}.{self._number}"
        return seen

    def _seen_as(
        self, path: Path, stamp: Stamp, head: Raw, alive: bool | None, host: str, whole: bool
    ) -> Seen:
        """Raises OSError, GpulaneError; and whatever comes of a file that was not validated as a `whole`."""
        state = parsed(read_own(path), whole)
        alive = alive if state["host"] == host else None
        ended = how_ended(state) if alive is False else None
        said = {"alive": alive, "ended": ended, "unreadable": None}
        return Seen(path, stamp, {**head, **said, **self._finish(state, alive, ended)}, state)


def _stamp(path: Path) -> Stamp:
    info = path.stat()
    return info.st_mtime_ns, info.st_ino, info.st_size


def _may_differ(home: Home, seen: Seen) -> bool:
    """Though its file is the same: it has died; or what a dead one has left goes on without it."""
    if seen.alive:
        return not is_alive(home.state_lock(seen.pid))
    left = seen.head.get("left")
    return bool(left and left["running"])


def parsed(data: bytes, whole: bool) -> Raw:
    """The state of a file, with every field that this version knows. `whole`: it is validated in full; one
    that was, is not at every change while its scheduler lives. Raises UnreadableState, NewerSchema."""
    state = load(data) if whole else None
    try:
        raw: Raw = from_json(data)
        if raw["schema"] != SCHEMA or not is_complete(raw):
            raw = adapter().dump_python(state or load(data), mode="json")
        return raw
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        load(data)
        raise UnreadableState(str(error)) from error


def is_complete(raw: Raw) -> bool:
    """Whether the version that wrote it knew all fields that this one knows; they have come by and by."""
    queue = next(iter(raw["queues"]), None)
    task = next(iter(queue["tasks"]), None) if queue else None
    card = next(iter(raw["gpus"]), None)
    parts: Sequence[tuple[type, Raw | None]] = ((StateFile, raw), (Queue, queue), (Task, task), (Card, card))
    return all(part is None or _names(kind) <= part.keys() for kind, part in parts)


def _names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


def how_ended(state: Raw) -> Ended:
    """Of one that is gone."""
    if state["status"] == "finished":
        return "finished"
    running = state["counts"].get("running")
    if state["machine_down"] and not running:
        return "shutdown"
    asked = state["status"] in ("draining", "stopping") and not state["machine_down"]
    return "asked" if asked and not running else "died"


def change(before: Seen | None, now: Seen) -> bytes:
    """What has changed in a scheduler, for who has seen it as it was `from`; all of it, for who has not.

    Of `set` every key is another value now; of a queue's `tasks`, those that are new or changed; `order` is
    that of all ids or keys, where it has changed, and what is not in it is gone."""
    told: Raw = {
        "id": now.head["id"],
        "from": before.head["version"] if before else None,
        "set": _changed(before.head if before else {}, now.head),
    }
    if now.top is None:
        return to_json({**told, "state": None})
    old = before.queues if before else {}
    told["state"] = _changed((before.top if before else None) or {}, now.top)
    told["order"] = _order(old, now.queues)
    queues = (
        _queue(queue_id, old.get(queue_id), queue)
        for queue_id, queue in now.queues.items()
        if old.get(queue_id) != queue
    )
    return _with(told, "queues", b"[" + b",".join(queues) + b"]")


def _queue(queue_id: int, was: SeenQueue | None, now: SeenQueue) -> bytes:
    old = was.tasks if was else {}
    told: Raw = {
        "queue_id": queue_id,
        "set": _changed(was.head if was else {}, now.head),
        "order": _order(old, now.tasks),
    }
    tasks = (task for key, task in now.tasks.items() if old.get(key) != task)
    return _with(told, "tasks", b"[" + b",".join(tasks) + b"]")


def _changed(was: Raw, now: Raw) -> Raw:
    return {key: value for key, value in now.items() if was.get(key, _NONE) != value}


def _order(was: Iterable[Any], now: Iterable[Any]) -> list[Any] | None:
    order = list(now)
    return None if order == list(was) else order


def _with(head: Raw, name: str, value: bytes) -> bytes:
    """A JSON object with one more member, which is JSON already."""
    return to_json(head)[:-1] + b',"' + name.encode() + b'":' + value + b"}"
