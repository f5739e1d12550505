"""The `ends` file: what parses, what it costs, what a full disk does to it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import procfs
from app.execution.ends import STEP, EndsFile, Lines, Started
from app.execution.launcher import SUPERVISOR
from app.execution.noted import noted
from app.execution.trees import Process, find
from tests.disks import fill
from tests.edges.attempts import attempts_in
from tests.waiting import eventually


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[EndsFile]:
    file = EndsFile(tmp_path / "ends")
    yield file
    file.close()


def framed(text: str) -> str:
    return f"\n{text} {len(text)} .\n"


def append(ends: EndsFile, text: str) -> None:
    with ends.path.open("a") as file:
        file.write(text)


END = framed("end 42 137 100.50 160.75 1700000000.00")


def test_reads_what_supervisors_write(ends: EndsFile) -> None:
    append(ends, framed("start 42 1234 5678 1230 100.50 1700000000.00"))
    found = ends.lines(42)
    assert found.started is not None
    assert found.started == Started(1234, 5678, 1230, 100.5)
    assert found.ended is None
    append(ends, END)
    ended = ends.lines(42).ended
    assert ended is not None
    assert (ended.status, ended.started_at, ended.ended_at) == (137, 1700000100.5, 1700000160.75)
    assert ends.lines(41) == Lines()


@pytest.mark.parametrize(("asked", "ended_for"), [(160.0, "timeout"), (160.76, "timeout"), (160.79, None)])
def test_an_end_is_that_of_a_stop_unless_it_came_before(
    ends: EndsFile, asked: float, ended_for: str | None
) -> None:
    """Its clock shows hundredths, cut: a task that dies of our signal may seem to die before it."""
    ends.note_stop(42, "timeout", asked)
    ends.note_stop(42, "stopped", asked)  # the first counts
    append(ends, END)
    again = EndsFile(ends.path)
    assert (ends.lines(42).ended_for, again.lines(42).ended_for) == (ended_for, ended_for)
    again.close()


def test_a_stop_that_was_taken_back_does_not_count_and_the_next_one_does(ends: EndsFile) -> None:
    assert ends.note_stop(42, "timeout", 100.0)
    ends.take_back(42)
    again = EndsFile(ends.path)
    append(ends, END)
    assert (ends.lines(42).ended_for, again.lines(42).ended_for) == (None, None)
    assert again.note_stop(42, "killed", 110.0)
    assert (ends.lines(42).ended_for, again.lines(42).ended_for) == ("killed", "killed")
    again.close()


@pytest.mark.parametrize(("others", "ended_for"), [([], None), ([os.getpid()], "stopped")])
def test_a_signal_that_reaches_nobody_stops_nothing(
    ends: EndsFile, others: list[int], ended_for: str | None
) -> None:
    for number, pids in ((1, []), (2, [os.getpid()])):
        with noted(ends, number, "stopped") as reached:
            reached += [Process(pid, 0, "") for pid in pids]
        with noted(ends, number, "stopped") as reached:  # and what came up since
            reached += [Process(pid, 0, "") for pid in others]
    after = procfs.uptime() + 1
    append(ends, "".join(framed(f"end {number} 0 1.00 {after:.2f} 3.00") for number in (1, 2)))
    again = EndsFile(ends.path)
    assert (again.lines(1).ended_for, again.lines(2).ended_for) == (ended_for, "stopped")
    again.close()


@pytest.mark.parametrize("cut", range(1, len(END) - 1))
def test_a_short_line_never_parses_and_spoils_nothing(ends: EndsFile, cut: int) -> None:
    append(ends, END[:cut])
    assert ends.lines(42).ended is None
    append(ends, framed("end 43 0 1.00 2.00 1700000000.00"))
    assert ends.lines(43).ended is not None
    assert ends.lines(42).ended is None
    append(ends, END)
    assert ends.lines(42).ended is not None


@pytest.mark.parametrize(
    "line",
    [
        "\nend 42 13 100.50 160.75 1700000000.00 38 .\n",  # two digits lost in the middle
        "\nend 42 137 100.50 160.75 1700000000.00 38 .x\n",
        "\nend 42 137 100.5.0 160.75 170000000.00 38 .\n",
        "\n" + "\0" * 60 + "\n",
        "\nstart 42 end 42 137 100.50 160.75 1700000000.00 38 .\n",
    ],
)
def test_a_mixed_or_damaged_line_never_parses(ends: EndsFile, line: str) -> None:
    append(ends, line)
    assert ends.lines(42) == Lines()


def test_ten_thousand_attempts_are_not_read_again_each_time(ends: EndsFile) -> None:
    for number in range(10_000):
        start, end = f"start {number} 1 2 1 1.00 3.00", f"end {number} 0 1.00 2.00 3.00"
        append(ends, framed(start) + framed(end))
    assert ends.lines(9_999).ended is not None
    begun = time.process_time()
    for number in range(1000):
        assert ends.lines(number).ended is not None
    assert time.process_time() - begun < 0.5  # reading 500 kB a thousand times takes minutes


def test_space_is_set_aside_ahead_of_need_without_lengthening_the_file(ends: EndsFile) -> None:
    if ends.path.stat().st_blocks == 0:
        pytest.skip("this file system can't preallocate")
    assert ends.path.stat().st_size == 0
    assert ends.path.stat().st_blocks * 512 >= STEP
    os.close(ends.open_attempt(10_000))
    assert ends.path.stat().st_blocks * 512 >= 10_000 * 200
    assert ends.path.stat().st_size == 0


def fill_page(ends: EndsFile) -> None:
    """What comes next needs room that the file's content does not have yet."""
    append(ends, "." * (-ends.path.stat().st_size % 4096))


