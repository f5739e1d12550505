"""What is known of the machine's GPUs at one moment.

Every amount of memory in gpulane is in GB of 1,024 MiB, as nvidia-smi counts.
"""

import functools
from dataclasses import dataclass
from typing import Literal

Health = Literal["ok", "lost", "unreadable"]
"""lost: the driver says it is gone (Xid 79, fell off the bus); unreadable: calls fail, nobody knows."""

ComputeMode = Literal["default", "exclusive_process", "prohibited"]


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process the driver shows on a card."""

    pid: int
    start: int | None  #: /proc/PID/stat field 22 (clock ticks since boot); None: not resolvable here
    uid: int | None
    user: str | None  #: login name, or the uid as text; None where the pid does not resolve
    command: str  #: short program name, "" unknown
    used_gb: float | None  #: None: the driver does not say
    peak_gb: float  #: the most it has been seen to use, as long as it lives
    compute: bool  #: False: graphics only (Xorg)
    session: int | None
    lineage: tuple[tuple[int, int], ...] = ()  #: (pid, start) of itself and its ancestors, itself first


@dataclass(frozen=True, slots=True)
class Usage:
    """Means over the sampling window, for choosing among cards that all would do."""

    utilization: float  #: 0..100
    used_gb: float


@dataclass(frozen=True, slots=True)
class SetAside:
    """Not used for a while, as different tasks died there within seconds while other cards are fine. Times
    are wall-clock seconds."""

    since: float
    until: float
    tasks: int  #: so many died


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card, or one MIG device, as the driver showed it."""

    uuid: str
    index: str  #: in PCI bus order; "0:1" is MIG device 1 of card 0
    name: str
    total_gb: float
    free_gb: float  #: as the driver says
    health: Health = "ok"
    utilization: float | None = None  #: 0..100; None: not supported
    temperature_c: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    compute_mode: ComputeMode = "default"
    persistence: bool | None = None
    mig: bool = False
    simulated: bool = False
    processes: tuple[GpuProcess, ...] = ()
    usage: Usage | None = None  #: None: not sampled yet

    @property
    def nominal_gb(self) -> float:
        """The size it is sold as: 80 for an H100 that shows 79.6 (the driver or ECC keep a part). A simulated
        card has the size that it was given."""
        for size in () if self.simulated else MARKETED_GB:
            if self.total_gb <= size + 0.01 and size <= self.total_gb * 1.07:
                return float(size)
        return self.total_gb


MARKETED_GB = (
    2,
    4,
    6,
    8,
    10,
    11,
    12,
    16,
    20,
    24,
    32,
    40,
    48,
    64,
    80,
    94,
    96,
    128,
    141,
    144,
    180,
    192,
    256,
    288,
)
"""Sizes cards are sold as. ECC on GDDR takes 1/16 of it: a 24 GB A10 shows 22.49."""


@functools.lru_cache(1024)
def index_order(index: str) -> tuple[int, ...]:
    """Sort key of a GPU index: "2" before "10", "0" before "0:1". Raises ValueError."""
    return tuple(int(part) for part in index.split(":"))
