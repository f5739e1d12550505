"""Python functions of a user's own."""

import re
from pathlib import Path

import pytest

from app import procfs
from tests.end_to_end.test_shell import shell
from tests.end_to_end.test_tables import counts, table
from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually

ROW = {"name": "a", "lr": "0.010", "run_num": "0", "need_run_num": "1"}

BUILD = """
def build_command(row, gpu_id, sorted_gpu_ids):
    print("what a hook prints is nobody's answer")
    flags = " ".join("--%s %s" % each for each in row.items())
    return "echo gpu %s of %s %s >>done" % (gpu_id, len(sorted_gpu_ids), flags)
"""


def hooks(world: World, text: str, **settings: object) -> Path:
    path = world.root / "config" / "hooks.py"
    path.write_text(text)
    world.settings(hooks="config/hooks.py", **settings)
    return path


def test_a_hook_builds_the_command_of_a_row_once_it_has_its_cards(world: World) -> None:
    hooks(world, BUILD)
    path = table(world, ".csv", [ROW, {**ROW, "name": "b", "lr": "00123"}])
    world.run(command_file=path)
    assert sorted(world.work("done")) == ["gpu 0 of 4 --lr 0.010", "gpu 1 of 4 --lr 00123"]
    assert counts(path) == {"a": 1, "b": 1}
    log = world.task_log(0, 0)
    assert "echo gpu 0 of 4 --lr 0.010" in log
    assert "# printed by its hook:\n#   what a hook prints is nobody's answer\n" in log


AMP = """
def build_command(row, gpu_id, sorted_gpu_ids):
    return "echo %s >>done" % (row["lr"] + (" amp" if row.get("amp") == "True" else ""))
"""


def test_a_hook_gets_texts_and_no_empty_cells(world: World) -> None:
    hooks(world, AMP)
    world.run(command_file=table(world, ".xlsx", [{**ROW, "amp": "True"}, {**ROW, "lr": "1", "amp": ""}]))
    assert sorted(world.work("done")) == ["0.010 amp", "1"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("raise ValueError('no lr ' + row['lr'])", "ValueError: no lr 0.010"),
        ("return None", "TypeError: build_command answered None, and no command"),
        ("import os; os._exit(3)", "hooks.py can't be asked (its process has ended)"),
        ("raise SystemExit(2)", "SystemExit: 2"),
    ],
)
def test_a_hook_that_fails_fails_its_task_and_the_scheduler_goes_on(
    world: World, body: str, says: str
) -> None:
    hooks(
        world,
        f"def build_command(row, gpu):\n    if row['lr'] == '1': return 'echo one >>done'\n    {body}\n",
        max_retries=0,
    )
    path = table(world, ".csv", [ROW, {**ROW, "name": "b", "lr": "1"}])
    world.run(command_file=path, expect=1)
    assert says in world.outcome("0/0").error
    assert world.work("done") == ["one"]
    assert counts(path) == {"a": 0, "b": 1}


def test_a_hook_that_hangs_holds_nobody_up(world: World) -> None:
    """Blocks of other queues start meanwhile, and a stop does not wait for it."""
    hooks(
        world,
        "import time\ndef build_command(row, gpu):\n    open('asked', 'w').close()\n    time.sleep(600)\n",
    )
    path = table(world, ".csv", [ROW])
    scheduler = world.start(command_file=path)
    eventually((world.root / "work" / "asked").exists)
    assert scheduler.tasks()["0/0"].state.status == "running"
    assert scheduler.stop() == 143
    assert counts(path) == {"a": 0}


def test_rows_whose_hooks_hang_hold_up_no_other_row(world: World) -> None:
    """Nor do they when there are several; and the file is loaded again only for who waits behind them."""
    hooks(
        world,
        "import time\nopen('loaded', 'a').write('x\\n')\n"
        "def build_command(row, gpu):\n    while row['lr'] == 'hang': time.sleep(1)\n"
        "    return 'echo %s >>done' % row['lr']\n",
        hook_timeout=600,
    )
    rows = [{**ROW, "name": str(at), "lr": "hang" if at in (0, 1) else str(at)} for at in range(12)]
    path = table(world, ".csv", rows)
    scheduler = world.start(command_file=path)
    eventually(lambda: len(world.work("done")) == 10)
    assert scheduler.tasks()["0/0"].state.status == "running"
    assert scheduler.stop() == 143
    assert len(world.work("loaded")) == 3


