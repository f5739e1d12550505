"""One child process that runs a hooks file, and one call to it at a time, with a time limit."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from app.model.paths import PROJECT
from app.signature import Signature, signature

WORKER = PROJECT / "app" / "hooks" / "worker.py"

VENV = PROJECT / ".venv"

LONGEST_ANSWER = 4 * 1024 * 1024

DUMP_SECONDS = 5.0
"""What a child gets at most beyond a call's limit, to tell where it hangs: on a busy machine that is late."""


class HookFailed(Exception):
    """The hook raised (its traceback's last line), hung, or took its process with it."""

    def __init__(self, error: str, trace: str = "", called_off: bool = False) -> None:
        """`trace`: the whole traceback, or where it hangs, as far as it is known."""
        super().__init__(error)
        self.trace, self.called_off = trace, called_off


class Answer(NamedTuple):
    value: Any
    printed: str  #: meanwhile


class Child:
    """Started by its first call. One that hangs, or whose call is cancelled, is ended: see `alive`."""

    def __init__(self, path: Path, folder: str) -> None:
        """`folder`: where it runs."""
        self._path, self._folder = path, folder
        self._process: asyncio.subprocess.Process | None = None
        self._files: dict[Path, Signature | None] = {}  #: as they were when it had loaded them
        self._hangs: list[str] = []  #: lines that say where
        self._over = False

    @property
    def alive(self) -> bool:
        """Can it be called (again)?"""
        return not self._over and (self._process is None or self._process.returncode is None)

    @property
    def loaded(self) -> bool:
        """What it does from here on is the call's own work."""
        return bool(self._files)

    @property
    def old(self) -> bool:
        """Were its files saved since?"""
        return any(signature(file) != seen for file, seen in self._files.items())

    async def ask(self, request: Mapping[str, Any], limit: float) -> Answer:
        """`limit`: seconds; the file's load counts in the first call. Raises HookFailed."""
        try:
            answer = await asyncio.wait_for(self._ask(request, limit), limit + DUMP_SECONDS)
        except asyncio.TimeoutError:
            await self.close()
            said = f"{self._path.name} did not answer within {limit:g} s (hook_timeout)"
            raise HookFailed(said, self._where()) from None
        except asyncio.CancelledError:  # what it does is of no use any more
            await self.close()
            raise
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: no thread is left
            await self.close()
            raise HookFailed(f"{self._path.name} can't be asked ({error})") from error
        if "error" in answer:
            if not self.loaded:  # what it has imported so far may be mended by the next time
                await self.close()
            raise HookFailed(answer["error"], _lines(answer["printed"]) + answer["trace"])
        return Answer(answer["answer"], answer["printed"])

    async def close(self) -> None:
        """With all it has started in its session."""
        self._over = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def _ask(self, request: Mapping[str, Any], limit: float) -> Any:
        if self._process is None:
            self._process = await self._start()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({**request, "limit": limit}).encode() + b"\n")
        await self._process.stdin.drain()
        while line := await self._process.stdout.readline():
            if not line.startswith(b"{"):
                self._hangs.append(line.decode(errors="replace"))
                if line.endswith(b"in <module>\n"):  # the main thread comes last, and this is its end
                    raise asyncio.TimeoutError
            elif "loaded" in (answer := json.loads(line)):
                self._files = {Path(file): signature(Path(file)) for file in answer["loaded"]}
            else:
                return answer
        raise ValueError("its process has ended")

    def _where(self) -> str:
        """It hangs, without the thread of our own."""
        told = "".join(line for line in self._hangs if not line.startswith("Timeout"))
        threads = [each for each in told.split("\n\n") if str(WORKER) not in "".join(each.splitlines()[1:2])]
        return _lines("\n\n".join(threads))

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            _python(),
            str(WORKER),
            str(PROJECT),
            str(self._path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._folder,
            start_new_session=True,
            limit=LONGEST_ANSWER,
        )


def _lines(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _python() -> str:
    """The user's own, as tasks find it: a hook may need what is installed there."""
    path = os.pathsep.join(
        part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part != str(VENV / "bin")
    )
    return shutil.which("python3", path=path) or sys.executable
