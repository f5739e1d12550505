"""That a run is paused, kept in its folder: whatever ends its scheduler, the next start begins so."""

import contextlib

from app.model.paths import RunPaths


def keep(run: RunPaths, paused: bool) -> None:
    """Raises OSError."""
    if paused:
        run.paused.touch(mode=0o600)
    else:
        run.paused.unlink(missing_ok=True)


def is_kept(run: RunPaths) -> bool:
    with contextlib.suppress(OSError):
        return run.paused.exists()
    return False
