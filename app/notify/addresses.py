"""The addresses that messages go to, as apprise writes them. They hold secrets: nothing here repeats one."""

import contextlib
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.model.paths import PROJECT

SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30})://", re.IGNORECASE)

COURIER = (sys.executable, str(PROJECT / "app" / "notify" / "courier.py"))
"""The command of the one process that loads apprise."""

CHECK_SECONDS = 10.0
"""What a look at the addresses may take; after that they pass for sound, and messages will tell."""


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


def wrong_ones(urls: Sequence[str]) -> list[Wrong]:
    """All that can't be sent to; without apprise, all that could be none in any case. With it that blocks,
    for some tenths of a second."""
    shapeless = [at for at, url in enumerate(urls) if not SCHEME.match(url)]
    wrong = [
        Wrong(
            at,
            f"notify.urls {at + 1} is no address",
            "write it as apprise does: mailto://..., slack://..., json://...",
        )
        for at in shapeless
    ]
    rest = {at: url for at, url in enumerate(urls) if at not in shapeless}
    if rest and installed():
        wrong += (_wrong(urls, int(answer["at"]), answer) for answer in _refused_by_apprise(rest))
    return sorted(wrong)


def _wrong(urls: Sequence[str], at: int, answer: Mapping[str, Any]) -> Wrong:
    scheme = urls[at].partition("://")[0].lower()
    if answer["known"]:
        hint = f"apprise's documentation says what follows {scheme}://"
        return Wrong(at, f"notify.urls {at + 1} is not what apprise takes for {scheme}", hint)
    hint = f"did you mean {answer['near'][0]}://?" if answer["near"] else "its documentation lists them"
    return Wrong(at, f"notify.urls {at + 1}: apprise knows no {scheme}://", hint)


def _refused_by_apprise(urls: Mapping[int, str]) -> Iterator[Mapping[str, Any]]:
    """What the courier says of them; nothing where it can't be asked: that stops no scheduler."""
    request = {"call": "check", "within": CHECK_SECONDS, "urls": urls}
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        asked = subprocess.run(
            COURIER,
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
        yield from map(json.loads, asked.stdout.splitlines())
