"""What the scheduler does, in lines a person reads: the log, and the output where there is no terminal."""

import logging
from collections.abc import Sequence

from app.core.events import Action, Edited, Event, Explained, Launch, Launched, NotStarted
from app.core.machine import Core
from app.core.outcome import NOT_RETRIED
from app.model.blockers import gb
from app.model.problems import SAID_AGAIN, Problem, named
from app.model.records import Moved
from app.model.state import (
    FUSE,
    Backoff,
    Cancelled,
    Completed,
    Failed,
    Held,
    Pending,
    Running,
    Skipped,
    Waiting,
    holder,
)
from app.model.task import TaskKey

log = logging.getLogger("gpulane")

ALL_ENDED = "every task has ended; the scheduler stays for edits of the command file (--watch)"
ONLY_HELD = "only held tasks are left; the scheduler stays. To let one run: ./gpulane release TASK"

SKIPPED = "skipped, as their queue stopped"

SHORT = 160
"""Characters of what was said in full before."""

Gist = tuple[tuple[str, str | None], ...]
"""Who is in the way, without figures."""


class Narrator:
    """A listener of the engine's."""

    def __init__(self, core: Core, stays: bool = False) -> None:
        """`stays`: when all is done, for edits."""
        self._core, self._stays = core, stays
        self._said_ended = False
        self._said: dict[TaskKey, Gist] = {}
        self._said_held = False
        self._orphans: set[TaskKey] = set()
        self._problems: dict[tuple[str, str | int], Problem] = {}
        self._placed: dict[int, Launch] = {}  #: by attempt, until it has started
        self._refused: dict[TaskKey, str] = {}  #: what was said of a launch that the machine refused

    def __call__(self, event: Event | None, actions: Sequence[Action]) -> None:
        self._done(actions)
        match event:
            case Launched():
                self._launched(event)
            case NotStarted():
                self._not_started(event, actions)
            case Explained():
                self._waiting(event)
            case Edited():
                log.info("the command file was edited; it has %s now", counted(len(event.plan), "task"))
                self._orphaned()
            case _:
                pass
        if self._core.only_held and not self._said_held and self._core.ending is None:
            log.info(ONLY_HELD)
        self._said_held = self._core.only_held
        ended = self._stays and self._core.nothing_left and self._core.ending is None
        if ended and not self._said_ended:
            log.info(ALL_ENDED)
        self._said_ended = ended

    def problems(self, now: Sequence[Problem]) -> None:
        """Those there are: each is said when it comes and when it has gone."""
        lasting = {problem.about: problem for problem in now}
        for about, problem in lasting.items():
            before = self._problems.get(about)
            if before is None or (problem.kind in SAID_AGAIN and problem.text != before.text):
                log.warning("%s", problem.text)
        for about, problem in self._problems.items():
            if about not in lasting:
                log.info("over: %s", shortened(problem.text))
        self._problems = lasting

    def _done(self, actions: Sequence[Action]) -> None:
        together: dict[str, list[str]] = {}
        for action in actions:
            if isinstance(action, Launch):
                self._placed[action.spec.number] = action
            elif isinstance(action, Moved):
                said = _said_of_many(action)
                if said is None:
                    self._moved(action)
                elif action.old != action.state.status:  # else it is skipped for another one now
                    together.setdefault(said, []).append(action.label)
        for said, labels in together.items():
            log.log(logging.WARNING if said == SKIPPED else logging.INFO, "%s: %s", said, named(labels))

    def _launched(self, event: Launched) -> None:
        """Said now and not when GPUs were given: until then it may be called off."""
        launch = self._placed.pop(event.number, None)
        if launch is not None:
            self._refused.pop(launch.spec.key, None)
            log.info(_placed(launch))
            return
        task = self._core.running[event.number]
        where = f"GPU {', '.join(task.running.gpu_ids)}" if task.running.gpu_ids else "CPU"
        log.info("%s was found again, running on %s; log %s", task.label, where, task.log_path)

    def _not_started(self, event: NotStarted, actions: Sequence[Action]) -> None:
        self._placed.pop(event.number, None)
        moved = next((action for action in actions if isinstance(action, Moved)), None)
        if moved is None or event.why != "refused" or self._refused.get(moved.key) == event.error:
            return
        self._refused[moved.key] = event.error
        more = "" if self._core.ending else "; tried again"
        log.warning("%s could not be launched: %s%s", moved.label, event.error, more)

    def _orphaned(self) -> None:
        for task in self._core.running.values():
            if not task.in_file and task.key not in self._orphans:
                self._orphans.add(task.key)
                log.info("%s was taken out of the file; its attempt runs on to its end", task.label)

    def _moved(self, moved: Moved) -> None:
        match moved.state:
            case Completed(gpu_ids, started, ended, _, peak):
                where = f" on GPU {', '.join(gpu_ids)}" if gpu_ids else ""
                used = f", at most {gb(peak)} used" if peak else ""
                used += " on a GPU" if used and len(gpu_ids) > 1 else ""
                log.info("%s completed after %s%s%s", moved.label, duration(ended - started), where, used)
            case Backoff(until, error, _, retry, of):
                of_ = "" if of is None else f" of {of}"
                log.warning(
                    "%s failed: %s; retry %d%s in %s",
                    moved.label,
                    error,
                    retry,
                    of_,
                    duration(until - moved.at),
                )
            case Failed(error=error, exit_code=code):
                more = "; not tried again, as that can't help" if code in NOT_RETRIED else ""
                log.error("%s failed: %s%s", moved.label, error, more)
            case Running(stopping="timeout"):
                log.warning("%s has reached its timeout and is asked to end", moved.label)
            case Held(by=by):
                log.info("%s held by %s", moved.label, by)
            case Cancelled(by=by):
                log.info("%s cancelled by %s", moved.label, by)
            case Pending() if moved.cause is not None and moved.old == "running":
                log.info("%s goes back to its queue (%s)", moved.label, moved.cause.kind)
            case _:
                pass

    def _waiting(self, explained: Explained) -> None:
        """A reason is said when who is in the way changes, not at every change of a figure."""
        gists: dict[int, Gist] = {}  # tasks with the same need share one Blocked
        for key, blocked in explained.blocked.items():
            gist = gists.get(id(blocked))
            if gist is None:
                gist = gists[id(blocked)] = tuple((b.kind, getattr(b, "gpu", None)) for b in blocked.blockers)
            if self._said.get(key) == gist:
                continue
            self._said[key] = gist
            task = self._core.board.tasks.get(key)
            if task is not None and isinstance(task.state, Waiting):
                log.info("%s waits: %s", task.label, task.state.reason)


