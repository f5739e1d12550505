"""The one client of the control socket: the command line and the console use it, and nothing else talks to a
scheduler."""

import json
import os
import socket
from pathlib import Path
from typing import Any

from app.model.faults import GpulaneError

PATIENCE = 10.0
"""Seconds for a scheduler to answer."""


class NoAnswer(GpulaneError):
    """The scheduler is gone, does not answer, or is another user's."""


class RequestRefused(GpulaneError):
    """What the scheduler said instead of doing it."""


class Client:
    """A connection to one scheduler. Raises NoAnswer."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        """`patience`: seconds for each answer."""
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(patience)
        try:
            folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._socket.connect(f"/proc/self/fd/{folder}/{path.name}")
            finally:
                os.close(folder)
        except OSError as error:
            self._socket.close()
            raise NoAnswer(f"no scheduler answers at {path} ({error.strerror or error})") from error
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, verb: str, **arguments: object) -> dict[str, Any]:
        """Send one request; the answer. Raises RequestRefused, NoAnswer."""
        try:
            self._socket.sendall(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
            line = self._lines.readline()
            answer = json.loads(line)
        except (OSError, ValueError) as error:
            raise NoAnswer(f"the scheduler at {self._path} does not answer") from error
        if not answer.get("ok"):
            raise RequestRefused(str(answer.get("error", "refused")))
        return dict(answer)
