"""Whether the machine is being shut down: then a SIGTERM is nobody's wish to stop for good."""

import subprocess

ASK_SECONDS = 2.0


def shutting_down() -> bool:
    """As systemd says; False where there is none to ask. Takes some milliseconds, ASK_SECONDS at most."""
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
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.stdout.strip() == b"stopping"