def _said_of_many(moved: Moved) -> str | None:
    """What one line says of all tasks that one event did this to; None: each has a line of its own."""
    match moved.state:
        case Skipped():
            return SKIPPED
        case Pending() if moved.old == "skipped":
            return "no longer skipped, as no failed task is before them any more"
        case Held(by=by) if by in ("file", FUSE):
            return f"held by {holder(by)}"
        case Cancelled(by="edit") if moved.old != "running":  # another may have its place by now, and run
            return f"taken out of the file while {moved.old}, and cancelled"
        case _:
            return None


def _placed(launch: Launch) -> str:
    spec, grant = launch.spec, launch.grant
    attempt = f"attempt {spec.attempt}" if spec.attempt > 1 else "started"
    log_ = f"log {spec.log_path}"
    if spec.session_name:
        log_ += f"; attach with: tmux -L {spec.session_name} attach"
    if not grant.gpu_ids:
        return f"{spec.title} {attempt} on CPU; {log_}"
    number = len(grant.gpu_ids)
    cards = f"GPU {', '.join(grant.gpu_ids)} ({gb(grant.memory_gb)}{' each' if number > 1 else ''}"
    why = f"chosen of {grant.suiting} that would do" if grant.suiting > number else "no other would do"
    return f"{spec.title} {attempt} on {cards}; {why}); {log_}"


def counted(number: int, noun: str) -> str:
    """ "1 task", "2 tasks"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def duration(seconds: float) -> str:
    """Seconds for people: "0.3 s", "42 s", "3 min 20 s", "5 h 03 min"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def shortened(text: str) -> str:
    """Its first line, where that says enough to know it again."""
    first = text.split("\n", 1)[0]
    return text if len(text) <= SHORT and first == text else f"{first[:SHORT].rstrip()} ..."
