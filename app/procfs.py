"""Reading /proc. A leaf: imports nothing of ours. Of a process that is gone everything answers None or ().

Where that can't be told, as no descriptor or memory is left to look, OSError is raised: nobody who lives may
seem to be gone.
"""

import errno
import functools
import os
import pwd
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PF_EXITING = 0x4  #: of the kernel's flags of a process


@dataclass(frozen=True, slots=True)
class Stat:
    """The fields of /proc/PID/stat that tell whose a process is and whether it lives."""

    pid: int
    command: str  #: at most 15 characters
    state: str  #: R S D T Z ...
    parent: int
    session: int
    start: int  #: field 22, clock ticks since boot: with the pid it names a process for good
    flags: int  #: the kernel's PF_*

    @property
    def alive(self) -> bool:
        """Zombies are not: an orphan stays one for up to seconds, and kill(pid, 0) still succeeds."""
        return self.state not in "ZX"

    @property
    def stopped(self) -> bool:
        """By SIGSTOP, Ctrl-Z or a debugger: it does nothing until that is lifted."""
        return self.state in "tT"

    @property
    def ending(self) -> bool:
        """On its way out: no signal changes its status any more. With much on a card that takes a while."""
        return bool(self.flags & PF_EXITING)


def stat(pid: int) -> Stat | None:
    """None when there is no such process."""
    try:
        raw = _read(f"/proc/{pid}/stat")
    except OSError as error:
        raise_if_exhausted(error)
        return None
    # The command stands in brackets and may itself hold brackets and blanks: cut at the last one.
    head, _, tail = raw.rpartition(b")")
    fields = tail.split()
    if len(fields) < 20:
        return None
    command = printable(head.partition(b"(")[2].decode("utf-8", "replace"))  # any process may name itself
    state, (parent, _, session, _, _, flags) = fields[0].decode(), map(int, fields[1:7])
    return Stat(pid, command, state, parent, session, int(fields[19]), flags)


_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


def raise_if_exhausted(error: OSError) -> None:
    """Raises it where it tells of us and not of the process: no descriptor or memory is left here."""
    if error.errno in _EXHAUSTED:
        raise error


def printable(text: str) -> str:
    """What others have written is shown on terminals: no control characters."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "?" for character in text)


def start_time(pid: int) -> int | None:
    """Field 22 of a living process, None for a dead one or a zombie."""
    found = stat(pid)
    return found.start if found and found.alive else None


def pids() -> Iterator[int]:
    """All processes now."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - three times as fast as Path.iterdir, and hot
        if name.isdecimal():
            yield int(name)


FORKS_PER_SECOND = 200_000
"""More than any machine makes."""

FEW = 500
"""Numbers that are tried one by one sooner than /proc is listed."""


def pids_since(pid: int, seconds: float) -> Iterable[int]:
    """Every number that what was born after `pid` can have, `pid` being at most `seconds` old.

    Numbers are handed out in rising order and begin anew at pid_max: as long as that can't have happened
    twice over, the last one given out ends the range. Listing /proc costs 4 us a process.
    """
    last = _last_pid()
    if seconds * FORKS_PER_SECOND < _pid_max() and 0 <= last - pid < FEW:
        return _between(pid, last)
    return pids()


def _between(pid: int, last: int) -> Iterator[int]:
    """And what is born meanwhile: one who was there may have gone and left a child."""
    while last > pid:
        yield from range(pid + 1, last + 1)
        pid, last = last, _last_pid()


def _last_pid() -> int:
    """The number given out last."""
    return int(os.pread(_loadavg(), 128, 0).split()[-1])


@functools.cache
def _loadavg() -> int:
    """Kept open, as it is read twice for every attempt; each read from its beginning is a new look."""
    return os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)


@functools.cache
def _pid_max() -> int:
    return int(_read("/proc/sys/kernel/pid_max"))


def _read(path: str) -> bytes:
    """A file of /proc, of one read."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def session_members(session: int, among: Iterable[int]) -> list[int]:
    """Living processes of a session. By getsid: some 20 times cheaper than reading every stat."""
    members = []
    for pid in among:
        try:
            if os.getsid(pid) != session:
                continue
        except OSError:
            continue
        found = stat(pid)
        if found and found.alive:
            members.append(pid)
    return members


def lineage(pid: int, limit: int = 64) -> tuple[tuple[int, int], ...]:
    """(pid, start) of a process and its ancestors, itself first, without PID 1."""
    chain: list[tuple[int, int]] = []
    while pid > 1 and len(chain) < limit:
        found = stat(pid)
        if found is None:
            break
        chain.append((pid, found.start))
        pid = found.parent
    return tuple(chain)


STANDSTILL_SECONDS = 0.005


def uptime() -> float:
    """Seconds since boot, within a hundredth of what a shell reads from /proc/uptime now."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) + _uptime_lead()


@functools.cache
def _uptime_lead() -> float:
    """What the file is ahead of the kernel's clock: in some containers they differ, by as much for ever.

    Kept for life, so it is taken again when we stood still between the two.
    """
    while True:
        before = time.clock_gettime(time.CLOCK_BOOTTIME)
        read = float(_read("/proc/uptime").split()[0])
        if time.clock_gettime(time.CLOCK_BOOTTIME) - before < STANDSTILL_SECONDS:
            return read - before


@functools.cache
def boot_id() -> str:
    """One value per boot; "" where the kernel hides it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def environ(pid: int) -> bytes | None:
    """The NUL-separated environment a process was started with; None where we may not look."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError as error:
        raise_if_exhausted(error)
        return None


def is_ours(pid: int) -> bool:
    """Whether a process runs as this user, or can again. What others' processes say of themselves root may
    read, too, but it proves nothing. (The owner of its folder in /proc does not tell: it may be root.)"""
    try:
        status = _read(f"/proc/{pid}/status")
    except OSError as error:
        raise_if_exhausted(error)
        return False
    found = re.search(rb"^Uid:\t(\d+)\t(\d+)\t(\d+)", status, re.MULTILINE)
    return found is not None and str(os.getuid()).encode() in found.groups()


def open_files(pid: int) -> Iterator[str]:
    """Targets of a process's descriptors ("/memfd:x (deleted)" for a memfd); empty where we may not look."""
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError as error:
        raise_if_exhausted(error)
        return
    for name in names:
        try:
            yield os.readlink(f"{folder}/{name}")  # noqa: PTH115
        except OSError:
            continue


@functools.cache
def user_name(uid: int) -> str:
    """The login name, or the uid as text. Cached: the answer may come over a network."""
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OSError):
        return str(uid)


def owner(pid: int) -> int | None:
    """The uid a process runs as."""
    try:
        return os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116
    except OSError:
        return None


def file_system(path: Path) -> str:
    """Type of the file system a path lies on ("tmpfs", "nfs4"), from mountinfo by device; "" unknown."""
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[2] == wanted and "-" in fields:
            return fields[fields.index("-") + 1]
    return ""


NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "lustre", "gpfs", "beegfs", "glusterfs", "afs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.juicefs", "fuse.s3fs", "pvfs2", "ocfs2", "wekafs"}
)
