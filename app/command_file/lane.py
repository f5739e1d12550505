"""`#LANE` options: directive comments, which older parsers skip."""

import difflib
import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from app.command_file.lines import DIRECTIVE, indent
from app.command_file.values import Misread, clip, duration, duration_text, is_digits
from app.model.faults import BadInput
from app.model.task import NO_OPTIONS, Options, TaskSpec

MOST_REPEATS = 10_000

_TOKEN = re.compile(
    r"\s*(?:([^\s=\"'#][^\s=\"']*)(?:=(\"[^\"\\]*(?:\\.[^\"\\]*)*\"|'[^']*'|[^\s\"']*))?(?=\s|\Z)|#|\Z)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INDEX = re.compile(r"[0-9]{1,4}(?::[0-9]{1,4})?")
_OURS = re.compile(r"CUDA_VISIBLE_DEVICES|CUDA_DEVICE_ORDER|GPULANE_.*")
_ALMOST = re.compile(
    r"\s*#\s*(LANE(?=(?:hold|fifo)\b|[A-Za-z_.]+=)|[A-Za-z]{2,6}(?=[:\s]))[:\s]?\s*([A-Za-z_.]+)(=?)"
)


class Wishes(NamedTuple):
    """What a block's directives ask for beside what its lines say."""

    options: Options = NO_OPTIONS
    cpu: bool = False
    repeat: int = 1


NO_WISHES = Wishes()
Report = Callable[[int, int, str, str], None]
"""Takes a line index from 0, a column from 1, what is wrong and what would be right."""


def wishes(lines: Sequence[str], numbers: Sequence[int], report: Report) -> Wishes:
    """What the `#LANE` lines with these indexes ask for; what can't be used is reported and left out."""
    values: dict[str, Any] = {}
    env: dict[str, str] = {}
    for number in numbers:
        _read_line(lines[number], number, values, env, report)
    devices = values.pop("devices", "auto")
    cpu = values.pop("gpus", None) is not None
    if cpu and isinstance(devices, tuple):
        place = place_of("devices", lines, numbers)
        report(*place, "a task with gpus=0 needs no devices", "leave out one of gpus=0 and devices=")
    elif isinstance(devices, tuple):
        values["devices"] = devices
    repeat = values.pop("repeat", 1)
    if env:
        values["env"] = tuple(sorted(env.items()))
    return Wishes(_options(tuple(values.items())) if values else NO_OPTIONS, cpu or devices == "cpu", repeat)


def asked(values: Iterable[tuple[str, str | None]]) -> Wishes:
    """What such options ask for, as a command line has them: key and value, None for a bare word.

    Raises BadInput with everything that is wrong with them."""
    words = [key if value is None else f"{key}={_quoted(value)}" for key, value in values]
    wrong: list[str] = []
    found = wishes(
        [f"{DIRECTIVE} {' '.join(words)}"],
        [0],
        lambda _line, _column, problem, hint: wrong.append(f"{problem}; {hint}" if hint else problem),
    )
    if wrong:
        raise BadInput("\n".join(wrong))
    return found


@functools.lru_cache(maxsize=1024)
def _options(values: tuple[tuple[str, Any], ...]) -> Options:
    """Equal options of neighbouring blocks are one object: half the time and memory of a large file."""
    return Options(**dict(values))


def place_of(key: str, lines: Sequence[str], numbers: Sequence[int]) -> tuple[int, int]:
    """Line index and column of an option that is known to be in one of these lines."""
    for number in numbers:
        at = lines[number].index(DIRECTIVE) + len(DIRECTIVE)
        while (found := _TOKEN.match(lines[number], at)) and found[1] is not None:
            if found[1] == key:
                return number, found.start(1) + 1
            at = found.end()
    raise LookupError(key)


def _read_line(line: str, number: int, values: dict[str, Any], env: dict[str, str], report: Report) -> None:
    """The options of one line; a `#` that begins a word ends them."""
    at = line.index(DIRECTIVE) + len(DIRECTIVE)
    while found := _TOKEN.match(line, at):
        key, value = found.groups()
        if key is None:
            return
        at = found.end()
        wrong = _take(key, value, env if key.startswith("env.") else values)
        if wrong:
            report(number, found.start(1) + 1, wrong.problem, wrong.hint)
    at += indent(line[at:]) - 1
    hint = 'write key=value, quoted whole: name="car stage 1"'
    # A blank beside a variable's = leaves its value here, which may be a secret that logs must not tell.
    what = "what stands here" if "env." in line else clip(line[at:])
    report(number, at + 1, f"{what} can't be read", hint)


def _take(key: str, value: str | None, values: dict[str, Any]) -> Misread | None:
    """Add an option to `values`; answers what is wrong with it."""
    name = key.removeprefix("env.")
    if name in values:
        return Misread(f"{key} is given twice in this block", "leave one of them out")
    try:
        values[name] = _value(key, value)
    except Misread as wrong:
        return wrong
    return None


@functools.lru_cache(maxsize=1024)
def _value(key: str, text: str | None) -> object:
    """An option's value from its text as it stands, quotes included. Raises Misread."""
    value = None if text is None else _unquoted(text)
    if key.startswith("env."):
        _check_variable(key.removeprefix("env."))
        return _text(_needed(key, value, "env.NAME=value"), "the value", empty=True)
    reader, example = KEYS.get(key, (None, ""))
    if reader is None:
        raise Misread(f"{key!r} is no #LANE option", _nearest(key))
    if key in BARE and value is None:
        return True
    given = _needed(key, value, example)
    try:
        return reader(given)
    except Misread as wrong:
        raise Misread(f"{key}: {wrong.problem}", wrong.hint or f"write {example}") from None


def option_value(key: str, value: str) -> object:
    """An option's value from a cell of a table: there are no quotes around it. Raises Misread."""
    return _value(key, '"' + re.sub(r"([\"\\])", r"\\\1", value) + '"')


def _unquoted(text: str) -> str:
    if text[:1] == '"' and "\\" in text:
        return re.sub(r"\\([\"\\])", r"\1", text[1:-1])
    return text[1:-1] if text[:1] in ("'", '"') else text


def _needed(key: str, value: str | None, example: str) -> str:
    if value is None:
        raise Misread(f"{key} has no value", f"write {example}, without blanks around the =")
    return value


def _nearest(key: str) -> str:
    known = [*KEYS, "env"]
    near = difflib.get_close_matches(key.partition(".")[0].lower(), known, 1, 0.5)
    if near:
        return f"did you mean {'env.NAME' if near[0] == 'env' else near[0]}?"
    return f"known: {', '.join([*KEYS, 'env.NAME'])}"


def _text(value: str, what: str = "it", empty: bool = False) -> str:
    if not value and not empty:
        raise Misread(f"{what} is empty", "")
    if _CONTROL.search(value):
        raise Misread(f"{what} holds a control character", "leave it out")
    return value


def _check_variable(name: str) -> None:
    if not _VARIABLE.fullmatch(name):
        raise Misread(f"{name!r} is no name of an environment variable", "write env.NAME=value")
    if _OURS.fullmatch(name):
        raise Misread(f"{name} is set by gpulane itself", "see devices= to choose cards")


def _no_gpus(value: str) -> int:
    if value != "0":
        raise Misread(
            f"it can only be 0, not {clip(value)}",
            "in a multi-mode file the line before the memory is the GPU count",
        )
    return 0


def _devices(value: str) -> tuple[str, ...] | str:
    if value in ("auto", "cpu"):
        return value
    names = [":".join(str(int(part)) for part in _index(name).split(":")) for name in value.split(",")]
    if len(set(names)) < len(names):
        raise Misread("a GPU is named twice", "")
    return tuple(names)


def _queue_devices(value: str) -> tuple[str, ...]:
    found = _devices(value)
    if isinstance(found, str):
        hint = "name cards, as in queue_devices=0,1; for CPU write devices=cpu in each block"
        raise Misread(f"it can't be {found}", hint)
    return found


def _index(name: str) -> str:
    if not _INDEX.fullmatch(name):
        raise Misread(f"{clip(name)} is no GPU index", "write devices=0,1 or devices=auto or devices=cpu")
    return name


def _count(value: str) -> int:
    if not is_digits(value) or len(value) > 9:
        raise Misread(f"{clip(value)} is no whole number from 0 on", "")
    return int(value)


def _integer(value: str) -> int:
    digits = value[1:] if value[:1] in ("-", "+") else value
    if not is_digits(digits):
        raise Misread(f"{clip(value)} is no whole number", "")
    return -_count(digits) if value[:1] == "-" else _count(digits)


def _repeat(value: str) -> int:
    times = _count(value)
    if not 1 <= times <= MOST_REPEATS:
        raise Misread(f"it goes from 1 to {MOST_REPEATS}, not {clip(value)}", "")
    return times


def _yes(value: str) -> bool:
    return _one_of("yes", "no")(value) == "yes"


def _one_of(*words: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in words:
            raise Misread(f"it can't be {clip(value)}", "write " + " or ".join(words))
        return value

    return read


KEYS: dict[str, tuple[Callable[[str], object], str]] = {
    "name": (_text, 'name="car stage 1"'),
    "queue_name": (_text, 'queue_name="cars"'),
    "gpus": (_no_gpus, "gpus=0"),
    "devices": (_devices, "devices=0,1"),
    "queue_devices": (_queue_devices, "queue_devices=0,1"),
    "model": (_text, 'model="A100"'),
    "retries": (_count, "retries=2"),
    "timeout": (duration, "timeout=2h"),
    "on_failure": (_one_of("stop", "continue"), "on_failure=continue"),
    "priority": (_integer, "priority=10"),
    "hold": (_yes, "hold"),
    "repeat": (_repeat, "repeat=3"),
    "cwd": (_text, "cwd=sub/folder"),
    "share": (_yes, "share=no"),
    "fifo": (_yes, "fifo"),
    "terminal": (_one_of("tmux"), "terminal=tmux"),
}
"""Every option with how its value is read and an example of it."""

BARE = ("hold", "fifo")
"""Those that mean yes without a value."""


def misspelt(line: str) -> str | None:
    """The word of a comment that was surely meant as `#LANE`: `#lane name=a`, `#LNAE hold`, `#LANEname=a`."""
    found = _ALMOST.match(line)
    if not found:
        return None
    word, key, equals = found.groups()
    if word.upper() != "LANE" and difflib.SequenceMatcher(None, word, "LANE").ratio() < 0.7:
        return None
    near = difflib.get_close_matches(key.partition(".")[0].lower(), [*KEYS, "env"], 1, 0.75)
    if not (near if equals else key in BARE):
        return None
    return word + key if found.end(1) == found.start(2) else word


def directive(task: TaskSpec, repeat: int = 1) -> str | None:
    """The `#LANE` line that asks for a task's options; None when it has none. The inverse of `wishes`."""
    words = option_words(task, repeat)
    return f"{DIRECTIVE} {' '.join(words.values())}" if words else None


def option_words(task: TaskSpec, repeat: int = 1) -> dict[str, str]:
    """Of each option that a task has, what asks for it: {"name": 'name="car stage 1"', "hold": "hold"}."""
    options = task.options
    words = {
        key: f"{key}={_quoted(str(value))}" for key, value in _texts(options, repeat) if value is not None
    }
    if task.gpus == 0:
        words["gpus"] = "gpus=0"
    words |= {key: key for key in BARE if getattr(options, key)}
    return words | {f"env.{name}": f"env.{name}={_quoted(value)}" for name, value in options.env}


def reworded(
    lines: Sequence[str], numbers: Sequence[int], old: dict[str, str], new: dict[str, str]
) -> dict[int, list[str]]:
    """The `#LANE` lines with these indexes, asking for `new` (see `option_words`) instead of `old`: what
    stays the same stays as it was written, and what is new comes last. A line that asks for nothing goes."""
    cut: dict[int, tuple[list[str], str]] = {}
    there: set[str] = set()
    for number in numbers:
        line = lines[number]
        at = line.index(DIRECTIVE) + len(DIRECTIVE)
        words = [line[:at]]
        while (found := _TOKEN.match(line, at)) and found[1] is not None:
            key = _word_of(*found.groups())
            there.add(key)
            if new.get(key) != old.get(key):
                words += [line[at : found.start(1)] + new[key]] if key in new else []
            else:
                words.append(found[0])
            at = found.end()
        cut[number] = words, line[at:]
    cut[numbers[-1]][0].extend(
        f" {word}" for key, word in new.items() if key not in there and word != old.get(key)
    )
    return {
        number: ["".join(words) + rest] if len(words) > 1 or rest.strip() else []
        for number, (words, rest) in cut.items()
    }


def _word_of(key: str, value: str | None) -> str:
    """What `option_words` calls this: devices=cpu is another spelling of gpus=0."""
    return "gpus" if key == "devices" and value and _unquoted(value) == "cpu" else key


def _texts(options: Options, repeat: int) -> list[tuple[str, object]]:
    return [
        ("name", options.name),
        ("queue_name", options.queue_name),
        ("model", options.model),
        ("retries", options.retries),
        ("timeout", None if options.timeout is None else duration_text(options.timeout)),
        ("on_failure", options.on_failure),
        ("priority", options.priority or None),
        ("cwd", options.cwd),
        ("share", None if options.share is None else ("yes" if options.share else "no")),
        ("devices", None if options.devices is None else ",".join(options.devices)),
        ("queue_devices", None if options.queue_devices is None else ",".join(options.queue_devices)),
        ("repeat", None if repeat == 1 else repeat),
        ("terminal", None if options.terminal == "direct" else options.terminal),
    ]


def _quoted(value: str) -> str:
    if re.fullmatch(r"[^\s\"'\\]+", value):
        return value
    return '"' + re.sub(r"([\"\\])", r"\\\1", value) + '"'
