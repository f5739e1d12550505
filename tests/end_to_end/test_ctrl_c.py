"""Ctrl-C on a real terminal: the first drains, a second one soon after stops."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
import threading
from collections.abc import Iterator

import pytest

from tests.end_to_end.world import UNTIL_GO, World
from tests.waiting import eventually

DRAINING = "draining: nothing more starts; Ctrl-C twice: stop now"


class Terminal:
    """A pseudo-terminal, and who sits at it."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.seen = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # nobody has it open any more
            while data := os.read(self.master, 65_536):
                self.seen += data

    def press_ctrl_c(self) -> None:
        os.write(self.master, b"\x03")

    def close(self) -> None:
        os.close(self.slave)
        self.reader.join(10)
        os.close(self.master)


@pytest.fixture
def terminal(world: World) -> Iterator[Terminal]:
    world.env["TERM"] = "xterm"
    terminal = Terminal()
    yield terminal
    terminal.close()


def log_says(world: World, text: str) -> bool:
    """The log is written at once, the picture some time later."""
    return text in (world.root / "logs" / "compete_gpus.log").read_text()


def test_the_first_ctrl_c_lets_running_tasks_end(world: World, terminal: Terminal) -> None:
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done"), (1, "echo two >>done")])
    scheduler = world.start(prefix=["setsid", "--ctty"], terminal=terminal.slave)
    scheduler.wait_for("1/0", "running")
    terminal.press_ctrl_c()
    eventually(lambda: DRAINING.encode() in terminal.seen)
    world.go()
    assert scheduler.end() == 130
    assert world.work("done") == ["one"]
    assert world.outcome("1/0").status == "completed"


@pytest.mark.parametrize("script", ['"$@" | tee -i seen', 'TERM=dumb exec "$@"'], ids=["pipe", "dumb"])
def test_ctrl_c_drains_also_where_no_view_can_be_drawn(world: World, terminal: Terminal, script: str) -> None:
    world.blocks([(1, f"{UNTIL_GO}; echo one >>done")])
    shell = ["setsid", "--ctty", "bash", "-o", "pipefail", "-c", script, "bash"]
    scheduler = world.start(prefix=shell, terminal=terminal.slave)
    eventually(lambda: b"1/0 started on GPU" in terminal.seen)
    terminal.press_ctrl_c()
    eventually(lambda: log_says(world, "draining: 1 task still runs, nothing more starts"))
    world.go()
    assert scheduler.end() == 130
    assert world.work("done") == ["one"]


def test_a_second_ctrl_c_stops_now(world: World, terminal: Terminal) -> None:
    world.blocks([(1, f"trap 'echo term >>done; exit 1' TERM; echo up >>done; {UNTIL_GO}")])
    scheduler = world.start(prefix=["setsid", "--ctty"], terminal=terminal.slave)
    eventually(lambda: world.work("done"))
    scheduler.wait_for("1/0", "running")
    terminal.press_ctrl_c()
    eventually(lambda: log_says(world, "draining: 1 task still runs, nothing more starts"))
    assert world.work("done") == ["up"]
    terminal.press_ctrl_c()
    assert scheduler.end() == 130
    assert world.work("done") == ["up", "term"]
    assert world.outcome("1/0").status == "pending"


def test_ctrl_c_without_a_terminal_stops_now(world: World) -> None:
    world.blocks([(1, "sleep 100")])
    scheduler = world.start(start_new_session=True)
    scheduler.wait_for("1/0", "running")
    scheduler.child.send_signal(signal.SIGINT)
    assert scheduler.end() == 130
