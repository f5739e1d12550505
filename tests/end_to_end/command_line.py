"""`./gpulane` as a user types it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.model.paths import PROJECT
from tests.end_to_end.world import World


def gpulane(
    world: World,
    *words: str,
    expect: int | None = 0,
    stdin: str | None = None,
    cwd: Path | None = None,
    timeout: float = 60,
    **env: str,
) -> str:
    """What it prints; `expect`: its exit code, None: any."""
    done = subprocess.run(
        [sys.executable, str(PROJECT / "app" / "cli.py"), *words],
        env={**os.environ, **world.env, "GPULANE_HOME": str(world.root), **env},
        cwd=cwd or world.root / "work",
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert expect is None or done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def answer(world: World, *words: str, **more: Any) -> Any:
    """The same with `--json`, read."""
    at = words.index("--") if "--" in words else len(words)
    return json.loads(gpulane(world, *words[:at], "--json", *words[at:], **more))
