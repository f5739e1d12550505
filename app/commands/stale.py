"""What `service install` has left for homes or checkouts that were moved or removed since."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.commands.units import MADE, Cron, Refusal, folder_of_units, run

_SEGMENT = r"""(?:'[^']*'|"'"|"\$\(printf '\\[0-7]{3}'\)")"""
_LINE = re.compile(
    rf"@reboot GPULANE_HOME=({_SEGMENT}+) ({_SEGMENT}+) service boot >/dev/null # gpulane-service [0-9a-f]+"
)
_PIECE = re.compile(r"""'([^']*)'|"(')"|"\$\(printf '\\([0-7]{3})'\)\"""")
_HEAD = re.compile(r"# gpulane-service [0-9a-f]+" + re.escape(MADE))
_HOME = re.compile(r'Environment="GPULANE_HOME=(.*)"')
_LAUNCHER = re.compile(r'ExecStart=/bin/sh "(.*)" service boot')


@dataclass(frozen=True, slots=True)
class Stale:
    """A unit or a line that can't start anything."""

    where: str  #: what it is, for people
    missing: str  #: path that is gone
    what: Path | str  #: the unit's file, or the line

    @property
    def said(self) -> str:
        return f"{self.where} is of a folder that is gone: {self.missing}"

    def remove(self) -> None:
        """Raises Refusal."""
        if isinstance(self.what, str):
            Cron.replace([line for line in Cron.lines() if line != self.what])
            return
        try:
            run("systemctl", "--user", "disable", self.what.name)
            run("systemctl", "--user", "daemon-reload")
        except Refusal:  # no systemd answers here
            pass
        self.what.unlink(missing_ok=True)


def stale() -> list[Stale]:
    """Of this user. What can't be read is none of ours."""
    return [*_units(), *_lines()]


def _units() -> Iterator[Stale]:
    for path in sorted(folder_of_units().glob("gpulane-*.service")):
        try:
            text = path.read_text()
        except (OSError, ValueError):
            continue
        home, launcher = _HOME.search(text), _LAUNCHER.search(text)
        if _HEAD.match(text) and home and launcher:
            missing = _missing(_unquoted(home[1]), _unquoted(launcher[1].replace("$$", "$")))
            if missing:
                yield Stale(f"the unit {path}", missing, path)


def _lines() -> Iterator[Stale]:
    try:
        lines = Cron.lines()
    except Refusal:
        return
    for line in lines:
        found = _LINE.fullmatch(line)
        missing = _missing(_word(found[1]), _word(found[2])) if found else None
        if missing:
            yield Stale("a line of your crontab", missing, line)


def _missing(home: str, launcher: str) -> str | None:
    if not Path(home).is_dir():
        return home
    return None if Path(launcher).exists() else launcher


def _unquoted(text: str) -> str:
    """A word of a unit's line, as `units` has quoted it."""
    return re.sub(r"\\(.)", r"\1", text).replace("%%", "%")


def _word(text: str) -> str:
    """A word of a crontab's line, as `units` has quoted it."""
    pieces = (each.groups() for each in _PIECE.finditer(text))
    return "".join(chr(int(octal, 8)) if octal else quote or plain or "" for plain, quote, octal in pieces)
