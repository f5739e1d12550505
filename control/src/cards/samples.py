"""What each card was used for: the last hour every five seconds, seven days by the minute."""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from app.model.gpu import index_order
from control.src.cards import models
from control.src.cards.gpus import Picture, people_gb, stray_gb, used_gb
from control.src.database import Database

EVERY = 5.0
FINE_SECONDS = 3600.0
MINUTE = 60.0
KEPT_SECONDS = 7 * 86400.0

MOST_POINTS = 40_000
"""Of one answer, over all cards."""
MOST_OF_A_CARD = 2_000
LEAST_OF_A_CARD = 100

GAP = 2.5
"""Times what samples stand for, after which nothing was sampled between two of them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one card, now."""

    uuid: str
    index: str
    name: str
    total_gb: float
    simulated: bool
    used_gb: float
    own_gb: float
    others_gb: float
    stray_gb: float
    use: float | None
    power_w: float | None
    temperature_c: float | None


def taken(picture: Picture) -> list[Sample]:
    """Nothing of a card that can't be read now."""
    found = []
    for card in picture.accounts.cards:
        account = picture.accounts.book[card.uuid]
        silent = picture.looked.silent is not None and not card.simulated
        if silent or card.health != "ok" or "missing" in account.unusable:
            continue
        found.append(
            Sample(
                *(card.uuid, card.index, card.name, card.total_gb, card.simulated),
                used_gb=used_gb(account, card),
                own_gb=card.own_used_gb,
                others_gb=people_gb(account),
                stray_gb=stray_gb(account),
                use=card.use,
                power_w=card.power_w,
                temperature_c=card.temperature_c,
            )
        )
    return found


CARD = "INSERT OR REPLACE INTO cards (uuid, idx, name, total_gb, simulated) VALUES (?, ?, ?, ?, ?)"
COLUMNS = """uuid, at, span, used_gb, used_most_gb, own_gb, others_gb, stray_gb,
    use, use_most, power_w, temperature_c"""
ADD = f"""INSERT OR REPLACE INTO samples ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
THIN = f"""INSERT OR REPLACE INTO samples ({COLUMNS})
    SELECT uuid, CAST(at / 60 AS INTEGER) * 60.0 + 30, 60, avg(used_gb), max(used_most_gb), avg(own_gb),
        avg(others_gb), avg(stray_gb), avg(use), max(use_most), avg(power_w), avg(temperature_c)
    FROM samples WHERE span < 60 AND at < ? GROUP BY uuid, CAST(at / 60 AS INTEGER)"""
READ = """SELECT uuid, CAST((at - :since) / :step AS INTEGER) AS place, avg(at), max(span),
        sum(used_gb * span) / sum(span), max(used_most_gb), sum(own_gb * span) / sum(span),
        sum(others_gb * span) / sum(span), sum(stray_gb * span) / sum(span),
        avg(use), max(use_most), avg(power_w), avg(temperature_c)
    FROM samples WHERE uuid IN ({}) AND at >= :since AND at < :until
    GROUP BY uuid, place ORDER BY uuid, place"""
CARDS = """SELECT uuid, idx, name, total_gb, simulated FROM cards WHERE (:uuid IS NULL OR uuid = :uuid)
    AND EXISTS (SELECT 1 FROM samples WHERE samples.uuid = cards.uuid AND at >= :since AND at < :until)
    LIMIT 400"""


STEADY_SECONDS = 600.0
"""That a clock has to have been right before anything is taken away by it."""


class Samples:
    """In console.db. For any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[tuple[Any, ...]] = set()
        self._thinned = 0.0
        self._clock = 0.0  #: wall time less monotonic time
        self._steady_since = time.monotonic()  #: when that was set last

    def add(self, samples: Iterable[Sample], at: float) -> None:
        """Once a minute old ones are thinned as well; but not by a clock that was set just now, which may be
        set back. Raises DatabaseError."""
        all_ = list(samples)
        cards = {(one.uuid, one.index, one.name, one.total_gb, int(one.simulated)) for one in all_}
        rows = [
            (
                *(one.uuid, at, EVERY, one.used_gb, one.used_gb),
                *(one.own_gb, one.others_gb, one.stray_gb),
                *(one.use, one.use, one.power_w, one.temperature_c),
            )
            for one in all_
        ]
        self._database.write((CARD, cards - self._known), (ADD, rows))
        self._known |= cards
        now = time.monotonic()
        if abs(at - now - self._clock) > MINUTE:
            self._clock, self._steady_since = at - now, now
        if abs(at - self._thinned) >= MINUTE and now - self._steady_since >= STEADY_SECONDS:
            self._thinned = at
            self.thin(at)

    def thin(self, now: float) -> None:
        """Raises DatabaseError."""
        fine = math.floor((now - FINE_SECONDS) / MINUTE) * MINUTE  # whole minutes alone
        self._database.write(
            ("DELETE FROM samples WHERE at < ? OR at > ?", [(now - KEPT_SECONDS, now + MINUTE)]),
            (THIN, [(fine,)]),
            ("DELETE FROM samples WHERE span < 60 AND at < ?", [(fine,)]),
        )

    def read(self, since: float, until: float, uuid: str | None, step: float) -> models.GpuSamples:
        """Means and maxima of each step. Raises DatabaseError."""
        which = {"since": since, "until": until, "uuid": uuid}
        cards = self._database.rows(CARDS, which)
        room = min(MOST_OF_A_CARD, max(LEAST_OF_A_CARD, MOST_POINTS // max(1, len(cards))))
        step = max(step, EVERY, math.ceil((until - since) / room))
        marks = ", ".join(f":card{place}" for place in range(len(cards)))
        names = {f"card{place}": row[0] for place, row in enumerate(cards)}
        rows = self._database.rows(READ.format(marks), {**which, "step": step, **names}) if cards else []
        by_card = {its: list(group) for its, group in groupby(rows, key=lambda row: row[0])}
        order = sorted(cards, key=lambda row: (row[4], index_order(row[1]), row[0]))
        return models.GpuSamples(
            since=since,
            until=until,
            step=step,
            cards=[_card(row, with_gaps(by_card.get(row[0], []), step)) for row in order],
        )


Row = Sequence[Any]


def with_gaps(rows: Iterable[Row], step: float) -> list[Row]:
    """(at, values...) of each, and of nothing where nothing was sampled for a while."""
    found: list[Row] = []
    before = 0.0
    for _, _, at, span, *values in rows:
        if found and at - found[-1][0] > GAP * max(step, span, before):
            found.append(((found[-1][0] + at) / 2, *[None] * len(values)))
        found.append((at, *values))
        before = span
    return found


NAMES = (
    *("at", "used_gb", "used_most_gb", "own_gb", "others_gb", "stray_gb"),
    *("use", "use_most", "power_w", "temperature_c"),
)


def _card(card: Row, rows: Sequence[Row]) -> models.CardSamples:
    uuid, index, name, total_gb, simulated = card
    columns = {
        column: [None if row[place] is None else round(row[place], 3) for row in rows]
        for place, column in enumerate(NAMES)
    }
    return models.CardSamples.model_validate(
        {
            "uuid": uuid,
            "index": index,
            "name": name,
            "total_gb": total_gb,
            "simulated": bool(simulated),
            **columns,
        }
    )


def seconds_to_next(now: float | None = None) -> float:
    """Samples of all consoles and days stand at the same seconds."""
    return EVERY - (time.time() if now is None else now) % EVERY
