"""Whether the machine is being shut down: then a SIGTERM is nobody's wish to stop for good."""

import subprocess
from pathlib import Path

ASK_SECONDS = 2.0

INIT = Path("/proc/1/comm")
LAST_INIT = "systemd-shutdow"
"""What systemd has become when it ends whatever is left, such as what cron has started. (15 characters)"""

NO_LOGIN = Path("/run/nologin")
"""Made early in a shutdown."""


def shutting_down(init: Path = INIT, no_login: Path = NO_LOGIN) -> bool:
    """As systemd says; late in a shutdown it can't be asked, and other signs count. False where there is no
    systemd. Takes some milliseconds, ASK_SECONDS at most."""
    command = ["systemctl", "is-system-running"]
    try:
        asked = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=ASK_SECONDS,
            check=False,
        )
    except OSError:  # there is no systemd
        return False
    except subprocess.TimeoutExpired:
        said = b""
    else:
        said = asked.stdout.strip()
    if said in (b"", b"unknown"):
        return _name(init) == LAST_INIT or no_login.exists()
    return said == b"stopping"


def _name(init: Path) -> str:
    try:
        return init.read_text().strip()
    except OSError:
        return ""
