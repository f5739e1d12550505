"""Figures of task tables with 50,000 rows."""

import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from openpyxl import Workbook

from app.client import Client, RequestRefused
from app.tables.count import Counts
from app.tables.journal import Journal
from app.tables.on_disk import BeingSaved
from app.tables.read import parse_sheet, read_table, row_tasks
from app.tables.rows import Commands
from benchmarks.world import World

ROWS = 50_000
TIMES = 3
COLUMNS = ("name", "lr", "batch_size", "seed", "net", "queue", "run_num", "need_run_num", "cmd")


def figures(one: World, suffix: str) -> str:
    """Seconds to read such a table, to count a run in it, and from its save to the scheduler that has it."""
    path = one.root / f"todo{suffix}"
    _save(path, ROWS)
    read = [_timed(lambda: read_table(path, "multi", "todo", Commands())) for _ in range(TIMES)]
    parts = {"read": read, "count": _counts(path), "edit": _edits(one, path)}
    return ", ".join(f"{name} {statistics.median(took):.2f} s" for name, took in parts.items())


def _save(path: Path, rows: int) -> None:
    made = (
        [f"r{row}", 0.01, 64, row, "resnet50", row % 50, 0, 1, "sleep 600 #{args}"] for row in range(rows)
    )
    if path.suffix == ".xlsx":
        book = Workbook(write_only=True)
        page = book.create_sheet()
        for row in (COLUMNS, *made):
            page.append(row)
        out = io.BytesIO()
        book.save(out)
        data = out.getvalue()
    else:
        data = "".join(",".join(map(str, row)) + "\n" for row in (COLUMNS, *made)).encode()
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


def _timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _counts(path: Path) -> list[float]:
    sheet = parse_sheet(path, path.read_bytes(), "todo", [])
    rows = list(row_tasks(sheet, "multi", "todo", Commands(), []))
    journal = Journal(path.with_suffix(".counts"))
    counts = Counts(path, "multi", Commands(), journal, path.with_suffix(".lock"))
    took = []
    for number in range(TIMES):
        journal.due("run", number, rows[number * ROWS // TIMES].identity)
        while True:
            try:
                took.append(_timed(counts.settle))
                break
            except BeingSaved:  # it was written just now
                time.sleep(0.2)
    return took


def _edits(one: World, path: Path) -> list[float]:
    _save(path, ROWS)
    child = one.start("--command-file", str(path))
    took = []
    try:
        socket = one.root / "logs" / "state" / f"{child.pid}.sock"
        while not socket.exists() and child.poll() is None:
            time.sleep(0.1)
        with Client(socket) as client:
            for more in range(1, TIMES + 1):
                _save(path, ROWS + more)
                took.append(_timed(lambda more=more: _until_there(client, ROWS + more)))
    finally:
        child.terminate()
        child.wait()
    return took


def _until_there(client: Client, rows: int) -> None:
    while True:
        try:
            found = sum(client.ask("status")["state"]["counts"].values())
        except RequestRefused:
            found = 0
        if found >= rows:
            return
        time.sleep(0.05)
