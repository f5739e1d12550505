"""What would start a waiting task now: placement asked again, with one thing otherwise at a time."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.fit import demanded
from app.core.ledger import ledger, without_attempts
from app.core.place import place
from app.core.rules import Claim, Rules, Seen
from app.model.backend import Grant, Now, Want
from app.model.blockers import Change, gb
from app.model.gpu import index_order
from app.model.problems import named
from app.model.settings import Settings

Attempts = Mapping[str, frozenset[str]]
"""What runs: label of the task -> names of its leases; none: it runs on CPU."""

LEAST_PART = 0.5
"""To tell somebody to do with less than this part of the memory is no advice."""


@dataclass(frozen=True, slots=True)
class Question:
    """One task that waits, and all that a decision about it depends on."""

    seen: Seen
    want: Want
    claim: Claim | None
    rules: Rules
    now: Now
    ahead: tuple[Want, ...] = ()  #: others that wait, and get what there is before it

    def answer(self) -> Grant | None:
        """What it would get."""
        grants = place(self.seen, [*self.ahead, self.want], self.claim, self.rules, self.now).grants
        return next((grant for grant in grants if grant.key == self.want.key), None)

    def with_spec(self, **values: object) -> "Question":
        return replace(self, want=replace(self.want, spec=replace(self.want.spec, **values)))  # type: ignore[arg-type]

    def with_options(self, **values: object) -> "Question":
        return self.with_spec(options=replace(self.want.spec.options, **values))  # type: ignore[arg-type]

    def with_settings(self, **values: object) -> "Question":
        settings = Settings.model_validate({**self.rules.settings.model_dump(), **values})
        return replace(self, rules=self.rules.under(settings))


def changes(asked: Question, running: Attempts) -> list[Change]:
    """Each would start it, alone; the likeliest first. None: nothing that is known would, or it starts."""
    if asked.answer() or (asked.seen.silent and asked.want.spec.gpus):
        return []
    others = _less(asked), _elsewhere(asked), _settings(asked), _kept(asked), _out_of_line(asked)
    parts = _ends(asked, running), *others
    return [change for part in parts for change in part]


def _ends(asked: Question, running: Attempts) -> Iterator[Change]:
    """Time: an attempt of ours that ends, or several."""
    alone = _enough(asked, running)
    if alone:
        yield _one_of(alone)
    elif asked.ahead and (behind := _enough(replace(asked, ahead=()), running)):
        before = named([want.label for want in asked.ahead])
        change = _one_of(behind)
        yield replace(change, text=f"{change.text}, after {before}, which waited before it")
    elif grant := _without(asked, list(running.values())).answer():
        needed = [label for label, leases in running.items() if _is_on(asked, leases, grant.gpu_uuids)]
        if _without(asked, [running[label] for label in needed]).answer():
            text = f"when tasks {_listed(needed, 'and')} have ended{_where(grant.gpu_ids)}"
            yield Change("ends", text, tuple(needed), all_of_them=True)


def _enough(asked: Question, running: Attempts) -> dict[str, Grant]:
    """Attempts of which each one's end would do, and what it would get then."""
    return {label: grant for label in running if (grant := _without(asked, [running[label]]).answer())}


def _one_of(alone: Mapping[str, Grant]) -> Change:
    cards = {grant.gpu_ids for grant in alone.values()}
    where = _where(cards.pop()) if len(cards) == 1 else ""
    return Change("ends", f"when task {_listed(list(alone), 'or')} ends{where}", tuple(alone))


def _without(asked: Question, attempts: Sequence[frozenset[str]]) -> Question:
    gone = frozenset(name for names in attempts for name in names)
    seen = without_attempts(asked.seen, asked.rules, gone)
    on_cpu = sum(not names for names in attempts)
    return replace(
        asked,
        seen=replace(
            seen,
            own_tasks=max(0, seen.own_tasks - len(attempts)),
            own_cpu_tasks=max(0, seen.own_cpu_tasks - on_cpu),
        ),
    )


