"""What `app.flowline.run_cli` comes to: a paused scheduler for a table, hooks of a script, the prompt."""

import hashlib
import json
from pathlib import Path
from typing import Annotated

import typer

from app.atomic import write_atomically
from app.commands.verbs import refused
from app.home import home_here, make_folders
from app.model.faults import BadInput
from app.model.paths import Home

HOOKS = """from app.flowline import captured

build_command, compare_gpus = captured({script!r})
"""


def flowline(
    context: typer.Context,
    table: Annotated[str, typer.Argument(metavar="FILE")],
    script: Annotated[str, typer.Argument(metavar="FILE")],
) -> None:
    """Run a table with a script that calls FlowLine's run_cli."""
    from app.commands.shell import prompt

    home, verbs = refused(home_here), context.find_root().command
    refused(lambda: _start(home, Path(table), Path(script)))
    raise typer.Exit(refused(lambda: prompt(home, verbs, file=table)))


def _start(home: Home, table: Path, script: Path) -> None:
    """One that runs nothing yet, unless one runs already. Raises BadInput."""
    from app import background
    from app.store.plan_lock import plan_holder
    from app.tables import is_table

    if not is_table(table):
        raise BadInput(f"{table} is no table; name a .csv, .xlsx, .json or .jsonl file")
    make_folders(home)
    if plan_holder(home.state, table) is None:
        flags = ["--config-file", str(_settings(home, script)), "--paused", "--watch"]
        background.start(home, background.first(home, table, "multi", flags))


def _settings(home: Home, script: Path) -> Path:
    """Those of the home, and the script's functions as hooks. Raises BadInput."""
    folder = home.data / "flowline"
    stem = hashlib.sha256(str(script).encode()).hexdigest()[:12]
    hooks, settings = folder / f"{stem}.py", folder / f"{stem}.yaml"
    own = home.config_file().read_text() if home.config_file().exists() else ""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(hooks, HOOKS.format(script=str(script)).encode())
        write_atomically(settings, _with_hooks(own, str(hooks)).encode())
    except OSError as error:
        raise BadInput(f"{folder} can't be written: {error.strerror}") from error
    return settings


def _with_hooks(own: str, hooks: str) -> str:
    """The settings with these hooks in place of others; the text is YAML, of one style or the other."""
    line = f"hooks: {json.dumps(hooks)}"
    if own.lstrip().startswith("{"):
        return own.replace("{", f"{{{line}, ", 1)
    kept = [each for each in own.splitlines() if not each.startswith("hooks:")]
    return "\n".join([*kept, line, ""])


def register(app: typer.Typer) -> None:
    """Make it a verb of it, for `run_cli` and not for people."""
    app.command(hidden=True)(flowline)
