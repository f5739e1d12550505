"""`control/run.sh` and `control/shut_down.sh`: start the console, find it again, end it."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

if __name__ == "__main__":  # run as a script: the checkout is the root of our packages
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import typer

from app.atomic import write_atomically
from app.model.faults import BadInput, GpulaneError
from app.model.paths import PROJECT, Home
from app.store.lock import is_alive
from control.src import settings, where

PATIENCE = 30.0
ENDING = 10.0
LOOK_SECONDS = 0.02

NONE = "no console of {home} runs"
"""Said with its home: another GPULANE_HOME may have one."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def start(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Instead of the settings' one.")] = None,
    bind: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Instead of the settings' one.")] = None,
    uds: Annotated[
        str | None, typer.Option(metavar="PATH", help="Listen at a Unix socket, and at no port.")
    ] = None,
    settings_file: Annotated[
        Path | None,
        typer.Option("--settings", metavar="FILE", help="Instead of config/control_setting.yaml."),
    ] = None,
) -> None:
    """Start the console, and return when it answers. It stays until shut_down.sh ends it."""
    if uds is not None and (port is not None or bind is not None):
        raise BadInput("--uds PATH listens at a Unix socket and at no port; leave out --port and --bind")
    folder = settings.log_folder(Home.find())
    file = settings_file and settings_file.absolute()
    given = (("--port", port), ("--bind", bind), ("--uds", uds), ("--settings", file))
    flags = [word for name, value in given if value is not None for word in (name, str(value))]
    found = where.find(folder)
    if found:
        typer.echo(f"the console runs already (pid {found[0].pid})")
        if flags and flags != _kept_flags():
            typer.echo(f"{' '.join(flags)}: not heeded, as it runs; control/shut_down.sh first")
        token = _new_token(folder)
        typer.echo(_how_to_reach(found[0], token))
        if token is None:
            typer.echo("it made no link to log in" + (_full(folder) or f"; see {folder / 'console.log'}"))
        return
    argv = [sys.executable, __file__, "serve"]
    place, token = _started(folder, [*argv, *flags])
    _want(flags)
    if place.taken is not None:
        typer.echo(f"port {place.taken} is taken by another program; this is the next free one")
    typer.echo(_how_to_reach(place, token))


@app.command(hidden=True)
def serve(
    port: int | None = None,
    bind: str | None = None,
    uds: str | None = None,
    settings_file: Annotated[Path | None, typer.Option("--settings")] = None,
) -> None:
    """Be the console."""
    from control.src.serve import Options
    from control.src.serve import serve as serve_

    code: object = None
    try:
        serve_(Options(port, bind, uds, settings_file))
    except SystemExit as ended:  # by a signal
        code = ended.code
    # All is closed. What the interpreter would do yet is to take FastAPI's modules apart, for half a second
    # that who shuts the console down waits for.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


@app.command()
def stop() -> None:
    """End the console. Schedulers and their tasks go on."""
    home = Home.find()
    folder = settings.log_folder(home)
    home.console_wanted.unlink(missing_ok=True)
    found = where.find(folder)
    process = found[0] if found else where.holder(folder)  # one that does not answer, or not yet
    if process is None:
        typer.echo(NONE.format(home=home.root))
        return
    fd = os.pidfd_open(process.pid)
    if not process.is_it():
        typer.echo(NONE.format(home=home.root))
        return
    signal.pidfd_send_signal(fd, signal.SIGTERM)
    if not _ended(process, ENDING):
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        _ended(process, ENDING)
    typer.echo(f"the console (pid {process.pid}) has ended; schedulers and tasks go on")


@app.command()
def status() -> None:
    """Whether it runs, and where; 1 if not."""
    folder = settings.log_folder(Home.find())
    found = where.find(folder)
    if found is None:
        runs = where.holder(folder)
        silent = f"a console runs (pid {runs.pid}), but does not say where" if runs else None
        typer.echo(silent or NONE.format(home=Home.find().root))
        raise typer.Exit(1)
    typer.echo(f"the console runs (pid {found[0].pid}) at {found[0].url or found[0].uds}")


def _want(flags: Sequence[str]) -> None:
    """After a restart of the machine `service boot` starts it again."""
    wanted = Home.find().console_wanted
    wanted.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(wanted, json.dumps(flags).encode())


def _kept_flags() -> list[str]:
    """What the console that runs was started with."""
    try:
        found: list[str] = json.loads(Home.find().console_wanted.read_text())
    except (OSError, ValueError):
        return []
    return found


def _started(folder: Path, argv: list[str]) -> tuple[where.Where, str]:
    """Raises BadInput with its own words where it refuses."""
    said_to = folder / "console.out"
    fd = os.open(said_to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=fd, stderr=fd, cwd=PROJECT, start_new_session=True
        )
    finally:
        os.close(fd)
    deadline = time.monotonic() + PATIENCE
    while not (found := where.find(folder)) or found[0].pid != child.pid:
        if child.poll() is not None:
            if found := _another(folder):
                return found
            said = said_to.read_text(errors="replace").strip().removeprefix("gpulane: ")
            raise BadInput(said or "the console ended at once" + _full(folder))
        if time.monotonic() > deadline:
            child.kill()
            child.wait()
            raise BadInput(f"the console did not answer within {PATIENCE:g} s; see {folder / 'console.log'}")
        time.sleep(LOOK_SECONDS)
    child.returncode = 0  # nobody's child to wait for
    return found


def _full(folder: Path) -> str:
    return "" if os.statvfs(folder).f_bavail else f"; the disk of {folder} is full"


def _another(folder: Path) -> tuple[where.Where, str] | None:
    """Who has been faster, once it answers."""
    deadline = time.monotonic() + ENDING
    while is_alive(where.lock_path(folder)) and time.monotonic() < deadline:
        if found := where.find(folder):
            return found
        time.sleep(LOOK_SECONDS)
    return None


def _how_to_reach(place: where.Where, token: str | None) -> str:
    if place.url is None:
        return (
            f"the console is at {place.uds}; from your own machine: ssh -L 8080:{place.uds} HOST, then open "
            f"http://localhost:8080/login" + (f"#{token}" if token else "")
        )
    if token is None:
        return f"the console is at {place.url}"
    return (
        f"open {place.url}/login#{token}\n(it logs in once, within ten minutes; run.sh again prints another)"
    )


def _new_token(folder: Path) -> str | None:
    """Of the console that runs: it writes another one at this signal, which only its user can send."""
    found = where.find(folder)
    if found is None:
        return None
    place, before = found
    signal.pidfd_send_signal(os.pidfd_open(place.pid), signal.SIGUSR1)
    deadline = time.monotonic() + ENDING
    while time.monotonic() < deadline:
        found = where.find(folder)
        if found and found[1] != before:
            return found[1]
        time.sleep(LOOK_SECONDS)
    return None


def _ended(process: where.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process.is_it():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def main() -> int:
    try:
        app(prog_name="console")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    except (GpulaneError, OSError) as error:
        typer.echo(f"gpulane: {error}", err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
