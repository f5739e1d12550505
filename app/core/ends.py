"""Time as what starts a waiting task: an attempt of ours that ends, or several."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.core.question import Question, listed, on_cards
from app.model.backend import Grant
from app.model.blockers import BehindInLine, CardClaimed, Change

MOST_BEFORE = 3
"""Tasks that go first; where there are more, their names say nothing about time any more."""

MOST_LOOKED_AT = 8
"""Attempts of which it is asked who goes first when they end."""

MOST_TOGETHER = 32
"""Attempts of which it is asked which ones have to end together."""

First = tuple[tuple[str, ...], tuple[str, ...]]
"""Who goes first, and the cards (indices) that the task gets after them."""


def ends(asked: Question) -> Iterator[Change]:
    """What is nearest: any of these, any of these after others that go first, or several together."""
    alone = _enough(asked)
    if alone:
        yield _one_of(alone)
    elif behind := _behind(asked):
        yield _after_others(behind)
    elif len(asked.running) <= MOST_TOGETHER:
        yield from _together(asked)


def _enough(asked: Question) -> dict[str, Grant]:
    """Attempts of which each one's end would do, and what the task would get then."""
    return {label: grant for label in asked.running if (grant := asked.after(label).answer())}


def _one_of(alone: Mapping[str, Grant]) -> Change:
    cards = {grant.gpu_ids for grant in alone.values()}
    return Change("ends", f"when task {listed(alone, 'or')} ends{_there(cards)}", tuple(alone))


def _there(cards: set[tuple[str, ...]]) -> str:
    (one, *others) = cards
    return f",{on_cards(one)}" if one and not others else ""


def _behind(asked: Question) -> dict[str, First]:
    """Attempts whose end would do if some others did not go first: fewest of them, and who these are."""
    alone = [label for label in asked.running if replace(asked.after(label), others=()).answer()]
    found = {label: before for label in alone[:MOST_LOOKED_AT] if (before := _first(asked.after(label)))}
    fewest = min((len(names) for names, _ in found.values()), default=0)
    chosen = next((first for first in found.values() if len(first[0]) == fewest), None)
    return {label: first for label, first in found.items() if first == chosen}


def _first(asked: Question) -> First | None:
    """Who takes what there is, or has it kept, until the task's turn comes."""
    before: list[str] = []
    while (grant := asked.answer()) is None:
        now = _in_the_way(asked)
        before += now
        if not now or len(before) > MOST_BEFORE:
            return None
        asked = asked.without(now)
    return tuple(before), grant.gpu_ids


def _in_the_way(asked: Question) -> list[str]:
    decided = asked.decided()
    labels = {want.key: want.label for want in asked.others}
    said = decided.blocked[asked.want.key].blockers
    found = [labels[grant.key] for grant in decided.grants]
    found += [each.by.removeprefix("task ") for each in said if isinstance(each, BehindInLine | CardClaimed)]
    return list(dict.fromkeys(found))


def _after_others(behind: Mapping[str, First]) -> Change:
    """No time is promised: nobody knows how long those that go first will run."""
    (names, cards), *_ = behind.values()
    who = f"task {names[0]}, which goes" if len(names) == 1 else f"tasks {listed(names, 'and')}, which go"
    there = _there({cards})
    first = f"after {who} first{' there' if there else ''}"
    return Change("ends", f"when task {listed(behind, 'or')} ends{there}, {first}")


def _together(asked: Question) -> Iterator[Change]:
    """As few as will do."""
    needed = list(asked.running)
    if asked.after(*needed).answer() is None:
        return
    for label in list(needed):
        fewer = [each for each in needed if each != label]
        if asked.after(*fewer).answer():
            needed = fewer
    grant = asked.after(*needed).answer()
    assert grant is not None
    text = f"when tasks {listed(needed, 'and')} have ended{_there({grant.gpu_ids})}"
    yield Change("ends", text, tuple(needed), all_of_them=True)
