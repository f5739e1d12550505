"""A child process of the console that searches one log, which it is given open: a pattern that takes for ever
costs the child its life, and the console nothing. Imports nothing of ours; see log_search.

Standard input: one JSON object, what is asked. Standard output: a JSON object a line, each match as it is
found, and at last where it ended.
"""

import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

BLOCK = 1 << 20
OVERLAP = 4_096
"""Bytes of a line longer than a block that are looked at again, as what is sought may lie across."""

SHOWN = 500
"""Characters of a line around what was found."""

HEAD = 128 * 1024
CPU_SECONDS, MEMORY_BYTES = 5, 1 << 30

HINTS = (
    b"rror",
    b"ERROR",
    b"atal:",
    b"FATAL:",
    b"raceback",
    b"FAILED",
    b"xception",
    b"ut of memory",
    b"fault",
    b"core dumped",
    b"illed",
    b"gpulane:",
)
"""One of these stands in each line that ERROR finds: to seek them is much quicker than the pattern."""

ERROR = re.compile(
    rb"^Traceback \(most recent call last\)|CUDA out of memory|OutOfMemoryError|CUDA error|NCCL error"
    rb"|\b[A-Za-z_.]*(?:Error|Exception)\b(?:[:(]|\s*$)|\b(?:ERROR|FATAL|error|fatal):|\bERROR\b|\bFAILED\b"
    rb"|Segmentation fault|^Killed\b|\bcore dumped\b|^gpulane: (?:exit \d+|not started|the working directory)"
)
"""What says that something went wrong, in the words of Python, CUDA, pytest, shells and ours."""

Spans = Callable[[bytes], "tuple[int, int] | None"]
"""First and last byte of what is found in a line."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    asked = json.load(sys.stdin)
    at, line = asked["start"], asked["line"]
    if asked["head_ends_with"]:
        skipped = _head(asked["fd"], asked["head_ends_with"].encode())
        if at < skipped:
            line = (
                None if line is None else line + os.pread(asked["fd"], skipped, 0).count(b"\n", at, skipped)
            )
            at = skipped
    _Search(asked, at, line).run()


def _head(fd: int, rule: bytes) -> int:
    """Where the head of an attempt's log ends, which quotes its commands; 0: it has none."""
    at = os.pread(fd, HEAD, 0).find(b"\n" + rule + b"\n")
    return 0 if at < 0 else at + len(rule) + 2


class _Search:
    def __init__(self, asked: Any, at: int, line: "int | None") -> None:
        self._fd, self._size, self._left = asked["fd"], asked["size"], asked["limit"]
        self._deadline = time.monotonic() + asked["seconds"]
        self._at, self._line, self._last = at, line, -1
        self._hints, self._find = _sought(asked)
        self._fold = not asked["errors"] and not asked["case"]

    def run(self) -> None:
        while self._at < self._size and self._left and time.monotonic() < self._deadline:
            data = os.pread(self._fd, min(BLOCK, self._size - self._at), self._at)
            if not data:
                break
            self._block(data)
        _say({"next": self._at if self._at < self._size else None, "at": self._at, "line": self._line})

    def _block(self, data: bytes) -> None:
        """Whole lines, where there are any."""
        whole = data.rfind(b"\n") + 1
        ends = self._at + len(data) >= self._size
        if not ends and whole:
            data = data[:whole]
        step = len(data) if ends or whole else len(data) - OVERLAP
        for start, line in self._candidates(data):
            if time.monotonic() > self._deadline or not self._left:
                self._go(data, start)
                return
            if found := self._find(line.removesuffix(b"\r")):
                self._found(data, start, line, found)
        self._go(data, step)

    def _candidates(self, data: bytes) -> "Iterator[tuple[int, bytes]]":
        """Lines that what is sought may be in, and where they begin."""
        if not self._hints:
            at = 0
            for line in data.split(b"\n"):
                yield at, line
                at += len(line) + 1
            return
        next_ = dict.fromkeys(self._hints, -1)
        folded = data.lower() if self._fold else data
        at = 0
        while next_:
            for hint in [hint for hint, place in next_.items() if place < at]:
                next_[hint] = folded.find(hint, at)
                if next_[hint] < 0:
                    del next_[hint]
            if not next_:
                return
            place = min(next_.values())
            start, end = data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place)
            end = len(data) if end < 0 else end
            yield max(start, at), data[max(start, at) : end]
            at = end + 1

    def _found(self, data: bytes, start: int, line: bytes, found: "tuple[int, int]") -> None:
        place = self._at + start + found[0]
        if place <= self._last:
            return  # seen already, before the overlap
        self._last, self._left = place, self._left - 1
        text, shift = line.rstrip(b"\r"), 0
        if len(text) > SHOWN:
            shift = max(0, found[0] - SHOWN // 4)
            text = text[shift : shift + SHOWN]
        number = None if self._line is None else self._line + data.count(b"\n", 0, start)
        _say(
            {
                "line_at": self._at + start,
                "from": place,
                "to": self._at + start + found[1],
                "line": number,
                "text": text.decode("utf-8", "replace").lstrip("\ufffd" if shift else ""),
                "clipped": len(text) < len(line.rstrip(b"\r")),
            }
        )

    def _go(self, data: bytes, step: int) -> None:
        if self._line is not None:
            self._line += data.count(b"\n", 0, step)
        self._at += step


def _sought(asked: Any) -> "tuple[tuple[bytes, ...], Spans]":
    """What must stand somewhere in a line for it to be looked at (none: each line is), and the look."""
    if asked["errors"]:
        return HINTS, lambda line: _span(ERROR.search(line))
    flags = 0 if asked["case"] else re.IGNORECASE
    if not asked["regex"] and asked["case"]:
        words = asked["query"].encode()
        return (words,), lambda line: (line.find(words), line.find(words) + len(words))
    try:
        pattern = re.compile(asked["query"] if asked["regex"] else re.escape(asked["query"]), flags)
    except (re.error, OverflowError, RecursionError) as error:
        _say({"wrong": str(error)})
        sys.exit(0)
    if not asked["regex"] and asked["query"].isascii():
        quick = re.compile(re.escape(asked["query"].encode()), flags)
        return (asked["query"].lower().encode(),), lambda line: _span(quick.search(line))
    return (), lambda line: _in_text(pattern, line)


def _in_text(pattern: "re.Pattern[str]", line: bytes) -> "tuple[int, int] | None":
    """By characters; the places are those of the bytes."""
    text = line.decode("utf-8", "surrogateescape")
    found = pattern.search(text)
    if not found:
        return None
    first = len(text[: found.start()].encode("utf-8", "surrogateescape"))
    return first, first + len(found.group().encode("utf-8", "surrogateescape"))


def _span(found: "re.Match[bytes] | None") -> "tuple[int, int] | None":
    return found.span() if found else None


def _say(found: Any) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
