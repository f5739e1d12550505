"""FlowLine's `run_cli`: its `main_cli.py` runs with the import line changed and nothing else.

Imported by the user's own Python, in their script and in the process of the hooks: standard library only.
"""

import functools
import os
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

ROOT = Path(__file__).resolve().parents[1]

Func = Callable[..., str]
Compare = Callable[[Any, Any], int]

_capturing = False


class _Captured(BaseException):
    """What a script gave to `run_cli`, when it is asked for that and not to run."""

    def __init__(self, func: Func, compare: Optional[Compare]) -> None:  # noqa: UP045
        super().__init__()
        self.func, self.compare = func, compare


def run_cli(func: Func, task_dir: str, user_cmp: Optional[Compare] = None) -> None:  # noqa: UP045
    """Start a scheduler for the table, which runs nothing before `run`, and hold a dialogue with it. The
    process ends with the dialogue, and the scheduler goes on.

    `func(row, gpu_id[, sorted_gpu_ids]) -> str` builds each row's command, with its values as text;
    `user_cmp(a, b)` says which card is better. They run in a process of their own, which runs the script
    again up to here.
    """
    if _capturing:
        raise _Captured(func, user_cmp)
    script = os.path.realpath(sys.argv[0])
    sys.exit(subprocess.call([str(ROOT / "gpulane"), "flowline", os.path.realpath(task_dir), script]))


def captured(script: str) -> "tuple[Func, Compare | None]":
    """The functions that a script gives to `run_cli`. Raises RuntimeError if it never calls that."""
    global _capturing
    _capturing = True
    sys.modules["app.flowline"] = sys.modules[__name__]
    try:
        sys.path.insert(0, os.path.dirname(script))  # noqa: PTH120
        runpy.run_path(script, run_name="__main__")
    except _Captured as found:
        return _logged(found.func), found.compare
    finally:
        _capturing = False
    raise RuntimeError(f"{script} does not call run_cli")


def _logged(func: Func) -> Func:
    """With what its command prints in log/N.out and log/N.err as well, N the row, as FlowLine keeps it."""

    @functools.wraps(func)
    def build(*given: Any) -> Any:
        command = func(*given)
        return _Logged(command) if isinstance(command, str) else command

    return build


class _Logged(str):
    """A command, and around it what keeps its output."""

    shown: str

    def __new__(cls, command: str) -> "_Logged":
        out, error = (f'log/"$GPULANE_QUEUE".{kind}' for kind in ("out", "err"))
        tees = f"> >(tee -a {out}) 2> >(tee -a {error} >&2)"
        whole = f"mkdir -p log\nbash -c {shlex.quote(command)} {tees}" if command.strip() else command
        found = super().__new__(cls, whole)
        found.shown = command
        return found
