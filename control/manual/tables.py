"""Tables of Markdown."""

import re
from collections.abc import Iterator, Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    """Plain but for what stands in backticks, and links."""
    parts = re.split(r"(`[^`]*`)", re.sub(r"\s+", " ", text).strip())
    return "".join(part if part.startswith("`") else _plain(part) for part in parts).replace("|", "\\|")


def _plain(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")
