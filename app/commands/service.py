"""`./gpulane service`: going on by itself after a restart of the machine."""

import json
from collections.abc import Callable
from typing import Any

import typer

from app.commands import boot as booting
from app.commands import units
from app.commands.units import Cron, Unit
from app.commands.verbs import Json, refused
from app.home import home_here
from app.model.faults import BadInput
from app.model.paths import Home

LINGER = "loginctl enable-linger"

SHOWN_NOTES = 5


def install(as_json: Json = False) -> None:
    """Have what runs now, or later, resumed after a restart of the machine."""
    _told(lambda: _install(home_here()), as_json)


def _install(home: Home) -> dict[str, Any]:
    from app.preparation import refuse_odd_bytes

    for path in (home.root, units.LAUNCHER):  # a line of a unit or of a crontab can't hold every byte
        refuse_odd_bytes(path)
    unit, cron = Unit(home), Cron(home)
    if unit.possible():
        changed, what = unit.install(), f"{unit.path} (systemctl --user status {unit.name})"
        if cron.installed():  # from when there was no systemd: once is enough
            cron.uninstall()
    elif cron.possible():
        changed, what = cron.install(), f"a line of your crontab: {cron.line()}"
    else:
        raise BadInput(
            "neither a systemd of your own answers here (systemctl --user) nor can you have a crontab; "
            f"have this run at boot in a way of this machine: {units.LAUNCHER} service boot"
        )
    said = [f"wrote {what}" if changed else f"nothing to do: there already is {what}"]
    if unit.is_ours() and not units.lingers():
        said.append(f"it would run only when you log in; to have it run when the machine starts: {LINGER}")
    return {"changed": changed, "said": said}


def uninstall(as_json: Json = False) -> None:
    """Resume nothing after a restart any more. What runs, runs on."""
    _told(lambda: _uninstall(home_here()), as_json)


def _uninstall(home: Home) -> dict[str, Any]:
    from app.commands.stale import stale

    unit, cron = Unit(home), Cron(home)
    said = [f"removed {unit.path}"] if unit.uninstall() else []
    if cron.possible() and cron.uninstall():
        said.append("removed its line of your crontab")
    for one in stale():
        one.remove()
        said.append(f"removed as well: {one.said}")
    return {"changed": bool(said), "said": said or ["nothing to do: it is not installed"]}


def status(as_json: Json = False) -> None:
    """Whether it is installed, and what it did last. Exit code 1: it is not, or would not run at boot."""
    from app.commands.stale import stale

    home = refused(home_here)
    unit, cron = Unit(home), Cron(home)
    by_unit, by_cron = unit.is_ours() and unit.enabled(), cron.installed()
    well = by_cron or (by_unit and units.lingers())
    if by_unit:
        said = [f"installed: {unit.path}"]
        if not well:
            said.append(f"it runs only when you log in; to have it run when the machine starts: {LINGER}")
        if not unit.is_current():
            said.append("it is of an older gpulane or of other settings: ./gpulane service install")
    elif by_cron:
        said = [f"installed: a line of your crontab: {cron.line()}"]
    elif unit.is_ours():
        said = [f"{unit.path} is there, but not enabled: ./gpulane service install"]
    else:
        said = ["not installed: ./gpulane service install"]
    said += [f"{one.said}; ./gpulane service uninstall removes it" for one in stale()]
    notes = booting.noted(home, SHOWN_NOTES)
    if as_json:
        typer.echo(json.dumps({"installed": by_unit or by_cron, "well": well, "said": said, "log": notes}))
    else:
        typer.echo("\n".join([*said, *(f"  {note}" for note in notes)]))
    raise typer.Exit(0 if well else 1)


def boot() -> None:
    """What is run after a restart: resumes the schedulers that ran when the machine went down."""
    home = refused(home_here)

    def tell(line: str) -> None:
        booting.note(home, line)
        typer.echo(line)

    raise typer.Exit(refused(lambda: booting.boot(home, tell)))


def down() -> None:
    """What systemd runs when it stops the unit: its schedulers end their tasks, as at a SIGTERM."""
    from app.commands.down import down as end

    home = refused(home_here)
    left = refused(lambda: end(home, Unit(home).name, units.stop_seconds()))
    for pid in left:
        booting.note(home, f"the scheduler with pid {pid} did not end in time")
    raise typer.Exit(1 if left else 0)


def _told(act: Callable[[], dict[str, Any]], as_json: bool) -> None:
    done = refused(act)
    typer.echo(json.dumps({"ok": True, **done}) if as_json else "\n".join(done["said"]))


def register(app: typer.Typer) -> None:
    """Make them verbs of it."""
    group = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        help="Going on after a restart of the machine: install, uninstall, status.",
    )
    for command in (install, uninstall, status, boot):
        group.command()(command)
    group.command(hidden=True)(down)
    app.add_typer(group, name="service")
