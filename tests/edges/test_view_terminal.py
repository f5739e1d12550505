"""The live view in real terminals: tmux, and bare pseudo-terminals that stall or vanish."""

import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from app.model.paths import PROJECT
from app.view.line import Line
from app.view.live import suits
from app.view.log_tail import LogTails
from app.view.look import UNICODE
from app.view.page import page
from app.view.section import Scene
from tests.view_samples import believable
from tests.waiting import eventually

DEMO = f"{sys.executable} -m tests.edges.view_demo"


class Tmux:
    """A shell in a tmux of its own."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("TMUX", "NO_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING")
        } | {"LC_ALL": "C.UTF-8", "PS1": "$ "}
        self._run(
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "100",
            "-y",
            "30",
            "bash",
            "--norc",
            "-i",
            env=environment,
        )

    def _run(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-u", "-S", self._socket, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT, env=env)
        return done.stdout

    def screen(self) -> str:
        return self._run("capture-pane", "-p").rstrip("\n")

    def scrollback(self) -> str:
        return self._run("capture-pane", "-p", "-J", "-S", "-").rstrip()

    def cursor_shown(self) -> bool:
        return self._run("display-message", "-p", "#{cursor_flag}").strip() == "1"

    def type(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        self._run("resize-window", "-x", str(width), "-y", str(height))

    def end(self) -> None:
        self._run("kill-server")


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    terminal = Tmux(tmp_path)
    try:
        eventually(lambda: "$" in terminal.screen())
        yield terminal
    finally:
        terminal.end()


def plain(lines: list[Line]) -> str:
    rows = ["".join(segment.text for segment in line).rstrip() for line in lines]
    return timeless("\n".join(rows).rstrip())


def timeless(text: str) -> str:
    """Clocks go on between two looks."""
    return re.sub(r"\d+", "N", text)


def shows_exactly(tmux: Tmux, width: int, height: int) -> None:
    """The screen holds the picture for this size and nothing else."""

    def same() -> bool:
        scene = Scene(believable(), time.time(), UNICODE, LogTails(), height)
        return timeless(tmux.screen()) == plain(page(scene, width))

    eventually(same)


def test_every_resize_leaves_a_clean_picture(tmux: Tmux) -> None:
    tmux.type(DEMO, "Enter")
    shows_exactly(tmux, 100, 30)
    for width, height in ((60, 30), (140, 20), (33, 9), (200, 60), (80, 24)):
        tmux.resize(width, height)
        shows_exactly(tmux, width, height)


def test_a_storm_of_resizes_leaves_a_clean_picture(tmux: Tmux) -> None:
    tmux.type(DEMO, "Enter")
    shows_exactly(tmux, 100, 30)
    for step in range(40):
        tmux.resize(40 + 37 * step % 120, 8 + 11 * step % 40)
    tmux.resize(90, 25)
    shows_exactly(tmux, 90, 25)


def test_at_the_end_the_terminal_holds_the_summary_and_what_was_there_before(tmux: Tmux) -> None:
    tmux.type(f"seq 5000 5040; {DEMO}; stty | grep -c -- -echo", "Enter")
    shows_exactly(tmux, 100, 30)
    assert not tmux.cursor_shown()
    tmux.type("this is not run by the shell", "Enter", "C-c")
    text = eventually(lambda: tmux.scrollback() if "78 tasks:" in tmux.scrollback() else "")
    text = eventually(lambda: tmux.scrollback() if tmux.scrollback().endswith("$") else "")
    assert "5000\n5001" in text
    assert "log: /home/chen/gpulane/logs/runs/20251124-122107-41873/1-1-0a1b2c3d.1.log" in text
    assert "Ctrl-C" not in text
    assert "this is not" not in text
    assert "Traceback" not in text
    assert text.splitlines()[-2] == "0", "the terminal echoes again"
    assert tmux.cursor_shown()


def test_ctrl_z_gives_the_terminal_back_and_fg_draws_again(tmux: Tmux) -> None:
    tmux.type(DEMO, "Enter")
    shows_exactly(tmux, 100, 30)
    tmux.type("C-z")
    stopped = eventually(lambda: tmux.screen() if "Stopped" in tmux.screen() else "")
    assert "Queues" not in stopped
    tmux.type("fg", "Enter")
    shows_exactly(tmux, 100, 30)
    tmux.type("C-c")
    eventually(lambda: "78 tasks:" in tmux.screen())


def test_in_the_background_nothing_is_drawn(tmux: Tmux, tmp_path: Path) -> None:
    beats = tmp_path / "beats"
    tmux.type(f"{DEMO} believable {beats} &", "Enter")
    eventually(lambda: beats.exists() and beats.stat().st_size > 50)
    assert "Queues" not in tmux.screen()
    tmux.type("fg", "Enter")
    shows_exactly(tmux, 100, 30)
    tmux.type("C-c")
    eventually(lambda: "78 tasks:" in tmux.screen())


class Bare:
    """The demo on a pseudo-terminal that does only what a test says."""

    def __init__(self, kind: str, beats: Path, **environment: str) -> None:
        self.beats = beats
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(PROJECT)
            os.environ.update(environment)
            os.execv(sys.executable, [sys.executable, "-m", "tests.edges.view_demo", kind, str(beats)])
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))

    def beaten(self) -> int:
        return self.beats.stat().st_size if self.beats.exists() else 0

    def read(self, until: bytes) -> bytes:
        data = b""
        while until not in data:
            data += os.read(self.master, 65_536)
        return data

    def ended(self) -> int:
        """Its exit status."""
        status: list[int] = []

        def reaped() -> bool:
            pid, found = os.waitpid(self.pid, os.WNOHANG)
            status.append(os.waitstatus_to_exitcode(found))
            return pid != 0

        eventually(reaped)
        return status[-1]


def test_a_terminal_that_takes_nothing_does_not_hold_up_the_scheduler(tmp_path: Path) -> None:
    bare = Bare("churn", tmp_path / "beats")
    try:
        bare.read(b"Running")
        for _ in range(3):  # nobody reads; a picture is 20 kB, and a pseudo-terminal keeps less than that
            before = bare.beaten()
            eventually(lambda before=before: bare.beaten() > before + 50)  # type: ignore[misc]
        os.kill(bare.pid, signal.SIGUSR1)
        bare.read(b"draining: 5 tasks still run")
    finally:
        os.kill(bare.pid, signal.SIGKILL)
        assert bare.ended() == -signal.SIGKILL
        os.close(bare.master)


def test_a_closed_terminal_ends_the_view_and_nothing_else(tmp_path: Path) -> None:
    bare = Bare("believable", tmp_path / "beats")
    bare.read(b"Running")
    os.close(bare.master)
    assert bare.ended() == 0
    assert bare.beats.read_text() == "gone"


@pytest.mark.parametrize(("term", "drawn"), [("xterm", True), ("dumb", False)])
def test_a_terminal_suits_unless_it_is_dumb(term: str, drawn: bool) -> None:
    master, slave = pty.openpty()
    with open(slave, "w") as file:  # noqa: PTH123 - a descriptor
        assert suits(Console(file=file, _environ={"TERM": term})) is drawn
    os.close(master)


def test_a_pipe_never_suits(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert not suits(Console(file=file, _environ={"FORCE_COLOR": "1", "TERM": "xterm"}))


def test_hostile_names_reach_no_terminal(tmp_path: Path) -> None:
    bare = Bare("hostile", tmp_path / "beats", NO_COLOR="1")
    data = bare.read(b"Ctrl-C")
    os.kill(bare.pid, signal.SIGKILL)
    bare.ended()
    os.close(bare.master)
    ours = re.compile(rb"\x1b\[(?:\?(?:1049|25|7|2026)[hl]|[0-9;]*[HKJm])")
    rest = ours.sub(b"", data)
    assert b"[red]x[/red]" in rest
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", rest)
    assert b"38;2" not in data, "NO_COLOR"
    assert b"owned" not in data
