"""Which version of a file this is. A leaf: imports nothing of ours."""

from pathlib import Path

Signature = tuple[int, int, int, int]
"""mtime, ctime, inode, size: another one after every change."""


def signature(path: Path) -> Signature | None:
    """None: it is not there."""
    try:
        info = path.stat()
    except (OSError, ValueError):  # NUL in its name
        return None
    return info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_size
