"""What was recorded, without what tells where and when that was, and short enough to be read."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

FIRST_PID = 41873
BEGIN = 1_763_994_000
"""When each recording begins, wall seconds."""
DAY = 86400
ENTRIES, LINES, LONG = 2, 8, 400
"""So many entries of a list, or one where those have more than LONG characters; so many lines of a text."""
MAPS = ("values", "settings")
HIDDEN = {"port_taken": None, "boot_id": "5f0c7a52-93d1-4c86-9a0e-2b7d14e8c3f6", "token": "LOGS-IN-ONCE"}
MOMENTS = {"%Y%m%d-%H%M%S": r"\b\d{8}-\d{6}\b", "%Y-%m-%d %H:%M:%S": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"}


class Plain:
    """A recording without the marks of its place and time, and short."""

    def __init__(self, words: Mapping[str, str], start: int, heard: Any) -> None:
        """`words`: what stands for others. `start`: when the recording began, wall seconds."""
        self._words = words
        self._shift = BEGIN - start
        self._recorded = range(start - DAY, start + DAY)
        self._pids: dict[int, int] = {}
        self._find_pids(heard)

    def _find_pids(self, value: Any, name: str = "") -> None:
        if isinstance(value, int) and name in ("pid", "scheduler"):
            self._pids.setdefault(value, FIRST_PID + len(self._pids))
        for inner, each in _entries(value):
            self._find_pids(each, inner)

    def of(self, value: Any, name: str = "") -> Any:
        if name in HIDDEN:
            return HIDDEN[name]
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value, name)
        if isinstance(value, list):
            shown = value[-ENTRIES:] if all(isinstance(each, float) for each in value) else value[:ENTRIES]
            return [self.of(each) for each in (shown if len(json.dumps(shown)) < LONG else shown[:1])]
        if isinstance(value, dict):
            names = list(value)[: 2 * ENTRIES if name in MAPS else None]
            return {name: self.of(value[name], name) for name in names}
        return value

    def _number(self, value: float, name: str) -> float:
        if name in ("pid", "scheduler", "running") and value in self._pids:
            return self._pids[int(value)]
        if int(value) in self._recorded:
            return round(value + self._shift, 2)
        if int(value / 1000) in self._recorded:
            return value + self._shift * 1000
        return value if isinstance(value, int) else float(f"{value:.6g}")

    def _text(self, value: str, name: str) -> str:
        if name == "user":
            return "ann"
        for old, new in self._words.items():
            value = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new, value)
        for pid, shown in self._pids.items():
            value = re.sub(rf"^{pid}$|(?<=pid ){pid}\b|(?<=scheduler/){pid}\b", str(shown), value)
        # Versions of files are named by their milliseconds.
        value = re.sub(r"\b\d{13}\b", lambda found: str(self._number(int(found[0]), "")), value)
        for form, pattern in MOMENTS.items():
            for said in set(re.findall(pattern, value)):
                value = value.replace(said, self._moment(said, form))
        return "".join(value.splitlines(keepends=True)[:LINES])

    def _moment(self, said: str, form: str) -> str:
        at = datetime.strptime(said, form).replace(tzinfo=timezone.utc)
        return (at + timedelta(seconds=self._shift)).strftime(form)


def _entries(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return value.items()
    return [("", each) for each in value] if isinstance(value, list) else ()
