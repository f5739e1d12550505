"""Addresses in the scheduler's settings hold passwords and tokens. They are never shown: a mask stands for
each, and a text that comes back with it means what stood there."""

import hmac
import re
from collections.abc import Iterable
from functools import cache
from hashlib import sha256

import yaml

from app.model.faults import BadInput, Fault
from app.model.paths import PROJECT
from control.src.files.yaml_edit import BOM, compose

SCHEME = "kept-secret://"
_MASK = re.compile(rf"(['\"]?)({SCHEME}[0-9a-f]{{16}})\1")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'\[\]{},]+")
"""In comments, too, where one may have been taken out of use."""

Span = tuple[int, int]


class Masks:
    """The same address has the same mask, as long as the console keeps its secrets."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hide(self, text: str) -> str:
        """See `is_sure`."""
        for start, end in sorted(_spans(text), reverse=True):
            text = text[:start] + self._mask(text[start:end]) + text[end:]
        return text

    def is_sure(self, text: str) -> bool:
        """Whether all addresses are found: of what is no YAML only those that look like one are."""
        try:
            _nodes(text)
        except BadInput:
            return False
        return True

    def addresses(self, text: str) -> list[str]:
        """The masks of `notify.urls`, in order. Raises BadInput."""
        return [self._mask(text[start:end]) for start, end in _nodes(text)]

    def show(self, text: str, known: Iterable[str], file: str) -> str:
        """The text with what its masks stand for, as one of the texts in `known` has it. Raises BadInput: a
        mask stands for nothing there."""
        if SCHEME not in text:
            return text
        meant: dict[str, str] = {}
        for other in known:
            for start, end in _spans(other):
                meant.setdefault(self._mask(other[start:end]), other[start:end])
        faults = [
            Fault(
                file, *_place(text, found.start()), "this stands for no address that was here", "write it out"
            )
            for found in _MASK.finditer(text)
            if found[2] not in meant
        ]
        if faults:
            raise BadInput(faults)
        return _MASK.sub(lambda found: _unquoted(found, meant[found[2]]), text)

    def _mask(self, raw: str) -> str:
        return SCHEME + hmac.new(self._key, raw.encode("utf-8", "surrogatepass"), sha256).hexdigest()[:16]


def _unquoted(found: "re.Match[str]", raw: str) -> str:
    """What stands for a mask; with its own quotes instead of those around the mask, if it has some."""
    own = any(quote in raw for quote in "'\"")
    return raw if own else f"{found[1]}{raw}{found[1]}"


def _spans(text: str) -> list[Span]:
    """Where addresses stand."""
    try:
        nodes = _nodes(text)
    except BadInput:
        nodes = []
    free = [
        found.span()
        for found in _ADDRESS.finditer(text)
        if found[0] not in _harmless()
        and not found[0].startswith(SCHEME)
        and not any(start < found.end() and found.start() < end for start, end in nodes)
    ]
    return [*nodes, *free]


def _nodes(text: str) -> list[Span]:
    """Of the values of notify.urls, with their quotes. Raises BadInput."""
    shift = len(text) - len(text.removeprefix(BOM))
    found: dict[Span, None] = {}
    root = compose(text.removeprefix(BOM))
    for notify in _values(root, "notify"):
        for urls in _values(notify, "urls"):
            for leaf in _leaves(urls, 0):
                found[leaf.start_mark.index + shift, leaf.end_mark.index + shift] = None
    return [span for span in found if span[0] < span[1] and not text[slice(*span)].startswith(SCHEME)]


def _values(node: yaml.Node | None, key: str) -> list[yaml.Node]:
    """Of a key; more than one where it is given twice, which is a fault, and no reason to show either."""
    if not isinstance(node, yaml.MappingNode):
        return []
    return [value for name, value in node.value if name.value == key]


def _leaves(node: yaml.Node, depth: int) -> list[yaml.Node]:
    if depth > 20:
        raise BadInput("it is nested too deeply")
    if isinstance(node, yaml.ScalarNode):
        return [] if node.tag.endswith(":null") else [node]
    parts = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    return [leaf for part in parts for leaf in _leaves(part, depth + 1)]


@cache
def _harmless() -> frozenset[str]:
    """The examples in our own comments."""
    shipped = (PROJECT / "config" / "gpu_manage.yaml").read_text()
    return frozenset(_ADDRESS.findall(shipped))


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
