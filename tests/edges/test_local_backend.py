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
from app.local.advice import Advice
from app.local.backend import open_backend
from app.model.backend import Want
from app.model.paths import Home, RunPaths
from app.model.settings import Settings
from tests.unit.placing import want

NO_ADVICE = Advice(None, "")


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
        backend = open_backend(
            Home(tmp_path), settings, RunPaths(tmp_path / "run"), watch, rules, Advice(None, "")
        )
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


def test_where_the_first_in_line_is_beaten_to_its_card_none_behind_it_gets_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wants = [want(1, 10.0, fifo=True), want(2, 10.0, fifo=True), want(3, 10.0), want(4, gpus=0, fifo=True)]
    settings = Settings(lease_dir=str(tmp_path))

    async def ask() -> set[int]:
        watch = GpuWatch(SimulatedProbe("4x24"))
        rules = Rules.of(settings, os.getuid(), None, 1)
        backend = open_backend(
            Home(tmp_path), settings, RunPaths(tmp_path / "run"), watch, rules, Advice(None, "")
        )
        leases = backend._machine.leases
        take = leases.take

        async def others_are_quicker(*asked: Any) -> Any:
            return None if asked[3] == "queue 1" else await take(*asked)

        monkeypatch.setattr(leases, "take", others_are_quicker)
        acquired = await backend.acquire(wants, now())
        assert len(list(tmp_path.glob("SIM-*"))) == 1, "no lease is kept for what does not start"
        given = {grant.key for grant in acquired.grants}
        for grant in acquired.grants:
            await backend.give_back(grant)
        await backend.close()
        await watch.close()
        return {one.queue_id for one in wants if one.key in given}

    assert asyncio.run(ask()) == {3, 4}
