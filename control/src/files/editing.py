"""Files that people edit here while others edit them, too: nobody's work is written over unseen."""

import re
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from app.atomic import write_atomically
from app.model.faults import BadInput
from app.trust import decode, read_trusted_bytes
from control.src.files.differences import difference
from control.src.files.versions import Versions
from control.src.web.problems import Refused, listed

NEW_MODE = 0o600
_TAG = re.compile(r'(?:W/)?"([^"]*)"|([^\s,"]+)')


@dataclass(frozen=True, slots=True)
class Present:
    """A file as it stands."""

    data: bytes | None  #: None: there is none
    mode: int = NEW_MODE
    modified: float = 0.0

    def text(self, shown: str) -> str:
        """ "" where there is none. Raises BadInput: it is no UTF-8."""
        return decode(self.data or b"", shown)


Mine = Callable[[Present | None], str]
"""What somebody wants the file to say, who has seen it so (None: nobody knows how). May raise BadInput."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which version somebody has seen who wants to save another: If-Match and If-None-Match as sent."""

    match: str | None = None
    none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """A file that is edited."""

    path: Path  #: real path
    shown: str  #: what its faults call it
    limit: int  #: bytes
    versions: Versions
    key: bytes  #: of its etags
    show: Callable[[str], str | None] = str  #: its text as it may be seen; None: not at all

    def etag(self, data: bytes | None) -> str | None:
        return None if data is None else blake2b(data, key=self.key, digest_size=8).hexdigest()

    def present(self) -> Present:
        """Raises BadInput: it is not to be trusted, or can't be read."""
        try:
            info = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return Present(None)
        except OSError as error:
            raise BadInput(f"{self.shown} can't be read: {error.strerror}") from error
        data, _ = read_trusted_bytes(self.path, self.limit, self.shown)
        return Present(data, stat.S_IMODE(info.st_mode), info.st_mtime)

    def refuse_stale(self, now: Present, wish: Wish, mine: Mine | None) -> None:
        """Who has not seen the file as it stands sees it now. Raises Refused."""
        if wish.none_match is not None and now.data is not None:
            self._conflict(now, mine, f"{self.shown} is there already")
        if wish.match is None and wish.none_match is None and now.data is not None:
            raise Refused(
                428,
                "which-version",
                f"say which version of {self.shown} you have seen: If-Match with its etag, "
                "or If-Match: * to write over whatever is there",
                etag=self.etag(now.data),
            )
        if wish.match is None:
            return
        tags = [quoted or plain for quoted, plain in _TAG.findall(wish.match)]
        if "*" in tags:
            return
        if now.data is None:
            self._conflict(now, mine, f"there is no {self.shown} now", tags)
        if self.etag(now.data) not in tags:
            self._conflict(now, mine, f"{self.shown} was changed by somebody else meanwhile", tags)

    def refuse_unreadable(self, now: Present) -> None:
        """Whoever saves has not seen what stands there, as nothing could show it. Raises Refused."""
        try:
            now.text(self.shown)
        except BadInput as bad:
            raise Refused(
                409,
                "unreadable",
                f"{bad}; nothing was saved, since that would replace what nobody could read: convert the "
                "file to UTF-8 first, for example by iconv -f GBK -t UTF-8, or move it away",
                faults=[fault.model_dump() for fault in listed(bad.faults)],
            ) from bad

    def _conflict(self, now: Present, mine: Mine | None, said: str, tags: Sequence[str] = ()) -> None:
        theirs: str | None = None
        wanted: str | None = None
        seen = next((data for data in self.versions.contents() if self.etag(data) in tags), None)
        with suppress(BadInput):
            theirs = self.show(now.text(self.shown))
        with suppress(BadInput):
            wanted = self.show(mine(None if seen is None else Present(seen))) if mine else None
        raise Refused(
            412,
            "conflict",
            f"{said}; nothing was {'saved' if mine else 'deleted'}",
            etag=self.etag(now.data),
            theirs=theirs if now.data is not None else None,
            modified=now.modified or None,
            diff=None if wanted is None else difference(theirs or "", wanted, ("theirs", "mine")),
        )

    def write(
        self, now: Present, data: bytes, login: str, tasks: int | None = None, mode: int | None = None
    ) -> bool:
        """Within `alone`: what stands there is kept, and then replaced whole; whether anything changes.
        Raises BadInput: it can't be, and nothing was changed."""
        self.fits(data)
        mode = now.mode if mode is None else mode
        changes = data != now.data or mode != now.mode
        try:
            if now.data is not None and data != now.data:
                self.versions.keep(now.data, None, None, now.modified)
            if changes:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self.path, data, mode, durably=True)
        except OSError as error:
            raise BadInput(f"{self.shown} can't be written: {error.strerror}; nothing was changed") from error
        with suppress(OSError):  # the file itself says it, and the next save keeps it
            self.versions.keep(data, login, tasks)
        return changes

    def fits(self, data: bytes) -> None:
        """Raises BadInput: it would not be read back."""
        decode(data, self.shown)
        if len(data) > self.limit:
            raise BadInput(f"{self.shown} may have at most {self.limit >> 10} KiB")

    def remove(self, now: Present, tasks: int | None) -> None:
        """Within `alone`; what it says is kept. Raises BadInput."""
        try:
            if now.data is not None:
                self.versions.keep(now.data, None, tasks, now.modified)
            self.path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise BadInput(f"{self.shown} can't be removed: {error.strerror}; nothing was changed") from error


def folder_for(path: Path) -> None:
    """Where a lock is to stand beside the file. Raises BadInput."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{path.parent} can't be made: {error.strerror}; nothing was changed") from error


def real(path: Path) -> Path:
    """Raises BadInput."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise BadInput(f"{path} leads nowhere: its links go in a circle") from error


def encoded(text: str, shown: str) -> bytes:
    """Raises BadInput."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"{shown} would hold a character that no encoding has") from error
