"""Reading a text file that is code: whose it is, and in which encoding. Imports only app.model.

A command file or a settings file runs as its reader, so nobody else may be able to write it.
"""

import codecs
import difflib
import errno
import grp
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from app.model.faults import BadInput, Fault
from app.model.problems import Problem, problem


@dataclass(frozen=True, slots=True)
class Trusted:
    """A file's text (a byte order mark is kept), and what its reader should know about it."""

    text: str
    problems: tuple[Problem, ...] = ()


def read_trusted(path: Path, limit: int, name: str) -> Trusted:
    """Read a regular file of at most `limit` bytes that only this user or root can change.

    `name` is what its faults call it. Raises BadInput with one fault: missing, unreadable, no regular
    file (a FIFO is not waited for), someone else's, world-writable, too large, or not UTF-8.
    """
    data, problems = read_trusted_bytes(path, limit, name)
    return Trusted(decode(data, name), problems)


def read_trusted_bytes(path: Path, limit: int, name: str) -> tuple[bytes, tuple[Problem, ...]]:
    """The same of a file that may be no text. Raises BadInput."""
    data, status = _load(path, limit, name)
    refused = foreign(status, os.getuid())
    if refused:
        raise _bad(name, *refused)
    return data, _open_to_group(name, status)


def _load(path: Path, limit: int, name: str) -> tuple[bytes, os.stat_result]:
    try:
        # Non-blocking: opening a FIFO that nobody writes to would wait for ever.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _bad(name, *why_not_opened(path, error)) from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise _bad(name, f"it is {_kind(status.st_mode)}, not a file", "name a text file")
        with open(fd, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise _bad(name, f"it can't be read ({error.strerror})", "check the disk it lies on") from None
    finally:
        os.close(fd)
    if len(data) > limit:
        raise _bad(name, f"it is larger than {limit // 1024} KiB", "check that it is the right file")
    return data, status


def why_not_opened(path: Path, error: OSError | ValueError) -> tuple[str, str]:
    """What is wrong with a file, and what would be right."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENOTDIR):
        return "there is no such file", _nearest(path)
    if number in (errno.EACCES, errno.EPERM):
        return "it can't be read: permission denied", "check its owner and mode with ls -l"
    return f"it can't be opened ({getattr(error, 'strerror', None) or error})", "check the path"


def _nearest(path: Path) -> str:
    try:
        there = [each.name for each in path.parent.iterdir() if each.is_file()]
    except OSError:
        return "check the path"
    close = difflib.get_close_matches(path.name, there, 1)
    return f"did you mean {close[0]}?" if close else "check the path"


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    return "a named pipe" if stat.S_ISFIFO(mode) else "a device or socket"


def foreign(status: os.stat_result, uid: int) -> tuple[str, str] | None:
    """What is wrong, and what would be right, when someone other than `uid` or root may write the file."""
    if status.st_uid not in (uid, 0):
        return (
            f"it belongs to {_user(status.st_uid)}, and what it says would run as {_user(uid)}",
            "read it, then make a copy of your own",
        )
    if status.st_mode & stat.S_IWOTH:
        return (
            f"everybody on this machine can write it, and what it says would run as {_user(uid)}",
            "take that away with chmod o-w",
        )
    return None


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _open_to_group(name: str, status: os.stat_result) -> tuple[Problem, ...]:
    if not status.st_mode & stat.S_IWGRP:
        return ()
    members = other_members(status.st_gid, _user(os.getuid()))
    if not members:
        return ()
    shown = ", ".join(members[:3]) + (" and others" if len(members) > 3 else "")
    return (problem("group_writable", file=name, members=shown),)


def other_members(gid: int, user: str) -> list[str]:
    """Members of a group besides `user` and root, as far as this machine lists its users. Sorted."""
    try:
        named = set(grp.getgrgid(gid).gr_mem)
    except KeyError:
        named = set()
    # A user's primary group is written with the user, not with the group.
    named |= {entry.pw_name for entry in pwd.getpwall() if entry.pw_gid == gid}
    return sorted(named - {user, "root"})


def decode(data: bytes, file: str) -> str:
    """UTF-8 with or without byte order mark, which is kept. Raises BadInput that says what it is instead."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _looks_utf16(data):
        raise BadInput([Fault(file, 0, 0, "it is written in UTF-16", "save it as UTF-8")])
    zero = data.find(b"\0")
    if zero >= 0:
        raise BadInput(
            [_at(data, file, zero, "it is no text: it holds NUL bytes", "name a text file in UTF-8")]
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput([_not_utf8(data, file, error.start)]) from None


def _looks_utf16(data: bytes) -> bool:
    """Without a mark: nearly every second byte of mostly ASCII text is NUL, and the others are not."""
    sample = data[:4096]
    half = len(sample) // 2
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    return half >= 4 and max(zeros) > half * 0.7 and min(zeros) < half * 0.05


def _not_utf8(data: bytes, file: str, start: int) -> Fault:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    # gb18030 decodes much junk to something; real Chinese text is made of common characters.
    wide = [character for character in text if character > "\x7f"]
    chinese = sum(
        "\u3000" <= c <= "\u303f" or "\u4e00" <= c <= "\u9fff" or "\uff00" <= c <= "\uffef" for c in wide
    )
    control = sum(character < " " and character not in "\t\r\n\f" for character in text)
    if wide and chinese > 0.8 * len(wide) and not control:
        return _at(data, file, start, "it seems to be written in GBK", "save it as UTF-8")
    return _at(data, file, start, "it is not UTF-8 text", "save it as UTF-8, or name a text file")


def _at(data: bytes, file: str, offset: int, problem: str, hint: str) -> Fault:
    line_start = data.rfind(b"\n", 0, offset) + 1
    before = data[line_start:offset].decode("utf-8", "replace")
    return Fault(file, data.count(b"\n", 0, offset) + 1, len(before) + 1, problem, hint)


def _bad(name: str, problem: str, hint: str) -> BadInput:
    return BadInput([Fault(name, 0, 0, problem, hint)])
