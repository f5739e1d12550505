"""What the other columns of a row become in its command: flags, each cell one argument."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from app.command_file.shell import behind, stands_in
from app.command_file.values import Misread

ARGS = "{args}"
_ARGS = re.compile(r"(?<!\$)\{args\}")
READS_AGAIN = frozenset({"eval", "ssh", "watch", "parallel", "let", "declare", "typeset", "local"})
"""Programs that have their words, or what is assigned by them, read by a shell once more."""

_WRAPPERS = frozenset(
    {"exec", "command", "builtin", "env", "nohup", "time", "nice", "ionice", "sudo", "setsid", "timeout"}
    | {"stdbuf", "coproc", "find", "xargs", "flock", "taskset", "numactl", "chrt"}
    | {"strace", "srun", "unbuffer"}
)
"""Programs that run another one, which stands somewhere among their words."""

_AFTER_WRAPPER = 2
"""Words, beside options and numbers, of which one is the program: the first may belong to an option."""

_BEFORE = frozenset({"if", "then", "elif", "else", "while", "until", "do", "!", "{"})
_NO_PROGRAM = re.compile(r"\w+\+?=|\w+\(\)|\d*[<>]")
"""What a word before a program begins with: an assignment, a function, a redirection."""

_SUBSTITUTION = re.compile(r"\$?\([^()]*\)|`[^`]*`")
_SPECIAL = re.compile(r'[\\"$`]')
_ESCAPED = re.compile(r'\\([\\"$`])|\\\n')

Fit = Callable[[str], str]
"""Quotes flags, which are words for a shell, once more for where they go."""

FITS: Mapping[str | None, Fit] = {
    None: lambda flags: flags,
    '"': lambda flags: _SPECIAL.sub(r"\\\g<0>", flags),
    "'": lambda flags: flags.replace("'", "'\\''"),
    "#": lambda flags: flags.replace("\n", " "),
}
"""By what `{args}` stands in."""

UNFIT = {
    "<<": "a here-document",
    "`": "backticks",
    "$'": "a $'...'",
    "((": "arithmetic",
    "$(": "quotes with a substitution, or one with a case",
}


def flags_of(cells: Mapping[str, str]) -> str:
    """`--lr 0.010` for a column `lr`; one that begins with a dash is the flag as it stands. Every cell is one
    argument, whatever it holds."""
    return " ".join(_flags(cells))


def _flags(cells: Mapping[str, str]) -> Iterator[str]:
    for column, text in cells.items():
        flag = column if column.startswith("-") else f"--{column}"
        yield f"{_quoted(flag)} {_quoted(text)}"


def _quoted(text: str) -> str:
    """`{work_dir}` stays what it is, as all of a cell does."""
    return shlex.quote(text).replace("{work_dir}", "{work_''dir}")


def with_flags(command: str, flags: str, where: str) -> str:
    """The command with the flags in it, or behind it. `where`: the column, or the setting, that it stands in.

    Raises Misread where they would be another program's, or a cell could be run.
    """
    first, *others = _ARGS.split(command)
    if not flags:
        return command.rstrip() if not others else "".join((first, *others))
    if others:
        parts = [f"{fit(flags)}{text}" for fit, text in zip(_fits(command), others, strict=True)]
        return "".join((first, *parts))
    return f"{_open_ended(command, where)} {flags}"


@lru_cache(maxsize=1024)  # most rows of a table have the same command
def _open_ended(command: str, where: str) -> str:
    """As it is to be for flags behind it. Raises Misread."""
    command = _whole(command)
    if found := behind(command):
        what = {"#": "into its comment", "<<": "behind its here-document"}.get(found, f"behind its {found}")
        raise Misread(f"the other columns would come {what}", f"write {ARGS} in {where} where they belong")
    _refuse_read_again(stands_in(f"{command} ").command)
    return command


def _whole(command: str) -> str:
    """Without blanks at its end, and without a line that goes on when nothing comes."""
    command = command.rstrip()
    while (len(command) - len(command.rstrip("\\"))) % 2:
        command = command[:-1].rstrip()
    return command


@lru_cache(maxsize=1024)
def _fits(command: str) -> tuple[Fit, ...]:
    """For each place of `{args}`. Raises Misread."""
    return tuple(_fit(command[: found.start()]) for found in _ARGS.finditer(command))


def _fit(before: str) -> Fit:
    """What is quoted may be a script itself, for `bash -c` or `ssh`: a cell is one argument there as well."""
    stand = stands_in(before)
    if stand.place in UNFIT:
        problem = f"{ARGS} stands in {UNFIT[stand.place]}, where a cell could be run"
        raise Misread(problem, "write it among the words of a command, or in single quotes")
    fit = FITS[stand.place]
    if stand.place is None:
        _refuse_read_again(stand.command)
        _refuse_assigned(stand.command)
    if stand.place not in ("'", '"'):
        return fit
    inner = stand.quoted if stand.place == "'" else _ESCAPED.sub(r"\1", stand.quoted)
    within = _fit(inner)
    return lambda flags: fit(within(flags))


def _refuse_read_again(command: str) -> None:
    for name in _programs(command):
        if name in READS_AGAIN:
            problem = f"{name} has its words read by a shell once more, where a cell could be run"
            raise Misread(
                problem, f'put what it runs in double quotes, as in: ssh HOST "python train.py {ARGS}"'
            )


def _refuse_assigned(command: str) -> None:
    """Of `A={args} b` the shell would take the first word alone for A, and a cell for the program."""
    if re.search(r"(?:^|\s)\w+\+?=$", command) and all(name in _WRAPPERS for name in _programs(command)):
        raise Misread(f"{ARGS} is assigned, and a cell could be run", f'put it in quotes: ARGS="{ARGS}"')


def _programs(command: str) -> Iterator[str]:
    """What the beginning of a command runs: its program, or what a wrapper before it may run as one."""
    while (masked := _SUBSTITUTION.sub(lambda found: "()" if found[0] == "()" else "x", command)) != command:
        command = masked
    try:
        words = iter(shlex.split(command))
    except ValueError:  # quotes that end behind it
        words = iter(command.split())
    for word in words:
        if word in (">", ">>", "<", "2>", "&>"):
            next(words, None)
        elif word not in _BEFORE and not _NO_PROGRAM.match(word):
            break
    else:
        return
    left = 1
    for each in (word, *words):
        name = each.rsplit("/", 1)[-1]
        if not re.match(r"-|\w+=|\d+[.\dsmhd]*$", each):
            yield name
            left = _AFTER_WRAPPER if name in _WRAPPERS else left - 1
        if not left:
            return
