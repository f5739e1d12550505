"""What is known of a lease: the right to (a part of) a GPU, kept by the kernel as a file lock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lease:
    """A living lease, ours or anybody's, read from the lease directory.

    A living file whose content does not validate appears with `valid=False`, exclusive, and
    counts as the whole card.
    """

    name: str  #: file name: <gpu-uuid>.<uid>.<random>
    gpu: str  #: uuid
    uid: int  #: the file's owner (from fstat, never from its content)
    user: str
    declared_gb: float | None  #: None: the whole card
    exclusive: bool
    valid: bool = True
    scheduler: int | None = None  #: pid that took it
    label: str = ""  #: e.g. "queue 3"; never commands
    supervisor: int | None = None  #: pid; None until the attempt has started
    supervisor_start: int | None = None
    session: int | None = None
