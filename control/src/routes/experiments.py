"""Tasks that wait, as experiments: what is held joins the queue, and the queue is shown by cards."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from control.src.console import TheConsole
from control.src.routes.tasks import Id
from control.src.submitted import experiments, submitting, tasks
from control.src.submitted.models import Queued, QueuedExperiment, QueueStatus, Raw

router = APIRouter(tags=["experiments"])


@router.get("/api/experiments/queue-status", include_in_schema=False, response_model=QueueStatus)
@router.get("/api/experiments/queue-status/", response_model=QueueStatus)
def queue_status(
    console: TheConsole,
    limit: Annotated[int, Query(ge=1, le=10_000, description="that are named in each group")] = 500,
) -> Raw:
    """Who waits, of all command files: by the cards it is for, and how long."""
    return experiments.queue_status(console.home(), limit)


@router.post("/api/experiments/{id}/queue", include_in_schema=False)
@router.post("/api/experiments/{id}/queue/")
def queue_experiment(request: Request, id: Id, console: TheConsole) -> Queued:
    """A held task joins the queue; also where its scheduler is gone."""
    home = console.home()
    task = tasks.kept(home, id)
    request.state.what = f"release {task.label}"
    answer = submitting.release(home, console.states, console.asking, task)
    return Queued(message=answer["said"], experiment=QueuedExperiment(id=id))
