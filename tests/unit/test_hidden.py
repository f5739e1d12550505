"""The driver's process ids mean nothing in a container: said once, and not of who has just died."""

from app.local.hidden import HIDDEN_SECONDS, Hidden
from app.model.gpu import Gpu, GpuProcess


def card(index: str, *processes: GpuProcess) -> Gpu:
    return Gpu(f"U{index}", index, "A100", 24.0, 20.0, processes=processes)


def process(pid: int, start: int | None) -> GpuProcess:
    return GpuProcess(pid, start, None, None, "", 4.0, 4.0, compute=True, session=None)


def test_processes_that_stay_and_cannot_be_found_are_one_problem() -> None:
    hidden = Hidden()
    for now in (0.0, HIDDEN_SECONDS):
        hidden.note(
            [card("10", process(7, None)), card("2", process(8, None)), card("3", process(9, 1))], now
        )
    found = hidden.problem(HIDDEN_SECONDS)
    assert found is not None
    assert found.kind == "processes_hidden"
    assert "GPU 2, 10 can't be found" in found.text


def test_who_has_just_died_is_none() -> None:
    hidden = Hidden()
    hidden.note([card("0", process(7, None))], 0.0)
    hidden.note([card("0")], 10.0)
    hidden.note([card("0", process(7, None))], 20.0)
    assert hidden.problem(HIDDEN_SECONDS) is None
    assert hidden.problem(20.0 + HIDDEN_SECONDS) is not None
