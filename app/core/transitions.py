"""The one table of legal transitions between task states."""

from app.model.state import Status

TRANSITIONS: dict[Status, frozenset[Status]] = {
    "held": frozenset({"pending", "cancelled", "skipped"}),
    "pending": frozenset({"waiting", "held", "cancelled", "skipped"}),
    "waiting": frozenset({"running", "pending", "held", "cancelled", "skipped"}),
    # To pending: stopped with the scheduler, or lost by a reboot. To waiting: its launch was called off.
    "running": frozenset({"running", "completed", "failed", "backoff", "cancelled", "pending", "waiting"}),
    "backoff": frozenset({"pending", "held", "cancelled", "skipped"}),
    # Only a user's word, or the next start, brings these back.
    "completed": frozenset({"pending"}),
    "failed": frozenset({"pending", "cancelled"}),
    "cancelled": frozenset({"pending"}),
    "skipped": frozenset({"pending", "cancelled", "skipped"}),  # skipped: it is another that failed before it
}


class IllegalTransition(AssertionError):
    """A bug of ours: the core tried a transition that the table does not have."""


def check(label: str, old: Status, new: Status) -> None:
    """Raises IllegalTransition."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"task {label}: {old} -> {new}")
