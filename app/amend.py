"""Changing a command file beside others who do: one at a time, whole or not at all, never into a bad one."""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.atomic import write_atomically
from app.command_file.document import Document
from app.command_file.parse import Parsed, parse
from app.command_file.read import LARGEST_BYTES
from app.command_file.syntax import bash_says
from app.model.faults import BadInput
from app.model.task import Mode, TaskSpec
from app.store.lock import take
from app.trust import read_trusted

PATIENCE = 30.0
"""Seconds that another change of the same file is waited for; one takes some milliseconds."""

LOOK_SECONDS = 0.01
NEW_FILE = 0o644

Change = Callable[[Document, Parsed], Document]
"""A file as it stands to what it shall be. May raise BadInput."""


@dataclass(frozen=True, slots=True)
class CommandFile:
    """A command file that is to be changed."""

    path: Path  #: real path
    mode: Mode
    shown: str  #: as its user named it
    new_mode: int = NEW_FILE  #: where it is made, less what the umask takes


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """No other gpulane changes the file (real path) meanwhile. Raises BadInput.

    A lock file beside it, since it is replaced itself; gone again when its holder is, however that ends."""
    beside = path.with_name(f".{path.name}.lock")
    deadline = time.monotonic() + PATIENCE
    try:
        while (lock := take(beside)) is None:
            if time.monotonic() > deadline:
                raise BadInput(
                    f"another gpulane has been changing {path} for {PATIENCE:g} s; nothing was changed"
                )
            time.sleep(LOOK_SECONDS)
    except OSError as error:
        raise BadInput(f"{path.parent} can't be written: {error.strerror}; nothing was changed") from error
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True, slots=True)
class Amended:
    """What a change has made of the file."""

    parsed: Parsed
    file: CommandFile
    before: bytes | None  #: None: there was no file
    after: bytes

    def undo(self) -> None:
        """As it was before, byte for byte, unless somebody has changed it since. Within `alone`."""
        with contextlib.suppress(OSError):
            if self.file.path.read_bytes() != self.after:
                return
            if self.before is None:
                self.file.path.unlink()
            else:
                write_atomically(self.file.path, self.before, stat.S_IMODE(self.file.path.stat().st_mode))


def amend(file: CommandFile, change: Change, may_be_empty: bool = False) -> Amended:
    """Within `alone`: change the file. Comments and spacing of the blocks that stay are untouched.

    Raises BadInput: it is not to be trusted or read, it would have faults (all of them), it can't be written.
    A file that is not there counts as empty."""
    there, mode = _read(file)
    text = there or ""
    after = _changed(text, file, change)
    parsed = _parsed(after, file)
    if parsed.faults and not (may_be_empty and not len(Document(after, file.mode))):
        raise BadInput(parsed.faults)
    if after != text:
        try:
            write_atomically(file.path, after.encode(), mode, durably=True)
        except OSError as error:
            raise BadInput(f"{file.shown} can't be written: {error.strerror}; nothing was changed") from error
    return Amended(parsed, file, None if there is None else there.encode(), after.encode())


def drafted(file: CommandFile, change: Change) -> str:
    """The text that `amend` would write, with whatever faults it has; nothing is written. Raises BadInput: it
    is not to be trusted or read."""
    return _changed(_read(file)[0] or "", file, change)


def _changed(text: str, file: CommandFile, change: Change) -> str:
    return change(Document(text, file.mode), _parsed(text, file)).text


def script_fault(script: str) -> tuple[int, str] | None:
    """What bash says against it, and at which line, from 1."""
    said = bash_says(script)
    if said is None:
        return None
    line, _, text = said.partition(":")
    # Where something is missing at the end, bash names the line behind it.
    return min(int(line), script.count("\n") + 1), text.strip()


def check_script(script: str) -> None:
    """Raises BadInput with what bash says against it."""
    if wrong := script_fault(script):
        where = f"line {wrong[0]} of the commands" if "\n" in script else "the command"
        raise BadInput(f"bash can't read {where}: {wrong[1]}")


def appended(task: TaskSpec, repeat: int = 1) -> Change:
    """The change that puts a block at the end."""
    return lambda document, _: document.insert(len(document), task, repeat)


def _read(file: CommandFile) -> tuple[str | None, int]:
    """Its text, and its mode bits; no text: it is not there."""
    try:
        mode = stat.S_IMODE(file.path.stat().st_mode)
    except FileNotFoundError:
        os.umask(mask := os.umask(0o077))
        return None, file.new_mode & ~mask
    except OSError:
        mode = 0  # said by what reads it
    return read_trusted(file.path, LARGEST_BYTES, file.shown).text, mode


def _parsed(text: str, file: CommandFile) -> Parsed:
    return parse(text, file.mode, file.shown, tmux_available=shutil.which("tmux") is not None)
