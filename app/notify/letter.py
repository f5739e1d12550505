"""One message of much news, and when to send it: forty failures are not forty mails."""

from collections import Counter
from collections.abc import Sequence

from app.narrate import counted
from app.notify.news import Kind, News
from app.notify.quote import clipped
from app.view.text import clean

MOST_NEWS = 20
LONGEST_TEXT = 500  #: of one of them, without what it quotes
LONGEST_BODY = 3_000  #: characters; some notifiers take 4,000 bytes
LONGEST_TITLE = 160

GATHER_SECONDS = 5.0
"""Between the first news and its message: what comes together is told together."""

GAPS = (0.0, 60.0, 300.0, 900.0)
"""Seconds between messages at least, growing as long as there is no quiet."""

QUIET_SECONDS = 3600.0

URGENT: frozenset[Kind] = frozenset({"all_done", "gpu_lost", "fuse"})
"""Rare, and waited for: told at once."""

SAID: dict[Kind, str] = {"task_failed": "failure", "queue_done": "queue done", "waiting_longer": "long wait"}


class Pace:
    """When the next message is due. Times are monotonic."""

    def __init__(self) -> None:
        self._sent: float | None = None
        self._gap = 0

    def due(self, now: float, urgent: bool) -> float:
        """For news that has come now."""
        if self._sent is None or now - self._sent > QUIET_SECONDS:
            self._gap = 0
        if urgent or self._sent is None:
            return now + GATHER_SECONDS
        return max(now + GATHER_SECONDS, self._sent + GAPS[min(self._gap, len(GAPS) - 1)])

    def sent(self, now: float) -> None:
        self._sent = now
        self._gap += 1


def letter(news: Sequence[News], sender: str, about: str) -> tuple[str, str]:
    """Title and body. `sender`: "gpulane on gpu7"; `about`: which command file."""
    parts, room = list[str](), LONGEST_BODY
    for each in news[:MOST_NEWS]:
        part = "\n".join([clipped(each.text, LONGEST_TEXT), *(f"    {line}" for line in each.quote)])
        room -= len(part)
        if room < 0:
            break
        parts.append(part)
    if len(news) > len(parts):
        parts.append(f"and {len(news) - len(parts)} more")
    return clipped(f"{sender}: {_gist(news)}", LONGEST_TITLE), "\n".join([*parts, "", clean(about)])


def _gist(news: Sequence[News]) -> str:
    """The one that there is, what is urgent, or how many of each kind."""
    urgent = [each.title for each in news if each.kind in URGENT]
    if len(news) == 1 or urgent:
        return urgent[-1] if urgent else news[0].title
    kinds = Counter(SAID[each.kind] for each in news)
    return ", ".join(counted(number, kind) for kind, number in kinds.items())
