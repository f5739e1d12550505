"""`notify`: a trial message to everybody who would be told."""

import asyncio
import json
from typing import Annotated

import typer

from app.commands.verbs import Json, refused

ConfigFile = Annotated[str | None, typer.Option("--config-file", metavar="YAML", help="Settings.")]


def notify(config_file: ConfigFile = None, as_json: Json = False) -> None:
    """Send a trial message to every address under notify in the settings."""
    from app.notify.trial import try_out

    answers = asyncio.run(try_out(refused(lambda: _addresses(config_file))))
    if as_json:
        typer.echo(json.dumps([{"address": name, "error": failed} for name, failed in answers.items()]))
    else:
        for name, failed in answers.items():
            typer.echo(f"{name}: {f'failed: {failed}' if failed else 'sent'}")
    raise typer.Exit(1 if any(answers.values()) else 0)


def _addresses(config_file: str | None) -> tuple[str, ...]:
    """Raises BadInput."""
    from app.config import load
    from app.model.paths import Home
    from app.notify.trial import addresses_of

    loaded = load(Home.find().resolve(config_file) if config_file else None)
    return addresses_of(loaded, str(loaded.file or Home.find().config_file()))


def register(app: typer.Typer) -> None:
    app.command()(notify)
