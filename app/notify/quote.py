"""What others have written, in a message: short, and so that it disturbs no terminal and no letter."""

from app.view.text import clean

MOST_LINES = 3  #: a traceback's: where, what, and the error
LONGEST_LINE = 200  #: characters
LONGEST = 300  #: of all lines

OURS = "gpulane: exit "
"""So begins what our bash adds to a log when a command fails; the error says that already."""


def clipped(text: str, most: int) -> str:
    """One line of it."""
    text = " ".join(clean(text).split())
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


def last_words(log: str) -> tuple[str, ...]:
    """The last lines that a task has written, as a terminal shows them: what a progress bar has written over
    is gone."""
    words: list[str] = []
    room = LONGEST
    for raw in reversed(log.split("\n")):
        line = clipped(raw.rstrip("\r").rpartition("\r")[2], LONGEST_LINE)
        if not line or line.startswith(OURS):
            continue
        room -= len(line)
        if len(words) == MOST_LINES or room < 0:
            break
        words.insert(0, line)
    return tuple(words)
