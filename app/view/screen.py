"""A terminal's other screen: drawn on line by line, and left as it was found.

The other screen, because a resize wraps the lines of the first one anew, so that what was drawn there stays
behind as garbage in the scrollback; this one's are not, and after it the scrollback is whole.
"""

import contextlib
import os
import termios

from rich.console import COLOR_SYSTEMS, Console

from app.view.line import Line
from app.view.outlet import Outlet

# Autowrap is off while we draw: a line that turns out too long (the terminal shrank meanwhile, or measures a
# character otherwise than we do) is cut and spoils no other.
ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J"
LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
# What lies between is shown at once by terminals that know this, and the others pass over it.
TOGETHER, DONE = "\x1b[?2026h", "\x1b[?2026l"
CLEAR = "\x1b[H\x1b[2J"
CLEAR_REST = "\x1b[0m\x1b[K"

STOP_WAITING = 1.0  #: seconds that leaving may take on a terminal that does not listen


class Screen:
    """Draws lines; only those that changed are written."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._outlet = Outlet(console.file)
        self._drawn: list[Line] = []
        self._open = False
        self._modes: list[object] | None = None

    @property
    def gone(self) -> bool:
        """Nothing can be written any more: the terminal was closed."""
        return self._outlet.gone

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows now: the terminal's, since COLUMNS and LINES don't follow a resize."""
        fd = self._outlet.fd
        if fd is not None:
            with contextlib.suppress(OSError):
                size = os.get_terminal_size(fd)
                if size.columns and size.lines:
                    return size.columns, size.lines
        return self._console.size.width, self._console.size.height

    @property
    def ours(self) -> bool:
        """Whether we are the terminal's foreground job: others must not write over what its user does."""
        fd = self._outlet.fd
        if fd is None:
            return True
        try:
            return os.tcgetpgrp(fd) == os.getpgrp()
        except OSError:  # not the terminal that controls our session, so there is no job control
            return True

    def draw(self, lines: list[Line], whole: bool = False) -> bool:
        """Show these lines; `whole` after a resize. False when the terminal has not yet taken the last."""
        if not self._outlet.flush():
            return False
        if not self._open:
            self._enter()
            whole = True
        text = self._changes(lines, whole)
        if text:
            self._outlet.send(TOGETHER + text + DONE)
        self._drawn = list(lines)
        return True

    def _changes(self, lines: list[Line], whole: bool) -> str:
        before = [] if whole else self._drawn
        parts = [CLEAR] if whole else []
        for at in range(max(len(lines), len(before))):
            line = lines[at] if at < len(lines) else []
            if at >= len(before) or before[at] != line:
                parts.append(f"\x1b[{at + 1};1H{self.ansi(line)}{CLEAR_REST}")
        return "".join(parts)

    def ansi(self, line: Line) -> str:
        """The line in this terminal's colours and encoding."""
        console = self._console
        system = COLOR_SYSTEMS.get(console.color_system or "")
        parts = []
        for text, style, _ in line:
            shown = style.without_color if style and console.no_color else style
            parts.append(shown.render(text, color_system=system) if shown else text)
        return "".join(parts)

    def _enter(self) -> None:
        self._open = True
        self._silence()
        self._outlet.send(ENTER)

    def leave(self) -> None:
        """Back to the first screen. Harmless when called again, or when the terminal has gone."""
        if not self._open:
            return
        self._open = False
        if self.ours:
            self._outlet.send(LEAVE)
            self._outlet.flush(STOP_WAITING)
            self._restore()

    def close(self) -> None:
        """For good."""
        self.leave()
        self._outlet.close()

    def _silence(self) -> None:
        """Keys typed are not shown, since they would stand in the picture. Ctrl-C works on."""
        fd = self._outlet.fd
        if fd is None or not self.ours:
            return
        with contextlib.suppress(termios.error):
            self._modes = termios.tcgetattr(fd)
            quiet = termios.tcgetattr(fd)
            quiet[3] &= ~termios.ECHO
            termios.tcsetattr(fd, termios.TCSANOW, quiet)

    def _restore(self) -> None:
        """What was typed unseen is thrown away: the shell must not run it."""
        fd, modes = self._outlet.fd, self._modes
        if fd is None or modes is None:
            return
        self._modes = None
        with contextlib.suppress(termios.error):
            termios.tcflush(fd, termios.TCIFLUSH)
            termios.tcsetattr(fd, termios.TCSANOW, modes)  # type: ignore[arg-type]
