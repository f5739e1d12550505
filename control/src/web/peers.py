"""Who is at the other end of a connection, as far as this machine knows."""

import socket
import struct
from pathlib import Path

TABLES = {socket.AF_INET: "/proc/net/tcp", socket.AF_INET6: "/proc/net/tcp6"}


Address = tuple[str, int | None]
"""A host and a port; None: a path, of a Unix socket."""


def name_of(client: Address | None, server: Address | None) -> str:
    """One of this machine by its user, since all of them come from one address; others by that. The two are
    the ends of the connection: one port may be the client's end of several, also of other users."""
    if client is None or server is None:
        return "unix"  # a socket that only one user can open
    uid = _uid(client, server)
    return client[0] if uid is None else f"uid {uid}"


def _uid(client: Address, server: Address) -> int | None:
    """Of the local process that has this end of a connection; None: it is of another machine."""
    family = socket.AF_INET6 if ":" in client[0] else socket.AF_INET
    try:
        ends = [_shown(family, *client), _shown(family, *server)]
        with Path(TABLES[family]).open() as table:
            rows = (line.split() for line in table)
            return next((int(row[7]) for row in rows if row[1:3] == ends), None)
    except (OSError, ValueError, IndexError):
        return None


def _shown(family: socket.AddressFamily, address: str, port: int | None) -> str:
    """As the kernel's tables have it. Raises OSError."""
    packed = socket.inet_pton(family, address)
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{port or 0:04X}"