def _is_on(asked: Question, leases: frozenset[str], cards: tuple[str, ...]) -> bool:
    return any(lease.name in leases and lease.gpu in cards for lease in asked.seen.leases)


def _less(asked: Question) -> Iterator[Change]:
    """A smaller demand."""
    want, spec = asked.want, asked.want.spec
    if not spec.gpus:
        return
    for memory in _smaller(asked):
        if grant := replace(asked, want=replace(want, memory_gb=memory)).answer():
            text = (
                f"with {gb(memory)} instead of {gb(want.memory_gb)} it would start now{_where(grant.gpu_ids)}"
            )
            yield Change("memory", text)
            break
    for gpus in range(spec.gpus - 1, 0, -1):
        if grant := asked.with_spec(gpus=gpus).answer():
            text = f"with {_cards(gpus)} instead of {spec.gpus} it would start now{_where(grant.gpu_ids)}"
            yield Change("gpus", text)
            break
    if grant := asked.with_options(share=True).answer():
        yield Change("share", f"with share=yes it would start now{_where(grant.gpu_ids)}")


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


def _elsewhere(asked: Question) -> Iterator[Change]:
    """On cards that it does not name, that are turned off, or set aside."""
    options = asked.want.spec.options
    if options.devices is not None and (grant := asked.with_options(devices=None).answer()):
        named = ",".join(options.devices)
        yield Change("devices", f"without devices={named} it would start now{_where(grant.gpu_ids)}")
    if options.model is not None and (grant := asked.with_options(model=None).answer()):
        yield Change("model", f'without model="{options.model}" it would start now{_where(grant.gpu_ids)}')
    for gpu in sorted(asked.seen.gpus, key=lambda gpu: index_order(gpu.index)):
        here = {gpu.uuid}
        if here & (asked.seen.off | asked.seen.aside):
            seen = replace(asked.seen, off=asked.seen.off - here, aside=asked.seen.aside - here)
            if replace(asked, seen=seen).answer():
                yield Change("gpu_on", f"with GPU {gpu.index} turned on it would start now")


def _settings(asked: Question) -> Iterator[Change]:
    settings, seen = asked.rules.settings, asked.seen
    others: dict[str, object] = {
        "max_tasks": seen.own_tasks + 1,
        "cpu_tasks": seen.own_cpu_tasks + 1,
        "max_gpu": None,
        "gpu_left": 0,
        "busy_memory_percent": None,
        "use_all_gpus": True,
    }
    for key, value in others.items():
        if getattr(settings, key) == value or (key == "max_tasks" and settings.max_tasks is None):
            continue
        if grant := asked.with_settings(**{key: value}).answer():
            shown = "null" if value is None else str(value).lower()
            yield Change("setting", f"with {key} {shown} it would start now{_where(grant.gpu_ids)}")


def _kept(asked: Question) -> Iterator[Change]:
    claim = asked.claim
    if claim is None or claim.key == asked.want.key:
        return
    others = tuple(want for want in asked.ahead if want.key != claim.key)
    if grant := replace(asked, claim=None, ahead=others).answer():
        text = f"with task {claim.label} held, for which cards are kept, it would start now"
        yield Change("kept", f"{text}{_where(grant.gpu_ids)}")


def _out_of_line(asked: Question) -> Iterator[Change]:
    if asked.want.spec.options.fifo and (grant := asked.with_options(fifo=False).answer()):
        yield Change("fifo", f"without fifo it would start now{_where(grant.gpu_ids)}")


def _where(cards: tuple[str, ...]) -> str:
    return f" on GPU {', '.join(cards)}" if cards else ""


def _cards(count: int) -> str:
    return "1 GPU" if count == 1 else f"{count} GPUs"


def _listed(names: Sequence[str], word: str) -> str:
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last
