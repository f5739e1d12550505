"""The command files of a home as configurations: listed, read, checked, saved, made and deleted."""

import contextlib
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.amend import alone
from app.command_file.parse import Parsed, parse
from app.command_file.read import LARGEST_BYTES
from app.command_file.syntax import check_some_scripts
from app.earlier import count_living, left_of
from app.model.faults import BadInput, Fault
from app.model.paths import Home
from app.model.task import Mode
from app.store.plan_lock import pid_of, plan_holder, take_plan
from control.src.files.editing import Edited, Present, Wish, encoded, folder_for, real
from control.src.files.versions import Versions
from control.src.latest import Latest
from control.src.schedulers.dismissal import dismiss
from control.src.schedulers.states import Seen
from control.src.web.problems import Refused

LAST_INDEX = 9999
MOST_VERDICTS = 50_000
MOST_CACHED = 200

Seens = Mapping[str, Seen]
"""Of each command file (real path) the scheduler that runs it, else the one that has run it last."""

Text = Callable[[Present], str]
"""What a file is to say, from the one that stands there. May raise BadInput."""


@dataclass(frozen=True, slots=True)
class Read:
    """A configuration as it stands."""

    mode: Mode
    index: int
    path: Path
    present: Present
    etag: str | None
    text: str
    tasks: int
    queues: int
    faults: tuple[Fault, ...]
    unreadable: bool = False  #: there is a file, and no text of it


@dataclass(frozen=True, slots=True)
class Checked:
    """What the scheduler would say of a text."""

    parsed: Parsed
    faults: tuple[Fault, ...]
    unasked: int = 0  #: scripts that bash was not asked about, as they are too many at once

    @property
    def queues(self) -> int:
        return len({task.queue_id for task in self.parsed.tasks})


