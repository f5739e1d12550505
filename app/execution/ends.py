"""The `ends` file of a run: what supervisors write as their first and last act, what schedulers have asked of
them, and the attempt locks.

Contract 5: one append-only file per run. Attempt N is alive as long as byte N of it is write-locked by
its supervisor's open file description. Lines are framed (see supervisor.sh); what does not parse is skipped.
"""

import contextlib
import ctypes
import errno
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from app import ofd
from app.model.paths import RunPaths, log_number
from app.model.state import Why

NAMED = re.compile(r"/ends( \(deleted\))?$")
"""How /proc shows a run's `ends` that somebody has open, wherever it is now."""

FRAME = re.compile(rb"((start|stop|vain|end|none) (\d+) ?([^\n]*)) (\d+) \.")
SECONDS = rb"(\d+(?:\.\d+)?)"
START = re.compile(rb"(\d+) (\d+) (\d+) %b %b" % (SECONDS, SECONDS))
WHY: dict[bytes, Why] = {b"timeout": "timeout", b"stopped": "stopped", b"killed": "killed"}
STOP = re.compile(rb"(%b) %b" % (b"|".join(WHY), SECONDS))
END = re.compile(rb"(\d+) %b %b %b" % (SECONDS, SECONDS, SECONDS))
BYTES_PER_ATTEMPT = 256  #: two lines of at most 100 bytes, one of 50, one of 20
END_SLACK = 0.02
"""Seconds by which a supervisor's clock (hundredths, cut) may show an end too early. Within it an end counts
as ours: a finished task run again costs time, an unfinished one taken for finished loses work."""

STEP = 64 * 1024  #: preallocated at a time, and kept ahead of need
FALLOC_FL_KEEP_SIZE = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Started:
    """A supervisor's first line."""

    pid: int
    start: int  #: /proc/PID/stat field 22
    session: int  #: its own pid, but in tmux
    uptime: float  #: seconds since boot, at its start


@dataclass(frozen=True, slots=True)
class Stop:
    """A scheduler's, as the first signal goes out: history may not take it now, and a kill may come.
    What ends before has ended by itself."""

    why: Why
    uptime: float  #: seconds since boot


@dataclass(frozen=True, slots=True)
class Ended:
    """A supervisor's last line. Times are wall, taken from one clock that never jumps."""

    status: int  #: as the shell gives it
    started_at: float
    ended_at: float
    uptime: float  #: seconds since boot, at its end


@dataclass(frozen=True, slots=True)
class Lines:
    """What the file says of one attempt."""

    started: Started | None = None
    stop: Stop | None = None  #: the first
    ended: Ended | None = None
    unborn: bool = False  #: the supervisor could have no process for the task, and ended

    @property
    def ended_for(self) -> Why | None:
        """Why it was asked to end, if it did not end by itself before. By uptimes: a supervisor's wall clock
        is that of its launch, and ours may have been set since. However long after: with the scheduler gone
        nobody has forced it, and it may have saved half its work and ended with 0."""
        if self.stop is None or self.ended is None or self.ended.uptime < self.stop.uptime - END_SLACK:
            return None
        return self.stop.why


NOTHING = Lines()


@dataclass(slots=True)
class _Source:
    """A file that is read, from where it was last read to."""

    fd: int
    read_to: int = 0
    torn: bytes = b""


