"""A command file from disk: whose it is, its encoding, its blocks."""

import shutil
from dataclasses import replace
from pathlib import Path

from app.command_file.document import Document
from app.command_file.parse import Parsed, parse
from app.model.faults import BadInput
from app.model.task import Mode
from app.trust import read_trusted

LARGEST_BYTES = 64 * 1024 * 1024


def read(path: Path, mode: Mode, name: str | None = None) -> Parsed:
    """Read and parse a command file. Never raises: what is wrong with the file itself is its one fault.

    `name` is what faults call it (the path by default). A file that someone else can write is a fault;
    one that other members of its group can write is a problem.
    """
    shown = name or str(path)
    try:
        found = read_trusted(path, LARGEST_BYTES, shown)
    except BadInput as bad:
        return Parsed(Document("", mode), (), bad.faults)
    parsed = parse(found.text, mode, shown, tmux_available=shutil.which("tmux") is not None)
    return replace(parsed, problems=found.problems)
