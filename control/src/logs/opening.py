"""Which files may be read as logs, and opening one so that it is surely the file that was allowed.

What a task writes is a log; secrets, settings, sockets and the state of schedulers are none, wherever a root
lies. Who may only read gets what we call logs ourselves: those of attempts and schedulers, those that were
bound (by somebody who might read them then), and what lies under `log-roots`. Without that setting who may
write also reads below work_dir.
"""

import errno
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from app.model.paths import Home
from app.store.places import places_before
from control.src.web.problems import Refused
from control.src.web.roles import Role

SYSTEM = ("/proc", "/sys", "/dev")
SHARED_MEMORY = "/dev/shm"

NEVER_BELOW = frozenset({".ssh", ".gnupg"})
NEVER_NAMED = frozenset(
    {
        "console.db",
        "console.json",
        "control_setting.yaml",
        "environment",
        "gpu_manage.yaml",
        "history.db",
        "secrets.json",
    }
)
"""Also of other homes: their secrets are as good."""

_OUR_LOG = re.compile(r"[^./][^/]*\.log(\.\d+)?")
_RUN_LOG = re.compile(r"[^./][^/]*/[^./][^/]*\.log")

TRIES = 3
"""Of opening a file that is replaced at the same moment."""


class LogFile:
    """An open regular file, and where it surely lies. Times are wall-clock seconds."""

    def __init__(self, path: str, fd: int) -> None:
        self.path, self.fd = path, fd
        info = os.fstat(fd)
        self.size, self.mtime, self.inode = info.st_size, info.st_mtime, info.st_ino
        self.generation = f"{info.st_dev:x}.{info.st_ino:x}"  #: another one for another file at this path

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> "LogFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be read. All paths are real ones."""

    bases: tuple[str, ...]  #: that relative paths count from
    data: tuple[
        str, ...
    ]  #: folders of logs/: schedulers' own logs lie right in them, and nothing else is one
    runs: tuple[str, ...]  #: the logs of attempts, a folder deeper
    never: tuple[str, ...]  #: folders and files
    named: tuple[str, ...]  #: roots that the settings name
    work: tuple[str, ...]  #: roots for who may write

    def find(self, given: str, role: Role, bound: frozenset[str] = frozenset()) -> str:
        """The real path of a log. It need not be there. Raises Refused; what is not to be read is refused in
        the same words whether it is there or not."""
        try:
            paths = [os.path.realpath(each) for each in self._meant(given)]
        except (ValueError, OSError):  # a NUL, a lone surrogate
            raise Refused(404, "no-path", "no file can have that name") from None
        allowed = [path for path in paths if self._allows(path, role, bound)]
        if not allowed:
            raise Refused(403, "not-a-log", self._why_not(role))
        return next((path for path in allowed if os.path.lexists(path)), allowed[0])

    def _meant(self, given: str) -> Iterable[str]:
        if given == "~" or given.startswith("~/"):
            given = os.path.expanduser(given)  # noqa: PTH111 - of text
        return [os.path.join(base, given) for base in self.bases]  # noqa: PTH118 - of text

    def _allows(self, path: str, role: Role, bound: frozenset[str]) -> bool:
        parts = path.split("/")
        system = any(is_below(path, each) for each in SYSTEM) and not is_below(path, SHARED_MEMORY)
        if system or parts[-1] in NEVER_NAMED or NEVER_BELOW.intersection(parts):
            return False
        if any(is_below(path, each) for each in self.never):
            return False
        for folder in self.runs:
            if is_below(path, folder):
                return _RUN_LOG.fullmatch(path, len(folder) + 1) is not None
        for folder in self.data:
            if is_below(path, folder):
                return _OUR_LOG.fullmatch(path, len(folder) + 1) is not None
        if path in bound:
            return True
        more = self.work if role == "write" else ()
        return any(is_below(path, root) and not is_hidden(path, root) for root in (*self.named, *more))

    def _why_not(self, role: Role) -> str:
        if role == "read":
            return (
                "a read-only login reads the logs of tasks and schedulers, those that were bound, and what "
                "lies under log-roots of config/control_setting.yaml"
            )
        roots = " and ".join(dict.fromkeys((*self.named, *self.work)))
        return (
            f"that is no log: what lies below {roots or 'log-roots'} is (log-roots in "
            "config/control_setting.yaml), but no hidden file; of gpulane's own those of tasks and schedulers"
        )


def is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_hidden(path: str, root: str) -> bool:
    return any(part.startswith(".") for part in path[len(root) :].split("/"))


def reach(home: Home, work_dir: str | None, log_roots: Sequence[str], never: Iterable[Path]) -> Reach:
    """`never`: what is the console's own."""
    homes = [home, *places_before(home)]
    named = [_root(home, each) for each in log_roots]
    return Reach(
        bases=tuple(dict.fromkeys((*_real([work_dir] if work_dir else []), *_real(named), str(home.root)))),
        data=_real((home.logs, *(each.data for each in homes))),
        runs=_real(each.runs for each in homes),
        never=_real(never),
        named=_real(named),
        work=_real([work_dir]) if work_dir and not log_roots else (),
    )


def absent(home: Home, log_roots: Sequence[str]) -> list[str]:
    """Those of them that are no folder, as they are written."""
    return [each for each in log_roots if not os.path.isdir(_root(home, each))]  # noqa: PTH112


def _root(home: Home, text: str) -> str:
    return os.path.join(home.root, os.path.expanduser(text))  # noqa: PTH111, PTH118


def _real(paths: Iterable[str | os.PathLike[str]]) -> tuple[str, ...]:
    """What can be no path is none."""
    found = []
    for path in paths:
        try:
            found.append(os.path.realpath(path))
        except (ValueError, OSError):
            continue
    return tuple(dict.fromkeys(found))


def open_log(reach: Reach, given: str, role: Role, bound: frozenset[str] = frozenset()) -> LogFile:
    """Raises Refused: it is not to be read, it is not there, or it is no regular file."""
    for _ in range(TRIES):
        path = reach.find(given, role, bound)
        try:
            if file := _opened(path):
                return file
        except OSError as error:
            raise _refused(path, error) from error
    status = 403 if os.path.islink(path) else 409  # noqa: PTH114 - of text
    raise Refused(status, "moved", f"{shown(path)} leads nowhere, or is being replaced")


def _opened(path: str) -> LogFile | None:
    """None: another file lies there now, or a link. Raises OSError, Refused.

    O_PATH opens without doing anything: no pipe wakes, no device starts. Where that is, the kernel says; and
    what is then opened for reading is that very file, whatever has been put into its place."""
    seen = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        info = os.fstat(seen)
        where = os.readlink(f"/proc/self/fd/{seen}")  # noqa: PTH115 - half the time
        if stat.S_ISLNK(info.st_mode) or where != path:
            return None
        if not stat.S_ISREG(info.st_mode):
            raise Refused(403, "not-a-file", f"{shown(path)} is no regular file")
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        return LogFile(path, os.open(f"/proc/self/fd/{seen}", flags))
    finally:
        os.close(seen)


def _refused(path: str, error: OSError) -> Refused:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Refused(404, "no-log", f"{shown(path)} is not there")
    if error.errno == errno.ENAMETOOLONG:
        return Refused(404, "no-path", "no file can have a name that long")
    if error.errno in (errno.EACCES, errno.EPERM, errno.ELOOP):
        return Refused(403, "no-access", f"{shown(path)} can't be read: {error.strerror}")
    return Refused(503, "not-now", f"{shown(path)} can't be read now: {error.strerror}")


def shown(path: str) -> str:
    """A path as JSON can hold it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
