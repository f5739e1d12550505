"""Where state, runs and history lie: in logs/, or where that is on a network file system, elsewhere.

Apart from the rest of what precedes a start, as every word of the command line asks it."""

import contextlib
import os
import re
import stat
from pathlib import Path

from app import procfs
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.problems import Problem, problem
from app.store.lock import is_alive
from app.store.places import note_place, places_before

SAYS_NOTHING = re.compile(r"\s*#.*|state_dir:\s*(null|~)?\s*(#.*)?")
"""A line of the settings that has the word in it and can't say where."""


def home_here() -> Home:
    """This home, and where its state, runs and history lie as its settings have it; nothing is made.

    Raises BadInput where the settings may say that, and can't be read."""
    home = Home.find()
    here, _ = local_home(home, state_dir_set(home.config_file()), make=False)
    places = [here, *places_before(here)]
    living = (place for place in places if any(map(is_alive, place.state.glob("[0-9]*.lock"))))
    left = (place for place in places if any(place.state.glob("[0-9]*.json")))
    return here if len(places) == 1 else next(living, None) or next(left, here)


def state_dir_set(config: Path) -> str | None:
    """What the settings say of it. Looked at as text first: to load them takes as long as all of `ls`, and
    what else is wrong with them is not our affair."""
    try:
        lines = config.read_text(errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadInput(f"{config} can't be read: {error.strerror}") from error
    if not any("state_dir" in line and not SAYS_NOTHING.fullmatch(line) for line in lines):
        return None
    from app.config.load import state_dir_of

    return state_dir_of(config)


def local_home(home: Home, state_dir: str | None, make: bool) -> tuple[Home, tuple[Problem, ...]]:
    """Locks and SQLite don't work on network file systems, and home directories often are on one. `make` the
    folder that is used instead, if it is not there. Raises BadInput."""
    if state_dir is not None:
        given = home.root / Path(state_dir).expanduser()
        return Home(home.root, _own_folder(given, make) / home.name), ()
    there = next(folder for folder in (home.logs, *home.logs.parents) if folder.exists())
    if procfs.file_system(there) not in procfs.NETWORK_FILE_SYSTEMS:
        return home, ()
    local = _own_folder(Path("/var/tmp"), make) / home.name
    return Home(home.root, local), (problem("state_dir", logs=str(home.logs), folder=str(local)),)


def _own_folder(parent: Path, make: bool) -> Path:
    """A folder of this user's alone in one that others may use as well. Raises BadInput."""
    path = parent / f"gpulane-{os.getuid()}"
    if make:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not path.exists():
        return path
    if parent.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
        raise BadInput(f"anybody can replace what lies in {parent}; chmod +t it, or name another state_dir")
    path.mkdir(mode=0o700, exist_ok=True)
    info = path.lstat()
    if info.st_uid != os.getuid() or info.st_mode & 0o077 or path.is_symlink():
        raise BadInput(f"{path} is not a folder of yours alone; name another state_dir in gpu_manage.yaml")
    return path


def make_folders(home: Home) -> None:
    """logs/ holds what programs write, for nobody else to read. Raises BadInput."""
    for folder in (home.logs, home.data, home.state, home.runs):
        try:
            if folder == home.data and folder != home.logs:  # in a folder of this user's alone
                _own_folder(folder.parent.parent, make=True)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            raise BadInput(
                f"{folder} can't be made or written ({error.strerror}): gpulane keeps its logs and history "
                "there; set GPULANE_HOME to a folder of your own"
            ) from error
    with contextlib.suppress(OSError):  # no start fails for it
        note_place(home)
