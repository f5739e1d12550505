"""`--since`: a moment, as people say it."""

import datetime
import time

from app.command_file.values import Misread, duration
from app.model.faults import BadInput

RIGHT = "write how long ago (90m, 12h, 7d) or from when on (2026-11-20, '2026-11-20 14:30', today, yesterday)"


def moment(text: str | None) -> float | None:
    """Wall time of "7d" (so long ago), "2026-11-20", "today"; None for None. Raises BadInput."""
    if text is None:
        return None
    now = time.time()
    midnight = datetime.datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: DTZ006
    days = {"today": 0, "yesterday": 1}
    if text in days:
        return (midnight - datetime.timedelta(days=days[text])).timestamp()
    try:
        return now - duration(text)
    except Misread:
        pass
    try:
        at = datetime.datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise BadInput(f"--since {text!r} is no time; {RIGHT}") from None
    if at > now:
        raise BadInput(f"--since {text} is still to come; {RIGHT}")
    return at


def seconds(option: str, text: str) -> float:
    """Of "90m". Raises BadInput, naming the option."""
    try:
        return duration(text)
    except Misread as wrong:
        raise BadInput(f"{option}: {wrong.problem}; {wrong.hint}") from None
