"""The project's own files, as a clone would hold them."""

import subprocess
from pathlib import Path

from app.model.paths import PROJECT


def tracked() -> list[Path]:
    """Files git knows or would add: what is being written counts as well. Those deleted on disk don't."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := PROJECT / name).is_file()]


def python_files(folder: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.is_relative_to(PROJECT / folder)]
