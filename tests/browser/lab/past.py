"""What was before that moment: other nights in history, and an afternoon that seems to have lasted hours."""

import json
import math
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from app import procfs
from app.command_file.read import read
from app.core.align import align
from app.core.plan import numbered
from app.execution.ends import is_written
from app.model.backend import AttemptRecord
from app.model.records import (
    AttemptEnded,
    AttemptLaunched,
    AttemptRecorded,
    Moved,
    Record,
    RunFinished,
    RunStarted,
    TasksPlanned,
)
from app.model.state import Completed, ExitCode, OutOfMemory, Waiting
from app.model.task import Mode, Planned
from app.store.write import Writer
from control.src.cards.samples import ADD, CARD, EVERY, FINE_SECONDS, MINUTE
from tests.browser.lab.scenes import FILES, HOUR, Scene
from tests.fakenvml.driver import Card

NIGHTS = 5
DAY = 24 * HOUR
SAMPLED = 5.5 * HOUR


def seed(home: Path) -> None:
    """History of the nights before. To be written first, as the newest run is the one to go on with."""
    writer = Writer(home / "logs" / "history.db")
    chance = random.Random(2026)
    for night in range(NIGHTS, 0, -1):
        for (mode, index), scenes in FILES.items():
            stem = "command_gpu" if mode == "single" else "command_gpus"
            path = home / "command" / f"{stem}{f'_{index}' if index else ''}.txt"
            began = time.time() - night * DAY - 2 * HOUR
            writer.write(
                list(_night(path, "single" if mode == "single" else "multi", index, scenes, began, chance))
            )
    writer.close()


def _night(
    path: Path, mode: Mode, index: int, scenes: list[Scene], began: float, chance: random.Random
) -> Iterator[Record]:
    yield RunStarted(
        name=f"{time.strftime('%m%d-%H%M', time.localtime(began))}-{mode}-{index}",
        command_file=str(path.resolve()),
        mode=mode,
        uid=os.getuid(),
        config_index=index,
        host="lab-a01",
        boot_id=procfs.boot_id(),
        simulated=False,
        started_at=began,
    )
    specs = read(path, mode).tasks
    planned = numbered(specs, align([], specs, []))
    yield TasksPlanned(planned, began)
    at: dict[int, float] = {}
    number = 0
    for scene, task in zip(scenes, planned, strict=True):
        if chance.random() < 0.45:  # not every night everything
            continue
        ready = at.get(scene.queue, began)
        start = ready + chance.expovariate(1 / 700)
        number += 1
        yield Moved(task.key, ready, "pending", Waiting(ready, "", (), False))
        if scene.fails and chance.random() < 0.5:
            yield from _attempt(scene, task, number, start, 900.0, 1, chance)
            number, start = number + 1, start + 960.0
        end = start + scene.seconds * chance.uniform(0.85, 1.2)
        if end > began + 20 * HOUR:
            continue
        yield from _attempt(scene, task, number, start, end - start, 0, chance)
        yield Moved(task.key, end, "waiting", Completed(("0",), start, end, 0, None))
        at[scene.queue] = end
    yield RunFinished(max(at.values(), default=began), 0)


def _attempt(
    scene: Scene, task: Planned, number: int, start: float, lasts: float, status: int, chance: random.Random
) -> Iterator[Record]:
    first = {"1": 0, "11": 1, "12": 0}.get(str(scene.queue), 4 + scene.queue % 4)
    gpus = tuple(range(first, first + scene.gpus))
    uuids = tuple(f"GPU-{'ab'[gpu // 4]}{gpu % 4}" for gpu in gpus)
    log = f"/home/chen/lab/logs/runs/{number}/{scene.queue}-{task.index}-{task.key.digest[:8]}.{number}.log"
    asked = task.spec.memory_gb
    yield AttemptRecorded(
        AttemptRecord(
            *(task.key, number, 1, tuple(map(str, gpus)), uuids, (), asked, log, "direct", None),
            *(start, procfs.boot_id()),
        )
    )
    yield AttemptLaunched(number, 1, 1, start)
    peak = min(asked or 80.0, scene.takes * chance.uniform(0.94, 1.0))
    memory = scene.fails and "OutOfMemory" in scene.fails[-1]
    cause = None
    if status:
        cause = OutOfMemory(1, peak, 2.5) if memory else ExitCode(1, None, scene.fails[-1])
    yield AttemptEnded(number, start, start + lasts, status, peak, cause)


