"""FlowLine's scripts and tables, as its documents show them, with their import line changed and no more."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.model.paths import PROJECT
from tests.end_to_end.test_shell import shell
from tests.end_to_end.test_tables import counts, table
from tests.end_to_end.world import UNTIL_GO, World
from tests.fakenvml.driver import FakeDriver
from tests.waiting import eventually

MAIN_CLI = """
from app.flowline import run_cli

def func(dict, gpu_id, sorted_gpu_ids):
    print(sorted_gpu_ids)
    flags = " ".join([f"--{k} {v}" for k, v in dict.items()])
    return "CUDA_VISIBLE_DEVICES="+str(gpu_id)+" python3 -u test/test.py "+ flags

def cmp(info1, info2):
    if info1.free_memory > info2.free_memory:
        return -1
    elif info1.free_memory < info2.free_memory:
        return 1
    else:
        return 0

if __name__ == "__main__":
    # run_cli(func, "test/todo.csv")
    run_cli(func, "test/todo.csv", user_cmp=cmp) # user_cmp可选
"""

TODO = [
    {"name": "baseline1", "lr": "0.01", "batch_size": "64", "run_num": "0", "need_run_num": "1"},
    {"name": "baseline2", "lr": "0.001", "batch_size": "128", "run_num": "0", "need_run_num": "2"},
]
for _row, _command in zip(TODO, ("train_main", "train_alt"), strict=True):
    _row["cmd"] = _command

TEST = """
import os, sys
print(os.environ['CUDA_VISIBLE_DEVICES'] in '01', *sys.argv[1:])
print('oops', file=sys.stderr)
"""

EXAMPLE_2 = """
from app.flowline import run_cli

def func(dict, gpu_id, sorted_gpu_ids):
    return "CUDA_VISIBLE_DEVICES="+str(gpu_id)+" "+dict["mycmd"]+" --discribe "+'"'+dict["description"]+'"'

if __name__ == "__main__":
    run_cli(func, task_dir="todo.csv")
"""


@pytest.fixture
def home(tmp_path: Path) -> World:
    """On the C stand-in's cards; a FlowLine project is its folder `work`."""
    world = World(tmp_path / "home", env=FakeDriver.make(tmp_path / "driver", 2).env(), gpus=None)
    world.settings(work_dir=None, check_time=0.1)
    (world.root / "work" / "test").mkdir()
    return world


@contextmanager
def dialogue(world: World, script: str, *lines: str) -> Iterator[list[str]]:
    """With a script that calls run_cli, until its scheduler is told to stop; what was said is in the list
    after it."""
    said: list[str] = []
    (world.root / "work" / "main_cli.py").write_text(script)
    with subprocess.Popen(
        [sys.executable, "main_cli.py"],
        cwd=world.root / "work",
        env={**os.environ, **world.env, "GPULANE_HOME": str(world.root), "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        assert child.stdin
        child.stdin.write("".join(f"{line}\n" for line in lines))
        child.stdin.flush()
        try:
            yield said
        finally:
            said += child.communicate("stop\nexit\n", 60)[0].splitlines()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".json"])
def test_its_own_example_runs(home: World, suffix: str) -> None:
    """The prompt, the verbs, log/0.out and log/0.err."""
    folder = home.root / "work"
    path = table(home, suffix, TODO).rename(folder / "test" / f"todo{suffix}")
    (folder / "test" / "test.py").write_text(TEST)
    script = MAIN_CLI.replace("todo.csv", f"todo{suffix}")
    with dialogue(home, script, "task", "gpus", "max 4", "min 2048", "run") as said:
        eventually(lambda: counts(path) == {"baseline1": 1, "baseline2": 2}, 60)
    shown = "\n".join(said)
    assert "lr=0.01 batch_size=64" in shown, "as `task` shows what is to run"
    assert "max_tasks is 4 now" in shown
    assert "min_memory_gb is 2 now" in shown
    assert (folder / "log" / "0.out").read_text() == "True --lr 0.01 --batch_size 64\n"
    assert (folder / "log" / "1.err").read_text() == "oops\noops\n"


def test_rows_that_hold_their_whole_command_run(home: World) -> None:
    """Its second example: columns of its user's own, and its placeholder in cmd. `ls` shows the command."""
    folder = home.root / "work"
    train = folder / "train.sh"
    train.write_text(f'#!/bin/bash\nprintf "%s|" "$@"\n{UNTIL_GO}\n')
    train.chmod(0o755)
    row = {
        "description": "Resnet50+自蒸馏 （weather）训练",
        "mycmd": "./train.sh --lr 0.02  --use-self False",
    }
    rest = {"run_num": "0", "need_run_num": "1", "name": "Task:0", "cmd": "No command"}
    path = table(home, ".csv", [{**row, **rest}]).rename(folder / "todo.csv")
    with dialogue(home, EXAMPLE_2, "run"):
        eventually(lambda: (folder / "log" / "0.out").exists())
        said = shell(home, "ls")
        (folder / "go").touch()
        eventually(lambda: counts(path) == {"Task:0": 1}, 60)
    command = './train.sh --lr 0.02  --use-self False --discribe "Resnet50+自蒸馏 （weather）训练"'
    assert f"running  CUDA_VISIBLE_DEVICES=0 {command}" in said
    out = (folder / "log" / "0.out").read_text()
    assert out == "--lr|0.02|--use-self|False|--discribe|Resnet50+自蒸馏 （weather）训练|"


def test_a_mended_script_counts_when_it_is_started_again(home: World) -> None:
    """Its scheduler has stayed, and has loaded what it was before."""
    folder = home.root / "work"
    path = table(home, ".csv", TODO[:1]).rename(folder / "test" / "todo.csv")
    script = (
        "from app.flowline import run_cli\n"
        "def func(*given):\n    return '{}'\n"
        "run_cli(func, 'test/todo.csv')\n"
    )
    (folder / "main_cli.py").write_text(script.format("false"))
    done = subprocess.run(
        [sys.executable, "main_cli.py"],
        cwd=folder,
        env={**os.environ, **home.env, "GPULANE_HOME": str(home.root), "PYTHONPATH": str(PROJECT)},
        input="run\nexit\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    eventually(lambda: "backoff" in shell(home, "task"))
    with dialogue(home, script.format("echo mended >done"), "retry 0/0"):
        eventually(lambda: counts(path) == {"baseline1": 1}, 60)
    assert home.work("done") == ["mended"]
