"""What its user types to go on with what a scheduler has left undone, as it was started."""

import os
import shlex
from pathlib import Path

from app.background import UNKNOWN_CARDS, flags_of
from app.model.paths import PROJECT, Home
from app.model.state_file import StateFile
from app.preparation import configuration_of, mode_of


def command_line(home: Home, state: StateFile) -> str:
    """For a shell, with the flags it was started with; from another folder than it was started in, with a
    change to that, since its tasks may run there."""
    if state.command_file == str(home.submitted):
        return " ".join(["./gpulane scheduler start", *_cards(state)])
    here = _here()
    folder = Path(state.started_with.folder) if state.started_with else here
    file = Path(state.command_file)
    if folder == here:
        named = str(file.relative_to(here) if here in file.parents else file)
        named = f"./{named}" if named.startswith("-") else named
        return " ".join([_program("./", state), shlex.quote(named), *_flags(home, state)])
    there = "./" if folder == PROJECT else f"{PROJECT}/"
    words = [_program(there, state), shlex.quote(str(file)), *_flags(home, state)]
    return f"cd {shlex.quote(str(folder))} && {' '.join(words)}"


def command_line_anywhere(home: Home, state: StateFile) -> str:
    """The same for whoever reads it in another shell than ours: it names every place."""
    own = "" if home.root == PROJECT else f"GPULANE_HOME={shlex.quote(str(home.root))} "
    if state.command_file == str(home.submitted):
        words = [shlex.quote(f"{PROJECT}/gpulane"), "scheduler start", *_cards(state)]
        return own + " ".join(words)
    folder = state.started_with.folder if state.started_with else str(home.root)
    words = [_program(f"{PROJECT}/", state), shlex.quote(state.command_file), *_flags(home, state)]
    return f"cd {shlex.quote(folder)} && {own}{' '.join(words)}"


def _program(checkout: str, state: StateFile) -> str:
    """`run` tells the mode from the file; where that would be another one, the entry point does not."""
    if _told_wrong(state):
        return f"python {shlex.quote(checkout.removeprefix('./') + 'app/main_gpu.py')} --command-file"
    return f"{shlex.quote(f'{checkout}gpulane')} run"


def _told_wrong(state: StateFile) -> bool:
    """In the other direction it is so only for a file with faults, and they are said."""
    file = Path(state.command_file)
    if state.mode == "multi" or configuration_of(file, "single") is not None:
        return False
    return mode_of(str(file)) != "single"


def _flags(home: Home, state: StateFile) -> list[str]:
    """All but those that say what holds without them."""
    flags = flags_of(state)
    by_itself = {
        "--config-file": str(home.config_file()),
        "--config-index": str(configuration_of(Path(state.command_file), state.mode)),
    }
    for flag, value in by_itself.items():
        at = flags.index(flag) if flag in flags else len(flags)
        if flags[at + 1 : at + 2] == [value]:
            del flags[at : at + 2]
    unknown = _cards(state) if state.started_with is None else []
    return [*map(shlex.quote, flags), *unknown]


def _cards(state: StateFile) -> list[str]:
    if not state.simulated:
        return []
    how = state.started_with
    return ["--simulate", shlex.quote(how.simulate)] if how and how.simulate else [UNKNOWN_CARDS]


def _here() -> Path:
    try:
        return Path(os.getcwd())  # noqa: PTH109
    except FileNotFoundError:  # removed under us
        return PROJECT
