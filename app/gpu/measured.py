"""What is remembered between looks: peaks of processes, and samples of cards."""

import dataclasses
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.gpu.probe import Samples
from app.model.gpu import Gpu, GpuProcess, Usage

ProcessId = tuple[str, int, int | None]
"""Card, pid and start: a pid alone is used again."""


@dataclass(slots=True)
class Peaks:
    """The most memory each process has been seen to use on each card, as long as it lives."""

    _most: dict[ProcessId, float] = field(default_factory=dict)

    def apply(self, gpus: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
        """The same cards, every process with its peak."""
        before, self._most = self._most, {}
        # A card that can't be read now shows no processes: theirs live on as far as anybody knows.
        unknown = {gpu.uuid for gpu in gpus if gpu.health != "ok"}
        self._most.update((key, peak) for key, peak in before.items() if key[0] in unknown)
        return tuple(dataclasses.replace(gpu, processes=self._of(gpu, before)) for gpu in gpus)

    def _of(self, gpu: Gpu, before: dict[ProcessId, float]) -> tuple[GpuProcess, ...]:
        processes = []
        for process in gpu.processes:
            key = gpu.uuid, process.pid, process.start
            peak = self._most[key] = max(process.peak_gb, before.get(key, 0.0))
            processes.append(dataclasses.replace(process, peak_gb=peak))
        return tuple(processes)


class SampleWindow:
    """Samples of the last `seconds`, and their means."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._taken: deque[tuple[float, Samples]] = deque()

    def add(self, now: float, samples: Samples) -> None:
        """`now` is monotonic."""
        self._taken.append((now, samples))
        self._forget(now)

    def means(self, now: float) -> dict[str, Usage]:
        """By uuid, of the samples there are. A card that tells no utilisation counts as idle."""
        self._forget(now)
        by_card: dict[str, list[tuple[float | None, float]]] = {}
        for _, samples in self._taken:
            for uuid, sample in samples.items():
                by_card.setdefault(uuid, []).append(sample)
        return {
            uuid: Usage(
                _mean(busy for busy, _ in samples if busy is not None), _mean(used for _, used in samples)
            )
            for uuid, samples in by_card.items()
        }

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0][0] < now - self._seconds:
            self._taken.popleft()


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
