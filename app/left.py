"""What a scheduler that is gone has left running."""

from pathlib import Path

from app.execution.ends import is_written
from app.model.state import Running
from app.model.state_file import StateFile


def running_on(state: StateFile) -> list[str]:
    """Labels ("3/1") of its tasks whose attempts run under their supervisors, as the kernel knows it. For a
    state of this machine."""
    return [
        f"{queue.queue_id}/{task.index}"
        for queue in state.queues
        for task in queue.tasks
        if isinstance(task.state, Running) and is_written(Path(task.state.log_path))
    ]
