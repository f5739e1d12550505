"""The environment a scheduler was started in, kept beside its run.

After a restart of the machine its tasks need the same PATH, conda environment and keys, and nobody is logged
in to give them.
"""

import os
from collections.abc import Mapping

from app.atomic import write_atomically
from app.model.paths import RunPaths

OF_A_SESSION = frozenset(
    {"DISPLAY", "SSH_AGENT_PID", "SSH_AUTH_SOCK", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "STY", "TMUX"}
    | {"TMUX_PANE", "WAYLAND_DISPLAY", "WINDOWID", "XDG_SESSION_ID"}
)
"""What names something that a restart has ended."""


def save(run: RunPaths, environment: Mapping[bytes, bytes] = os.environb) -> None:
    """For its user alone (0600). Raises OSError."""
    kept = [
        name + b"=" + value for name, value in environment.items() if os.fsdecode(name) not in OF_A_SESSION
    ]
    write_atomically(run.environment, b"\0".join(kept))


def load(run: RunPaths) -> dict[str, str] | None:
    """None: it was not kept, or is gone."""
    try:
        lines = run.environment.read_bytes().split(b"\0")
    except OSError:
        return None
    pairs = (os.fsdecode(line).partition("=") for line in lines)
    return {name: value for name, _, value in pairs if name}
