"""The state file of a scheduler that has gone, made to say what its user has told one of its tasks since."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from app.atomic import write_atomically
from app.model.paths import Home
from app.model.state import FINISHED, Status, TaskState
from app.model.state_dump import dump
from app.model.state_file import MoreQueues, Queue, StateFile
from app.store.lasting import KeptTask
from app.store.lock import take
from app.store.states import list_states


def note(home: Home, task: KeptTask, was: Status, now: float) -> None:
    """`task` as it is, and its status as it was until now (wall). For who keeps schedulers from starting on
    its file meanwhile. Raises OSError."""
    for one in list_states(home):
        state = one.state
        if one.alive is not False or not isinstance(state, StateFile):
            continue
        if (state.command_file, state.mode, state.run) != (task.command_file, task.mode, task.run):
            continue
        if lock := take(home.state_lock(one.pid)):
            try:
                write_atomically(one.path, dump(with_task(state, task, was, now)))
            finally:
                lock.release()


def with_task(state: StateFile, task: KeptTask, was: Status, now: float) -> StateFile:
    """The same with the task as it is; finished where it was the last one."""
    key, becomes = str(task.key), task.state.status
    queues = []
    more = state.more_queues
    listed = False
    for queue in state.queues:
        if queue.queue_id == task.spec.queue_id:
            listed = True
            was = next((each.state.status for each in queue.tasks if each.key == key), was)
            queue = _queue(queue, key, task.state, was)
        queues.append(queue)
    if not listed:
        more = MoreQueues(more.queues, _counted(more.counts, was, becomes))
    found = replace(
        state, counts=_counted(state.counts, was, becomes), queues=tuple(queues), more_queues=more
    )
    return found if found.left else replace(found, status="finished", updated_at=now)


def _queue(queue: Queue, key: str, becomes: TaskState, was: Status) -> Queue:
    tasks = tuple(replace(each, state=becomes) if each.key == key else each for each in queue.tasks)
    found = replace(queue, tasks=tasks, counts=_counted(queue.counts, was, becomes.status))
    if found.head:
        return replace(found, status=found.head.state.status, current=found.head.index)
    left = any(status not in FINISHED for status in found.counts)
    last = tasks[-1].state.status if tasks else becomes.status
    return replace(found, status="pending" if left else last, current=None)


def _counted(counts: Mapping[Status, int], was: Status, becomes: Status) -> dict[Status, int]:
    new = Counter(counts)
    new.subtract([was])
    new.update([becomes])
    return {status: number for status, number in new.items() if number > 0}
