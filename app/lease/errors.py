"""What can go wrong with leases, as sentences for people."""

from app.model.faults import GpulaneError


class LeaseError(GpulaneError):
    """A lease can't be taken, written or read; nothing is held."""


class LeaseDirectoryError(LeaseError):
    """The lease directory can't be used; says what to do about it."""


class LeaseDirectoryGone(LeaseDirectoryError):
    """The lease directory was removed."""
