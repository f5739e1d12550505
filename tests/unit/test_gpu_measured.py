"""Peaks of processes and means of samples."""

from app.gpu.measured import Peaks, SampleWindow
from app.model.gpu import Gpu, GpuProcess, Health, Usage


def process(pid: int, used_gb: float | None, start: int | None = 100) -> GpuProcess:
    return GpuProcess(pid, start, 1000, "alice", "python", used_gb, used_gb or 0.0, True, pid)


def card(*processes: GpuProcess, uuid: str = "GPU-a", health: Health = "ok") -> Gpu:
    return Gpu(uuid, "0", "A100", 40.0, 40.0, health=health, processes=processes)


def peaks_of(gpus: tuple[Gpu, ...]) -> list[float]:
    return [process.peak_gb for gpu in gpus for process in gpu.processes]


def test_a_peak_stays_when_use_falls_or_is_not_told() -> None:
    peaks = Peaks()
    seen = [peaks_of(peaks.apply((card(process(7, used)),))) for used in (3.0, 12.0, 1.0, None)]
    assert seen == [[3.0], [12.0], [12.0], [12.0]]


def test_a_peak_ends_with_its_process_and_is_not_inherited_by_a_reused_pid() -> None:
    peaks = Peaks()
    peaks.apply((card(process(7, 12.0)),))
    assert peaks_of(peaks.apply((card(process(7, 1.0, start=200)),))) == [1.0]
    peaks.apply((card(),))
    assert peaks_of(peaks.apply((card(process(7, 2.0, start=200)),))) == [2.0]


def test_a_peak_is_kept_per_card() -> None:
    peaks = Peaks()
    both = (card(process(7, 12.0)), card(process(7, 3.0), uuid="GPU-b"))
    assert peaks_of(peaks.apply(both)) == [12.0, 3.0]


def test_a_peak_outlives_a_card_that_can_not_be_read_for_a_while() -> None:
    peaks = Peaks()
    peaks.apply((card(process(7, 12.0)),))
    peaks.apply((card(health="unreadable"),))
    assert peaks_of(peaks.apply((card(process(7, 1.0)),))) == [12.0]


def test_means_are_of_the_window_alone() -> None:
    window = SampleWindow(3.0)
    window.add(10.0, {"GPU-a": (100.0, 20.0)})
    window.add(12.0, {"GPU-a": (50.0, 10.0)})
    window.add(14.0, {"GPU-a": (0.0, 2.0)})
    assert window.means(14.0) == {"GPU-a": Usage(25.0, 6.0)}
    assert window.means(16.5) == {"GPU-a": Usage(0.0, 2.0)}
    assert window.means(20.0) == {}


def test_a_card_that_tells_no_utilisation_counts_as_idle() -> None:
    window = SampleWindow(3.0)
    window.add(1.0, {"MIG-1": (None, 4.0), "GPU-a": (None, 1.0)})
    window.add(2.0, {"MIG-1": (None, 5.0), "GPU-a": (30.0, 1.0)})
    means = window.means(2.0)
    assert means["MIG-1"] == Usage(0.0, 4.5)
    assert means["GPU-a"] == Usage(30.0, 1.0)
