"""What a user may ask for about one task, and why not."""

from app.core.events import Verb
from app.core.task import Task
from app.model.state import FINISHED, FUSE, Held, Running, Waiting, holder


def is_so(verb: Verb, task: Task) -> str | None:
    """How it is already what it is asked to become, beginning after its label; None: it is not."""
    state = task.state
    match verb:
        case "kill" if state.status == "cancelled":
            return "is cancelled already"
        case "hold" if isinstance(state, Held) and state.by != FUSE:
            return f"is held already, by {_holder(state)}"
        case "release" if not isinstance(state, Held) and state.status not in FINISHED:
            return f"is not held but {state.status}"
    return None


def objection(verb: Verb, task: Task, behind: Task | None = None) -> str | None:
    """Why the task can't be asked that now, beginning after its label; None: it can. `behind`: the failed
    task that keeps it from running."""
    status = task.state.status
    match verb:
        case "kill" if status in FINISHED:
            return f"is {status} already"
        case "hold" if status in FINISHED:
            return f"is {status}: there is nothing to hold"
        case "hold" if isinstance(task.state, Running):
            return "runs: kill it, or let it end"
        case "release" if not isinstance(task.state, Held):
            return f"is not held but {status}"
        case "retry" if isinstance(task.state, Running):
            return "runs already"
        case "retry" if isinstance(task.state, Held) and task.state.by != FUSE:
            return "is held: release it"
        case "retry" if status == "pending" or (isinstance(task.state, Waiting) and task.rests_until is None):
            return f"is {status}: it runs when its turn comes and there are GPUs"
        case "retry" if behind is not None:
            return f"would be skipped, as task {behind.label} failed: retry that one"
        case "retry" if not task.in_file:
            return "is no longer in the file"
    return None


def _holder(state: Held) -> str:
    return "`hold` in the file" if state.by == "file" else holder(state.by)