def stretch(home: Path, first: float, outlast: float) -> None:
    """All times since `first` as if it were `outlast` seconds ago. No scheduler runs, its tasks do."""
    now = time.time()
    times = outlast / (now - first)

    def longer(at: Any) -> Any:
        return now - (now - at) * times if isinstance(at, float) and first <= at <= now else at

    def state(text: str) -> str:
        return json.dumps({key: longer(value) for key, value in json.loads(text).items()})

    with closing(sqlite3.connect(home / "logs" / "history.db")) as connection:
        connection.create_function("longer", 1, longer)
        connection.create_function("longer_state", 1, state)
        for table, columns in {
            "runs": ("started_at",),
            "tasks": ("planned_at",),
            "attempts": ("recorded_at", "started_at", "ended_at"),
            "transitions": ("at",),
        }.items():
            for column in columns:
                connection.execute(f"UPDATE {table} SET {column} = longer({column})")
        connection.execute("UPDATE tasks SET state = longer_state(state)")
        connection.commit()
        open_ = connection.execute(
            """SELECT number, pid, start, started_at, log_path FROM attempts
            WHERE ended_at IS NULL AND pid IS NOT NULL"""
        ).fetchall()
    for path in (home / "logs" / "state").glob("*.json"):
        path.write_text(json.dumps(_all(json.loads(path.read_text()), longer)))
    for number, pid, start, started_at, log in open_:
        if is_written(Path(log)):  # else it has ended since
            _begun_before(Path(log).parent / "ends", number, pid, start, started_at)


def _all(found: Any, change: Callable[[Any], Any]) -> Any:
    """With every value in it changed."""
    if isinstance(found, dict):
        return {key: _all(value, change) for key, value in found.items()}
    return [_all(one, change) for one in found] if isinstance(found, list) else change(found)


def _begun_before(ends: Path, number: int, pid: int, start: int, started_at: float) -> None:
    """Once more a supervisor's first line, whose last word counts."""
    begun = max(0.0, procfs.uptime() - (time.time() - started_at))
    line = f"start {number} {pid} {start} {pid} {begun:.2f} {time.time() - procfs.uptime():.2f}"
    with ends.open("a") as file:
        file.write(f"\n{line} {len(line)} .\n")


def samples(home: Path, used: Mapping[str, tuple[float, float]], cards: Mapping[str, Card]) -> None:
    """Of each card, as a console would have taken them. `used`: own and other people's GB now."""
    now = time.time() // EVERY * EVERY
    chance = random.Random(7)
    rows = [row for uuid, card in cards.items() for row in _of_card(card, used[uuid], now, chance)]
    known = [
        (uuid, str(place), card.name, card.total_mib / 1024, 0)
        for place, (uuid, card) in enumerate(cards.items())
    ]
    with closing(sqlite3.connect(home / "control" / "logs" / "console.db")) as connection:
        connection.execute("DELETE FROM samples")
        connection.executemany(CARD, known)
        connection.executemany(ADD, rows)
        connection.commit()


def _of_card(
    card: Card, used: tuple[float, float], now: float, chance: random.Random
) -> Iterator[tuple[Any, ...]]:
    at, pause, began = now - SAMPLED, 0, chance.uniform(1200, 3000)
    while at < now:
        span, ago = EVERY if now - at <= FINE_SECONDS else MINUTE, now - at
        own, others = used[0] * (0.8 if ago > began else 1.0), used[1]
        busy = card.utilization
        if not any(used):  # something has run there until a while ago
            own, busy = (15.9 * min(1.0, (2000 - ago) / 900) if 300 < ago < 2000 else 0.0), 90
        pause = max(0, pause - 1) if pause or chance.random() > 0.008 else 6  # it saves, or validates
        use = busy * (0.5 if pause else 1.0) + 3 * math.sin(at / 90) + chance.gauss(0, 1.5)
        use = min(100.0, max(0.0, use)) if own or others else 0.0
        gb = own + others + card.reserved_mib / 1024
        yield card.uuid, at, span, gb, gb, own, others, 0.0, use, use, card.power_mw / 1000, card.temperature
        at += span
