"""Tables of tasks, as FlowLine has them, run by real schedulers."""

import csv
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from app.background import log_of
from app.model.paths import Home
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually

TODO = [
    {"name": "baseline1", "lr": "0.010", "run_num": "0", "need_run_num": "1", "cmd": "./train"},
    {"name": "baseline2", "lr": "a;touch $HOME/x", "run_num": "1", "need_run_num": "3", "cmd": "./train"},
]
"""The table of FlowLine's own example, with an argument that is no friend of the shell."""


def script(world: World, text: str = 'echo "$@" >>done') -> None:
    path = world.root / "work" / "train"
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def table(world: World, suffix: str, rows: list[dict[str, str]]) -> Path:
    path = world.root / f"todo{suffix}"
    if suffix == ".xlsx":
        book = Workbook()
        book.worksheets[0].append(list(rows[0]))
        for row in rows:
            book.worksheets[0].append([int(v) if v.isdigit() else v for v in row.values()])
        book.save(path)
    elif suffix == ".csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(out.getvalue())
    else:
        path.write_text(json.dumps(rows, indent=1) if suffix == ".json" else "\n".join(map(json.dumps, rows)))
    return path


def counts(path: Path) -> dict[str, int]:
    """run_num by name."""
    if path.suffix == ".xlsx":
        header, *rows = load_workbook(path).worksheets[0].values
        found = [dict(zip(header, row, strict=True)) for row in rows]
    elif path.suffix == ".csv":
        found = list(csv.DictReader(io.StringIO(path.read_text())))
    else:
        text = path.read_text()
        found = (
            json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
        )
    return {str(row["name"]): int(row["run_num"]) for row in found}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".json", ".jsonl"])
def test_each_row_runs_as_often_as_is_missing_and_is_counted(world: World, suffix: str) -> None:
    script(world)
    path = table(world, suffix, TODO)
    world.run(command_file=path)
    assert sorted(world.work("done")) == ["--lr 0.010", *["--lr a;touch $HOME/x"] * 2]
    assert counts(path) == {"baseline1": 1, "baseline2": 3}
    assert "run as often as it needs" in world.run(command_file=path)
    assert len(world.work("done")) == 3


def test_what_fails_is_not_counted(world: World) -> None:
    world.settings(max_retries=0)
    script(world, "test -e ok")
    path = table(world, ".csv", [TODO[0]])
    world.run(command_file=path, expect=1)
    assert counts(path) == {"baseline1": 0}
    (world.root / "work" / "ok").touch()
    world.run(command_file=path)
    assert counts(path) == {"baseline1": 1}


def test_the_table_may_be_edited_in_the_middle_of_a_run(world: World) -> None:
    script(world, f'echo "$2" >>begun; {UNTIL_GO.replace("go", "$2")}')
    path = table(world, ".csv", [{**TODO[0], "lr": "a"}, {**TODO[0], "name": "b", "lr": "b"}])
    scheduler = world.start(command_file=path)
    scheduler.wait_for("0/0", "running")
    scheduler.wait_for("1/0", "running")
    text = path.read_text().replace("baseline1,a,0,1", "baseline1,a,0,2")
    path.write_text(f"{text}c,c,0,1,./train\n")
    scheduler.wait_for("2/0", "running")
    (world.root / "work" / "a").touch()
    eventually(lambda: "baseline1,a,2,2,./train" in path.read_text())
    path.write_text("note,name,lr,run_num,need_run_num,cmd\n,b,b,0,1,./train\n,c,c,0,1,./train\n")
    eventually(lambda: "0/0" not in scheduler.tasks())
    for name in "bc":
        (world.root / "work" / name).touch()
    assert scheduler.end() == 0
    assert path.read_text().splitlines()[1:] == [",b,b,1,1,./train", ",c,c,1,1,./train"]
    assert sorted(world.work("begun")) == ["a", "a", "b", "c"]


