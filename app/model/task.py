"""What a command file asks for: tasks, their options, their identity."""

import hashlib
import json
import os.path
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

WORK_DIR = re.compile(r"(?<!\$)\{work_dir\}")  # ${work_dir} is a variable of the user's own

Mode = Literal["single", "multi"]
MODES: tuple[Mode, ...] = ("multi", "single")
OnFailure = Literal["stop", "continue"]
Terminal = Literal["direct", "tmux"]
Value = Literal["gpus", "memory", "devices", "model", "cwd"]
"""What a block says that may not suit this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a block's `#LANE` comments say. None always means: as the settings say."""

    name: str | None = None
    queue_name: str | None = None
    devices: tuple[str, ...] | None = None  #: allowed GPU indices ("0", "0:1" for MIG); None: any in range
    queue_devices: tuple[str, ...] | None = None  #: of its whole queue, see `parse`
    model: str | None = None  #: part of the driver's name of the card, case ignored
    retries: int | None = None
    timeout: float | None = None  #: seconds
    on_failure: OnFailure | None = None
    priority: int = 0  #: larger first
    hold: bool = False
    fifo: bool = False  #: while it waits, no later one for the same devices starts
    cwd: str | None = None
    env: tuple[tuple[str, str], ...] = ()  #: sorted by name
    share: bool | None = None
    terminal: Terminal = "direct"


NO_OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One task as a command file asks for it. `repeat=3` in a block makes three equal specs."""

    queue_id: int
    script: str  #: one bash script, `{work_dir}` not yet replaced
    gpus: int  #: 0: runs on CPU
    memory_gb: float | None  #: per GPU, in units of 1,024 MiB; None: the whole card, exclusive
    options: Options = NO_OPTIONS
    line: int = field(default=0, compare=False)  #: 1-based, of the block's queue id

    def folder(self, work_dir: str) -> str:
        """The folder it runs in, absolute as `work_dir` is."""
        given = os.path.expanduser(substitute(self.options.cwd or "", work_dir))  # noqa: PTH111 - of text
        return str(PurePosixPath(work_dir, given))

    def digest(self) -> str:
        """What makes it the same task after an edit: script, cwd, env, GPU count. 16 hex digits."""
        parts = [self.script, self.options.cwd or "", str(self.gpus)]
        parts += [f"{name}={value}" for name, value in self.options.env]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


_HOOKED = "# build_command "
_NOT_BUILT = "\necho 'the hook of this row was not asked' >&2; exit 1"


def hook_script(row: Mapping[str, str]) -> str:
    """The script of a table's row whose command a hook builds once it has its cards: the row itself."""
    return f"{_HOOKED}{json.dumps(row, ensure_ascii=False)}{_NOT_BUILT}"


def hooked_row(script: str) -> dict[str, str] | None:
    """The row of such a script; None: it is a script as it stands."""
    if not script.startswith(_HOOKED) or not script.endswith(_NOT_BUILT):
        return None
    row: dict[str, str] = json.loads(script.removeprefix(_HOOKED).removesuffix(_NOT_BUILT))
    return row


def in_words(script: str) -> str:
    """The script for people: of a row that has no command yet, what the row says."""
    row = hooked_row(script)
    return script if row is None else " ".join(f"{name}={shlex.quote(text)}" for name, text in row.items())


def substitute(script: str, work_dir: str) -> str:
    """The script with `{work_dir}` replaced, and nothing else: `${work_dir}`, `{}` and `{print}` stay."""
    return WORK_DIR.sub(lambda _: work_dir, script)


class TaskKey(NamedTuple):
    """A task's lasting name: its digest, and which of several equal tasks it is (assigned once).

    A tuple, since a decision hashes it a hundred times."""

    digest: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.digest}-{self.occurrence}"

    @classmethod
    def of(cls, text: str) -> "TaskKey":
        """That is written so. Raises ValueError."""
        digest, _, occurrence = text.rpartition("-")
        return cls(digest, int(occurrence))


@dataclass(frozen=True, slots=True)
class Planned:
    """A task of the present file, with its key and its place."""

    key: TaskKey
    index: int  #: within its queue, from 0
    spec: TaskSpec
