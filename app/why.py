"""Why a task does not run, and what would start it: the verb `why` of the control socket."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from app.core.machine import Core
from app.core.nearest import Outlook
from app.core.place import lined_up
from app.core.question import Runs, on_cards
from app.core.task import Task
from app.core.verdict import SOON
from app.engine import now
from app.model.backend import Now, Want
from app.model.blockers import NotYetTried, Standstill, clauses, gb
from app.model.state import FINISHED, FUSE, Backoff, Failed, Held, Running, Skipped, Waiting, holder
from app.narrate import duration

Answer = dict[str, Any]

Ask = Callable[[Want, Sequence[Want], Now, Mapping[int, Runs]], Outlook]
"""Of a task that waits: asked with the others that wait, and what runs, by attempt's number."""


class Why:
    """Answers for one task after another. For the engine's thread."""

    def __init__(self, core: Core, ask: Ask) -> None:
        self._core, self._ask = core, ask

    def __call__(self, task: Task) -> Answer:
        """`said` in a sentence, `because` of each of these, and the `changes` that would start it."""
        state = task.state
        if isinstance(state, Waiting):
            asked = None if self._core.ending else self._asked(task)
            more = asked.blockers if asked and self._core.paused else ()
            return {
                "ok": True,
                "said": state.reason,
                "because": [*clauses((*state.blockers, *more)), *_more_than_declared(task)],
                "stuck": state.stuck,
                "waits": not any(isinstance(each, NotYetTried | Standstill) for each in state.blockers),
                "changes": list(self._changes(asked)) if asked else [],
            }
        if state.status == "pending":
            said = list(dict.fromkeys([*self._before(task), *self._standing()]))
            turn = [] if self._core.ending else list(self._its_turn(task))
            return {
                "ok": True,
                "said": f"{task.label} is pending: {said[0]}",
                "because": said,
                "changes": [*self._resume(bool(turn), "it is decided anew"), *turn],
            }
        said = [f"{task.label} {_stands(task)}", *(self._standing() if isinstance(state, Backoff) else ())]
        return {"ok": True, "said": "; ".join(said), "because": []}

    def _standing(self) -> Iterator[str]:
        """That nothing starts."""
        if self._core.standing:
            yield from clauses([Standstill("draining" if self._core.ending else "paused")])

    def _resume(self, others: bool, alone: str) -> Iterator[Answer]:
        """Where it is paused, what comes before all else."""
        if self._core.paused and not self._core.ending:
            then = ", and one of these:" if others else f" {alone}"
            yield {"kind": "resume", "text": f"with ./gpulane resume{then}", "all": True, "after": []}

    def _asked(self, task: Task) -> Outlook:
        at, queue_of = now(), self._core.board.queue_of
        runs = {n: Runs(each.label, queue_of(each).coming(at)) for n, each in self._core.running.items()}
        return self._ask(task.want(), lined_up(self._core.board.wants.values()), at, runs)

    def _changes(self, asked: Outlook) -> Iterator[Answer]:
        """Each with the tasks that have to end for it."""
        now_ = f"it would start now{on_cards(asked.grant.gpu_ids)}" if asked.grant else "it is decided anew"
        yield from self._resume(bool(asked.changes), now_)
        running = {each.label: each for each in self._core.running.values()}
        for change in asked.changes:
            after = [self._ending(running[label]) for label in change.after]
            yield {"kind": change.kind, "text": change.text, "all": change.all_of_them, "after": after}

    def _its_turn(self, task: Task) -> Iterator[Answer]:
        """When that comes, if what is before it runs, and nothing is between."""
        queue = self._core.board.queue_of(task)
        before = takewhile(lambda each: each is not task, queue.tasks)
        left = [each for each in before if each.state.status not in FINISHED]
        running = [each for each in queue.tasks if isinstance(each.state, Running)]
        if running and all(isinstance(each.state, Running) for each in left):
            labels = [each.label for each in running]
            text = f"when task {' and '.join(labels)} {'ends' if len(labels) == 1 else 'have ended'}"
            after = [self._ending(each) for each in running]
            yield {"kind": "ends", "text": text, "all": True, "after": after}

    def _ending(self, task: Task) -> Answer:
        """Of one that runs: since when, and until when at most, as wall times."""
        since, timeout = task.running.since, task.timeout(self._core.settings)
        until = None if timeout is None else since + timeout
        return {"task": task.label, "key": str(task.key), "since": since, "until": until}

    def _before(self, task: Task) -> Iterator[str]:
        """Why it does not even wait for GPUs."""
        first = self._core.board.queue_of(task).current()
        if first is None or first is task:
            yield "its turn has just come"
            return
        gone = "" if first.in_file else " (no longer in the file)"
        is_so = _stands(first) if isinstance(first.state, Backoff) else f"is {first.state.status}"
        yield f"task {first.label}{gone} of its queue comes first, and {is_so}"
        if isinstance(first.state, Waiting):
            yield from clauses(first.state.blockers)


def _more_than_declared(task: Task) -> Iterator[str]:
    """Why it asks for another amount than its block says."""
    if task.ask_gb != task.spec.memory_gb:
        asks, said = gb(task.ask_gb), gb(task.spec.memory_gb)
        yield f"it asks for {asks}, not {said} as its block says, since it ran out of memory with less"


def _stands(task: Task) -> str:
    """Of one that waits neither for GPUs nor for its turn."""
    state = task.state
    match state:
        case Held(by=by):
            who = "`hold` in the command file" if by == "file" else holder(by)
            soon = f", as the first tasks that were started all failed within {SOON:.0f} s"
            why = soon if by == FUSE else ""
            more = f", and all that it holds: ./gpulane release --held-by {FUSE}" if by == FUSE else ""
            return f"is held by {who}{why}; to let it run: ./gpulane release {task.label}{more}"
        case Backoff():
            when = duration(state.until - time.time())
            return f"is tried again in {when}, after: {state.error}; at once: ./gpulane retry {task.label}"
        case Skipped():
            return f"is skipped, as {state.because}; to go on: ./gpulane retry {state.failed or task.label}"
        case Failed():
            return f"has failed: {state.error}; once more: ./gpulane retry {task.label}"
        case _:
            return f"does not wait: it is {state.status}"