def is_held(path: Path, number: int) -> bool:
    """Whether the supervisor of an attempt of the run with this `ends` lives; for who only looks. False where
    the file is not there, or can't be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return ofd.is_locked(fd, number, 1)
    finally:
        os.close(fd)


def is_written(log: Path) -> bool:
    """The same of the attempt that has this log."""
    number = log_number(log)
    return number is not None and is_held(RunPaths(log.parent).ends, number)


class EndsFile:
    """One run's `ends`. Made if it is not there. For one thread, but for `open_attempt`. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._sources = [_Source(self._fd)]
        self._lines: dict[int, Lines] = {}
        self._reserved = 0
        self._reserve(0)

    def close(self) -> None:
        for source in self._sources:
            os.close(source.fd)

    def follow(self, pid: int) -> bool:
        """Read what the supervisor with this pid has for its `ends` as well, if that is another file: the
        folder was moved to another disk under it, or put back from a copy. Raises OSError."""
        found = False
        # Not always descriptor 0: a shell puts that aside while its command runs.
        for open_file in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found |= bool(NAMED.search(str(open_file.readlink()))) and self._add(open_file)
        return found

    def _add(self, path: Path) -> bool:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        if any(_identity(source.fd) == _identity(fd) for source in self._sources):
            os.close(fd)
            return False
        self._sources.append(_Source(fd))
        return True

    def open_attempt(self, number: int) -> int:
        """A new open file description that holds attempt lock `number`: a supervisor's descriptor 0.

        Room for its lines is set aside first. Raises OSError: BlockingIOError when the attempt is alive,
        ENOSPC on a full disk, ESTALE when the file is not the one that we read.
        """
        self._reserve(number)
        fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if _identity(fd) != _identity(self._fd):
                wrong = "it was replaced while its scheduler runs; put it back"
                raise OSError(errno.ESTALE, wrong, str(self.path))
            ofd.lock(fd, number, 1)
        except OSError:
            os.close(fd)
            raise
        return fd

    def is_held(self, number: int) -> bool:
        """Whether the attempt's supervisor lives: asked of the kernel, without taking the lock."""
        return any(ofd.is_locked(source.fd, number, 1) for source in self._sources)

    def numbers(self) -> list[int]:
        """The attempts that have lines."""
        self._read_new()
        return sorted(self._lines)

    def note_stop(self, number: int, why: Why, uptime: float) -> bool:
        """Before a signal goes to an attempt; whether it is the first, which is the one that counts. Where no
        room is left it is known to this process alone."""
        lines = self.lines(number)
        if lines.stop is not None:
            return False
        self._lines[number] = replace(lines, stop=Stop(why, uptime))
        self._append(f"stop {number} {why} {uptime:.2f}")
        return True

    def take_back(self, number: int) -> None:
        """Its stop has reached nobody: whatever it ends with is its own."""
        self._lines[number] = replace(self.lines(number), stop=None)
        self._append(f"vain {number}")

    def _append(self, line: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self._fd, f"\n{line} {len(line)} .\n".encode())

    def lines(self, number: int) -> Lines:
        """What has been written of the attempt until now; reads only what is new in the file."""
        self._read_new()
        return self._lines.get(number, NOTHING)

    def _read_new(self) -> None:
        for source in self._sources:
            while chunk := os.pread(source.fd, 1 << 20, source.read_to):
                source.read_to += len(chunk)
                *whole, source.torn = (source.torn + chunk).split(b"\n")
                for line in whole:
                    self._take(line)

    def _take(self, line: bytes) -> None:
        if not line:  # each line brings a newline of its own before it, in case another was torn
            return
        frame = FRAME.fullmatch(line)
        if not frame or len(frame[1]) != int(frame[5]):
            return
        number = int(frame[3])
        known = self._lines.get(number, NOTHING)
        if start := frame[2] == b"start" and START.fullmatch(frame[4]):
            pid, since, session, begun, _ = start.groups()
            started = Started(int(pid), int(since), int(session), float(begun))
            again = known.started is not None and known.started != started
            self._lines[number] = Lines(started) if again else replace(known, started=started)
        elif stop := frame[2] == b"stop" and STOP.fullmatch(frame[4]):
            self._lines[number] = replace(known, stop=known.stop or Stop(WHY[stop[1]], float(stop[2])))
        elif frame[2] == b"vain":
            self._lines[number] = replace(known, stop=None)
        elif frame[2] == b"none":
            self._lines[number] = replace(known, unborn=True)
        elif end := frame[2] == b"end" and END.fullmatch(frame[4]):
            status, begun, over, booted = end.groups()
            began, at = float(booted) + float(begun), float(booted) + float(over)
            self._lines[number] = replace(known, ended=Ended(int(status), began, at, float(over)))

    def _reserve(self, number: int) -> None:
        """Set disk space aside for attempts up to `number` and 250 more; the file gets no longer."""
        needed = (number * BYTES_PER_ATTEMPT // STEP + 2) * STEP
        if needed <= self._reserved:
            return
        arguments = (FALLOC_FL_KEEP_SIZE, ctypes.c_int64(0), ctypes.c_int64(needed))
        if _libc.fallocate(self._fd, *arguments) != 0:
            code = ctypes.get_errno()
            # Where the file system can't (EOPNOTSUPP), a supervisor tries until its line is written.
            if code not in (errno.EOPNOTSUPP, errno.ENOSYS):
                raise OSError(code, os.strerror(code), str(self.path))
        self._reserved = needed


def _identity(fd: int) -> tuple[int, int]:
    info = os.fstat(fd)
    return info.st_dev, info.st_ino
