"""What the other columns of a row become in its command: flags, each cell one argument."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from app.command_file.shell import behind, stands_in
from app.command_file.values import Misread

ARGS = "{args}"
_ARGS = re.compile(r"(?<!\$)\{args\}")
_READS_AGAIN = re.compile(r"(?:^|[\s(])(?:\S*/)?(eval|ssh)\s")
"""Programs that have their words read by a shell once more."""

_SPECIAL = re.compile(r'[\\"$`]')
_HINT = 'put what it runs in double quotes: ssh HOST "python train.py {args}"'

Fit = Callable[[str], str]
"""Quotes flags, which are words for a shell, once more for where they go."""

FITS: Mapping[str | None, Fit] = {
    None: lambda flags: flags,
    '"': lambda flags: _SPECIAL.sub(r"\\\g<0>", flags),
    "'": lambda flags: flags.replace("'", "'\\''"),
    "#": lambda flags: flags.replace("\n", " "),
}
"""By what `{args}` stands in."""

UNFIT = {"<<": "a here-document", "`": "backticks", "$'": "a $'...'", "((": "arithmetic"}


def flags_of(cells: Mapping[str, str]) -> str:
    """`--lr 0.010` for a column `lr`; one that begins with a dash is the flag as it stands. Every cell is one
    argument, whatever it holds."""
    return " ".join(_flags(cells))


def _flags(cells: Mapping[str, str]) -> Iterator[str]:
    for column, text in cells.items():
        flag = column if column.startswith("-") else f"--{column}"
        yield f"{shlex.quote(flag)} {shlex.quote(text)}"


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
    command = command.rstrip()
    if found := behind(command):
        what = {"#": "into its comment", "<<": "behind its here-document"}.get(found, f"behind its {found}")
        raise Misread(f"the other columns would come {what}", f"write {ARGS} in {where} where they belong")
    _refuse_read_again(f"{command} ")
    return f"{command} {flags}"


@lru_cache(maxsize=1024)  # most rows of a table have the same command
def _fits(command: str) -> tuple[Fit, ...]:
    """For each place of `{args}`. Raises Misread."""
    return tuple(_fit(command[: found.start()]) for found in _ARGS.finditer(command))


def _fit(before: str) -> Fit:
    place = stands_in(before)
    if place in UNFIT:
        problem = f"{ARGS} stands in {UNFIT[place]}, where a cell could be run"
        raise Misread(problem, "write it among the words of a command, or in single or double quotes")
    if place is None:
        _refuse_read_again(before)
    return FITS[place]


def _refuse_read_again(before: str) -> None:
    *_, part = re.split(r"[;&|\n]", before)
    if found := _READS_AGAIN.search(part):
        raise Misread(f"{found[1]} has its words read by a shell once more, where a cell could be run", _HINT)
