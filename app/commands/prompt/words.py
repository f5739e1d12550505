"""FlowLine's words, said to a scheduler of ours. Each answers what it changed, or raises GpulaneError."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from app import background
from app.commands.candidates import Kind
from app.commands.cards import cards_of, seen_by
from app.commands.find import Scheduler, the_task
from app.commands.prompt import tables
from app.commands.prompt.target import Target, now
from app.commands.show import gpus_shown
from app.model.faults import BadInput
from app.model.paths import Home
from app.preparation import configuration_of, mode_of
from app.view.look import QUIET
from app.view.table import whole_lines


@dataclass(frozen=True, slots=True)
class Word:
    """A verb of the prompt."""

    usage: str
    does: str
    least: int  #: arguments
    most: int  #: with more of them, or with options, the command line's verb of the same name is meant
    act: Callable[[Target, Sequence[str]], str]


def run(target: Target, words: Sequence[str]) -> str:
    """Pause and resume; start one if none runs."""
    one = target.living()
    if one is None:
        return _start(target, words)
    if words:
        raise BadInput(f"{_on(one)} runs already: `run` alone pauses and resumes it")
    return str(one.ask("resume" if now(one).status == "paused" else "pause")["said"])


def _start(target: Target, words: Sequence[str]) -> str:
    home = target.home
    if words and words[0].startswith("-"):
        raise BadInput("name the file first: run FILE --simulate 4x24")
    if words:
        file = home.resolve(words[0]).resolve()
        mode = mode_of(str(file))
        how = background.first(home, file, mode, words[1:], configuration_of(file, mode))
        pid = background.start(home, how)
        target.last, target.pid, target.file = None, None, str(file)
        return _started(home, pid, how)
    if target.last:
        how = background.again(home, target.last.state())
    elif target.file:
        return _start(target, [target.file])
    else:
        raise BadInput(target.gone())
    return _started(home, background.start(home, how), how)


def _started(home: Home, pid: int, how: background.Start) -> str:
    return f"started, with pid {pid}; what it says is in {how.log}{background.stands(home, pid)}"


def gpu(target: Target, words: Sequence[str]) -> str:
    """Off if it is on, and on if it is off."""
    one = target.the_one()
    off = [card.off_since is not None for card in now(one).gpus if words[0] in (card.index, card.uuid)]
    return str(one.ask("gpu", id=words[0], state="on" if any(off) else "off")["said"])


def killgpu(target: Target, words: Sequence[str]) -> str:
    """All that this scheduler runs there."""
    return str(target.the_one().ask("kill", gpu=words[0])["said"])


def kill(target: Target, words: Sequence[str]) -> str:
    """A task, or the process with this id."""
    one = target.the_one()
    if not words[0].isascii() or not words[0].isdigit():
        return str(the_task([one], words[0]).ask("kill")["said"])
    for _, task, attempt in tables.running(now(one)):
        if attempt.number == int(words[0]):
            return str(one.ask("kill", task=task.key, key=task.key)["said"])
    raise BadInput(
        f"no process {words[0]} runs (`ls` shows those that do); a task is named by queue/index, its name, "
        "or the start of its key"
    )


def ls(target: Target, _: Sequence[str]) -> str:
    """What runs."""
    state = now(target.the_one())
    if not state.counts.get("running"):
        return "nothing runs"
    _console().print(tables.processes(state))
    return ""


def gpus(target: Target, _: Sequence[str]) -> str:
    """Its cards; where no scheduler runs, those of the driver."""
    one = target.living()
    _console().print(gpus_shown(seen_by(now(one)) if one else cards_of(target.home, None, None)))
    return ""


def task(target: Target, _: Sequence[str]) -> str:
    """What has not run yet."""
    state = now(target.the_one())
    shown, more = tables.to_come(state)
    if not shown:
        return "nothing is left to start"
    console = _console()
    console.print(tables.waiting(state, shown))
    if more:
        console.print(Text(more, QUIET))
    return ""


def least(target: Target, words: Sequence[str]) -> str:
    """GPU memory that a task asks for at least."""
    return _set(target, "min_memory", words[0], "min <MB>")


def most(target: Target, words: Sequence[str]) -> str:
    """Tasks at once."""
    return _set(target, "max_tasks", words[0], "max <number>")


def _set(target: Target, key: str, value: str, usage: str) -> str:
    if not value.isascii() or not value.isdigit():
        raise BadInput(f"{usage}: a whole number is wanted, not {shlex.quote(value)}")
    return str(target.the_one().ask("set", key=key, value=value)["said"])


def _on(one: Scheduler) -> str:
    return f"the scheduler with pid {one.pid}"


def _console() -> Console:
    return whole_lines(Console())


KINDS: dict[str, Kind] = {"run": "file", "gpu": "gpu", "killgpu": "gpu", "kill": "task"}
"""What they take."""

WORDS = {
    "run": Word(
        "run", "pauses and resumes; starts the scheduler if none runs: run [FILE [--watch ...]]", 0, 99, run
    ),
    "gpu": Word("gpu <id>", "uses a card no more, or again", 1, 1, gpu),
    "killgpu": Word("killgpu <id>", "ends all that we run on a card", 1, 1, killgpu),
    "kill": Word(
        "kill <id>", "ends a process of `ls`, or a task: 3/1, its name, the start of its key", 1, 1, kill
    ),
    "ls": Word("ls", "what runs", 0, 0, ls),
    "gpus": Word("gpus", "the cards: memory, use, temperature, power, whose processes", 0, 0, gpus),
    "min": Word("min <MB>", "GPU memory that has to be free for a task at least", 1, 1, least),
    "max": Word("max <number>", "tasks at once", 1, 1, most),
    "task": Word("task", "what has not run yet, and why", 0, 0, task),
}
