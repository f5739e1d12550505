"""Writing a file so that nobody ever sees half of it. A leaf: imports nothing of ours."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


def write_atomically(path: Path, data: bytes, mode: int = 0o600, *, durably: bool = False) -> tuple[int, int]:
    """Replace `path` whole, in one rename; its new mtime (ns) and inode. The old content stays if anything
    fails. `durably`: when this returns, a power cut can't take it back; for what people write, and not for
    what is written all the time. Raises OSError."""
    with prepared(path, data, mode, durably=durably) as (temporary, info):
        temporary.replace(path)
    if durably:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return info.st_mtime_ns, info.st_ino


@contextlib.contextmanager
def prepared(
    path: Path, data: bytes, mode: int, *, durably: bool = False
) -> Iterator[tuple[Path, os.stat_result]]:
    """A file beside `path` that may be renamed to it; gone afterwards if it was not. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            os.fchmod(fd, mode)
            if durably:
                os.fsync(fd)
            info = os.fstat(fd)
        finally:
            os.close(fd)
        yield temporary, info
    finally:
        temporary.unlink(missing_ok=True)
