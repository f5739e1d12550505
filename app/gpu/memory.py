"""A card's memory, by whichever call its driver has."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pynvml

from app.gpu.driver_calls import NoSuchCall, NotSupported, ask

GB = 1024**3


class Memory(NamedTuple):
    """In GB. `used` leaves out what the driver keeps for itself, where the driver tells it apart."""

    total: float
    free: float
    used: float


@dataclass(slots=True)
class MemoryCalls:
    """Reads memory in one driver session; whether the driver has the second version is found out once."""

    has_version_2: bool = True

    def read(self, handle: Any, mig: bool) -> Memory:
        """Raises ProbeError, CardLost, CardUnreadable."""
        try:
            answer = self._ask(handle)
        except NotSupported:
            if mig:
                raise
            # Only parts that share the host's memory say so (GB10 and its like): the host's is the card's.
            return host_memory()
        return Memory(answer.total / GB, answer.free / GB, answer.used / GB)

    def _ask(self, handle: Any) -> Any:
        if self.has_version_2:
            try:
                return ask(pynvml.nvmlDeviceGetMemoryInfo, handle, pynvml.nvmlMemory_v2)
            except NoSuchCall:
                self.has_version_2 = False
            except NotSupported:
                pass  # some drivers have it, but not for every kind of device
        return ask(pynvml.nvmlDeviceGetMemoryInfo, handle)


def host_memory(meminfo: Path = Path("/proc/meminfo")) -> Memory:
    """The machine's own memory; free is what Linux calls available."""
    amounts = {}
    for line in meminfo.read_text().splitlines():
        name, _, value = line.partition(":")
        amounts[name] = int(value.split()[0]) / 1024**2  # kB to GB
    total, free = amounts["MemTotal"], amounts["MemAvailable"]
    return Memory(total, free, total - free)
