"""What lies in a file, read again when it changes. A leaf: knows of no route and no subject."""

from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, Generic, ParamSpec, TypeVar

from app.signature import Signature, signature

P = ParamSpec("P")
T = TypeVar("T")


class Latest(Generic[P, T]):
    """What `read` makes of a file, kept while it is the same. For any thread: two may read at once; of a file
    that changes meanwhile what was read is kept under what it was before, and so for nobody."""

    def __init__(self, read: Callable[Concatenate[Path, P], T], most: int = 4) -> None:
        """`most`: results that are kept. What `read` raises is the caller's, and asked for again."""
        self._read, self._most = read, most
        self._kept: dict[object, tuple[Signature, T]] = {}

    def __call__(self, path: Path, *more: P.args, **named: P.kwargs) -> T:
        which = (path, more, tuple(named.items()))
        before, kept = signature(path), self._kept.get(which)
        if kept and kept[0] == before:
            return kept[1]
        found = self._read(path, *more, **named)
        if before:
            if len(self._kept) >= self._most:
                self._kept = {}
            self._kept[which] = before, found
        return found
