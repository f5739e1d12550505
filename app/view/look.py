"""Glyphs and colours. A state has one icon, one word and one colour, the same as in the web console.

The colours are the console's hues at a lightness that reads on dark and on light terminals alike (contrast
3.4 to 6.3 on white, #1e1e1e and black). Shapes differ wherever colours do, for NO_COLOR and colour blindness.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.style import Style

from app.model.state import Status
from app.model.state_file import SchedulerStatus

PLAIN = Style()
STRONG = Style(bold=True)
QUIET = Style(color="#808A96")  #: units, labels, what is only looked up
TRACK = Style(color="#808A96", dim=True)

STATE: Mapping[Status, Style] = {
    "held": Style(color="#C25CBB"),
    "pending": QUIET,
    "waiting": Style(color="#B58400"),
    "running": Style(color="#3D87E8"),
    "backoff": Style(color="#DB6B26"),
    "completed": Style(color="#1E9C76"),
    "failed": Style(color="#E5535F"),
    "cancelled": Style(color="#94806D"),
    "skipped": Style(color="#6E8C93"),
}
LEASE = Style(color="#5B86C0")  #: memory of other leases
PEOPLE = Style(color="#7D8793")  #: memory of processes without a lease
WARN = STATE["waiting"]
BROKEN = STATE["failed"]
OURS = STATE["running"]

SCHEDULER: Mapping[SchedulerStatus, Style] = {
    "running": OURS,
    "draining": WARN,
    "paused": WARN,
    "stopping": WARN,
    "finished": STATE["completed"],
}


@dataclass(frozen=True, slots=True)
class Look:
    """The characters a terminal can show."""

    icon: Mapping[Status, str]
    cell: Mapping[Status, str]  #: of a queue's strip
    used: str  #: memory of ours in use
    promised: str  #: promised to ours, not yet used
    lease: str
    people: str
    free: str
    dot: str
    rule: str
    ellipsis: str
    between: str  #: between facts
    degree: str
    box: str  #: corners from the top left on, clockwise, then the side


_ICONS: dict[Status, str] = {
    "held": "‖",
    "pending": "○",
    "waiting": "◔",
    "running": "▶",
    "backoff": "↻",
    "completed": "✓",
    "failed": "✗",
    "cancelled": "⊘",
    "skipped": "»",
}
_ASCII_ICONS: dict[Status, str] = {
    "held": "=",
    "pending": ".",
    "waiting": "?",
    "running": ">",
    "backoff": "@",
    "completed": "+",
    "failed": "x",
    "cancelled": "-",
    "skipped": ":",
}

UNICODE = Look(
    icon=_ICONS,
    cell=_ICONS | {"completed": "■", "pending": "·"},
    used="▇",
    promised="▒",
    lease="▄",
    people="▚",
    free="─",
    dot="●",
    rule="─",
    ellipsis="…",
    between=" · ",
    degree="°C",
    box="╭╮╯╰│",
)
ASCII = Look(
    icon=_ASCII_ICONS,
    cell=_ASCII_ICONS | {"completed": "#"},
    used="#",
    promised="+",
    lease="L",
    people="o",
    free=".",
    dot="*",
    rule="-",
    ellipsis="~",
    between=", ",
    degree="C",
    box="++++|",
)


def look_for(console: Console) -> Look:
    """UNICODE where the terminal's encoding has it. Linux's text console lacks the glyphs in any."""
    glyphs = "".join(
        [*UNICODE.cell.values(), *UNICODE.icon.values(), UNICODE.used, UNICODE.lease, UNICODE.box]
    )
    try:
        glyphs.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return ASCII if os.environ.get("TERM") == "linux" else UNICODE
