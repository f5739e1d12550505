"""A trial message to everybody who would be told."""

import socket
from collections.abc import Sequence

from app.config.load import Loaded
from app.model.faults import BadInput
from app.notify.addresses import shown
from app.notify.notifier import missing, refuse_wrong
from app.notify.post import Post


def addresses_of(loaded: Loaded, file: str) -> tuple[str, ...]:
    """Raises BadInput, also where there is none, or nothing to send with. `file`: where they would stand."""
    refuse_wrong(loaded)
    urls = loaded.settings.notify.urls
    if not urls:
        raise BadInput(f"there is no address under notify in {file}; write urls: [...] there, indented")
    for problem in missing(loaded.settings.notify):
        raise BadInput(problem.text)
    return urls


async def try_out(urls: Sequence[str]) -> dict[str, str | None]:
    """Each address as people may see it ("notify.urls 2 (slack)"): why it did not take it; None: it did."""
    title = f"gpulane on {socket.gethostname()}: a trial"
    failed = await Post().send(urls, title, "This is how you would be told.")
    return dict(zip((shown(urls, at) for at in range(len(urls))), failed, strict=True))
