"""The addresses that messages go to, as apprise writes them. They hold secrets: nothing here repeats one."""

import difflib
import importlib.util
import logging
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30})://", re.IGNORECASE)


class Wrong(NamedTuple):
    """Why an address is none."""

    position: int  #: in the list, from 0
    problem: str
    hint: str


def installed() -> bool:
    """Is apprise here?"""
    return importlib.util.find_spec("apprise") is not None


def shown(urls: Sequence[str], position: int) -> str:
    """An address for people: "notify.urls 2 (slack)"."""
    scheme = SCHEME.match(urls[position])
    return f"notify.urls {position + 1}" + (f" ({scheme[1].lower()})" if scheme else "")


def wrong_ones(urls: Sequence[str]) -> Iterator[Wrong]:
    """All that can't be sent to; without apprise, all that could be none in any case."""
    for position, url in enumerate(urls):
        scheme = SCHEME.match(url)
        if scheme is None:
            yield Wrong(
                position,
                f"notify.urls {position + 1} is no address",
                "write it as apprise does: mailto://..., slack://..., json://...",
            )
        elif installed():
            yield from _unknown(position, url, scheme[1].lower())


def _unknown(position: int, url: str, scheme: str) -> Iterator[Wrong]:
    import apprise
    from apprise.manager_plugins import NotificationManager

    quiet()
    if apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None:
        return
    known = sorted(NotificationManager().schemas())  # type: ignore[no-untyped-call]
    if scheme in known:
        hint = f"apprise's documentation says what follows {scheme}://"
        yield Wrong(position, f"notify.urls {position + 1} is not what apprise takes for {scheme}", hint)
        return
    near = difflib.get_close_matches(scheme, known, 1)
    hint = f"did you mean {near[0]}://?" if near else "its documentation lists them"
    yield Wrong(position, f"notify.urls {position + 1}: apprise knows no {scheme}://", hint)


def quiet() -> None:
    """What apprise says of a failure may hold parts of an address; what went wrong we say ourselves."""
    for name in ("apprise", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