def test_a_table_that_is_open_elsewhere_is_counted_when_it_is_closed(world: World) -> None:
    script(world)
    later = UNTIL_GO.replace("go", "later")
    more = [{**TODO[0], "name": "next", "cmd": UNTIL_GO}, {**TODO[0], "name": "last", "cmd": later}]
    path = table(world, ".csv", [TODO[0], *({**row, "cmd": f"{row['cmd']} # {{args}}"} for row in more)])
    lock = path.with_name(f".~lock.{path.name}#")
    lock.touch()
    scheduler = world.start(command_file=path)
    scheduler.wait_for("0/0", "completed")
    eventually(lambda: "not_counted" in {problem.kind for problem in scheduler.problems()})
    assert counts(path) == {"baseline1": 0, "next": 0, "last": 0}
    lock.unlink()
    eventually(lambda: counts(path)["baseline1"] == 1)
    eventually(lambda: "not_counted" not in {problem.kind for problem in scheduler.problems()})
    world.go()
    # That it was open for a second or two is no reason to wait many times as long now.
    eventually(lambda: counts(path)["next"] == 1, 8)
    (world.root / "work" / "later").touch()
    assert scheduler.end() == 0
    assert counts(path) == {"baseline1": 1, "next": 1, "last": 1}


def test_a_copy_that_was_read_before_a_count_and_saved_after_it_loses_none(world: World) -> None:
    script(world, UNTIL_GO.replace("go", "$2"))
    path = table(world, ".csv", [{**TODO[0], "lr": "a"}, {**TODO[0], "name": "b", "lr": "b"}])
    scheduler = world.start(command_file=path)
    scheduler.wait_for("1/0", "running")
    old = path.read_text()
    (world.root / "work" / "a").touch()
    eventually(lambda: counts(path)["baseline1"] == 1)
    path.write_text(old.replace("baseline1,", "base,"))
    eventually(lambda: counts(path) == {"base": 1, "b": 0})
    eventually(lambda: "1 run counted again" in world.output())
    (world.root / "work" / "b").touch()
    assert scheduler.end() == 0
    assert counts(path) == {"base": 1, "b": 1}


IN_TWO_STEPS = """
import sys, time
path, pause = sys.argv[1], float(sys.argv[2])
text = "name,run_num,need_run_num,cmd,lr\\n"
text += "".join(f"r{n},0,1,./train,{n}22\\n" for n in range(60))
half = text.index(",522") + 2  # a row that is cut in the middle of its argument could be run
with open(path, "w") as file:
    file.write(text[:half])
    file.flush()
    time.sleep(pause)
    file.write(text[half:])
"""


@pytest.mark.parametrize("pause", ["0.02", "0.3", "1.2"])
def test_a_program_that_writes_the_table_in_two_steps_loses_no_row(world: World, pause: str) -> None:
    """While short tasks end: neither what was half written is counted into, nor a row that was cut run."""
    world.settings(max_retries=0)
    script(world, f'test $2 != 022 || {UNTIL_GO}; sleep 0.05; echo "$2" >>done')
    path = world.root / "todo.csv"
    rows = "".join(f"r{n},0,1,./train,{n}22\n" for n in range(30))
    path.write_text(f"name,run_num,need_run_num,cmd,lr\n{rows}")
    scheduler = world.start(command_file=path)
    for saved in range(1, 4):
        _until(world, 4 * saved)
        subprocess.run([sys.executable, "-c", IN_TWO_STEPS, str(path), pause], check=True)
    _until(world, 59)
    world.go()
    assert scheduler.end() == 0
    assert counts(path) == {f"r{n}": 1 for n in range(60)}
    assert sorted(world.work("done")) == sorted(f"{n}22" for n in range(60))


