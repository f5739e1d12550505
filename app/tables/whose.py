"""Which row of a table as it stands now is that of a run: also when it has another name, or another place."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from app.tables.journal import Due
from app.tables.read import RowTask
from app.tables.rows import UNNAMED, Identity
from app.tables.sheet import Sheet


class Rows:
    """Rows of one version."""

    def __init__(self, sheet: Sheet, rows: Iterable[RowTask]) -> None:
        self.sheet = sheet
        self._by_identity: dict[Identity, list[RowTask]] = defaultdict(list)
        self._by_digest: dict[str, list[RowTask]] = defaultdict(list)
        for row in rows:
            self._by_identity[row.identity].append(row)
            self._by_digest[row.identity[0]].append(row)

    def exactly(self, identity: Identity) -> Sequence[RowTask]:
        return self._by_identity.get(identity, ())

    def of(self, due: Due) -> Sequence[RowTask]:
        """Several: twins, the likeliest first. Another row of the same command, that was there beside it, is
        none of them where it has a name."""
        if due.gone:
            return self.exactly(due.identity)
        name, places = due.identity[1], _is_place(due.identity[1])
        rows = self._by_digest.get(due.identity[0], [])
        if places:
            before = [_place(each) for each in {name, *due.names} if _is_place(each)]
            now = [row for row in rows if _is_place(row.identity[1])]
            if len(now) >= len(before):  # none of them was taken out: they may have moved
                its = now[sum(place < _place(name) for place in before)]
                return [its, *(row for row in now if row is not its)]
        new = (row for row in rows if row.identity[1] not in due.names)
        return self.exactly(due.identity) or [
            row for row in new if not (places and _is_place(row.identity[1]))
        ]

    def surely_of(self, due: Due) -> RowTask | None:
        """Rows without a name are called after their places: of several nobody can tell."""
        found = self.of(due)
        alone = not _is_place(due.identity[1]) or len(self._by_digest[due.identity[0]]) == 1
        return found[0] if len(found) == 1 and alone else None


def _is_place(name: str | None) -> bool:
    return name is None or UNNAMED.fullmatch(name) is not None


def _place(name: str | None) -> int:
    return int(name.rpartition(":")[2]) if name else -1
