"""What the prompt says, broken between words where it goes to a terminal."""

import shutil
import sys

from app.view.line import wrapped

MOST_LINES = 1_000


def say(text: str, err: bool = False) -> None:
    """Print it."""
    out = sys.stderr if err else sys.stdout
    print(fitted(text) if out.isatty() else text, file=out, flush=True)


def fitted(text: str) -> str:
    """In lines no wider than the terminal; those that are set in, as of a list, stand as they are."""
    width = shutil.get_terminal_size().columns
    return "\n".join(
        line if line[:1].isspace() else "\n".join(wrapped(line, width, width, MOST_LINES, ""))
        for line in text.split("\n")
    )
