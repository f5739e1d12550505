"""Where state, runs and history of a home have lain: a `state_dir` that is set while something runs, or while
something is left to go on with, counts from the next start."""

import contextlib
from pathlib import Path

from app.model.paths import Home

FOLDERS = ".data_folders"
"""In logs/, once they have lain elsewhere; a line each."""


def places_before(home: Home) -> list[Home]:
    """Where else they may lie."""
    folders = _known(home) or [str(home.logs)]
    every = [Home(home.root, None if Path(each) == home.logs else Path(each)) for each in folders]
    return [place for place in every if place != home]


def note_place(home: Home) -> None:
    """That they lie there from now on. Raises OSError."""
    known = _known(home)
    if (home.local is not None or known) and str(home.data) not in known:
        lines = dict.fromkeys([str(home.logs), *known, str(home.data)])
        (home.logs / FOLDERS).write_text("".join(f"{line}\n" for line in lines))


def _known(home: Home) -> list[str]:
    with contextlib.suppress(OSError):
        return (home.logs / FOLDERS).read_text(errors="replace").splitlines()
    return []
