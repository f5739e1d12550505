"""What is run at boot: a unit of the user's systemd, or where there is none a line of their crontab.

Each carries a marker with this home's name, and nothing without it is ever changed.
"""

import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.atomic import write_atomically
from app.model.faults import BadInput, GpulaneError
from app.model.paths import PROJECT, Home

LAUNCHER = PROJECT / "gpulane"
ASK_SECONDS = 20.0

MADE = ": made by `gpulane service install`, removed by `gpulane service uninstall`"
"""What follows a marker in the first line of a unit."""

END_SECONDS = 30.0
"""For a scheduler to end, beside what its tasks are given for that."""


class Refusal(GpulaneError):
    """A program of the system that says no."""


def run(*command: str, given: str | None = None) -> str:
    """What it prints. Raises Refusal with its last words, and where it is missing."""
    try:
        done = subprocess.run(
            command, input=given or "", capture_output=True, text=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refusal(f"{command[0]} can't be run: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Refusal(said[-1] if said else f"{shlex.join(command)} ended with exit code {done.returncode}")
    return done.stdout


def marker(home: Home) -> str:
    return f"gpulane-service {home.name}"


TELL_SECONDS = 15.0
"""To note which did not end."""


def stop_seconds() -> float:
    """What a shutdown leaves the schedulers of this home."""
    from app.by_id import stop_grace

    return stop_grace() + END_SECONDS


# systemd


def folder_of_units() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "systemd" / "user"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the user's own systemd."""

    home: Home

    @property
    def name(self) -> str:
        return f"gpulane-{self.home.name}.service"

    @property
    def path(self) -> Path:
        return folder_of_units() / self.name

    @staticmethod
    def possible() -> bool:
        """Whether this user has a systemd that answers."""
        try:
            run("systemctl", "--user", "show", "--property=Version")
        except Refusal:
            return False
        return True

    def text(self) -> str:
        # What it starts belongs to the unit: its schedulers are told to stop at a shutdown, and end their
        # tasks with care; only then systemd ends what is left.
        # RemainAfterExit, as systemd would do the same as soon as the command has ended. Through sh, as no
        # program that it starts may have a quote in its name.
        launcher = _quoted(str(LAUNCHER), dollars=True)
        return f"""\
# {marker(self.home)}{MADE}
[Unit]
Description=gpulane: resumes the schedulers of {_specifiers(str(self.home.root))} after a restart

[Service]
Type=oneshot
RemainAfterExit=yes
Environment={_quoted(f"GPULANE_HOME={self.home.root}")}
ExecStart=/bin/sh {launcher} service boot
ExecStop=/bin/sh {launcher} service down
TimeoutStopSec={stop_seconds() + TELL_SECONDS:g}

[Install]
WantedBy=default.target
"""

    def is_ours(self) -> bool:
        """There, and made for this home."""
        try:
            return self.path.read_text(errors="replace").startswith(f"# {marker(self.home)}{MADE}\n")
        except OSError:
            return False

    def is_current(self) -> bool:
        """As it would be written now: not by an older gpulane, nor for other settings."""
        return self.is_ours() and self.path.read_text() == self.text()

    def install(self) -> bool:
        """False: it was there already. Raises BadInput, Refusal."""
        if self.path.exists() and not self.is_ours():
            raise BadInput(f"{self.path} is there, and not ours; move it away first")
        same = self.is_current()
        if not same:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self.path, self.text().encode(), 0o644)
            except OSError as error:
                raise BadInput(f"{self.path} can't be written: {error.strerror}") from error
            run("systemctl", "--user", "daemon-reload")
        run("systemctl", "--user", "enable", self.name)
        return not same

    def uninstall(self) -> bool:
        """False: it was not there. What it started runs on. Raises Refusal."""
        if not self.is_ours():
            return False
        if self.possible():
            run("systemctl", "--user", "disable", self.name)
        self.path.unlink(missing_ok=True)
        if self.possible():
            run("systemctl", "--user", "daemon-reload")
        return True

    def enabled(self) -> bool:
        try:
            return run("systemctl", "--user", "is-enabled", self.name).strip() == "enabled"
        except Refusal:
            return False


def lingers() -> bool:
    """Whether this user's systemd starts with the machine, and not only when they log in."""
    try:
        return run("loginctl", "show-user", str(os.getuid()), "--property=Linger").strip() == "Linger=yes"
    except Refusal:  # who is not logged in and does not linger is not known to it
        return False


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str, dollars: bool = False) -> str:
    """One word of a unit's line; `dollars`: of a command, where `$` names a variable."""
    text = _specifiers(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + (text.replace("$", "$$") if dollars else text) + '"'


# cron


@dataclass(frozen=True, slots=True)
class Cron:
    """A line of the user's crontab."""

    home: Home

    @staticmethod
    def possible() -> bool:
        try:
            Cron.lines()
        except Refusal:
            return False
        return True

    @staticmethod
    def lines() -> list[str]:
        """Of the crontab as it is. Raises Refusal."""
        try:
            return run("crontab", "-l").splitlines()
        except Refusal as error:
            if "no crontab" in str(error):
                return []
            raise

    def line(self) -> str:
        home, launcher = _cron_word(str(self.home.root)), _cron_word(str(LAUNCHER))
        return f"@reboot GPULANE_HOME={home} {launcher} service boot >/dev/null # {marker(self.home)}"

    def install(self) -> bool:
        """False: it was there already. Raises Refusal."""
        lines = self.lines()
        if self.line() in lines:
            return False
        self._replace(lines, [self.line()])
        return True

    def uninstall(self) -> bool:
        """False: it was not there. Raises Refusal."""
        lines = self.lines()
        if not any(map(self._is_ours, lines)):
            return False
        self._replace(lines, [])
        return True

    def installed(self) -> bool:
        try:
            return self.line() in self.lines()
        except Refusal:
            return False

    def _is_ours(self, line: str) -> bool:
        return line.startswith("@reboot ") and line.endswith(f"# {marker(self.home)}")

    def _replace(self, lines: Sequence[str], ours: Sequence[str]) -> None:
        """All others stay as they are, in their order."""
        self.replace([*(line for line in lines if not self._is_ours(line)), *ours])

    @staticmethod
    def replace(lines: Sequence[str]) -> None:
        """Another crontab. Raises Refusal."""
        run("crontab", "-", given="".join(f"{line}\n" for line in lines))


def _cron_word(text: str) -> str:
    """One word for sh, without the two characters that crons take in ways of their own: % and backslash."""
    text = text.replace("'", "'\"'\"'")
    for character in "\\%":
        text = text.replace(character, f"'\"$(printf '\\{ord(character):03o}')\"'")
    return f"'{text}'"
