"""Programs that have a file open for writing are seen, and lose nothing to a count."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.signature import Signature
from app.tables import on_disk
from app.tables.on_disk import BeingSaved, OnDisk, TableBusy
from app.writers import BeingWritten, is_being_written, unwritten
from tests.waiting import eventually

HOLDS = """
import sys
with open(sys.argv[1], sys.argv[2]) as file:
    print("open", flush=True)
    sys.stdin.read()
"""

APPENDS = """
import random, sys, time
for number in range(int(sys.argv[2])):
    with open(sys.argv[1], "a") as file:
        file.write(f"{number}\\n")
    time.sleep(random.random() * 0.0005)
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("count 0\n")
    return path


@contextmanager
def holder(path: Path, mode: str, wait: bool = True) -> Iterator["subprocess.Popen[bytes]"]:
    argv = [sys.executable, "-c", HOLDS, str(path), mode]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        if wait:
            assert child.stdout.readline() == b"open\n"
        yield child
        child.communicate()


@pytest.mark.parametrize(("mode", "seen"), [("r", False), ("r+", True), ("a", True), ("w", True)])
def test_who_has_it_open_for_writing_is_seen(table: Path, mode: str, seen: bool) -> None:
    with holder(table, mode):
        assert is_being_written(table) is seen
    assert not is_being_written(table)


def test_who_comes_to_write_waits_for_a_moment_and_is_seen(table: Path) -> None:
    with unwritten(table) as hold:
        assert hold.sure
        assert hold.lasts()
        with holder(table, "a", wait=False) as child:
            eventually(lambda: not hold.lasts())
            with pytest.raises(BeingWritten), unwritten(table):
                pass
            hold.let_go()
            assert child.stdout
            assert child.stdout.readline() == b"open\n"


def test_a_table_is_not_read_while_it_is_written_nor_just_after(table: Path) -> None:
    file = OnDisk(table)
    with holder(table, "r+"), pytest.raises(BeingSaved, match="open for writing in another program"):
        file.read()
    table.write_text("count 1\n")
    with pytest.raises(BeingSaved, match="is being saved"):
        file.read()
    data, before = _read_at_last(file)
    assert data == b"count 1\n"
    with holder(table, "a"), pytest.raises(BeingSaved):
        file.replace(b"count 2\n", before)
    assert file.replace(b"count 2\n", before)
    assert file.read()[0] == b"count 2\n", "what we have written ourselves is not waited for"


def _read(file: OnDisk) -> tuple[bytes, Signature | None] | None:
    try:
        return file.read()
    except BeingSaved:
        return None


def _read_at_last(file: OnDisk) -> tuple[bytes, Signature | None]:
    found = eventually(lambda: _read(file))
    assert found
    return found


def test_where_the_kernel_cannot_tell_it_must_not_change_for_longer(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.writers._lease", lambda *_: False)
    monkeypatch.setattr(on_disk, "UNSURE_SECONDS", 1.5)
    monkeypatch.setattr(on_disk, "QUIET_SECONDS", 0.0)
    file = OnDisk(table)
    assert _read(file) is None
    data, before = _read_at_last(file)
    assert file.replace(data + b"1\n", before)
    assert _read(file)


def test_no_line_is_lost_of_a_program_that_writes_all_the_time(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also not when it comes between our last look and the rename."""
    monkeypatch.setattr(on_disk, "QUIET_SECONDS", 0.0)
    child = subprocess.Popen([sys.executable, "-c", APPENDS, str(table), "4000"])
    file, number = OnDisk(table), 0
    while child.poll() is None:
        try:
            data, before = file.read()
            assert data.startswith(b"count %d\n" % number)
            file.replace(data.replace(b"count %d\n" % number, b"count %d\n" % (number + 1)), before)
        except TableBusy:
            continue
        number += 1
    assert child.returncode == 0
    assert number > 10
    assert table.read_text().splitlines() == [f"count {number}", *map(str, range(4000))]
    assert [path.name for path in table.parent.iterdir()] == ["t.csv"]
