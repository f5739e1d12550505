"""Every write: when, which login, from where, what. Kept in console.db."""

import logging
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus

from app.model.faults import GpulaneError
from control.src.database import Database
from control.src.web.sessions import Login

log = logging.getLogger("gpulane.console")

KEPT = 20_000
LONGEST = 500


class Audit:
    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, login: Login, scope: Any, status: int) -> None:
        """A request that was let in and is no mere question. What could not be written down is done all the
        same."""
        what = scope.get("state", {}).get("what") or unquote_plus(scope["query_string"].decode("latin-1"))
        self.write(login.name, scope["method"], scope["path"], what, status, sender(scope["client"]))

    def write(self, login: str, method: str, path: str, what: str, status: int, address: str = "") -> None:
        """`address`: of the sender; "": the console itself."""
        what = what[:LONGEST]
        row = (time.time(), login, address, method, path, what, status)
        try:
            self._database.write(
                (
                    "INSERT INTO audit (at, login, address, method, path, what, status) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [row],
                ),
                ("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", [(KEPT,)]),
            )
        except GpulaneError as error:
            log.warning(
                "not in the audit, as %s: %s %s by %s, %d: %s", error, method, path, login, status, what
            )

    def last(self, most: int, before: int | None = None) -> list[dict[str, Any]]:
        """The newest first. Raises DatabaseError."""
        rows = self._database.rows(
            "SELECT id, at, login, address, method, path, what, status FROM audit WHERE ? IS NULL OR id < ? "
            "ORDER BY id DESC LIMIT ?",
            (before, before, most),
        )
        names = ("id", "at", "login", "address", "method", "path", "what", "status")
        return [dict(zip(names, row, strict=True)) for row in rows]


def sender(client: Sequence[object] | None) -> str:
    """The address that a request comes from; a Unix socket has none."""
    return str(client[0]) if client and client[0] else "unix"
