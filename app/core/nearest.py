"""What would start a waiting task now: placement asked again, with one thing otherwise at a time."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, get_args

from app.core.ends import ends
from app.core.fit import Manner, demanded, obstacles
from app.core.ledger import ledger
from app.core.question import Question, listed, on_cards
from app.model.backend import Grant
from app.model.blockers import Blocker, CardCrowded, Change, gb
from app.model.gpu import index_order

LEAST_PART = 0.5
"""To tell somebody to do with less than this part of the memory is no advice."""

MOST_CARDS_OFF = 4
"""Of which it is asked what turning on one of them would do, and the end of a task with it."""

MOST_TASKS_MORE = 10
"""By how many a limit of tasks is raised in thought: those that come before it take the first ones."""


class Outlook(NamedTuple):
    """What a decision would say of a waiting task now."""

    grant: Grant | None
    blockers: tuple[Blocker, ...]  #: none where there is a grant
    changes: tuple[Change, ...]  #: see `changes`


def outlook(asked: Question) -> Outlook:
    decided = asked.decided()
    grant = next((grant for grant in decided.grants if grant.key == asked.want.key), None)
    blockers = () if grant else decided.blocked[asked.want.key].blockers
    return Outlook(grant, blockers, () if grant else tuple(changes(asked)))


def changes(asked: Question) -> list[Change]:
    """Each would start it, alone; the likeliest first. None: nothing that is known would, or it starts."""
    if asked.answer() or (asked.seen.silent and asked.want.spec.gpus):
        return []
    parts = _less(asked), _elsewhere(asked), _settings(asked), _kept(asked), _out_of_line(asked)
    time, others = list(ends(asked)), [change for part in parts for change in part]
    if not time and all(change.kind != "gpu_on" for change in others):
        time = list(_two_at_once(asked))
    return time + others


def _less(asked: Question) -> Iterator[Change]:
    """A smaller demand."""
    want, spec = asked.want, asked.want.spec
    if not spec.gpus:
        return
    for memory in _smaller(asked):
        if grant := replace(asked, want=replace(want, memory_gb=memory)).answer():
            less = f"with {gb(memory)} instead of {gb(want.memory_gb)}"
            yield Change("memory", f"{less} it would start now{on_cards(grant.gpu_ids)}")
            break
    for gpus in range(spec.gpus - 1, 0, -1):
        if grant := asked.with_spec(gpus=gpus).answer():
            text = f"with {_cards(gpus)} instead of {spec.gpus} it would start now{on_cards(grant.gpu_ids)}"
            yield Change("gpus", text)
            break
    if grant := asked.with_options(share=True).answer():
        yield Change("share", f"with share=yes it would start now{on_cards(grant.gpu_ids)}")
    else:
        yield from _beside(asked)


def _smaller(asked: Question) -> list[float]:
    """Demands that a card has free, largest first, in GB, rounded down to a tenth."""
    asks = demanded(asked.want.spec.gpus, asked.want.memory_gb, asked.rules)
    found: set[float] = set()
    for card in ledger(asked.seen, asked.rules).values():
        whole = card.gpu.total_gb if asks is None else asks
        free = math.floor(card.free_gb * 10) / 10
        if whole * LEAST_PART <= free < whole:
            found.add(free)
    return sorted(found, reverse=True)


def _beside(asked: Question) -> Iterator[Change]:
    """On cards that tasks of ours have to themselves, though they leave room there."""
    ours = {name: label for label, each in asked.running.items() for name in each.leases}
    shared = tuple(
        replace(lease, exclusive=False) if lease.name in ours and lease.declared_gb is not None else lease
        for lease in asked.seen.leases
    )
    both = replace(asked, seen=replace(asked.seen, leases=shared)).with_options(share=True)
    if grant := both.answer():
        there = [lease.name for lease in shared if lease.gpu in grant.gpu_uuids]
        beside = dict.fromkeys(ours[name] for name in there if name in ours)
        who, all_ = ("task", "both") if len(beside) == 1 else ("tasks", "all of them")
        text = f"with share=yes on {all_} it would run beside {who} {listed(beside, 'and')}"
        until = "what runs keeps its cards to itself until its next start"
        yield Change("share", f"{text}{on_cards(grant.gpu_ids)} ({until})")


def _elsewhere(asked: Question) -> Iterator[Change]:
    """On cards that it does not name, that are turned off, or set aside."""
    options = asked.want.spec.options
    if options.devices is not None and (grant := asked.with_options(devices=None).answer()):
        named = ",".join(options.devices)
        yield Change("devices", f"without devices={named} it would start now{on_cards(grant.gpu_ids)}")
    if options.model is not None and (grant := asked.with_options(model=None).answer()):
        yield Change("model", f'without model="{options.model}" it would start now{on_cards(grant.gpu_ids)}')
    for index, uuid in _not_on(asked).items():
        if asked.with_cards_on([uuid]).answer():
            yield Change("gpu_on", f"with GPU {index} turned on it would start now")


def _not_on(asked: Question) -> dict[str, str]:
    """Index -> uuid of the cards that are turned off or set aside."""
    away = asked.seen.off | asked.seen.aside
    there = sorted(asked.seen.gpus, key=lambda gpu: index_order(gpu.index))
    return {gpu.index: gpu.uuid for gpu in there if gpu.uuid in away}


def _settings(asked: Question) -> Iterator[Change]:
    """Of each the value that is nearest to the present one; `min_gpu`, where `gpu_left` does not help."""
    found = set()
    for key, values in _values(asked):
        if key == "min_gpu" and "gpu_left" in found:
            continue
        for value in values:
            if grant := asked.with_settings(**{key: value}).answer():
                found.add(key)
                text = f"with {key} {str(value).lower()} it would start now"
                yield Change("setting", f"{text}{on_cards(grant.gpu_ids)}")
                break


def _values(asked: Question) -> Iterator[tuple[str, Iterable[object]]]:
    """Others than the present ones that could help, the nearest first."""
    settings, seen = asked.rules.settings, asked.seen
    if settings.max_tasks is not None:
        most = max(settings.max_tasks, seen.own_tasks) + 1
        yield "max_tasks", range(most, most + MOST_TASKS_MORE)
    if not asked.want.spec.gpus:
        most = max(asked.rules.cpu_tasks, seen.own_cpu_tasks) + 1
        yield "cpu_tasks", range(most, most + MOST_TASKS_MORE)
        return
    if settings.max_gpu is not None:
        yield "max_gpu", range(settings.max_gpu + 1, len(seen.gpus) + 1)
    yield "gpu_left", range(settings.gpu_left - 1, -1, -1)
    yield "min_gpu", range(settings.min_gpu + 1, len(seen.gpus) + 1)
    if settings.busy_memory_percent is not None:
        yield "busy_memory_percent", _percentages(asked)
    if not settings.use_all_gpus:
        yield "use_all_gpus", [True]


def _percentages(asked: Question) -> list[int]:
    """At which one more card does not count as busy: for this task, or for another that makes room then."""
    cards, manners = ledger(asked.seen, asked.rules).values(), get_args(Manner)
    seen = [obstacles(card, manner, asked.rules).blockers for card in cards for manner in manners]
    used = {math.ceil(each.others_percent) for all_ in seen for each in all_ if isinstance(each, CardCrowded)}
    enough = used | {percent + 1 for percent in used}  # it is said rounded
    return sorted(percent for percent in enough if percent <= 100)


def _kept(asked: Question) -> Iterator[Change]:
    claim = asked.claim
    if claim is None or claim.key == asked.want.key:
        return
    if grant := asked.without([claim.label]).answer():
        text = f"with task {claim.label} held, for which cards are kept, it would start now"
        yield Change("kept", f"{text}{on_cards(grant.gpu_ids)}")


def _out_of_line(asked: Question) -> Iterator[Change]:
    if asked.want.spec.options.fifo and (grant := asked.with_options(fifo=False).answer()):
        yield Change("fifo", f"without fifo it would start now{on_cards(grant.gpu_ids)}")


def _two_at_once(asked: Question) -> Iterator[Change]:
    """Where neither time nor one card is enough: several cards turned on, or some and the end of a task."""
    away = _not_on(asked)
    if grant := asked.with_cards_on(away.values()).answer():
        cards = [index for index in away if index in grant.gpu_ids]
        yield Change("gpu_on", f"with GPU {listed(cards, 'and')} turned on it would start now")
        return
    one_each, all_of_them = [[index] for index in away], [[*away]] if len(away) > 1 else []
    for cards in one_each[:MOST_CARDS_OFF] + all_of_them:
        for time in ends(asked.with_cards_on(away[index] for index in cards)):
            yield replace(time, text=f"with GPU {listed(cards, 'and')} turned on, {time.text}")
            return


def _cards(count: int) -> str:
    return "1 GPU" if count == 1 else f"{count} GPUs"
