"""GPUs: who is on which, what one could still get, what they were used for."""

import asyncio
import os
import time
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from app.store.lasting import task_of_queue
from control.src.cards import gpus, models
from control.src.cards.samples import FINE_SECONDS, KEPT_SECONDS
from control.src.cards.tenants import Tenant
from control.src.console import Console, TheConsole
from control.src.schedulers.models import Said, Time
from control.src.web.problems import Refused

router = APIRouter(tags=["gpu"])


@router.get("/api/gpu")
async def gpu_cards(console: TheConsole) -> models.Gpus:
    """All cards: the machine's, and the simulated ones of living schedulers."""
    return gpus.answer(await console.gpus.picture())


@router.get("/api/gpu/processes")
async def gpu_processes(console: TheConsole) -> models.GpuProcesses:
    """By card, all processes that the driver shows."""
    picture = await console.gpus.picture()
    return await asyncio.to_thread(gpus.processes, picture)


@router.get("/api/gpu/samples")
def gpu_samples(
    console: TheConsole,
    since: Time = None,
    until: Time = None,
    uuid: Annotated[str | None, Query(max_length=200, description="only this card's")] = None,
    step: Annotated[float, Query(ge=0, le=86400, allow_inf_nan=False, description="seconds")] = 0,
) -> models.GpuSamples:
    """Memory, use and power of each card; without `since` and `until` of the last hour."""
    end = time.time() if until is None else until
    begin = end - FINE_SECONDS if since is None else since
    if begin >= end:
        raise Refused(422, "invalid-request", "since has to be before until")
    return console.samples.read(max(begin, end - 2 * KEPT_SECONDS, 0.0), end, uuid, step)


@router.get("/api/gpus")
async def gpu_infos(console: TheConsole) -> list[models.GpuInfo]:
    """The cards in a few words, with the submitted task that each serves."""
    picture = await console.gpus.picture()
    return await run_in_threadpool(gpus.infos, picture, lambda tenant: _task_id(console, tenant))


@router.post("/api/gpu/{id}")
async def turn_gpu(
    request: Request,
    id: Annotated[str, Path(max_length=200, description="index or uuid")],
    word: models.GpuWord,
    console: TheConsole,
) -> Said:
    """Turn a card off or on for us, whether or not a scheduler runs. What runs there goes on."""
    request.state.what = f"GPU {id} {word.state}"
    picture = await console.gpus.picture()
    said = await run_in_threadpool(gpus.turn, console.asking, picture, console.states.all, id, word.state)
    return Said.model_validate(said)


def _task_id(console: Console, tenant: Tenant) -> int | None:
    home = console.home()
    if tenant.command_file != str(home.submitted):
        return None
    found = task_of_queue(home.history, tenant.command_file, os.getuid(), tenant.queue_id)
    return found.id if found else None
