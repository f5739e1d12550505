"""What /proc/locks shows of locks that can't be asked about otherwise."""

from pathlib import Path


def _table() -> list[list[str]] | None:
    """The fields of /proc/locks, one list a lock, waiters left out; None where it can't be read."""
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    return [fields for fields in map(str.split, lines) if len(fields) >= 8 and fields[1] != "->"]


def write_locked_inodes() -> frozenset[int] | None:
    """Inode numbers of all write-locked files, for those we may not open. None: nobody knows.

    The device is left out: some file systems show another one here than stat does, and taking a
    file of another disk for this one only errs towards "locked".
    """
    table = _table()
    if table is None:
        return None
    ranges = (fields for fields in table if fields[1] in ("OFDLCK", "POSIX") and fields[3] == "WRITE")
    return frozenset(int(fields[5].rpartition(":")[2]) for fields in ranges)


def flock_holder(inode: int) -> int | None:
    """The pid that took the flock on a file; None where it is not shown (another pid namespace)."""
    for fields in _table() or ():
        if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}") and int(fields[4]) > 0:
            return int(fields[4])
    return None
