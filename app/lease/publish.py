"""A file that nobody ever sees before it is filled, readable for all, and write-locked."""

import contextlib
import errno
import os
import secrets

from app import ofd

MODE = 0o644
UNFINISHED = ".new."  #: readers pass over names that begin with a dot


def publish(folder: int, name: str, data: bytes) -> int:
    """Create `name` in the directory open as `folder`; returns the descriptor that holds its lock.

    Raises OSError: FileExistsError for a name in use, FileNotFoundError when the directory was
    removed, ENOSPC and the like.
    """
    try:
        return _publish_anonymous(folder, name, data)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOSPC, errno.EDQUOT):
            raise
        # No O_TMPFILE here, or no link to one: the plain way is as safe. If neither can work,
        # its error is the one to show.
        return _publish_by_name(folder, name, data)


def _publish_anonymous(folder: int, name: str, data: bytes) -> int:
    fd = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        _fill(fd, data)
        # Without dst_dir_fd Python calls link(), which does not follow /proc's symlink: EXDEV.
        os.link(f"/proc/self/fd/{fd}", name, dst_dir_fd=folder, follow_symlinks=True)
    except OSError:
        os.close(fd)
        raise
    return fd


def _publish_by_name(folder: int, name: str, data: bytes) -> int:
    """Under a name that readers ignore, then linked under its own once all is done."""
    hidden = f"{UNFINISHED}{secrets.token_hex(8)}"
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(hidden, flags, 0o600, dir_fd=folder)
    try:
        try:
            _fill(fd, data)
            os.link(hidden, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(hidden, dir_fd=folder)
    except OSError:
        os.close(fd)
        raise
    return fd


def _fill(fd: int, data: bytes) -> None:
    if os.pwrite(fd, data, 0) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fchmod(fd, MODE)  # the umask took its part off the mode given to open
    ofd.lock(fd)
