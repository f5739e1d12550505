"""What systemd does when its user logs out for good: it may delete leases, and end tasks."""

import os
from collections.abc import Iterator
from pathlib import Path

from app import procfs
from app.doctor.finding import Finding

FIRST_USER = 1000
"""The least uid that is a person's: those below it are left alone."""

LINGER = "loginctl enable-linger keeps both for you after you have logged out"


def logout(lease_directory: Path, uid: int | None = None, root: Path = Path("/")) -> Iterator[Finding]:
    """`root`: of the file system, `uid`: of this user."""
    uid = os.getuid() if uid is None else uid
    if uid < FIRST_USER or not (root / "run/systemd/system").is_dir():
        return
    if (root / "var/lib/systemd/linger" / procfs.user_name(uid)).exists():
        yield Finding.ok("log-out", "nothing ends with it: you linger")
        return
    said = _logind(root)
    in_memory = Path("/dev/shm") in lease_directory.parents
    if said.get("KillUserProcesses", "no") in ("yes", "true", "1", "on"):
        text = "systemd ends everything of yours when you log out (KillUserProcesses), tasks too"
        yield Finding.wrong("log-out", text, LINGER)
    if in_memory and said.get("RemoveIPC", "yes") in ("yes", "true", "1", "on"):
        text = f"systemd deletes your leases in {lease_directory} when you log out for good (RemoveIPC)"
        advice = f"{LINGER}; or an administrator makes /var/lib/gpulane/leases (mode 1777)"
        yield Finding.warning("log-out", text, advice)


def _logind(root: Path) -> dict[str, str]:
    """Its settings, the last word of each. What can't be read says nothing."""
    found: dict[str, str] = {}
    files = [root / "etc/systemd/logind.conf"]
    for folder in ("usr/lib/systemd/logind.conf.d", "etc/systemd/logind.conf.d", "run/systemd/logind.conf.d"):
        files += sorted((root / folder).glob("*.conf"))
    for file in files:
        try:
            lines = file.read_text(errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            key, mark, value = line.partition("=")
            if mark and not key.lstrip().startswith("#"):
                found[key.strip()] = value.strip().lower()
    return found