def test_ends_arrive_on_a_full_disk(small_disk: Path) -> None:
    with attempts_in(small_disk) as attempts:
        go = "while [ ! -e {} ]; do sleep 0.02; done\nexit 9"
        outside = small_disk.parent / "go"
        trials = [attempts.start(go.format(outside)) for _ in range(5)]
        eventually(lambda: all(attempts.ends.lines(number).started for number in range(1, 6)))
        fill_page(attempts.ends)
        fill(small_disk)
        assert shutil.disk_usage(small_disk).free == 0
        outside.touch()
        assert [attempts.finish(trial).status for trial in trials] == [9] * 5


def test_without_room_set_aside_the_end_is_written_once_there_is_some(small_disk: Path) -> None:
    """As where a file system can't preallocate: the reserve is filled up by hand."""
    with attempts_in(small_disk) as attempts:
        outside = small_disk.parent / "go"
        os.mkfifo(outside)
        trial = attempts.start(f"read -r x <{outside}\nexit 9")
        eventually(lambda: attempts.ends.lines(1).started)
        ballast = fill(small_disk)
        with attempts.ends.path.open("ab", buffering=0) as file:
            while attempts.ends.path.stat().st_size < attempts.ends.path.stat().st_blocks * 512:
                rest = attempts.ends.path.stat().st_blocks * 512 - attempts.ends.path.stat().st_size
                file.write(b"." * (rest - 10) if rest > 10 else b"." * rest)
        outside.write_text("go\n")
        # The script is over, and the supervisor between two tries.
        eventually(lambda: [process.command for process in find(trial.marks)] == ["sleep"])
        assert attempts.ends.lines(1).ended is None
        assert attempts.ends.is_held(1)
        ballast.unlink()
        assert attempts.finish(trial).status == 9


def test_a_supervisor_that_begins_again_with_its_end_writes_it(ends: EndsFile) -> None:
    with ends.path.open("r+b", buffering=0) as file:
        argv = ["/bin/sh", SUPERVISOR, "end", "7", "end 42 7 1.00 2.00 3.00"]
        done = subprocess.run(argv, stdin=file, check=False)
    assert done.returncode == 7
    ended = ends.lines(42).ended
    assert ended is not None
    assert ended.status == 7
