"""What may come next on a command line of ours: verbs, options, or a kind of value.

Told from the verbs' own declarations, so that a new verb is completed without a word about it here: what a
parameter takes stands in its metavar (TASK, GPU, PID, FILE, YAML, KEY, on|off).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["task", "gpu", "pid", "file", "setting"]
KINDS: dict[str, Kind] = {
    "TASK": "task",
    "GPU": "gpu",
    "PID": "pid",
    "FILE": "file",
    "YAML": "file",
    "KEY": "setting",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may stand there."""

    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Next:
    """The words that may stand there, and the kind of values, if these are not ours to list."""

    words: tuple[Candidate, ...] = ()
    kind: Kind | None = None


def after(command: Any, words: Sequence[str], begun: str) -> Next:
    """What may follow `words` of a command (typer's), where `begun` is typed of the next one already."""
    places = 0  # positional arguments so far
    waiting: Any = None  # an option that wants its value
    for at, word in enumerate(words):
        if word == "=":  # bash takes --name=value apart
            continue
        if waiting is not None:
            waiting = None
        elif word == "--":
            return Next(kind="file")
        elif word.startswith("-"):
            waiting = _takes_value(command, word)
        elif word in _verbs(command):
            return after(_verbs(command)[word], words[at + 1 :], begun)
        else:
            places += 1
    return _value(waiting) if waiting is not None else _at_place(command, places, begun)


def _at_place(command: Any, place: int, begun: str) -> Next:
    """The argument number `place`, counted from 0; a verb; an option."""
    if begun.startswith("-"):
        return Next(tuple(_options(command)))
    if _verbs(command):
        shown = {name: each for name, each in _verbs(command).items() if not each.hidden}
        return Next(tuple(Candidate(name, _first_line(each.help)) for name, each in shown.items()))
    taking = [each for each in command.params if each.param_type_name == "argument"]
    if not taking or (place >= len(taking) and taking[-1].nargs == 1):
        return Next()
    return _value(taking[min(place, len(taking) - 1)])


def _verbs(command: Any) -> dict[str, Any]:
    return getattr(command, "commands", {})


def _takes_value(command: Any, word: str) -> Any:
    """The option, where the next word is its value; None: `--name=value`, a flag, or none of ours."""
    for each in command.params:
        if word in each.opts and each.param_type_name == "option" and not (each.is_flag or each.count):
            return each
    return None


def _options(command: Any) -> Iterator[Candidate]:
    for each in command.params:
        if each.param_type_name == "option" and not each.hidden:
            yield Candidate(max(each.opts, key=len), _first_line(each.help))
    yield Candidate("--help", "What it does.")


def _value(parameter: Any) -> Next:
    metavar = parameter.metavar or ""
    if "|" in metavar:
        return Next(tuple(map(Candidate, metavar.strip("[]").split("|"))))
    named = re.search(r"[A-Z]+", metavar)
    return Next(kind=KINDS.get(named[0]) if named else None)


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]
