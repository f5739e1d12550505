"""What ran where, what waited, and what comes: one picture of a span of time."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

from app.model.faults import BadInput
from app.model.gpu import index_order
from app.model.paths import Home
from app.model.state import FINISHED
from app.past_rows import is_running
from app.store import timeline
from app.store.past import open_past
from app.store.timeline import Runs, Span, Window
from control.src.schedulers.states import Seen

Raw = dict[str, Any]
OF_A_CARD = ("uuid", "index", "name", "total_gb", "simulated")
MOST = 20_000
PARTS = 4_000
"""Of a window; what is shorter than one is no wider than a quarter of a pixel."""


def picture(
    home: Home, seen: Sequence[Seen], others: Sequence[Raw], since: float, until: float, now: float
) -> bytes:
    """As JSON. `others`: their bars. Raises HistoryError."""
    window = Window(since, until, MOST, (until - since) / PARTS, os.getuid())
    try:
        with open_past(home.history) as connection:
            past = _past(connection, window, seen)
    except BadInput:  # there is no history yet
        past = Past()
    rest = {
        "now": now,
        "since": since,
        "until": until,
        "gpus": _gpus(seen, past.cards),
        "queues": past.queues,
        "spans": list(map(Span._asdict, past.spans)),
        "estimates": list(_estimates(seen, past.open, since, until)),
        "others": others,
        "thinned": {"bars": past.left[0], "spans": past.left[1], "shortest": window.shortest},
    }
    return to_json(rest)[:-1] + f',"tasks":{past.tasks},"bars":{past.bars}}}'.encode()


@dataclass(frozen=True, slots=True)
class Past:
    """Of the window. Thousands of bars come as JSON from SQLite itself: a quarter of the time."""

    tasks: str = "[]"
    bars: str = "[]"
    spans: Sequence[Span] = ()
    queues: Sequence[Raw] = ()
    cards: Mapping[str, str] = field(default_factory=dict)  #: uuid to index
    left: tuple[int, int] = (0, 0)  #: bars and spans that are left out
    open: Mapping[tuple[str, str], int] = field(default_factory=dict)  #: run and key to id, of the unfinished


def _past(connection: sqlite3.Connection, window: Window, seen: Sequence[Seen]) -> Past:
    timeline.teach(connection, is_running, _runs(seen))
    bars = timeline.bars(connection, window)
    spans, number = timeline.spans(connection, window)
    left = bars.total - len(bars.ids), number - len(spans)
    tasks = bars.tasks | {span.task for span in spans}
    return Past(
        timeline.owners_json(connection, tasks),
        timeline.bars_json(connection, bars),
        spans,
        timeline.lanes(connection, tasks),
        timeline.cards(connection, bars),
        left,
        timeline.unfinished(connection, window.uid),
    )


def _runs(seen: Sequence[Seen]) -> Runs:
    """Another host's scheduler may live."""
    tops = sorted(((one, one.top) for one in seen if one.top), key=lambda pair: pair[1]["updated_at"])
    return Runs(
        pids={top["run"]: one.pid for one, top in tops if one.alive},
        living={top["run"] for one, top in tops if one.alive is not False},
        last_seen={top["run"]: top["updated_at"] for one, top in tops if one.alive is False},
    )


def _gpus(seen: Sequence[Seen], ran_on: Mapping[str, str]) -> list[Raw]:
    """Those of the schedulers that are seen, and those that the bars name."""
    lanes = {uuid: _lane(uuid, index, None, None, uuid.startswith("SIM-")) for uuid, index in ran_on.items()}
    for one in seen:
        for card in one.top["gpus"] if one.top else ():
            if one.alive or card["uuid"] in lanes:
                lanes[card["uuid"]] = {name: card[name] for name in OF_A_CARD}
    return sorted(
        lanes.values(), key=lambda lane: (lane["simulated"], index_order(lane["index"]), lane["uuid"])
    )


def _lane(uuid: str, index: str, name: str | None, total_gb: float | None, simulated: bool) -> Raw:
    return {"uuid": uuid, "index": index, "name": name, "total_gb": total_gb, "simulated": simulated}


def _estimates(
    seen: Sequence[Seen], ids: Mapping[tuple[str, str], int], since: float, until: float
) -> Iterator[Raw]:
    for one in seen:
        if not one.alive or one.top is None:
            continue
        for queue_id, queue in one.queues.items():
            for task in map(from_json, queue.tasks.values()):
                found, state = task.get("estimate"), task["state"]
                if not found or found["end"] is None or state["status"] in FINISHED:
                    continue
                if found["end"] < since or (found["start"] or 0) > until:
                    continue
                yield {
                    "id": ids.get((one.top["run"], task["key"])),
                    "scheduler": one.pid,
                    "command_file": one.command_file,
                    "queue_id": queue_id,
                    "task": f"{queue_id}/{task['index']}",
                    "name": task["name"],
                    "key": task["key"],
                    "status": state["status"],
                    "gpu_ids": state.get("gpu_ids", []),
                    "gpu_count": task["gpu_count"],
                    "start": found["start"],
                    "end": found["end"],
                }
