"""Words and figures as the view shows them."""

import re

ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|[\x1b]\[[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|\x9b[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)


def clean(text: str) -> str:
    """One line that can't disturb a terminal. Names and logs are hostile text: escape sequences, control
    characters, reversed writing and half characters go; any space is a blank."""
    if text.isascii() and text.isprintable():
        return text
    without = ESCAPES.sub("", text)
    return "".join(
        character if character.isprintable() else " " if character.isspace() else "" for character in without
    )


def figure(amount: float) -> str:
    """Gigabytes without their unit: 20, 11.2."""
    return f"{amount:.1f}".removesuffix(".0")


def duration(seconds: float) -> str:
    """0:42, 12:31, 2:03:11, 3 d 04:11."""
    whole = max(0, int(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour:02}:{minute:02}"
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def ordinal(number: int) -> str:
    """2nd."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def count(number: int, noun: str) -> str:
    """1 task, 12 tasks."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
