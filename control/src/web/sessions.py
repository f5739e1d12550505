"""Logins: a secret becomes a session, whose cookie says nothing of the secret. They outlive the console."""

# Who is logged in is asked at every request, on the event loop: it is kept in memory, and written through.

import secrets
import time
from collections import deque
from dataclasses import dataclass
from hashlib import sha256

from control.src.database import Database, DatabaseError
from control.src.web.peers import Address, name_of
from control.src.web.roles import Role, Secrets

LIFE_SECONDS = 30 * 86_400.0
"""Of a session that nobody uses."""

SEEN_SECONDS = 3_600.0
"""So seldom it is written down which are used."""

ONCE_SECONDS = 600.0
"""In which the link of a start logs in."""

BYTES = 32
ID_LETTERS = 16
MARK_LETTERS = 8
"""Of what tells sessions of these secrets from those of others."""

MOST = 500
"""Sessions of a role; the eldest go."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks."""

    role: Role
    name: str  #: as the audit calls it: "browser 3f9a", "bearer"


@dataclass(frozen=True, slots=True)
class Held:
    """A session, as its user may see it."""

    id: str  #: the beginning of its digest
    login: Login
    created_at: float
    seen_at: float


@dataclass(slots=True)
class _Session:
    login: Login
    created_at: float
    seen_at: float
    written_at: float  #: what the database has as `seen_at`


class Sessions:
    """Sessions and the tokens of login links; both are kept as digests only. For any thread."""

    def __init__(self, database: Database, known: Secrets) -> None:
        """Raises DatabaseError."""
        self._database, self._secrets = database, known
        # A session is worth what its secret was: with another secret it is nobody's.
        self._pepper = sha256(f"{known.write}\0{known.read}".encode()).hexdigest()
        self._mark = sha256(self._pepper.encode()).hexdigest()[:MARK_LETTERS]
        dead = "DELETE FROM sessions WHERE seen_at < ? OR digest NOT LIKE '%-' || ?"
        database.write((dead, [(time.time() - LIFE_SECONDS, self._mark)]))
        rows = database.rows("SELECT digest, role, name, created_at, seen_at FROM sessions")
        self._held = {row[0]: _Session(Login(row[1], row[2]), row[3], row[4], row[4]) for row in rows}
        self._once: dict[str, tuple[Role, float]] = {}

    def by_secret(self, given: str) -> Login | None:
        role = self._secrets.role(given)
        return Login(role, "bearer" if role == "write" else "bearer, read-only") if role else None

    def make_once(self, role: Role = "write", now: float | None = None) -> str:
        """A token that logs in once, within ONCE_SECONDS."""
        now = time.time() if now is None else now
        self._once = {digest: its for digest, its in self._once.items() if its[1] > now}
        token = secrets.token_urlsafe(BYTES)
        self._once[self._digest(token)] = role, now + ONCE_SECONDS
        return token

    def open(self, given: str) -> tuple[str, Login] | None:
        """What the cookie is to hold, for a secret or the token of a link; None: it is neither. Raises
        DatabaseError."""
        once = self._once.pop(self._digest(given), None)  # of two at once one gets in
        role = once[0] if once and once[1] > time.time() else self._secrets.role(given)
        if role is None:
            return None
        held, now = secrets.token_urlsafe(BYTES), time.time()
        digest = self._digest(held)
        login = Login(role, f"browser {digest[:4]}" + ("" if role == "write" else ", read-only"))
        its = [one for one, session in self._held.copy().items() if session.login.role == role]
        eldest = sorted(its, key=lambda one: self._held[one].seen_at)[: len(its) - MOST + 1]
        try:
            self._database.write(
                ("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", [(digest, role, login.name, now, now)]),
                ("DELETE FROM sessions WHERE digest = ?", [(one,) for one in eldest]),
            )
        except DatabaseError:
            if once:
                self._once[self._digest(given)] = once
            raise
        self._held[digest] = _Session(login, now, now, now)
        for one in eldest:
            self._held.pop(one, None)
        return held, login

    def find(self, held: str) -> Login | None:
        """Whose cookie it is."""
        session, now = self._held.get(self._digest(held)), time.time()
        if session is None or session.seen_at < now - LIFE_SECONDS:
            return None
        session.seen_at = now
        return session.login

    def end(self, held: str) -> None:
        """Raises DatabaseError: it may be back after a restart."""
        self._end(self._digest(held))

    def all(self) -> list[Held]:
        """Those that can still be used, by their age."""
        since = time.time() - LIFE_SECONDS
        found = [
            Held(digest[:ID_LETTERS], one.login, one.created_at, one.seen_at)
            for digest, one in self._held.copy().items()
            if one.seen_at >= since
        ]
        return sorted(found, key=lambda one: one.created_at)

    def id_of(self, held: str) -> str:
        """Of the session with this cookie."""
        return self._digest(held)[:ID_LETTERS]

    def end_one(self, id_: str) -> Login | None:
        """Whose it was; None: there is none. Raises DatabaseError, as `end` does."""
        digest = next((digest for digest in self._held.copy() if digest.startswith(id_)), None)
        return self._end(digest) if digest else None

    def _end(self, digest: str) -> Login | None:
        session = self._held.pop(digest, None)
        self._database.write(("DELETE FROM sessions WHERE digest = ?", [(digest,)]))
        return session.login if session else None

    def note_seen(self) -> None:
        """Write down which are used. Raises DatabaseError."""
        used = [
            (digest, session)
            for digest, session in self._held.copy().items()
            if abs(session.seen_at - session.written_at) > SEEN_SECONDS
        ]
        if not used:
            return
        rows = [(session.seen_at, digest) for digest, session in used]
        self._database.write(("UPDATE sessions SET seen_at = ? WHERE digest = ?", rows))
        for (_, session), (seen_at, _) in zip(used, rows, strict=True):
            session.written_at = seen_at

    def _digest(self, text: str) -> str:
        said = sha256(f"{self._pepper}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
        return f"{said}-{self._mark}"


WRONG_SECONDS = 60.0
MOST_WRONG = 10


class Wrong:
    """How often each user of this machine, or other machine, has come with what is no secret, lately."""

    def __init__(self) -> None:
        self._at: dict[str, deque[float]] = {}

    def wait(self, client: Address | None, server: Address | None) -> int:
        """Seconds until it may try again; 0: now. `client`, `server`: the ends of the connection."""
        since = time.monotonic() - WRONG_SECONDS
        self._at = {who: at for who, at in self._at.items() if at[-1] > since}
        if not self._at:  # it need not be found out who asks
            return 0
        at = self._at.get(name_of(client, server), deque())
        return max(1, round(at[0] - since)) if len(at) == MOST_WRONG and at[0] > since else 0

    def note(self, client: Address | None, server: Address | None) -> None:
        self._at.setdefault(name_of(client, server), deque(maxlen=MOST_WRONG)).append(time.monotonic())
