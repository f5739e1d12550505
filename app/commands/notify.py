"""`notify`: a trial message to everybody who would be told."""

import asyncio
import json
import socket
from typing import Annotated

import typer

from app.commands.verbs import Json, refused

ConfigFile = Annotated[str | None, typer.Option("--config-file", metavar="YAML", help="Settings.")]


def notify(config_file: ConfigFile = None, as_json: Json = False) -> None:
    """Send a trial message to every address under notify in the settings."""
    from app.notify.addresses import shown

    urls = refused(lambda: _addresses(config_file))
    answers = dict(zip((shown(urls, at) for at in range(len(urls))), asyncio.run(_send(urls)), strict=True))
    if as_json:
        typer.echo(json.dumps([{"address": name, "error": failed} for name, failed in answers.items()]))
    else:
        for name, failed in answers.items():
            typer.echo(f"{name}: {f'failed: {failed}' if failed else 'sent'}")
    raise typer.Exit(1 if any(answers.values()) else 0)


def _addresses(config_file: str | None) -> tuple[str, ...]:
    """Raises BadInput."""
    from app.config import load
    from app.model.faults import BadInput
    from app.model.paths import Home
    from app.notify.notifier import missing, refuse_wrong

    loaded = load(Home.find().resolve(config_file) if config_file else None)
    refuse_wrong(loaded)
    urls = loaded.settings.notify.urls
    if not urls:
        file = loaded.file or Home.find().config_file()
        raise BadInput(f"there is no address under notify in {file}; write urls: [...] there, indented")
    for problem in missing(loaded.settings.notify):
        raise BadInput(problem.text)
    return urls


async def _send(urls: tuple[str, ...]) -> list[str | None]:
    from app.notify.post import Post

    title = f"gpulane on {socket.gethostname()}: a trial"
    return await Post().send(urls, title, "This is how you would be told.")


def register(app: typer.Typer) -> None:
    app.command()(notify)