@pytest.mark.parametrize("way", ["renamed", "in_place"])
def test_a_file_that_an_editor_saves_is_taken_up_and_counted(world: World, way: str) -> None:
    script(world, UNTIL_GO.replace("go", "$2"))
    path = table(world, ".csv", [{**TODO[0], "lr": "a"}])
    scheduler = world.start(command_file=path)
    scheduler.wait_for("0/0", "running")
    text = f"{path.read_text()}b,b,0,1,./train\n"
    if way == "renamed":  # as vim does
        path.rename(path.with_name("todo.csv~"))
        path.with_name("4913").write_text(text)
        path.with_name("4913").rename(path)
    else:  # as a spreadsheet program does, which keeps it open for writing
        path.with_name(f".~lock.{path.name}#").touch()
    with path.open("r+") as file:
        file.write(text)
        file.flush()
        if way == "in_place":
            scheduler.wait_for("1/0", "running", seconds=3)
            path.with_name(f".~lock.{path.name}#").unlink()
    scheduler.wait_for("1/0", "running")
    for name in "ab":
        (world.root / "work" / name).touch()
    assert scheduler.end() == 0
    assert counts(path) == {"baseline1": 1, "b": 1}


def test_rows_without_a_queue_stand_behind_no_other_after_an_edit(world: World) -> None:
    script(world, f'echo "$2" >>begun; {UNTIL_GO}')
    rows = [{"name": name, "lr": name, "cmd": "./train"} for name in "abcde"]
    path = table(world, ".csv", rows[:3])
    scheduler = world.start(command_file=path)
    eventually(lambda: sorted(world.work("begun")) == ["a", "b", "c"])
    table(world, ".csv", [rows[4], rows[3], rows[0]])
    eventually(lambda: len(world.work("begun")) == 4)
    assert {label for label, task in scheduler.tasks().items() if task.name == "a"} == {"0/0"}
    world.go()
    assert scheduler.end() == 0
    assert sorted(world.work("begun")) == ["a", "b", "c", "d", "e"]


def test_what_could_not_be_counted_at_the_end_is_counted_by_the_next_start(world: World) -> None:
    script(world)
    path = table(world, ".csv", [TODO[0]])
    lock = path.with_name(f"~${path.name}")
    lock.touch()
    assert "1 run could not be counted yet" in world.run(command_file=path)
    assert "close it first" in world.run(command_file=path, expect=2)
    lock.unlink()
    assert "run as often as it needs" in world.run(command_file=path)
    assert counts(path) == {"baseline1": 1}
    assert world.work("done") == ["--lr 0.010"]


def test_a_table_that_a_program_keeps_open_for_writing_is_counted_by_the_next_start(world: World) -> None:
    script(world)
    path = table(world, ".csv", [TODO[0]])
    with path.open("r+"):
        said = world.run(command_file=path)
        assert "1 run could not be counted yet" in said
        assert "is open for writing in another program" in said
    assert "run as often as it needs" in world.run(command_file=path)
    assert counts(path) == {"baseline1": 1}
    assert world.work("done") == ["--lr 0.010"]


def _until(world: World, runs: int) -> None:
    eventually(lambda: len(world.work("done")) >= runs)


def test_every_run_is_counted_once_whatever_is_killed(world: World) -> None:
    """A scheduler that dies again and again, at any moment, loses no count and counts nothing twice."""
    script(world)
    rows = [
        {"name": f"r{number}", "run_num": "0", "need_run_num": "4", "cmd": "./train", "lr": str(number)}
        for number in range(12)
    ]
    path = table(world, ".csv", rows)
    for kill in range(8):
        scheduler = world.start(command_file=path)
        _until(world, 5 * (kill + 1))
        scheduler.child.send_signal(signal.SIGKILL)
        scheduler.child.wait()
    world.run(command_file=path)
    assert counts(path) == dict.fromkeys((row["name"] for row in rows), 4)
    assert len(world.work("done")) == 48, "and nothing ran once too often"


