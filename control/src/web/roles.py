"""The two secrets: who has the first runs code as this user, who has the second sees what runs."""

import hmac
import json
import secrets
import stat
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from app.atomic import write_atomically
from app.model.faults import BadInput
from app.store.own_file import read_own
from control.src.settings import ControlSettings

Role = Literal["write", "read"]

BYTES = 32
"""Of randomness: 256 bits."""


@dataclass(frozen=True, slots=True)
class Secrets:
    write: str
    read: str
    #: For digests of what may hold secrets: nobody can try guesses on one. Of those made, which nobody chose.
    key: bytes = field(default=b"", repr=False)

    def role(self, given: str) -> Role | None:
        """Whose secret it is, in a time that tells nothing; None: nobody's."""
        data = given.encode("utf-8", "surrogatepass")
        is_write = hmac.compare_digest(data, self.write.encode())
        is_read = hmac.compare_digest(data, self.read.encode())
        return "write" if is_write else "read" if is_read else None


def load(folder: Path, settings: ControlSettings) -> Secrets:
    """Those of the settings, else those made at the first start and kept in `folder`. Raises BadInput."""
    path = folder / "secrets.json"
    kept = _kept(path)
    made = {role: kept.get(role) or secrets.token_urlsafe(BYTES) for role in ("write", "read")}
    if made != kept:
        _keep(path, made)
    key = blake2b(f"{made['write']} {made['read']}".encode(), digest_size=32).digest()
    return Secrets(settings.secret or made["write"], settings.read_only_secret or made["read"], key)


def renew(folder: Path, role: Role) -> None:
    """Another one, from the next `load` on. Raises BadInput."""
    path = folder / "secrets.json"
    _keep(path, {**_kept(path), role: secrets.token_urlsafe(BYTES)})


def _kept(path: Path) -> dict[str, str]:
    try:
        found = json.loads(read_own(path))
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from error
    except ValueError:
        return {}
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        raise BadInput(f"others can read the secrets in {path}; delete it, and the next start makes new ones")
    well = isinstance(found, dict) and all(isinstance(found.get(role), str) for role in ("write", "read"))
    return {role: found[role] for role in ("write", "read")} if well else {}


def _keep(path: Path, made: dict[str, str]) -> None:
    try:
        write_atomically(path, json.dumps(made).encode(), durably=True)
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror}") from error
