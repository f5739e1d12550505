"""What the verbs of the control socket do, and what they say they have changed. Contract 7."""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from pydantic import TypeAdapter

from app.core.events import Verb
from app.core.naming import named, names_of, nearest
from app.core.task import Task
from app.core.words import is_so
from app.engine import Engine
from app.local.off import cards_named
from app.model import state_file
from app.model.faults import GpulaneError
from app.model.state import (
    Cancelled,
    Running,
)
from app.narrate import counted, duration
from app.report import shown_task
from app.why import Ask, Why

Reply = dict[str, Any]

MOST_TASKS = 1_000
"""In one answer."""

SHOWN = 5
"""Candidates that are named where a task's name means several."""

_TASK: TypeAdapter[state_file.Task] = TypeAdapter(state_file.Task)


class Refused(GpulaneError):
    """A request that changes nothing, and the sentence why."""


Said = tuple[str, bool]
"""A sentence, and whether anything was changed."""


class Settings(Protocol):
    """What may be set while a scheduler runs."""

    def shown(self, key: str | None = None) -> Mapping[str, str]:
        """All, or one. Raises GpulaneError for one that is none."""

    def set(self, key: str, text: str) -> Said:
        """Raises GpulaneError."""


class Answers:
    """Answers one request after another. For the engine's thread."""

    def __init__(
        self,
        engine: Engine,
        state: Callable[[], bytes],
        turn: Callable[[str, bool], Said],
        ask: Ask,
        settings: Settings,
        by: str,
    ) -> None:
        """`state`: the state file's content as it is now; `turn` a card off or on, and say so (raises
        GpulaneError); `ask`: what a decision would say of a waiting task; `by`: the user's name, as whose
        words these are."""
        self._engine, self._core, self._state, self._turn, self._by = engine, engine.core, state, turn, by
        self._settings, why = settings, Why(engine.core, ask)
        self._verbs: Mapping[str, Callable[[Mapping[str, Any]], Reply | bytes]] = {
            "status": lambda _: b'{"ok": true, "state": ' + self._state() + b"}",
            "tasks": self._tasks,
            "pause": self._pause,
            "resume": self._resume,
            "drain": self._drain,
            "stop": self._stop,
            "kill": self._kill,
            "retry": lambda request: self._word("retry", self._one(request)),
            "hold": lambda request: self._word("hold", self._one(request)),
            "release": self._release,
            "gpu": self._gpu,
            "set": self._set,
            "why": lambda request: why(self._one(request)),
        }

    def __call__(self, request: object) -> Reply | bytes:
        """The answer, as an object or as its JSON. Raises Refused."""
        if not isinstance(request, dict) or not isinstance(request.get("verb"), str):
            raise Refused('a request is an object with a verb: {"verb": "status"}')
        verb = request["verb"]
        if verb not in self._verbs:
            raise Refused(f"{verb!r} is no verb{_nearest(verb, self._verbs)}")
        return self._verbs[verb](request)

    # What there is

    def _tasks(self, request: Mapping[str, Any]) -> Reply:
        """Of a queue, or all; or those that `task` may mean."""
        tasks: Iterable[Task] = self._core.board.tasks.values()
        if "task" in request:
            tasks = named(str(request["task"]), tasks)
        elif "queue" in request:
            queue = self._core.board.queues.get(_number(request, "queue", 0))
            if queue is None:
                raise Refused(f"there is no queue {request['queue']}")
            tasks = queue.tasks
        first, count = _number(request, "from", 0), _number(request, "count", MOST_TASKS)
        found = list(tasks)
        part = found[first : first + min(count, MOST_TASKS)]
        used = self._engine.backend.survey().used_gb
        shown = [
            {"queue": task.spec.queue_id, **_TASK.dump_python(shown_task(task, used), mode="json")}
            for task in part
        ]
        return {"ok": True, "total": len(found), "tasks": shown}

    # What a user wants of the scheduler

    def _pause(self, _: Mapping[str, Any]) -> Reply:
        self._refuse_ending()
        if self._core.paused:
            return _said("it is paused already", changed=False)
        self._engine.pause()
        return _said(f"paused: nothing starts; {self._running()}")

    def _resume(self, _: Mapping[str, Any]) -> Reply:
        self._refuse_ending()
        if not self._core.paused:
            return _said("it is not paused", changed=False)
        self._engine.lift()
        return _said("resumed")

    def _drain(self, _: Mapping[str, Any]) -> Reply:
        if self._core.ending == "drain":
            return _said("it is draining already", changed=False)
        self._refuse_ending()
        self._engine.drain()
        if not self._core.running:
            return _said("draining: nothing runs, and it ends")
        return _said(f"draining: nothing more starts; {self._running()}, and then it ends")

    def _stop(self, _: Mapping[str, Any]) -> Reply:
        if self._core.ending == "stop":
            return _said("it is stopping already", changed=False)
        running = list(self._core.running.values())
        self._engine.stop()
        if not running:
            return _said("stopping: nothing runs, and it ends")
        gone = [task.label for task in running if not task.in_file]
        again = "; the next start runs that again" if len(running) > len(gone) else ""
        lost = f"; no longer in the file, and not run again: {', '.join(gone)}" if gone else ""
        return _said(f"stopping: {counted(len(running), 'running task')} asked to end{again}{lost}")

    def _refuse_ending(self) -> None:
        if self._core.ending:
            raise Refused(
                "it is draining, and ends when what runs has ended; its next start goes on"
                if self._core.ending == "drain"
                else "it is stopping"
            )

    def _running(self) -> str:
        number = len(self._core.running)
        return f"{counted(number, 'task')} {'runs' if number == 1 else 'run'} on"

    # What a user wants of tasks and cards

    def _kill(self, request: Mapping[str, Any]) -> Reply:
        if "gpu" not in request:
            return self._word("kill", self._one(request))
        gpu = request["gpu"]
        if not isinstance(gpu, str):
            raise Refused('which GPU? Name its index as a text: "0"')
        found = [task for task in self._core.running.values() if gpu in task.running.gpu_ids]
        if not found:
            cards_named(self._engine.backend.survey().cards, gpu)
            raise Refused(f"no task of this scheduler runs on GPU {gpu}")
        return _said("; ".join(self._word("kill", task)["said"] for task in found))

    def _word(self, verb: Verb, task: Task) -> Reply:
        if so := is_so(verb, task):
            return _said(f"{task.label} {so}", changed=False)
        wrong = self._core.objection(verb, task)
        if wrong:
            raise Refused(f"{task.label} {wrong}")
        skipped = self._core.board.counts["skipped"]
        self._engine.ask(verb, task.key, self._by)
        back = max(0, skipped - self._core.board.counts["skipped"])
        more = f", and {counted(back, 'task')} skipped for it" if back and verb == "retry" else ""
        return _said(_became(task, self._core.settings.stop_grace) + more)

    def _release(self, request: Mapping[str, Any]) -> Reply:
        """A task, or all that somebody holds."""
        holder_ = request.get("held_by")
        if holder_ is None:
            return self._word("release", self._one(request))
        number = sum(task.held_by == holder_ for task in self._core.board.tasks.values())
        if not number:
            held = sorted({task.held_by for task in self._core.board.tasks.values() if task.held_by})
            who = f"; tasks are held by {', '.join(held)}" if held else "; no task is held"
            raise Refused(f"nothing is held by {holder_}{who}")
        failed = self._core.board.counts["failed"]
        self._engine.release_all(str(holder_))
        again = failed - self._core.board.counts["failed"]
        more = f", and {counted(again, 'failed one')} tried again" if again else ""
        return _said(f"{counted(number, 'task')} released{more}")

    def _gpu(self, request: Mapping[str, Any]) -> Reply:
        wanted = request.get("state")
        if wanted not in ("on", "off"):
            raise Refused("the state of a GPU is on or off")
        said, changed = self._turn(str(request.get("id", "")), wanted == "on")
        self._engine.look_again()
        return _said(said, changed)

    def _set(self, request: Mapping[str, Any]) -> Reply:
        """A setting; without a value what it is, and without a key what all of them are. `{"max_tasks": 3}`
        says the same as `{"key": "max_tasks", "value": "3"}`."""
        key, value = request.get("key"), request.get("value")
        others = [name for name in request if name not in ("verb", "key", "value")]
        if others and (len(others) > 1 or key is not None):
            raise Refused(f"one setting at a time, and not {', '.join(others)} beside it")
        if others:
            key, value = others[0], request[others[0]]
            value = value if isinstance(value, str) else json.dumps(value)
        elif isinstance(value, int | float):
            value = json.dumps(value)
        if value is None and (key is None or isinstance(key, str)):
            return {"ok": True, "settings": self._settings.shown(key)}
        if not isinstance(key, str) or not isinstance(value, str):
            raise Refused('which setting, and what? {"key": "max_tasks", "value": "4"}, both as texts')
        return _said(*self._settings.set(key, value))

    def _one(self, request: Mapping[str, Any]) -> Task:
        """The task that a request names; with the key it expects, if it says one. Raises Refused."""
        text = request.get("task")
        if not isinstance(text, str) or not text:
            raise Refused('which task? Name it in "task": queue/index, its name, or the start of its key')
        found = named(text, self._core.board.tasks.values())
        key = request.get("key")
        if key is not None:
            if found and not any(str(task.key) == key for task in found):
                raise Refused(f"{text} is another task now: the file was edited meanwhile")
            found = [task for task in found if str(task.key) == key]
        if not found:
            there = nearest(text, map(names_of, self._core.board.tasks.values()))
            raise Refused(f"there is no task {text} here{there}")
        if len(found) > 1:
            shown = ", ".join(map(_told_apart, found[:SHOWN])) + (", ..." if len(found) > SHOWN else "")
            raise Refused(f"{text} may be any of {len(found)} tasks: {shown}")
        return found[0]


def _told_apart(task: Task) -> str:
    gone = "" if task.in_file else ", no longer in the file"
    return f"{task.label} ({task.key}, {task.state.status}{gone})"


def _said(text: str, changed: bool = True) -> Reply:
    return {"ok": True, "changed": changed, "said": text}


def _became(task: Task, grace: float) -> str:
    state = task.state
    match state:
        case Running():
            return f"{task.label} is being ended (by force after {duration(grace)}), and is not run again"
        case Cancelled():
            return f"{task.label} is cancelled"
        case _:
            return f"{task.label} is {state.status}"


def _number(request: Mapping[str, Any], key: str, default: int) -> int:
    """Raises Refused."""
    value = request.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refused(f"{key} wants a whole number from 0 on, not {value!r}")
    return value


def _nearest(verb: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(verb, known, 1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
