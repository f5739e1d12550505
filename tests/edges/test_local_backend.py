"""What the local backend asks of the driver."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

import pytest

from app.core.rules import Rules
from app.engine import now
from app.gpu.simulated import SimulatedProbe
from app.gpu.watch import GpuWatch
from app.local.backend import open_backend
from app.model.backend import Want
from app.model.paths import Home, RunPaths
from app.model.settings import Settings
from tests.unit.placing import want


@pytest.mark.parametrize(
    ("heads", "sampled"),
    [
        ([], False),
        ([{"gpus": 0}], False),
        ([{"devices": ("0",)}], False),
        ([{"devices": ("0",)}, {"devices": ("0", "1")}], True),
        ([{"model": "no such card"}], False),
        ([{}], True),
        ([{"gpus": 0}, {}], True),
    ],
)
def test_samples_are_taken_while_a_task_has_a_choice_of_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heads: list[dict[str, Any]], sampled: bool
) -> None:
    wants: list[Want] = [want(queue, 10.0, **{"gpus": 1, **head}) for queue, head in enumerate(heads, 1)]
    settings = Settings(lease_dir=str(tmp_path))

    async def ask_and_look() -> bool:
        watch = GpuWatch(SimulatedProbe("4x24"))
        told: asyncio.Queue[bool] = asyncio.Queue()
        monkeypatch.setattr(watch, "sampling", told.put_nowait)
        rules = Rules.of(settings, os.getuid(), None, 1)
        backend = open_backend(Home(tmp_path), settings, RunPaths(tmp_path / "run"), watch, rules)
        for grant in (await backend.acquire(wants, now())).grants:
            await backend.give_back(grant)
        observer = asyncio.create_task(backend.observe(lambda: None))
        answer = await told.get()
        observer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await observer
        await backend.close()
        await watch.close()
        return answer

    assert asyncio.run(ask_and_look()) is sampled
