"""Why a task is not running: typed facts, and the one place that says them in English.

All blockers of a task are named, and each is true: take away exactly these and it is placed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator

from app.model.gpu import Health
from app.model.lease import Holder


@dataclass(frozen=True, slots=True)
class CardShort:
    """Not enough free memory on this card."""

    gpu: str  #: index
    free_gb: float
    others_gb: float  #: used by processes that are not ours or of another lease
    users: tuple[tuple[str, float], ...]  #: who uses it, most first: (user, GB)
    promised_gb: float  #: to leases, ours and others'
    kind: Literal["card_short"] = "card_short"


@dataclass(frozen=True, slots=True)
class CardLeased:
    """A lease is on the card, and one of the two wants it alone."""

    gpu: str
    by: str  #: "queue 3", or "bob" for another user's
    own: bool
    kind: Literal["card_leased"] = "card_leased"
    holder: Holder | None = None  #: what `by` says, where one of ours is no queue of this scheduler


@dataclass(frozen=True, slots=True)
class CardBusy:
    """A compute process is on a card that the task wants for itself."""

    gpu: str
    user: str
    pid: int
    command: str
    kind: Literal["card_busy"] = "card_busy"


@dataclass(frozen=True, slots=True)
class CardCrowded:
    """Others use more of the card than `busy_memory_percent`."""

    gpu: str
    others_percent: float
    limit_percent: float
    kind: Literal["card_crowded"] = "card_crowded"


@dataclass(frozen=True, slots=True)
class CardUnusable:
    """Lost, unreadable, turned off by its user, set aside, or in a compute mode that forbids it."""

    gpu: str
    why: Literal["lost", "unreadable", "off", "prohibited", "missing", "leases_gone", "aside"]
    kind: Literal["card_unusable"] = "card_unusable"


@dataclass(frozen=True, slots=True)
class CardClaimed:
    """Kept for a task that has waited longer than `reserve_after`."""

    gpu: str
    by: str  #: "task 3/1"
    kind: Literal["card_claimed"] = "card_claimed"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many cards this user may hold now: min(max_gpu, max(min_gpu, available - gpu_left))."""

    held: int
    allowed: int
    available: int


@dataclass(frozen=True, slots=True)
class CapReached:
    """The task would need more cards than `gpu_left`, `min_gpu`, `max_gpu` allow now."""

    allowance: Allowance
    claimed: int  #: cards promised to a claim, which count as well
    needs_more: int  #: new cards it would have to take
    kind: Literal["cap_reached"] = "cap_reached"


@dataclass(frozen=True, slots=True)
class TooFewCards:
    """Not enough cards in range that the task's `devices`, `model` and memory allow, were they all free."""

    needed: int
    suitable: int
    kind: Literal["too_few_cards"] = "too_few_cards"


@dataclass(frozen=True, slots=True)
class LimitReached:
    """`max_tasks` or `cpu_tasks` tasks run already, or more, where it was lowered meanwhile."""

    limit: int
    setting: Literal["max_tasks", "cpu_tasks"]
    running: int = 0  #: 0: as many (an older state file says no more)
    kind: Literal["limit_reached"] = "limit_reached"


@dataclass(frozen=True, slots=True)
class DriverSilent:
    """The driver does not answer, so nobody knows what is free."""

    since: float  #: wall time
    error: str
    kind: Literal["driver_silent"] = "driver_silent"


@dataclass(frozen=True, slots=True)
class LeasesUnreadable:
    """The lease directory does not say who has what, or takes no lease."""

    error: str
    kind: Literal["leases_unreadable"] = "leases_unreadable"


@dataclass(frozen=True, slots=True)
class LaunchRefused:
    """It had its GPUs, and the machine could not start it: a full disk, no process left, a folder removed."""

    error: str
    kind: Literal["launch_refused"] = "launch_refused"


