"""What would become of one waiting task if something were otherwise: placement asked again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from app.core.ledger import without_attempts
from app.core.place import Placement, place
from app.core.rules import Claim, Rules, Seen
from app.model.backend import Grant, Now, Want
from app.model.settings import Settings


class Runs(NamedTuple):
    """A task of ours that runs, as its scheduler knows it."""

    label: str
    next: Want | None  #: what its queue asks for once it has completed; None: nothing


class Ongoing(NamedTuple):
    """The same, as it is seen on the cards."""

    leases: frozenset[str]  #: names; none: it runs on CPU
    next: Want | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One task that waits, and all that a decision about it depends on."""

    seen: Seen
    want: Want
    claim: Claim | None
    rules: Rules
    now: Now
    others: tuple[Want, ...] = ()  #: that wait as well
    running: Mapping[str, Ongoing] = field(default_factory=dict)  #: by label

    def answer(self) -> Grant | None:
        """What it would get."""
        return next((grant for grant in self.decided().grants if grant.key == self.want.key), None)

    def decided(self) -> Placement:
        return place(self.seen, [*self.others, self.want], self.claim, self.rules, self.now)

    def with_spec(self, **values: object) -> "Question":
        return replace(self, want=replace(self.want, spec=replace(self.want.spec, **values)))  # type: ignore[arg-type]

    def with_options(self, **values: object) -> "Question":
        return self.with_spec(options=replace(self.want.spec.options, **values))  # type: ignore[arg-type]

    def with_settings(self, **values: object) -> "Question":
        settings = Settings.model_validate({**self.rules.settings.model_dump(), **values})
        return replace(self, rules=self.rules.under(settings))

    def with_cards_on(self, cards: Iterable[str]) -> "Question":
        """Neither turned off nor set aside; `cards`: uuids."""
        seen, on = self.seen, frozenset(cards)
        return replace(self, seen=replace(seen, off=seen.off - on, aside=seen.aside - on))

    def after(self, *labels: str) -> "Question":
        """Once these have completed: what comes next in their queues waits as well, from then on."""
        ended = [self.running[label] for label in labels]
        gone = frozenset(name for each in ended for name in each.leases)
        seen = without_attempts(self.seen, self.rules, gone)
        on_cpu = sum(not each.leases for each in ended)
        return replace(
            self,
            seen=replace(
                seen,
                own_tasks=max(0, seen.own_tasks - len(ended)),
                own_cpu_tasks=max(0, seen.own_cpu_tasks - on_cpu),
            ),
            others=(*self.others, *(each.next for each in ended if each.next)),
            running={label: each for label, each in self.running.items() if label not in labels},
        )

    def without(self, labels: Iterable[str]) -> "Question":
        """As if these others did not wait, nor had cards kept for them."""
        gone = frozenset(labels)
        claim = None if self.claim and self.claim.label in gone else self.claim
        return replace(
            self, claim=claim, others=tuple(want for want in self.others if want.label not in gone)
        )


def on_cards(cards: Iterable[str]) -> str:
    """ " on GPU 0, 1", by their indices; nothing where there are none."""
    listed_ = ", ".join(cards)
    return f" on GPU {listed_}" if listed_ else ""


def listed(names: Iterable[str], word: str) -> str:
    """ "a, b or c"."""
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last
