"""Asking a driver about its GPUs: the protocol that NVML and the simulation answer."""

from typing import Protocol

from app.model.faults import GpulaneError
from app.model.gpu import Gpu

Samples = dict[str, tuple[float | None, float]]
"""uuid -> (utilisation 0..100, None: not supported; used GB). Cards that can't be read are left out."""


class ProbeError(GpulaneError):
    """The driver is not there any more, or does not answer. Never to be read as "no GPUs" or "all free"."""


class NoDriver(ProbeError):
    """There is no driver on this machine; the text says what to do."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(
            f"{found}; install the driver, so that nvidia-smi works, or use simulated GPUs: --simulate 4x24"
        )


class GpuProbe(Protocol):
    """Where knowledge of GPUs comes from. Calls may block for ever: see GpuWatch for who makes them."""

    @property
    def blocking(self) -> bool:
        """False: every call answers at once and may be made on the event loop's thread."""
        ...

    def look(self) -> tuple[Gpu, ...]:
        """Everything known now, in PCI bus order, never empty. Raises ProbeError; ask again later."""
        ...

    def sample(self) -> Samples:
        """Utilisation and used memory, by cheap calls alone; nothing before a look succeeded.

        Raises ProbeError.
        """
        ...

    def close(self) -> None:
        """Let go of the driver. Raises nothing."""
        ...