def test_quick_hooks_share_a_child_that_stays_warm(world: World) -> None:
    hooks(world, "import time\nopen('loaded', 'a').write('x\\n')\ntime.sleep(2)\n" + BUILD)
    world.run(command_file=table(world, ".csv", [{**ROW, "name": str(at)} for at in range(12)]))
    assert len(world.work("done")) == 12
    assert len(world.work("loaded")) == 1


def test_a_hook_that_takes_too_long_is_ended_with_what_it_started_and_its_log_says_where(
    world: World,
) -> None:
    hooks(
        world,
        "import subprocess\ndef build_command(row, gpu):\n    open('asked', 'a').write('x\\n')\n"
        "    subprocess.run('echo $$ >pid; exec sleep 600', shell=True)\n",
        hook_timeout=1,
        max_retries=1,
    )
    world.run(command_file=table(world, ".csv", [ROW]), expect=1)
    assert "hooks.py did not answer within 1 s (hook_timeout)" in world.outcome("0/0").error
    assert len(world.work("asked")) == 2, "as it is retried"
    said = gpulane(world, "logs", "0/0", "--attempt", "1")
    assert "line 4 in build_command" in said
    assert "in _take" not in said
    assert procfs.start_time(int(world.work("pid")[0])) is None


def test_a_hook_that_hangs_does_not_outlive_its_scheduler(world: World) -> None:
    hooks(
        world,
        "import os\ndef build_command(row, gpu):\n    print(os.getpid(), file=open('pid', 'w'), flush=True)\n"
        "    while True: pass\n",
    )
    scheduler = world.start(command_file=table(world, ".csv", [ROW]))
    eventually(lambda: world.work("pid"))
    scheduler.kill()
    eventually(lambda: procfs.start_time(int(world.work("pid")[0])) is None)


def test_the_limit_of_a_hook_may_change_while_the_scheduler_runs(world: World) -> None:
    hooks(world, "def build_command(row, gpu):\n    while True: pass\n", max_retries=0)
    path = table(world, ".csv", [{**ROW, "hold": "yes"}])
    scheduler = world.start(command_file=path)
    scheduler.wait_for("0/0", "held")
    gpulane(world, "set", "hook_timeout", "0.5")
    gpulane(world, "release", "0/0")
    assert scheduler.end() == 1
    assert "within 0.5 s" in world.outcome("0/0").error


def test_a_hook_that_raises_leaves_its_whole_traceback_in_the_log(world: World) -> None:
    hooks(
        world,
        "import os\n"
        "def rate(row):\n    return row['cmd'] + row['lr']\n"
        "def build_command(row, gpu):\n    print('lr is', row['lr']); os.system('echo a child')\n"
        "    return rate(row)\n",
        max_retries=0,
    )
    path = table(world, ".csv", [{**ROW, "cmd": "python train.py", "batch size": "a b"}])
    world.run(command_file=path, expect=1)
    assert "KeyError: 'cmd'; its row has lr, batch size" in world.outcome("0/0").error
    said = gpulane(world, "logs", "0/0")
    assert "# GPUs: 0" in said, "the usual head"
    assert "lr=0.010 batch size='a b'" in said
    assert "lr is 0.010\n" in said
    assert "a child\n" in said
    assert "line 6, in build_command\n    return rate(row)\n" in said
    assert "line 3, in rate\n    return row['cmd'] + row['lr']\n" in said
    assert "worker.py" not in said
    assert said.rstrip().endswith("its hook failed: KeyError: 'cmd'; its row has lr, batch size")