class Configurations:
    """Called from many threads."""

    def __init__(self, home: Callable[[], Home], folder: Path, key: bytes) -> None:
        self._home, self._folder, self._key = home, folder, key
        self._verdicts: dict[str, str | None] = {}
        self._latest = Latest(self._read, MOST_CACHED)

    def indices(self, mode: Mode) -> list[int]:
        """Those that there are."""
        stem = self._home().command_file(mode, 0).stem
        name = re.compile(rf"{stem}(?:_([1-9]\d{{0,3}}))?\.txt", re.ASCII)
        try:
            names = [path.name for path in self._folder_of(mode).iterdir()]
        except OSError:
            return []
        return sorted(int(found[1] or 0) for each in names if (found := name.fullmatch(each)))

    def listed(self, mode: Mode) -> list[Read]:
        """Each of them, and configuration 0 in any case."""
        return [self.read(mode, index) for index in sorted({0, *self.indices(mode)})]

    def read(self, mode: Mode, index: int) -> Read:
        """Never raises: what is wrong with the file itself is its one fault."""
        return self._latest(self._home().command_file(mode, index), mode, index)

    def _read(self, path: Path, mode: Mode, index: int) -> Read:
        present, edited = Present(None), None
        try:
            edited = self.edited(mode, index)
            present = edited.present()
            text = present.text(path.name)
        except BadInput as bad:
            faults = bad.faults or (Fault(path.name, 0, 0, str(bad)),)
            etag = edited.etag(present.data) if edited else None
            return Read(mode, index, path, present, etag, "", 0, 0, faults, unreadable=True)
        if present.data is None:
            return Read(mode, index, path, present, None, "", 0, 0, ())
        checked = self.check(text, mode, path.name)
        etag, tasks = edited.etag(present.data), len(checked.parsed.tasks)
        return Read(mode, index, path, present, etag, text, tasks, checked.queues, checked.faults)

    def check(self, text: str, mode: Mode, shown: str, most: int | None = None) -> Checked:
        """By the scheduler's own parser, and by bash, which is asked about each script once; about `most` new
        ones now."""
        parsed = parse(text, mode, shown, tmux_available=shutil.which("tmux") is not None)
        verdicts = self._verdicts
        faults, unasked = check_some_scripts(parsed, shown, verdicts, most)
        if len(verdicts) > MOST_VERDICTS:
            self._verdicts = {}
        return Checked(parsed, tuple(sorted({*parsed.faults, *faults})), unasked)

    def edited(self, mode: Mode, index: int) -> Edited:
        """Raises BadInput."""
        path = self._home().command_file(mode, index)
        return Edited(real(path), path.name, LARGEST_BYTES, self.versions(mode, index), self._key)

    def versions(self, mode: Mode, index: int) -> Versions:
        return Versions(self._folder / "versions" / f"{mode}-{index}")

    def save(
        self, mode: Mode, index: int, text: Text, wish: Wish, draft: bool, login: str
    ) -> tuple[bool, Read]:
        """Whether it changes anything, and the file as it then is. Raises Refused, BadInput."""
        edited = self.edited(mode, index)
        folder_for(edited.path)
        with alone(edited.path):
            now = edited.present()
            if now.data is None and wish.none_match is None and wish.match in (None, "*"):
                raise Refused(404, "no-configuration", f"there is no configuration {index} ({edited.shown})")
            edited.refuse_stale(now, wish, lambda seen: text(seen or Present(None)))
            edited.refuse_unreadable(now)
            said = text(now)
            checked = self._sound(said, mode, edited.shown, draft)
            data = encoded(said, edited.shown)
            changed = edited.write(now, data, login, len(checked.parsed.tasks))
            return changed, self.read(mode, index)

    def _sound(self, text: str, mode: Mode, shown: str, draft: bool) -> Checked:
        checked = self.check(text, mode, shown)
        if checked.faults and not draft:
            raise BadInput(checked.faults)
        return checked

    def make(self, mode: Mode, text: str, draft: bool, login: str) -> int:
        """A new one, whose tasks are nobody's from before; its index. Raises Refused, BadInput."""
        if text.strip("\ufeff \t\r\n"):
            self._sound(text, mode, "text", draft)
        home, there = self._home(), set(self.indices(mode))
        for index in range(LAST_INDEX + 1):
            if index in there:
                continue
            edited = self.edited(mode, index)
            if left_of(home, edited.path):  # a start would go on with the run of one that was deleted
                continue
            folder_for(edited.path)
            with alone(edited.path):
                now = edited.present()
                if now.data is None:  # nobody was quicker
                    tasks = len(self.check(text, mode, edited.shown).parsed.tasks)
                    edited.write(now, encoded(text, edited.shown), login, tasks)
                    return index
        raise Refused(409, "too-many", f"there are {LAST_INDEX + 1} configurations already")

    def delete(self, mode: Mode, index: int, wish: Wish, seens: Seens) -> None:
        """Its text stays among its versions. Raises Refused, BadInput."""
        home, edited = self._home(), self.edited(mode, index)
        refuse_kept(home, index, edited.path, seens)
        _refuse_living(home, edited.path)
        folder_for(edited.path)
        with alone(edited.path):
            now = edited.present()
            if now.data is None:
                raise Refused(404, "no-configuration", f"there is no configuration {index} ({edited.shown})")
            if wish.match is not None:
                edited.refuse_stale(now, wish, None)
            plan = take_plan(home.state, edited.path, briefly=True)  # no start meanwhile
            try:
                self._remove(home.command_file(mode, index), edited, now, self.read(mode, index).tasks)
            finally:
                plan.release()
        last = seens.get(str(edited.path))
        if last and last.alive is False:
            with contextlib.suppress(Refused, BadInput):  # it offers to go on with a file that is gone
                dismiss(home, last.pid)

    def _remove(self, path: Path, edited: Edited, now: Present, tasks: int) -> None:
        """Of a link the link, not what it leads to."""
        if not path.is_symlink():
            edited.remove(now, tasks)
            return
        try:
            path.unlink()
        except OSError as error:
            raise BadInput(f"{path} can't be removed: {error.strerror}; nothing was changed") from error

    def _folder_of(self, mode: Mode) -> Path:
        return self._home().command_file(mode, 0).parent


def why_kept(home: Home, index: int, path: Path, seens: Seens) -> tuple[str, int | None] | None:
    """Why a configuration can't be deleted, and which scheduler is the reason; None: it can."""
    if index == 0:
        return "configuration 0 is the default of its mode, and stays; its text can be emptied", None
    holder = plan_holder(home.state, path)
    if holder is not None:
        return f"the scheduler with pid {holder} runs it; stop that one first", pid_of(holder)
    last = seens.get(str(path))
    left = (last.head.get("left") or {}).get("running") if last else None
    if last and left:
        tasks = f"{len(left)} tasks run" if len(left) > 1 else f"task {left[0]} runs"
        return f"its scheduler is gone, and {tasks} on; resume or dismiss that one first", last.pid
    return None


def _refuse_living(home: Home, path: Path) -> None:
    """Tasks may run on without a scheduler, and without the state file that says so. Raises Refused."""
    living = sum(count_living(home, run) for run in left_of(home, path).values())
    if living:
        tasks = "1 task of it runs" if living == 1 else f"{living} tasks of it run"
        raise Refused(409, "in-use", f"{tasks} on without a scheduler; start it again, then stop it")


def refuse_kept(home: Home, index: int, path: Path, seens: Seens) -> None:
    """Raises Refused."""
    why = why_kept(home, index, path, seens)
    if why:
        raise Refused(409, "in-use" if index else "default", why[0], pid=why[1])
