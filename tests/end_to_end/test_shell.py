"""`./gpulane shell`: from a pipe, and in a real terminal."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.model.paths import PROJECT
from tests.end_to_end.terminal import Terminal
from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually

CLI = [sys.executable, str(PROJECT / "app" / "cli.py")]


def shell(world: World, *lines: str, expect: int = 0, flags: tuple[str, ...] = ()) -> str:
    """What the prompt answers to these lines, from a pipe."""
    done = subprocess.run(
        [*CLI, "shell", *flags],
        env={**os.environ, **world.env, "GPULANE_HOME": str(world.root)},
        cwd=world.root / "work",
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def terminals(world: World) -> Iterator[list[Terminal]]:
    """Those that a test opens, gone with it."""
    opened: list[Terminal] = []
    yield opened
    for one in opened:
        one.close()


def opened(world: World, terminals: list[Terminal], term: str = "xterm") -> Terminal:
    """The prompt, with somebody who types."""
    terminals.append(Terminal(world, [*CLI, "shell"], term))
    return terminals[-1]


# --- from a pipe -----------------------------------------------------------------------------------


def test_flowlines_verbs_do_what_they_say(world: World) -> None:
    world.blocks([(1, UNTIL_GO), (1, "true"), (2, UNTIL_GO), (3, UNTIL_GO)])
    scheduler = world.start()
    for label in ("1/0", "2/0", "3/0"):
        scheduler.wait_for(label, "running")
    state = scheduler.tasks()["2/0"].state
    said = shell(world, "ls", "task", "gpus", "run", "run", "gpu 3", "gpu 3", "max 2", "min 2048", "exit")
    (line,) = [line for line in said.splitlines() if "  2/0  " in line]
    assert line.split()[:5] == [str(state.number), str(state.pid), "2/0", state.gpu_ids[0], "running"]
    assert re.search(r"^1/1 +0 +pending +true *$", said, re.MULTILINE)
    assert "Simulated 24 GB" in said
    assert said.index("paused: nothing starts") < said.index("resumed")
    assert said.index("GPU 3 is turned off") < said.index("GPU 3 is turned on")
    settings = gpulane(world, "set")
    assert "max_tasks: 2" in settings
    assert "min_memory_gb: 2" in settings
    gpu = scheduler.tasks()["3/0"].state.gpu_ids[0]
    said = shell(world, f"kill {state.number}", f"killgpu {gpu}")
    assert "2/0 is being ended" in said
    assert "3/0 is being ended" in said
    scheduler.wait_for("2/0", "cancelled")
    scheduler.wait_for("3/0", "cancelled")
    world.go()
    assert scheduler.end() == 0


def test_a_process_keeps_its_number_and_no_other_gets_it(world: World) -> None:
    world.blocks([(1, f"test -e go || {{ sleep 0.05; exit 1; }}; {UNTIL_GO}"), (2, UNTIL_GO)])
    world.settings(max_retries=0)
    first = world.start()
    number = first.wait_for("2/0", "running").number
    first.wait_for("1/0", "failed")
    first.kill()
    second = world.start()
    assert second.wait_for("2/0", "running").number == number
    assert f"no process {number + 7} runs" in shell(world, f"kill {number + 7}", expect=2)
    assert "2/0 is being ended" in shell(world, f"kill {number}")
    second.end()


def test_a_wrong_verb_changes_nothing_and_the_nearest_is_named(world: World) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    said = shell(world, "kil 1/0", "gpu", "killgpu", "max many", "run 'x", "frobnicate", "", expect=2)
    assert "'kil' is no verb; did you mean kill?" in said
    assert "usage: gpu <id>" in said
    assert "usage: killgpu <id>" in said
    assert "a whole number is wanted, not many" in said
    assert "No closing quotation" in said
    assert "`help` lists what there is" in said
    assert scheduler.tasks()["1/0"].state.status == "running"
    world.go()
    assert scheduler.end() == 0


def test_more_memory_than_any_card_has_is_refused(world: World) -> None:
    """Also where what is left to run takes whole cards, and would not mind."""
    world.blocks([(1, UNTIL_GO), (1, "true")], memory="all")
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    said = shell(world, "min 99999999999999999999", "min 24577", "min 24576", expect=2)
    assert said.count("is more than any card here has; the largest has 24 GB (24576 MB)") == 2
    assert "min_memory_gb is 24 now, and was 0" in said
    world.go()
    assert scheduler.end() == 0


def test_the_command_lines_verbs_are_about_the_prompts_scheduler(world: World) -> None:
    other = world.file(f"1\n{UNTIL_GO}\n1\n10\n", "other.txt")
    world.blocks([(1, f"echo this is 1/0; {UNTIL_GO}"), (1, "true")])
    first, second = world.start(), world.start(command_file=other)
    for each in (first, second):
        each.wait_for("1/0", "running")
    assert "say which with --pid or --file" in shell(world, "ls", expect=2)
    said = shell(world, "hold 1/1", "why 1/1", "logs 1/0", "ls --json", flags=("--pid", str(first.pid)))
    assert "1/1 is held" in said
    assert "this is 1/0" in said
    assert f'"pid": {first.pid}' in said
    assert f'"pid": {second.pid}' not in said
    assert "is being ended" in shell(world, "kill 1/0", "exit", flags=("--file", str(other)))
    assert second.end() == 0
    assert shell(world, "release 1/1", "help", "? kill", "help why") != ""
    world.go()
    assert first.end() == 0


def test_flags_without_a_file_start_nothing(world: World) -> None:
    assert "name the file first" in shell(world, "run --simulate 2x24", "quit", expect=2)
    assert not list(world.states())


def test_one_that_ends_is_told_of_and_run_starts_it_again(world: World) -> None:
    file = world.blocks([(1, f"echo began >>began; {UNTIL_GO}")])
    scheduler = world.start("--watch")
    scheduler.wait_for("1/0", "running")
    assert "usage: exit" in shell(world, "exit now", "quit", expect=2)
    said = shell(world, "ls", "stop", "wait", "pause", "run", "ls", "exit", expect=2)
    assert f"the scheduler with pid {scheduler.pid} has ended" in said
    assert scheduler.end() in (0, 1, 143)
    started = int(re.findall(r"started, with pid (\d+)", said)[0])
    assert str(file.parents[1] / "logs" / "scheduler_multi_0.log") in said
    eventually(lambda: len(world.work("began")) == 2)
    shell(world, "stop", flags=("--pid", str(started)))
    gpulane(world, "ls")
    eventually(lambda: not (world.root / "logs/state" / f"{started}.lock").exists())


def test_with_a_file_run_starts_its_scheduler_and_leaving_does_not_stop_it(world: World) -> None:
    file = world.blocks([(1, UNTIL_GO), (1, "echo two >>done")])
    said = shell(world, f"run {file} --simulate 2x24", "exit")
    pid = int(re.findall(r"started, with pid (\d+)", said)[0])
    assert f"pid {pid}" in gpulane(world, "ls")
    assert "paused" in shell(world, "run", flags=("--file", str(file)))
    world.go()
    gpulane(world, "wait", "1/0")
    assert world.work("done") == []
    assert "resumed" in shell(world, "run")
    eventually(lambda: world.work("done"))
    eventually(lambda: not (world.root / "logs/state" / f"{pid}.lock").exists())
    wrong = world.file("1\nsleep 1 &\n1\n10\n", "wrong.txt")
    assert "wrong.txt:2" in shell(world, f"run {wrong} --simulate 2x24", expect=2)
    assert "no scheduler runs here" in shell(world, "ls", expect=2)


# --- in a terminal ---------------------------------------------------------------------------------


def test_lines_are_edited_completed_and_remembered(world: World, terminals: list[Terminal]) -> None:
    world.file(f'#LANE name="car stage 1"\n1\n{UNTIL_GO}\n1\n10\n')
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    terminal = opened(world, terminals)
    terminal.sees(f"talking to the scheduler with pid {scheduler.pid}")
    terminal.sees("gpulane>")
    terminal.type("wh\t")
    terminal.sees("why")
    terminal.type(" ca\t")
    terminal.sees("'car stage 1'")
    terminal.type("\r")
    terminal.sees("it is running")
    terminal.line("gpu 3")
    terminal.sees("GPU 3 is turned off")
    terminal.sees("gpulane>")
    terminal.type("kill 1/0\x03")  # Ctrl-C: the line is thrown away
    terminal.sees("gpulane>")
    terminal.type("\x1b[A\r")  # the one before
    terminal.sees("GPU 3 is turned on")
    terminal.line("logs 1/0 -f")
    terminal.sees("gpulane: output")
    terminal.type("\x03")  # ends the look, and not the prompt
    terminal.line("ls")
    terminal.sees("car stage 1")
    terminal.sees("gpulane>")
    terminal.type("\x04")
    assert terminal.ended() == 0
    history = world.root / "logs" / "shell_history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "+gpu 3" in history.read_text()
    assert scheduler.tasks()["1/0"].state.status == "running", "leaving stops nothing"
    world.go()
    assert scheduler.end() == 0


def test_the_end_of_the_scheduler_is_said_while_one_types(world: World, terminals: list[Terminal]) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    terminal = opened(world, terminals)
    terminal.sees("gpulane>")
    terminal.type("ls")
    world.go()
    assert scheduler.end() == 0
    terminal.sees(f"the scheduler with pid {scheduler.pid} has ended")
    terminal.sees("1 completed")
    terminal.type("\r")
    terminal.sees("has ended")
    terminal.line("logs 1/0")
    terminal.sees("gpulane: output")
    terminal.line("exit")
    assert terminal.ended() == 0


def test_what_it_says_is_broken_between_words(world: World, terminals: list[Terminal]) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    terminal = opened(world, terminals)
    terminal.resize(60)
    terminal.line("kill 99")
    terminal.sees("; a task is\r\nnamed by")
    terminal.line("help kill")
    terminal.sees("its name,\r\nthe start of its key")
    terminal.line("exit")
    assert terminal.ended() == 0
    world.go()
    assert scheduler.end() == 0


def test_on_a_dumb_terminal_there_are_plain_lines(world: World, terminals: list[Terminal]) -> None:
    world.blocks([(1, UNTIL_GO)])
    scheduler = world.start()
    scheduler.wait_for("1/0", "running")
    terminal = opened(world, terminals, "dumb")
    terminal.line("ls")
    terminal.sees("1/0")
    terminal.line("kil")
    terminal.sees("did you mean kill?")
    terminal.line("exit")
    assert terminal.ended() == 0, "whoever types has read it"
    world.go()
    assert scheduler.end() == 0


def test_a_home_whose_logs_can_not_be_written_has_a_prompt_all_the_same(
    world: World, terminals: list[Terminal]
) -> None:
    (world.root / "logs").mkdir()
    (world.root / "logs" / "shell_history").mkdir()
    terminal = opened(world, terminals)
    terminal.sees("no scheduler runs here; `run FILE` starts one")
    terminal.line("ls")
    terminal.sees("no scheduler runs here")
    terminal.line("exit")
    assert terminal.ended() == 0
    assert Path(world.root / "logs" / "shell_history").is_dir()
