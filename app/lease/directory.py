"""Which directory holds the leases. A choice by facts of the machine, so that everybody makes the same."""

import contextlib
import errno
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from app import procfs
from app.lease.errors import LeaseDirectoryError, LeaseDirectoryGone
from app.model.problems import Problem, problem
from app.procfs import user_name

ADMIN = Path("/var/lib/gpulane/leases")  #: made by an administrator, if at all
SHARED = Path("/dev/shm/gpulane")  #: made by whoever comes first

SHARED_MODE = 0o1777


@dataclass(frozen=True, slots=True)
class Directory:
    """The chosen directory, usable."""

    path: Path
    private: bool  #: only this user can take leases in it
    problems: tuple[Problem, ...]


def choose_directory(setting: str | None, admin: Path = ADMIN, shared: Path = SHARED) -> Directory:
    """The `lease_dir` setting, else the admin's directory if it exists, else the shared one, made if missing.

    One that can't be used is an error and never a reason to take the next: two people who chose
    differently would promise the same card. Raises LeaseDirectoryError.
    """
    path = _wanted(setting, admin, shared)
    if not _exists(path):
        make_shared_directory(path)
    return _usable(path)


def preview_directory(setting: str | None, admin: Path = ADMIN, shared: Path = SHARED) -> Directory | None:
    """What `choose_directory` would answer, and nothing is made; None: it would make the shared one."""
    path = _wanted(setting, admin, shared)
    return _usable(path) if _exists(path) else None


def _usable(path: Path) -> Directory:
    folder = open_directory(path)
    try:
        info = os.fstat(folder)
    finally:
        os.close(folder)
    kind = procfs.file_system(path)
    if kind in procfs.NETWORK_FILE_SYSTEMS:
        raise LeaseDirectoryError(
            f"{path} is on a network file system ({kind}), where locks are not kept by this machine; "
            "set lease_dir to a directory on a local disk or under /dev/shm"
        )
    if not os.access(path, os.W_OK | os.X_OK):
        raise LeaseDirectoryError(_closed(path))
    private = not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return Directory(path, private, _notices(path, info.st_mode, private))


def open_directory(path: Path) -> int:
    """A descriptor of the directory at `path` itself. Raises LeaseDirectoryError, Gone if it was removed."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise LeaseDirectoryGone(f"the lease directory {path} was removed") from error
    except PermissionError as error:
        raise LeaseDirectoryError(_closed(path)) from error
    except OSError as error:
        raise LeaseDirectoryError(_unusable(path, error)) from error
    mode = os.fstat(folder).st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        os.close(folder)
        raise LeaseDirectoryError(
            f"in the lease directory {path} everybody can delete everybody's leases; "
            f"its owner should run: chmod 1777 {path}"
        )
    return folder


class Folder:
    """The lease directory, kept open for as long as its path leads to it: it is used a dozen times a task."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None
        self._seen: tuple[int, ...] = ()

    def descriptor(self) -> int:
        """Not the caller's to close, and good until the next call. Raises what `open_directory` raises."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                if _facts(os.stat(self.path, follow_symlinks=False)) == self._seen:  # noqa: PTH116 - hot
                    return self._fd
            self.close()
        self._fd = open_directory(self.path)
        self._seen = _facts(os.fstat(self._fd))
        return self._fd

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _facts(info: os.stat_result) -> tuple[int, ...]:
    """Which directory it is, and who may do what in it."""
    return info.st_dev, info.st_ino, info.st_mode, info.st_uid, info.st_gid


def make_shared_directory(path: Path) -> None:
    """Make `path` for everybody (1777), complete from its first moment. Fine if it exists.

    Raises LeaseDirectoryError.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        unfinished.mkdir(0o700)
        try:
            unfinished.chmod(SHARED_MODE)  # mkdir takes neither the sticky bit nor all of the mode
            # Someone who came first keeps theirs: rename replaces nothing but an empty directory of
            # our own, and a take in that one sees that it is gone and comes again.
            unfinished.rename(path)
        except OSError:
            unfinished.rmdir()
            if not os.path.lexists(path):
                raise
    except OSError as error:
        raise LeaseDirectoryError(
            f"can't make the lease directory {path} ({error.strerror}); "
            "set lease_dir to a directory that everybody on this machine can write to"
        ) from error


def _wanted(setting: str | None, admin: Path, shared: Path) -> Path:
    if setting is not None:
        path = Path(setting).expanduser()
        if not path.is_absolute():
            raise LeaseDirectoryError(f"lease_dir is {setting!r}; it has to be an absolute path")
        if not _exists(path):
            make = f"mkdir -p -m 1777 {path}"
            raise LeaseDirectoryError(f"lease_dir {path} does not exist; make it with: {make}")
        return path
    return admin if _exists(admin) else shared


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise LeaseDirectoryError(_closed(path)) from error
    return True


def _closed(path: Path) -> str:
    try:
        owner = user_name(path.lstat().st_uid)
    except OSError:
        owner = "an administrator"
    return (
        f"no access to the lease directory {path}, which everybody on this machine shares; "
        f"ask {owner} to run: chmod 1777 {path}"
    )


def _unusable(path: Path, error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        what = "a symbolic link" if path.is_symlink() else "not a directory"
        return f"the lease directory {path} is {what}; remove it, or set lease_dir to a real directory"
    return f"can't open the lease directory {path}: {error.strerror}"


def _notices(path: Path, mode: int, private: bool) -> tuple[Problem, ...]:
    if private:
        return (problem("lease_directory_private", path=str(path)),)
    if not mode & stat.S_ISVTX:
        return (problem("lease_directory_group", path=str(path)),)
    return ()
