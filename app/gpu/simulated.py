"""Simulated GPUs, for machines without a driver, demos and tests."""

import math
import re

from app.gpu.probe import Samples
from app.model.faults import BadInput
from app.model.gpu import Gpu

MOST_CARDS = 256
SPECIFICATION = re.compile(r"(\d{1,4})[xX](\d{1,5}(?:\.\d+)?)(?:GB)?", re.ASCII)


def parse_simulation(text: str) -> tuple[int, float]:
    """(cards, GB of each) of "4x24". Raises BadInput."""
    match = SPECIFICATION.fullmatch(text.strip())
    cards, memory = (int(match[1]), float(match[2])) if match else (0, 0.0)
    if not 1 <= cards <= MOST_CARDS or memory <= 0:
        raise BadInput(
            f"--simulate {text!r} is not NxGB; write 4x24 for four GPUs of 24 GB (at most {MOST_CARDS} GPUs)"
        )
    return cards, memory


class SimulatedProbe:
    """`--simulate 4x24`: cards SIM-24-0 to SIM-24-3, always idle; what tasks declare is in their leases."""

    blocking = False

    def __init__(self, specification: str) -> None:
        """Raises BadInput."""
        count, memory = parse_simulation(specification)
        size = int(memory) if math.floor(memory) == memory else memory
        self._gpus = tuple(
            Gpu(
                uuid=f"SIM-{size}-{place}",
                index=str(place),
                name=f"Simulated {size} GB",
                total_gb=memory,
                free_gb=memory,
                utilization=0.0,
                simulated=True,
            )
            for place in range(count)
        )

    def look(self) -> tuple[Gpu, ...]:
        return self._gpus

    def sample(self) -> Samples:
        return {gpu.uuid: (0.0, 0.0) for gpu in self._gpus}

    def close(self) -> None:
        """There is nothing to let go of."""
