"""Counting beside crashes: what was tried, and whether it was written, is told apart."""

from pathlib import Path

import pytest

from app.tables.count import Counts, Settled
from app.tables.journal import Journal
from app.tables.on_disk import TableBusy
from app.tables.read import RowTask, row_tasks
from app.tables.rows import Commands
from app.tables.sheet import of_suffix

TWINS = "name,cmd,run_num,need_run_num\na,x,1,1\na,x,0,1\n"


@pytest.fixture(autouse=True)
def saved_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.tables.on_disk.QUIET_SECONDS", 0.0)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TWINS)
    return path


def counts(table: Path, journal: Journal) -> Counts:
    return Counts(table, "multi", Commands(), journal, table.with_suffix(".lock"))


def noted(table: Path) -> Journal:
    """One run of the second twin is over."""
    journal = Journal(table.with_suffix(".jsonl"))
    sheet = of_suffix(table).read(table.read_bytes())
    journal.due("run", 1, list(row_tasks(sheet, "multi", "t", Commands(), []))[1].identity)
    return journal


def test_a_write_that_failed_is_made_again(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also beside a twin whose count looks like the one that was tried."""
    journal = noted(table)

    def full(*_: object) -> tuple[int, int]:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("app.tables.on_disk.prepared", full)
        with pytest.raises(OSError, match="No space"):
            counts(table, journal).settle()
    assert table.read_text() == TWINS
    assert counts(table, Journal(table.with_suffix(".jsonl"))).settle() == Settled()
    assert table.read_text() == TWINS.replace("a,x,0,1", "a,x,1,1")


@pytest.mark.parametrize("was_written", [True, False])
def test_a_writer_that_died_between_try_and_done(table: Path, was_written: bool) -> None:
    journal = noted(table)
    journal.trying({("run", 1): (1, "1")})
    after = TWINS.replace("a,x,0,1", "a,x,1,1")
    if was_written:
        table.write_text(after)
    counts(table, Journal(table.with_suffix(".jsonl"))).settle()
    assert table.read_text() == after
    assert not Journal(table.with_suffix(".jsonl")).pending()


def test_what_has_no_row_stays_due_until_the_last_time(table: Path) -> None:
    journal = noted(table)
    table.write_text("name,cmd,run_num,need_run_num\nb,y,0,1\n")
    assert len(counts(table, journal).settle().lost) == 1
    assert len(journal.pending()) == 1
    table.write_text(TWINS)
    counts(table, journal).settle()
    assert not journal.pending()


def test_a_torn_line_counts_as_not_written(table: Path) -> None:
    journal = noted(table)
    path = table.with_suffix(".jsonl")
    path.write_bytes(path.read_bytes() + b'{"done": 1, "ru')
    journal = Journal(path)
    assert len(journal.pending()) == 1
    counts(table, journal).settle()
    assert not Journal(path).pending()


ROWS = "name,cmd,run_num,need_run_num\na,x,0,3\nb,y,0,1\n"


def counted(table: Path, runs: int) -> Journal:
    """So many runs of the row `a` are in the file."""
    journal = Journal(table.with_suffix(".jsonl"))
    identity = next(
        row_tasks(of_suffix(table).read(table.read_bytes()), "multi", "t", Commands(), [])
    ).identity
    for number in range(runs):
        journal.due("run", number, identity)
        counts(table, journal).settle()
    return journal


@pytest.mark.parametrize(
    ("saved", "again", "left"),
    [
        ("name,run_num,cmd\nb,0,y\na,0,x\n", 2, "name,run_num,cmd\nb,0,y\na,2,x\n"),  # an older copy, sorted
        ("name,cmd,run_num\nq,x,1\n", 1, "name,cmd,run_num\nq,x,2\n"),  # renamed, with the first count in it
        ("name,cmd,run_num\na,x,5\n", 0, "name,cmd,run_num\na,x,5\n"),
        ("name,cmd,run_num\nb,y,0\n", 0, "name,cmd,run_num\nb,y,0\n"),  # the row is gone
        ("name,cmd,run_num\na,x,0\na,x,0\n", 0, "name,cmd,run_num\na,x,0\na,x,0\n"),  # which of them?
    ],
)
def test_an_older_copy_saved_over_it_loses_no_count(table: Path, saved: str, again: int, left: str) -> None:
    table.write_text(ROWS)
    journal = counted(table, 2)
    counter = counts(table, journal)
    assert counter.settle() == Settled()
    table.write_text(saved)
    assert counter.settle() == Settled((), again)
    assert table.read_text() == left
    assert counts(table, Journal(table.with_suffix(".jsonl"))).settle() == Settled()
    assert table.read_text() == left


def test_an_older_copy_that_is_open_in_a_spreadsheet_program_waits(table: Path) -> None:
    table.write_text(ROWS)
    journal = counted(table, 1)
    counter = counts(table, journal)
    lock = table.with_name(f".~lock.{table.name}#")
    lock.touch()
    assert counter.settle() == Settled(), "it is of no matter while nothing is to be counted"
    table.write_text(ROWS)
    with pytest.raises(TableBusy):
        counter.settle()
    lock.unlink()
    assert counter.settle().again == 1
    assert "a,x,1,3" in table.read_text()


@pytest.mark.parametrize(
    ("before", "ended", "after", "row"),
    [  # rows by their names; _: without one, called after its place
        ("xy", "x", "y", None),  # its row is deleted, and another one has the same command
        ("xy", "x", "yz", "z"),  # renamed, and moved
        ("xy", "x", "y_", "Task:1"),
        ("x", "x", "z", "z"),
        ("__", "Task:1", "?__", "Task:2"),  # moved
        ("?__", "Task:2", "__", "Task:1"),
        ("?__", "Task:2", "?_", None),
        ("__", "Task:1", "_z", "z"),
        ("_y", "Task:0", "y", None),
    ],
)
def test_a_count_goes_to_no_other_row_with_the_same_command(
    table: Path, before: str, ended: str, after: str, row: str | None
) -> None:
    """Neither while it is due, nor when it is in the file already."""
    for written in (False, True):
        _write(table, before)
        path = table.with_suffix(f".{written}.jsonl")
        (identity,) = (each.identity for each in _rows(table) if each.spec.options.name == ended)
        Journal(path).due("run", 1, identity, _names(table))
        if written:
            counts(table, Journal(path)).settle()
        _write(table, after)
        settled = counts(table, Journal(path)).settle()
        assert len(settled.lost) == (row is None and not written)
        counted_at = None if written and identity[1] in ("Task:1", "Task:2") else row  # one of several
        assert {name: _done(table, name) for name in _names(table)} == {
            name: int(name == counted_at) for name in _names(table)
        }


def _done(table: Path, name: str | None) -> int:
    return next(row.done for row in _rows(table) if row.spec.options.name == name)


def _write(table: Path, names: str) -> None:
    rows = (f"{name.replace('_', '')},{'z' if name == '?' else 'x'},0,1\n" for name in names)
    table.write_text("name,cmd,run_num,need_run_num\n" + "".join(rows))


def _rows(table: Path) -> list[RowTask]:
    return list(row_tasks(of_suffix(table).read(table.read_bytes()), "multi", "t", Commands(), []))


def _names(table: Path) -> list[str | None]:
    return [row.spec.options.name for row in _rows(table) if row.spec.script == "x"]


def test_runs_of_rows_without_names_are_counted_where_some_are_missing(table: Path) -> None:
    """Nobody can tell which of them an edit has moved."""
    table.write_text("cmd,run_num,need_run_num\nx,1,1\nx,0,1\nx,0,1\n")
    journal = Journal(table.with_suffix(".jsonl"))
    sheet = of_suffix(table).read(table.read_bytes())
    names = [row.identity for row in row_tasks(sheet, "multi", "t", Commands(), [])]
    for number in (1, 2):
        journal.due("run", number, names[0], [name for _, name in names])
    assert counts(table, journal).settle() == Settled()
    assert table.read_text() == "cmd,run_num,need_run_num\nx,1,1\nx,1,1\nx,1,1\n"
