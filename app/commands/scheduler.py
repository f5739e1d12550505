"""`scheduler start|stop|status`: one in the background, without a terminal."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.commands import find
from app.commands.submit import Simulate
from app.commands.verbs import Json, refused, tell
from app.model.faults import BadInput
from app.view.text import duration

if TYPE_CHECKING:
    from app.submission import Place

Action = Literal["start", "stop", "status"]

LOOK_SECONDS = 0.05
PATIENCE = 15.0
"""For who holds a file and is no scheduler yet, or ends a task of it: some seconds more than that gets."""


def scheduler(
    action: Annotated[Action, typer.Argument(metavar="start|stop|status", show_default=False)],
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="Its command file; else what was submitted.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over, whatever was left undone.")] = False,
    simulate: Simulate = None,
    as_json: Json = False,
) -> None:
    """Start a command file's scheduler in the background (with --watch), stop it, or tell whether it runs."""

    def act() -> dict[str, Any]:
        from app.submission import Place

        place = Place.find()
        path = place.home.resolve(file).resolve() if file else place.file.path
        if action == "start":
            return _start(place, path, file, fresh, simulate)
        return _stop(place, path) if action == "stop" else _status(place, path)

    answer = refused(act)
    tell(answer, as_json)
    raise typer.Exit(0 if answer["running"] or action == "stop" else 1)


def _start(place: "Place", path: Path, file: str | None, fresh: bool, simulate: str | None) -> dict[str, Any]:
    from app import background, submission
    from app.home import make_folders
    from app.preparation import configuration_of, mode_of

    pid = _runner(place, path)
    if pid is not None:
        return _answer(f"the scheduler of {_shown(path)} runs already (pid {pid})", pid, changed=False)
    if path == place.file.path:
        if fresh:
            raise BadInput(
                "--fresh would run again what was submitted and has ended; ./gpulane clone ID does that"
            )
        pid = submission.start_scheduler(simulate)
        log = submission.log_of(place)
    else:
        _refuse_missing(place, path, file)
        make_folders(place.home)
        flags = [*(["--simulate", simulate] if simulate else []), *(["--fresh"] if fresh else [])]
        mode = mode_of(str(path))
        how = background.first(place.home, path, mode, ["--watch", *flags], configuration_of(path, mode))
        pid, log = background.start(place.home, how), how.log
    said = f"the scheduler of {_shown(path)} was started (pid {pid}) and stays; its output: {_shown(log)}"
    said += background.stands(place.home, pid)
    return {**_answer(said, pid), "log": str(log)}


def _refuse_missing(place: "Place", path: Path, file: str | None) -> None:
    """Before anything is written for it. Raises BadInput."""
    if not path.exists():
        named = file or str(path)
        looked = "" if Path(named).is_absolute() else f", neither here nor in {place.home.root}"
        raise BadInput(f"{named}: there is no such file{looked}; check the path")


def _stop(place: "Place", path: Path) -> dict[str, Any]:
    """And wait for its end."""
    pid = _holder(place, path)
    if pid is None:
        return _answer(f"no scheduler runs {_shown(path)}", None, changed=False)
    one = _seen(place, pid)
    if one is None:
        raise BadInput(f"the scheduler with pid {pid} is of another GPULANE_HOME; set that, or kill {pid}")
    said = one.ask("stop")["said"]
    while one.alive():
        time.sleep(LOOK_SECONDS)
    return _answer(f"{said}\nthe scheduler of {_shown(path)} has ended (pid {pid})", None)


def _status(place: "Place", path: Path) -> dict[str, Any]:
    pid = _runner(place, path)
    if pid is None:
        return _answer(f"no scheduler runs {_shown(path)}", None, changed=False)
    one = _seen(place, pid)
    said = f"the scheduler of {_shown(path)} runs (pid {pid})"
    if one is None:
        return _answer(said, pid, changed=False)
    state = one.seen
    counts = ", ".join(f"{number:,} {status}" for status, number in state.counts.items() if number)
    since = f" for {duration(time.time() - state.started_at)}"
    more = {"status": state.status, "counts": dict(state.counts)}
    if one.frozen():
        since += f", and is stopped (kill -CONT {pid} lets it go on): what it was then"
    return {**_answer(f"{said}{since}, {state.status}: {counts or 'no task'}", pid, changed=False), **more}


def _runner(place: "Place", path: Path) -> int | None:
    """The pid of its scheduler, once it is one: a word such as `cancel` holds the file for a moment, too."""
    deadline = time.monotonic() + PATIENCE
    while (pid := _holder(place, path)) is not None and not _seen(place, pid):
        if time.monotonic() > deadline:  # of another home
            break
        time.sleep(LOOK_SECONDS)
    return pid


def _holder(place: "Place", path: Path) -> int | None:
    from app.store.plan_lock import pid_of, plan_holder

    holder = plan_holder(place.home.state, path)
    return pid_of(holder) if holder else None


def _seen(place: "Place", pid: int) -> find.Scheduler | None:
    """None: it is of another home."""
    return next((one for one in find.schedulers(place.home, None, None) if one.ran and one.pid == pid), None)


def _shown(path: Path) -> str:
    return find.shown_path(str(path))


def _answer(said: str, pid: int | None, changed: bool = True) -> dict[str, Any]:
    return {"ok": True, "changed": changed, "running": pid is not None, "pid": pid, "said": said}


def register(app: typer.Typer) -> None:
    app.command()(scheduler)
