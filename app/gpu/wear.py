"""Memory of a card that has begun to fail: such a card looks free, and kills whatever it is given."""

from dataclasses import dataclass
from typing import Any

import pynvml

from app.gpu.driver_calls import ask_if_there


@dataclass(frozen=True, slots=True)
class Wear:
    """What the card's memory tells of itself. Cards without error correction tell nothing."""

    uncorrected: int = 0  #: errors since the driver was loaded that ended what met them
    pending: bool = False  #: bad rows or pages are replaced by spare ones at the next reset
    exhausted: bool = False  #: no spare ones are left


def read_wear(handle: Any) -> Wear:
    """Raises ProbeError, CardLost."""
    kind, since = pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, pynvml.NVML_VOLATILE_ECC
    errors = ask_if_there(pynvml.nvmlDeviceGetTotalEccErrors, handle, kind, since)
    _, _, rows_pending, failed = ask_if_there(pynvml.nvmlDeviceGetRemappedRows, handle) or (0, 0, 0, 0)
    pages_pending = ask_if_there(pynvml.nvmlDeviceGetRetiredPagesPendingStatus, handle)
    return Wear(errors or 0, bool(rows_pending or pages_pending), bool(failed))