@dataclass(frozen=True, slots=True)
class Standstill:
    """The scheduler starts nothing: paused, draining, its disk is full, or a user's hook is asked first."""

    why: Literal["paused", "draining", "disk_full", "comparing"]
    kind: Literal["standstill"] = "standstill"


@dataclass(frozen=True, slots=True)
class BehindInLine:
    """Another one came earlier, and both are to start in the order they came (`fifo`)."""

    by: str  #: who is first there: "task 3/0"
    kind: Literal["behind_in_line"] = "behind_in_line"


@dataclass(frozen=True, slots=True)
class NotYetTried:
    """Its queue's turn has just come; the next decision says more."""

    kind: Literal["not_yet_tried"] = "not_yet_tried"


CardBlocker = CardShort | CardLeased | CardBusy | CardCrowded | CardUnusable | CardClaimed
Blocker = Annotated[
    CardBlocker
    | CapReached
    | TooFewCards
    | LimitReached
    | BehindInLine
    | DriverSilent
    | LeasesUnreadable
    | LaunchRefused
    | Standstill
    | NotYetTried,
    Discriminator("kind"),
]


@dataclass(frozen=True, slots=True)
class Change:
    """What would start a waiting task."""

    kind: Literal["ends", "memory", "gpus", "share", "devices", "model", "gpu_on", "setting", "kept", "fifo"]
    text: str  #: "with 18 GB instead of 20 GB it would start now on GPU 1"
    after: tuple[str, ...] = ()  #: ends: labels of the running tasks of which one has to end
    all_of_them: bool = False  #: not one: each


@dataclass(frozen=True, slots=True)
class Blocked:
    """Everything that keeps one task from starting."""

    gpus: int  #: needed
    memory_gb: float | None  #: per GPU; None: whole cards
    ready: int  #: cards that would do now
    blockers: tuple[Blocker, ...]
    stuck: bool  #: nothing of ours that ends will free it
    devices: tuple[str, ...] | None = None  #: as the task's `devices` names them
    model: str | None = None  #: as its `model` does


def gb(amount: float | None) -> str:
    """Gigabytes for people: 20, 11.2."""
    return "the whole card" if amount is None else f"{amount:.1f}".removesuffix(".0") + " GB"


def say(blocker: Blocker) -> str:  # noqa: C901 - one flat match, an arm a type
    """One clause, without a full stop."""
    match blocker:
        case CardShort():
            parts = [f"{user} {gb(used)}" for user, used in blocker.users[:3] if used >= 0.05]
            if blocker.promised_gb >= 0.05:
                parts.append(f"promised {gb(blocker.promised_gb)}")
            return f"GPU {blocker.gpu} has {gb(blocker.free_gb)} free" + (
                f" ({', '.join(parts)})" if parts else ""
            )
        case CardLeased():
            return _leased([blocker])
        case CardBusy():
            program = f" ({blocker.command})" if blocker.command else ""
            return f"GPU {blocker.gpu} has a process of {blocker.user}: pid {blocker.pid}{program}"
        case CardCrowded():
            return (
                f"others use {blocker.others_percent:.0f}% of GPU {blocker.gpu}, "
                f"more than busy_memory_percent {blocker.limit_percent:.0f}"
            )
        case CardUnusable():
            return f"GPU {blocker.gpu} {UNUSABLE[blocker.why]}"
        case CardClaimed():
            return f"GPU {blocker.gpu} is kept for {blocker.by}, which has waited long"
        case CapReached():
            cap = blocker.allowance
            cards = "card" if cap.allowed == 1 else "cards"
            whose = "that others leave you" if cap.allowed == cap.available else "allowed now"
            kept = "" if not blocker.claimed else f" and {blocker.claimed} kept for a long waiter"
            limits = f" ({cap.available} free of others; see gpu_left, min_gpu, max_gpu)"
            return (
                f"you hold {cap.held} of the {cap.allowed} {cards} {whose}{kept}, and it would take "
                f"{blocker.needs_more} more" + ("" if cap.allowed == cap.available else limits)
            )
        case TooFewCards():
            suiting = {0: "no GPU", 1: "only 1 GPU"}.get(blocker.suitable, f"only {blocker.suitable} GPUs")
            return f"{suiting} here could serve it even when free"
        case LimitReached():
            count = blocker.running or blocker.limit
            tasks = "1 task" if count == 1 else f"{count} tasks"
            tasks += " without a GPU" if blocker.setting == "cpu_tasks" else ""
            run = "runs" if count == 1 else "run"
            return f"{tasks} {run} already ({blocker.setting} {blocker.limit})"
        case BehindInLine():
            return f"{blocker.by} is first in line (fifo)"
        case DriverSilent():
            return f"the GPU driver does not answer ({blocker.error})"
        case LeasesUnreadable():
            return f"GPUs can't be leased ({blocker.error})"
        case LaunchRefused():
            return f"it could not be launched ({blocker.error}) and is tried again"
        case Standstill():
            return STANDSTILL[blocker.why]
        case NotYetTried():
            return "its turn has just come"


