"""What differs between two texts, as `diff -u` shows it."""

import difflib

MOST_LINES = 20_000
"""Of both together; more would take seconds."""


def difference(before: str, after: str, names: tuple[str, str]) -> str | None:
    """A unified diff, "" for equal texts; None: they are too long to be compared."""
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    if len(old) + len(new) > MOST_LINES:
        return None
    return "\n".join(difflib.unified_diff(old, new, *names, lineterm=""))


def _lines(text: str) -> list[str]:
    """At line feeds alone; an end that is missing is said, as diff does."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, last + "\n\\ No newline at end of file"] if last else lines