def test_a_mended_hook_counts_from_its_next_call(world: World) -> None:
    """With what it imports from beside itself; a file that can't be loaded fails who asks, and no more."""
    path = hooks(
        world, "import mine\ndef build_command(row, gpu):\n    return mine.command(row)\n", max_retries=0
    )
    mine = path.with_name("mine.py")
    mine.write_text("def command(row):\n    return 'false'\n")
    scheduler = world.start("--watch", command_file=table(world, ".csv", [ROW]))
    scheduler.wait_for("0/0", "failed")
    mine.write_text("def command(row)\n    return 'false'\n")
    gpulane(world, "retry", "0/0")
    eventually(lambda: "SyntaxError" in getattr(scheduler.tasks()["0/0"].state, "error", ""))
    mine.write_text("def command(row):\n    return 'echo mended >>done'\n")
    gpulane(world, "retry", "0/0")
    scheduler.wait_for("0/0", "completed")
    assert world.work("done") == ["mended"]
    gpulane(world, "stop")
    scheduler.end()


def test_a_row_is_shown_readably_and_its_command_once_it_runs(world: World) -> None:
    hooks(world, f"def build_command(row, gpu):\n    return '''echo --lr %s; {UNTIL_GO}''' % row['lr']\n")
    path = table(world, ".csv", [{**ROW, "queue": "1", "batch": ""}, {**ROW, "queue": "1", "batch": "64"}])
    scheduler = world.start(command_file=path)
    assert scheduler.wait_for("1/0", "running").command == f"echo --lr 0.010; {UNTIL_GO}"
    said = shell(world, "ls", "task")
    assert "running  echo --lr 0.010; until" in said
    assert re.search(r"^1/1 +a +0 +pending +lr=0.010 batch=64 *$", said, re.MULTILINE)
    scheduler.kill()
    scheduler = world.start(command_file=path)
    assert scheduler.wait_for("1/0", "running").command == f"echo --lr 0.010; {UNTIL_GO}", (
        "also when found again"
    )
    world.go()
    assert scheduler.end() == 0


def test_a_comparator_says_which_card_is_better(world: World) -> None:
    known = "assert a.free_memory and a.total_memory == 24576 and a.name"
    hooks(world, f"def compare_gpus(a, b):\n    {known}\n    return int(b.id) - int(a.id)\n")
    world.blocks([(1, UNTIL_GO), (2, UNTIL_GO)])
    scheduler = world.start()
    assert [scheduler.wait_for(task, "running").gpu_ids for task in ("1/0", "2/0")] == [("3",), ("2",)]
    world.go()
    assert scheduler.end() == 0


def test_a_comparator_that_hangs_holds_up_nothing_either(world: World) -> None:
    """Rows have their commands built, and what runs is measured."""
    waits = f"def build_command(row, gpu):\n    return '''{UNTIL_GO}'''\n"
    hooks(world, waits + "def compare_gpus(a, b):\n    while True: pass\n", hook_timeout=600)
    scheduler = world.start(command_file=table(world, ".csv", [{**ROW, "memory_gb": "10"}]))
    eventually(lambda: "compare_gpus of the hooks is asked" in scheduler.wait_for("0/0", "waiting").reason)
    eventually(lambda: scheduler.wait_for("0/0", "running").used_gb)
    world.go()
    assert scheduler.end() == 0


def test_a_comparator_that_fails_is_a_problem_and_no_more(world: World) -> None:
    hooks(world, "def compare_gpus(a, b):\n    return a.no_such_thing\n")
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    eventually(lambda: "no_such_thing" in "".join(problem.text for problem in scheduler.problems()))
    world.go()
    assert scheduler.end() == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def nothing(): pass\n", "defines neither build_command nor compare_gpus"),
        ("def build_command(\n", "is no Python"),
        (None, "hooks: there is no such file"),
    ],
)
def test_a_hooks_file_that_is_none_is_refused_at_the_start(world: World, text: str | None, says: str) -> None:
    path = hooks(world, text or "")
    if text is None:
        path.unlink()
    world.blocks([(1, "true")])
    assert says in world.run(expect=2)