UNUSABLE: dict[str, str] = {
    "lost": "has fallen off the bus (the driver calls it lost)",
    "unreadable": "can't be read from the driver",
    "off": "is turned off",
    "aside": "is set aside for a while (different tasks failed there within seconds, and not on other cards)",
    "prohibited": "is in compute mode PROHIBITED",
    "missing": "is not there any more",
    "leases_gone": "has lost its lease files (something cleaned the lease directory)",
}
STANDSTILL: dict[str, str] = {
    "paused": "the scheduler is paused",
    "draining": "the scheduler is draining and starts nothing more",
    "comparing": "compare_gpus of the hooks is asked which cards are better before the first is given",
    "disk_full": "no record can be written (a full disk, most often), and nothing starts without one",
}
assert set(UNUSABLE) >= set(Health.__args__) - {"ok"}  # type: ignore[attr-defined]


def clauses(blockers: Sequence[Blocker]) -> Iterator[str]:
    """Leased cards are told together: on a full machine that is all there is, and lines are short."""
    leased = [each for each in blockers if isinstance(each, CardLeased)]
    for blocker in blockers:
        if not isinstance(blocker, CardLeased):
            yield say(blocker)
        elif blocker is leased[0]:
            yield _leased(leased)


def _leased(leased: Sequence[CardLeased]) -> str:
    """ "GPU 0, 1 are leased to queue 2, GPU 3 to bob"."""
    holders: dict[str, list[str]] = {}
    for each in leased:
        holders.setdefault(each.by, []).append(each.gpu)
    (by, cards), *others = holders.items()
    verb = "is" if len(cards) == 1 else "are"
    first = f"GPU {', '.join(cards)} {verb} leased to {by}"
    return ", ".join([first, *(f"GPU {', '.join(more)} to {whom}" for whom, more in others)])


def reason(blocked: Blocked) -> str:
    """The sentence shown for a waiting task: what it needs, then everything in its way."""
    why = ", ".join(clauses(blocked.blockers))
    if blocked.gpus == 0:
        return why
    need = f"needs {_wanted(blocked)}"
    need += " of its own" if blocked.memory_gb is None else f" with {gb(blocked.memory_gb)} free"
    if blocked.gpus > 1 and blocked.ready:
        need += f" ({blocked.ready} ready)"
    return f"{need}; {why}"


def _wanted(blocked: Blocked) -> str:
    """ "2 GPUs", "GPU 0", "1 of GPU 0, 3", '2 GPUs of model "A100"'."""
    wanted = "1 GPU" if blocked.gpus == 1 else f"{blocked.gpus} GPUs"
    if blocked.devices:
        all_of_them = len(blocked.devices) == blocked.gpus
        wanted = ("" if all_of_them else f"{blocked.gpus} of ") + f"GPU {', '.join(blocked.devices)}"
    return wanted + (f' of model "{blocked.model}"' if blocked.model else "")