def test_faults_come_with_row_and_column(world: World) -> None:
    path = table(world, ".csv", [{**TODO[0], "gpus": "9", "cmd": "if"}, {**TODO[1], "gpus": "two"}])
    said = world.run("--check", command_file=path, expect=2)
    assert f"{path}:3:6: the GPU count 'two' is no number" in said
    assert f"{path}:2:6: the task asks for 9 GPUs, but there are 4 GPUs in range" in said
    assert f"{path}:2:1: bash can't read this script" in said
    assert counts(path) == {"baseline1": 0, "baseline2": 1}


def test_a_run_that_ends_while_the_table_is_half_saved_is_counted(world: World) -> None:
    script(world, f"{UNTIL_GO.replace('go', '$2')}")
    path = table(world, ".csv", [{**TODO[0], "lr": "a"}, {**TODO[0], "name": "b", "lr": "b"}])
    scheduler = world.start(command_file=path)
    scheduler.wait_for("1/0", "running")
    text = path.read_text()
    path.write_text("")
    eventually(lambda: "edit_refused" in {problem.kind for problem in scheduler.problems()})
    (world.root / "work" / "a").touch()
    scheduler.wait_for("0/0", "completed")
    path.write_text(text.split("\n")[0] + "\n" + text.split("\n")[2] + "\n")
    eventually(lambda: "0/0" not in (tasks := scheduler.tasks()) or tasks["0/0"].name == "b")
    path.write_text(text)
    eventually(lambda: counts(path) == {"baseline1": 1, "b": 0})
    (world.root / "work" / "b").touch()
    assert scheduler.end() == 0
    assert counts(path) == {"baseline1": 1, "b": 1}


def test_a_workbook_with_formulas_is_refused(world: World) -> None:
    path = table(world, ".xlsx", [TODO[0]])
    book = load_workbook(path)
    book.worksheets[0]["B2"] = "=1+1"
    book.save(path)
    assert f"{path}:2:2: the cell holds the formula =1+1" in world.run(command_file=path, expect=2)


def test_a_link_in_the_tables_place_is_left_alone(world: World) -> None:
    script(world, UNTIL_GO)
    path = table(world, ".csv", [TODO[0]])
    scheduler = world.start(command_file=path)
    scheduler.wait_for("0/0", "running")
    real = path.with_name("real.csv")
    path.rename(real)
    path.symlink_to(real)
    world.go()
    assert scheduler.end() == 0
    assert path.is_symlink()
    assert counts(real) == {"baseline1": 0}
    assert "is a link now" in world.output()


def test_a_row_that_is_deleted_while_it_runs_is_counted_at_no_other(world: World) -> None:
    script(world, "until test -e go$GPULANE_QUEUE; do sleep 0.05; done")
    rows = [{**TODO[0], "name": name} for name in "xy"]
    path = table(world, ".csv", rows)
    scheduler = world.start(command_file=path)
    scheduler.wait_for("0/0", "running")
    scheduler.wait_for("1/0", "running")
    table(world, ".csv", rows[1:])
    eventually(lambda: "0/0" not in scheduler.tasks() or not scheduler.tasks()["0/0"].in_file)
    (world.root / "work" / "go0").touch()
    eventually(lambda: "0/0 completed" in world.output())
    table(world, ".csv", [{**rows[1], "name": "z"}])
    (world.root / "work" / "go1").touch()
    assert scheduler.end() == 0
    assert counts(path) == {"z": 1}
    assert "row x is not in the table any more: its run is not counted" in world.output()


def test_tables_of_the_same_name_run_beside_each_other(world: World) -> None:
    script(world, UNTIL_GO)
    first = world.start(command_file=table(world, ".csv", [TODO[0]]))
    first.wait_for("0/0", "running")
    second = world.start(command_file=table(world, ".json", [TODO[0]]))
    second.wait_for("0/0", "running")
    world.run("--check", command_file=table(world, ".xlsx", [TODO[0]]))
    world.go()
    assert first.end() == second.end() == 0
    assert log_of(Home(world.root), world.root / "todo.csv", "multi") != log_of(
        Home(world.root), world.root / "todo.json", "multi"
    )
