"""Who is at the other end of a connection, as far as this machine knows."""

import socket
import struct
from pathlib import Path

TABLES = {socket.AF_INET: "/proc/net/tcp", socket.AF_INET6: "/proc/net/tcp6"}


def name_of(client: tuple[str, int] | None) -> str:
    """One of this machine by its user, since all of them come from one address; others by that."""
    if client is None:
        return "unix"  # a socket that only one user can open
    address, port = client
    uid = _uid(address, port)
    return address if uid is None else f"uid {uid}"


def _uid(address: str, port: int) -> int | None:
    """Of the local process that has this end of a connection; None: it is of another machine."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        packed = socket.inet_pton(family, address)
        words = struct.unpack(f"={len(packed) // 4}I", packed)
        wanted = "".join(f"{word:08X}" for word in words) + f":{port:04X}"
        with Path(TABLES[family]).open() as table:
            rows = (line.split() for line in table)
            return next((int(row[7]) for row in rows if row[1] == wanted), None)
    except (OSError, ValueError, IndexError):
        return None
