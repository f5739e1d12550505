"""Completion in real shells: verbs, options, tasks, cards and files."""

import os
import shlex
import subprocess
from collections.abc import Iterator

import pytest

from app.model.paths import PROJECT
from tests.end_to_end.terminal import Terminal
from tests.end_to_end.test_words import gpulane
from tests.end_to_end.world import UNTIL_GO, World

LAUNCHER = PROJECT / "gpulane"

SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}


@pytest.fixture
def busy(world: World) -> Iterator[World]:
    """With a task of a name that shells would take apart."""
    world.file(f'#LANE name="car stage $1"\n7\n{UNTIL_GO}\n1\n10\n')
    world.env["PS1"] = "$ "
    scheduler = world.start()
    scheduler.wait_for("7/0", "running")
    yield world
    world.go()
    assert scheduler.end() == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_typed_is_completed(busy: World, shell: str) -> None:
    (busy.root / "work" / "my night.txt").touch()
    terminal = Terminal(busy, SHELLS[shell])
    try:
        terminal.type(f'eval "$({shlex.quote(str(LAUNCHER))} completion {shell})"; echo rea""dy\r')
        terminal.sees("ready")
        for typed, becomes in (
            ("wh\t", "why"),
            ("hold 7\t", "hold 7/0"),
            ("hold car\t", r"hold car\ stage\ \$1"),
            ("gpu 3 of\t", "gpu 3 off"),
            ("service uni\t", "service uninstall"),
            ("ls --jso\t", "ls --json"),
            ("set max_ret\t", "set max_retries"),
            ("run my\t", r"run my\ night.txt"),
        ):
            terminal.type(f"gpulane {typed}")
            terminal.sees(f"gpulane {becomes}")
            terminal.type("\x15")  # the line is thrown away
    finally:
        terminal.close()


def test_fish_is_told_the_same(busy: World) -> None:
    (busy.root / "work" / "my night.txt").touch()

    def completed(line: str) -> list[str]:
        script = f"{shlex.quote(str(LAUNCHER))} completion fish | source; complete -C {shlex.quote(line)}"
        done = subprocess.run(
            ["fish", "--no-config", "-c", script],
            env={**os.environ, **busy.env, "GPULANE_HOME": str(busy.root)},
            cwd=busy.root / "work",
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return [each.split("\t")[0] for each in done.stdout.splitlines()]

    assert completed("gpulane wh") == ["why"]
    assert completed("./gpulane hold ") == ["7/0", "car stage $1"]
    assert completed("gpulane gpu 3 ") == ["off", "on"]
    assert completed("gpulane run my") == ["my night.txt"]
    assert completed("gpulane pause --pid x ") == []


def test_a_shell_there_is_no_completion_for(world: World) -> None:
    assert "there is one for bash, zsh, fish" in gpulane(world, "completion", "ksh", expect=2)


def test_states_that_can_not_be_read_complete_nothing(world: World) -> None:
    folder = world.root / "logs" / "state"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text("{")
    (folder / "2.json").write_text("{}")
    (folder / "3.json").write_text("[]")
    assert gpulane(world, "complete", "--", "kill", "") == "words\n"
