"""The numbers of a block and of `#LANE` options: reading them from text and writing them back."""

import re
import unicodedata
from decimal import Decimal
from typing import NoReturn

MIB_PER_GB = 1024
LARGEST_GB = 1_000_000
LONGEST_SECONDS = 1_000_000_000
_NUMBER = re.compile(r"[-+]?[0-9]*[.,]?[0-9]+")
_NO_VALUE = re.compile(r"[^-+.,0-9a-zA-Z\s]")
_FIRST = frozenset("0123456789+-.")
MOST_DIGITS = 18  #: of a queue id: it has to fit into 64 bits

_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(Gi?B|Mi?B)?", re.IGNORECASE)
_PART = r"(?:([0-9]{1,9}(?:\.[0-9]+)?)%s)?"
_DURATION = re.compile("".join(_PART % unit for unit in "dhms"), re.IGNORECASE)
_SECONDS = (86_400, 3_600, 60, 1)


class Misread(Exception):
    """A text that is not what its place asks for: what is wrong, and what would be right."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def bare(line: str) -> str:
    """A line of one value, without its trailing comment and the blanks around it."""
    return line.partition("#")[0].strip()


def is_digits(text: str) -> bool:
    """Only 0 to 9, at least one: int() would also take full-width and other scripts' digits."""
    return text.isdecimal() and text.isascii()


def is_number(text: str) -> bool:
    """Digits with or without sign and point: no program is called that."""
    return _NUMBER.fullmatch(text) is not None


def is_amount(text: str) -> bool:
    """A line that says how many or how much, and is no command."""
    return is_number(text) or text.lower() == "all"


def looks_numeric(text: str) -> bool:
    """Meant as a number, right or wrong: it begins like one and holds no second word that is a command's."""
    if is_digits(text):
        return True
    plain = unicodedata.normalize("NFKC", text[:40])
    return plain[:1] in _FIRST and not _NO_VALUE.search(plain) and len(plain.split()) < 3


def clip(text: str) -> str:
    """A quotable part of what a user wrote."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def queue_id(text: str) -> int:
    """`01` is 1. Raises Misread."""
    if not is_digits(text):
        _no_number("the queue id", text, "write a number without sign or point, e.g. 1")
    if len(text) > MOST_DIGITS:
        raise Misread("the queue id is too long", f"write at most {MOST_DIGITS} digits")
    return int(text)


def gpu_count(text: str) -> int:
    """A whole number of GPUs, 0 included. Raises Misread."""
    if not is_digits(text):
        _no_number("the GPU count", text, "write a whole number, e.g. 2")
    if len(text) > 6:
        raise Misread("the GPU count is larger than any machine's", "write a number like 2")
    return int(text)


def memory(text: str) -> float | None:
    """GB of 1,024 MiB from `20`, `20.5`, `20GB`, `2048MB` or `2048MiB`; None for `all`. Raises Misread."""
    if text.lower() == "all":
        return None
    hint = "write GB per GPU: 20, 7.5, 20GB, 2048MB, or all for the whole card"
    if is_digits(text) and len(text) < 7:
        return float(text)
    found = _MEMORY.fullmatch(text) if len(text) <= 400 else None
    if not found:
        if text.startswith("-"):
            raise Misread(f"the memory {clip(text)} is negative", hint)
        _no_number("the memory", text, hint)
    amount = float(found[1]) / (MIB_PER_GB if (found[2] or "").upper().startswith("M") else 1)
    if amount > LARGEST_GB:
        raise Misread(f"the memory {clip(text)} is larger than any GPU", hint)
    return amount


def _no_number(what: str, text: str, hint: str) -> NoReturn:
    plain = unicodedata.normalize("NFKC", text)
    if plain != text and is_digits(plain):
        raise Misread(f"{what} {clip(text)} is written in full-width digits", f"write {plain}")
    raise Misread(f"{what} {clip(text)} is no number", hint)


def duration(text: str) -> float:
    """Seconds from `90s`, `2h`, `1h30m`, `1d`, `1.5h`. Raises Misread."""
    found = _DURATION.fullmatch(text)
    if not text or not found:
        like = (
            f"{text}s, {text}m or {text}h"
            if is_digits(text) and text.strip("0")
            else "it like 90s, 2h, 1h30m or 1d"
        )
        raise Misread(f"{clip(text)} is no time with its unit", f"write {like}")
    seconds = sum(float(part) * unit for part, unit in zip(found.groups(), _SECONDS, strict=True) if part)
    if not 0 < seconds <= LONGEST_SECONDS:
        raise Misread(f"{clip(text)} is no time to wait", "write it like 90s, 2h, 1h30m or 1d")
    return seconds


def memory_text(amount: float | None) -> str:
    """The inverse of `memory`."""
    return "all" if amount is None else _positional(amount)


def duration_text(seconds: float) -> str:
    """The inverse of `duration`: 9000 is 2h30m."""
    if not float(seconds).is_integer():
        return f"{_positional(seconds)}s"
    text, left = "", int(seconds)
    for unit, name in zip(_SECONDS, "dhms", strict=True):
        amount, left = divmod(left, unit)
        text += f"{amount}{name}" if amount else ""
    return text


def _positional(number: float) -> str:
    """The shortest text that reads back as the same number, without an exponent: 20, 0.00001."""
    return str(int(number)) if float(number).is_integer() else format(Decimal(repr(number)), "f")
