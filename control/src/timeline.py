"""What ran where, what waited, and what comes: one picture of a span of time.

Of thousands of bars: they go from rows to JSON without models between."""

import functools
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.model.faults import BadInput
from app.model.gpu import index_order
from app.model.paths import Home
from app.model.state import FINISHED, error_text
from app.past_rows import NO_END, end_word, is_running
from app.store import timeline as past
from app.store.past import open_past
from app.store.timeline import Bar, Owner, Span, Window
from control.src.states import Seen

Raw = dict[str, Any]
OF_A_LANE = ("command_file", "mode", "configuration", "queue_id", "queue_name")
MOST = 20_000
PARTS = 4_000
"""Of a window; what is shorter than one is no wider than a quarter of a pixel."""


def picture(home: Home, seen: Sequence[Seen], since: float, until: float, now: float) -> Raw:
    """Raises HistoryError."""
    window = Window(since, until, MOST, (until - since) / PARTS, os.getuid())
    try:
        with open_past(home.history) as connection:
            found = _past(connection, window, seen)
    except BadInput:  # there is no history yet
        found = {"tasks": [], "bars": [], "spans": [], "left": (0, 0), "ids": {}}
    left, ids = found.pop("left"), found.pop("ids")
    return {
        "now": now,
        "since": since,
        "until": until,
        "gpus": _gpus(seen, found["bars"]),
        "queues": _queues(found["tasks"]),
        **found,
        "estimates": list(_estimates(seen, ids, since, until)),
        "others": [],
        "thinned": {"bars": left[0], "spans": left[1], "shortest": window.shortest},
    }


def _past(connection: sqlite3.Connection, window: Window, seen: Sequence[Seen]) -> Raw:
    bars, total = past.bars(connection, window)
    spans, number = past.spans(connection, window)
    ids = past.unfinished(connection, window.uid)
    open_tasks = set(ids.values())
    shown = [bar for bar in map(_bar, bars) if bar["how"] != NO_END or bar["start"] >= window.since]
    waits = [_span(span) for span in spans if span.end is not None or span.task in open_tasks]
    owners = past.owners(connection, {each["task"] for each in (*shown, *waits)})
    pids = {one.state.run: one.pid for one in seen if one.alive and one.state}
    return {
        "tasks": [_task(owner, pids) for owner in owners],
        "bars": shown,
        "spans": waits,
        "left": (total - len(bars), number - len(spans)),
        "ids": ids,
    }


def _bar(bar: Bar) -> Raw:
    how, error, cause = _end(bar.cause)
    if bar.end is None:
        how = "running" if is_running(bar.log_path) else NO_END
    return {
        "task": bar.task,
        "attempt": bar.attempt,
        "number": bar.number,
        "start": bar.start,
        "end": bar.end,
        "how": how,
        "exit_code": bar.status,
        "error": error,
        "cause": cause,
        "gpu_ids": _list(bar.gpu_ids),
        "gpu_uuids": _list(bar.gpu_uuids),
        "asked_gb": bar.asked_gb,
        "peak_gb": bar.peak_gb,
        "log_path": bar.log_path,
    }


@functools.lru_cache(maxsize=4096)
def _end(cause: str | None) -> tuple[str, str | None, Any]:
    if cause is None:
        return "completed", None, None
    found = past.cause_of(cause)
    return end_word(found), error_text(found), json.loads(cause)


@functools.lru_cache(maxsize=4096)
def _list(text: str) -> list[str]:
    found: list[str] = json.loads(text)
    return found


def _span(span: Span) -> Raw:
    return {"task": span.task, "state": span.state, "start": span.start, "end": span.end}


def _task(owner: Owner, pids: Mapping[str, int]) -> Raw:
    return {
        "id": owner.id,
        "name": owner.name,
        "key": owner.key,
        "run": owner.run,
        "status": owner.status,
        "task": f"{owner.queue_id}/{'-' if owner.place is None else owner.place}",
        "command_file": owner.command_file,
        "mode": owner.mode,
        "configuration": owner.config_index,
        "queue_id": owner.queue_id,
        "queue_name": owner.queue_name,
        "gpu_count": owner.gpus,
        "memory_gb": owner.memory_gb,
        "scheduler": pids.get(owner.run),
    }


def _queues(tasks: Iterable[Raw]) -> list[Raw]:
    lanes: dict[tuple[str, int], Raw] = {}
    for task in tasks:
        lane = lanes.setdefault(
            (task["command_file"], task["queue_id"]), {name: task[name] for name in OF_A_LANE}
        )
        lane["queue_name"] = task["queue_name"] or lane["queue_name"]
    return [lanes[which] for which in sorted(lanes)]


def _gpus(seen: Sequence[Seen], bars: Iterable[Raw]) -> list[Raw]:
    """Those of the schedulers that are seen, and those that the bars name."""
    lanes: dict[str, Raw] = {}
    for bar in bars:
        for uuid, index in zip(bar["gpu_uuids"], bar["gpu_ids"], strict=False):
            simulated = uuid.startswith("SIM-")
            lanes[uuid] = _lane(uuid, index, None, None, simulated)
    for one in seen:
        for card in one.state.gpus if one.state else ():
            if one.alive or card.uuid in lanes:
                lanes[card.uuid] = _lane(card.uuid, card.index, card.name, card.total_gb, card.simulated)
    return sorted(
        lanes.values(), key=lambda lane: (lane["simulated"], index_order(lane["index"]), lane["uuid"])
    )


def _lane(uuid: str, index: str, name: str | None, total_gb: float | None, simulated: bool) -> Raw:
    return {"uuid": uuid, "index": index, "name": name, "total_gb": total_gb, "simulated": simulated}


def _estimates(
    seen: Sequence[Seen], ids: Mapping[tuple[str, str], int], since: float, until: float
) -> Iterator[Raw]:
    for one in seen:
        if not one.alive or one.state is None:
            continue
        for queue in one.shown["state"]["queues"]:
            for task in queue["tasks"]:
                found, state = task.get("estimate"), task["state"]
                if not found or found["end"] is None or state["status"] in FINISHED:
                    continue
                if found["end"] < since or (found["start"] or 0) > until:
                    continue
                yield {
                    "id": ids.get((one.state.run, task["key"])),
                    "scheduler": one.pid,
                    "command_file": one.state.command_file,
                    "queue_id": queue["queue_id"],
                    "task": f"{queue['queue_id']}/{task['index']}",
                    "name": task["name"],
                    "key": task["key"],
                    "status": state["status"],
                    "gpu_ids": state.get("gpu_ids", []),
                    "gpu_count": task["gpu_count"],
                    "start": found["start"],
                    "end": found["end"],
                }
