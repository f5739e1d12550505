"""Parts of a log of any size: no more is read than is answered, no character is cut in two, and no line where
that can be helped."""

import codecs
import os
from dataclasses import dataclass

LEAST = 16
"""Bytes of a part: any character has room."""

FAR = 1024 * 1024
"""Bytes in which the next line is looked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `end` of a file, as text; what is no UTF-8 is replaced."""

    start: int
    end: int
    text: str
    binary: bool = False  #: there are NULs in it
    invalid: bool = False  #: something was replaced


def ahead(fd: int, size: int, start: int, most: int, lines: int | None = None) -> Part:
    """What follows a place: at most so many bytes, and lines. Ends with a line, or with the file. Raises
    OSError."""
    start = _character(fd, min(start, size))
    data = read_at(fd, start, min(most, size - start))
    if lines is not None and (cut := _after(data, lines)):
        data = data[:cut]
    elif start + len(data) < size and (last := data.rfind(b"\n")) >= 0:
        data = data[: last + 1]
    return _part(start, data)


def behind(fd: int, end: int, most: int, lines: int | None = None) -> Part:
    """What precedes a place. Begins with a line, unless that is longer. Raises OSError."""
    start = _character(fd, line_start(fd, max(0, end - most), end))
    data = read_at(fd, start, end - start)
    if lines is not None:
        at = _last(data, lines)
        start, data = start + at, data[at:]
    return _part(start, data)


def line_start(fd: int, at: int, end: int) -> int:
    """The first one from a place on, if there is one near and before `end`; else that place. Raises
    OSError."""
    if at == 0:
        return 0
    found = read_at(fd, at - 1, min(end - at, FAR) + 1).find(b"\n")
    return at + found if 0 <= found < end - at else at


def is_line_start(fd: int, at: int) -> bool:
    """Raises OSError."""
    return at == 0 or read_at(fd, at - 1, 1) == b"\n"


def read_at(fd: int, at: int, most: int) -> bytes:
    """Less only where the file ends. Raises OSError."""
    found = bytearray()
    while len(found) < most:
        data = os.pread(fd, most - len(found), at + len(found))
        if not data:
            break
        found += data
    return bytes(found)


def _part(start: int, data: bytes) -> Part:
    """Without a character that is not whole at its end: more of it may come."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data)
    end = start + len(data) - len(decoder.getstate()[0])
    return Part(start, end, text, "\0" in text, "\ufffd" in text and b"\xef\xbf\xbd" not in data)


def _character(fd: int, at: int) -> int:
    """Where a character begins that a place is in the middle of: the next one, then."""
    before = read_at(fd, max(0, at - 3), min(at, 3))
    here = read_at(fd, at, 3)
    if not here or not _continues(here[0]):
        return at
    for distance, byte in enumerate(reversed(before), 1):
        if not _continues(byte):
            length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            rest = max(0, length - distance)
            return at + next((n for n in range(rest) if n >= len(here) or not _continues(here[n])), rest)
    return at


def _continues(byte: int) -> bool:
    return byte & 0xC0 == 0x80


def _after(data: bytes, lines: int) -> int:
    """Where so many lines end; 0: there are fewer."""
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if at == 0:
            return 0
    return at


def _last(data: bytes, lines: int) -> int:
    """Where the last so many lines begin. The line end at the end begins no other line."""
    at = len(data) - 1 if data.endswith(b"\n") else len(data)
    for _ in range(lines):
        at = data.rfind(b"\n", 0, at)
        if at < 0:
            return 0
    return at + 1
