"""Changes of a command file: side by side, whole or not at all."""

import multiprocessing
import os
import signal
import stat
from pathlib import Path

import pytest

from app.amend import CommandFile, alone, amend, appended
from app.command_file import parse
from app.model.faults import BadInput
from app.model.task import TaskSpec
from tests.waiting import eventually

OTHERS = "# mine\n\n1 # one\n  python a.py   # c\n2\n20 GB\n\n\n# end\n"


def add(path: Path, queue: int, script: str = "true") -> None:
    with alone(path):
        amend(CommandFile(path, "multi", path.name), appended(TaskSpec(queue, script, 1, 5.0)))


def add_some(path: Path, first: int, count: int) -> None:
    for queue in range(first, first + count):
        add(path, queue)


def test_changes_side_by_side_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=add_some, args=(path, 100 * n, 5)) for n in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    parsed = parse(path.read_text(), "multi", "c.txt")
    assert parsed.faults == ()
    assert sorted(task.queue_id for task in parsed.tasks) == [
        100 * n + k for n in range(20) for k in range(5)
    ]
    assert [one.name for one in tmp_path.iterdir()] == ["c.txt"]


def test_what_is_there_stays_byte_for_byte_and_so_does_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes(OTHERS.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(path)
    add(link.resolve(), 7)
    assert path.read_bytes().startswith(OTHERS.replace("\n", "\r\n").encode())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert [task.queue_id for task in parse(path.read_text(), "multi", "c.txt").tasks] == [1, 7]


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        add(tmp_path / "c.txt", 1)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "c.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1\nx\n20\n", "stands where the GPU count belongs"),
        ("#LANE nam=x\n1\nx\n1\n20\n", "did you mean name?"),
    ],
)
def test_a_file_with_faults_is_refused_with_all_of_them(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "c.txt"
    path.write_text(text + "\n1\n1\n")
    with pytest.raises(BadInput, match=says.replace("?", r"\?")) as refused:
        add(path, 7)
    assert len(refused.value.faults) == 2
    assert path.read_text() == text + "\n1\n1\n"


def test_a_file_that_others_can_write_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_text("")
    path.chmod(0o666)
    with pytest.raises(BadInput, match="everybody on this machine can write it"):
        add(path, 7)
    assert path.read_text() == ""


def test_who_is_killed_while_changing_it_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    child = os.fork()
    if child == 0:
        with alone(path):
            (tmp_path / "has it").touch()
            signal.pause()
        os._exit(0)
    eventually((tmp_path / "has it").exists)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    add(path, 1)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["c.txt", "has it"]


def test_nobody_is_waited_for_longer_than_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.amend.PATIENCE", 0.1)
    path = tmp_path / "c.txt"
    with alone(path), pytest.raises(BadInput, match=r"has been changing .*c\.txt"):
        add(path, 1)
    assert not path.exists()
