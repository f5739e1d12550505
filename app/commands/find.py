"""Which scheduler a command is for, and which of its tasks."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.client import Client
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state_file import StateFile
from app.store.states import Found, list_states


def found_states(home: Home, pid: int | None, file: str | None) -> list[tuple[Found, StateFile]]:
    """State files that can be read, of living schedulers and of those that left something, as `--pid` and
    `--file` choose."""
    path = str(home.resolve(file).resolve()) if file else None
    return [
        (one, one.state)
        for one in list_states(home)
        if isinstance(one.state, StateFile)
        and pid in (None, one.pid)
        and path in (None, one.state.command_file)
    ]


def living(home: Home, pid: int | None, file: str | None) -> list[tuple[Found, StateFile]]:
    """Of schedulers that run on this machine. Raises BadInput if there is none."""
    found = [(one, state) for one, state in found_states(home, pid, file) if one.alive]
    if not found:
        which = f" with pid {pid}" if pid is not None else f" on {file}" if file else ""
        raise BadInput(f"no scheduler{which} runs here; ./gpulane ls shows what there is")
    return found


def the_one(home: Home, pid: int | None, file: str | None) -> Client:
    """A connection to the one scheduler that can be meant. Raises BadInput, NoAnswer."""
    found = living(home, pid, file)
    if len(found) > 1:
        raise BadInput(f"several schedulers run; say which with --pid or --file:\n{_listed(found)}")
    return connect(home, found[0][0].pid)


def connect(home: Home, pid: int) -> Client:
    """Raises NoAnswer."""
    return Client(home.control_socket(pid))


def the_task(home: Home, pid: int | None, file: str | None, task: str) -> tuple[Client, dict[str, Any]]:
    """A connection to the scheduler that has it, and the task as it shows it. Raises BadInput, NoAnswer."""
    matches: list[tuple[Found, StateFile, dict[str, Any]]] = []
    for one, state in living(home, pid, file):
        with connect(home, one.pid) as client:
            matches += [(one, state, each) for each in client.ask("tasks", task=task, count=100)["tasks"]]
    if not matches:
        raise BadInput(f"there is no task {task} in what runs; ./gpulane ls shows what there is")
    if len(matches) > 1:
        shown = "\n".join(f"  {label(each)}  --pid {one.pid}  ({each['key']})" for one, _, each in matches)
        raise BadInput(f"{task} may be any of these; say which by its key, or with --pid:\n{shown}")
    one, _, each = matches[0]
    return connect(home, one.pid), each


def label(task: dict[str, Any]) -> str:
    """ "3/1 (car stage 1)"."""
    return f"{task['queue']}/{task['index']}" + (f" ({task['name']})" if task["name"] else "")


def _listed(found: Sequence[tuple[Found, StateFile]]) -> str:
    return "\n".join(f"  --pid {one.pid}  {shown_path(state.command_file)}" for one, state in found)


def shown_path(path: str) -> str:
    """From the working directory, where it is below that."""
    return str(Path(path).relative_to(here)) if (here := Path(os.getcwd())) in Path(path).parents else path  # noqa: PTH109
