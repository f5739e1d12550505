"""Calls to a hooks file, each with a time limit: it runs in a child process of its own, made on demand."""

import ast
import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.model.paths import PROJECT

WORKER = PROJECT / "app" / "hooks" / "worker.py"

VENV = PROJECT / ".venv"

LIMIT = 60.0
"""Seconds for a call. The first one loads the file, which may load torch."""

LONGEST_ANSWER = 4 * 1024 * 1024


class HookFailed(Exception):
    """The hook raised (its traceback's last line), hung, or took its process with it."""

    def __init__(self, error: str, called_off: bool = False) -> None:
        super().__init__(error)
        self.called_off = called_off


class Hooks:
    """The functions of one file, for one event loop. Calls are made one after the other."""

    def __init__(self, path: Path, names: frozenset[str], folder: str, limit: float = LIMIT) -> None:
        """`names`: what it defines; `folder`: where it runs."""
        self.names = names
        self._path, self._folder, self._limit = path, folder, limit
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def build(self, row: Mapping[str, str], gpu_ids: Sequence[str], best: Sequence[str]) -> str:
        """The command of a row on its cards; `best`: all that may be used, best first. Raises HookFailed."""
        first = _number(gpu_ids[0]) if gpu_ids else None
        order = [*gpu_ids, *(each for each in best if each not in gpu_ids)]
        request = {"row": dict(row), "gpu_id": first, "sorted_gpu_ids": list(map(_number, order))}
        return str(await self._ask({"call": "build", **request}))

    async def order(self, cards: Sequence[Mapping[str, Any]]) -> list[int] | None:
        """Places of these cards, the best first; None: the file has no comparator. Raises HookFailed."""
        places: list[int] | None = await self._ask({"call": "order", "cards": list(cards)})
        if places is not None and sorted(places) != list(range(len(cards))):
            raise HookFailed("compare_gpus gave no order")
        return places

    async def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def _ask(self, request: Mapping[str, Any]) -> Any:
        async with self._turn:
            try:
                answer = await asyncio.wait_for(self._call(request), self._limit)
            except asyncio.TimeoutError:
                await self.close()
                raise HookFailed(f"{self._path.name} did not answer within {self._limit:g} s") from None
            except asyncio.CancelledError:  # what it does is of no use any more
                await self.close()
                raise
            except (OSError, ValueError) as error:
                await self.close()
                raise HookFailed(f"{self._path.name} can't be asked ({error})") from error
        if "error" in answer:
            raise HookFailed(answer["error"])
        return answer["answer"]

    async def _call(self, request: Mapping[str, Any]) -> Any:
        if self._child is None or self._child.returncode is not None:
            self._child = await self._start()
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps(request).encode() + b"\n")
        await self._child.stdin.drain()
        line = await self._child.stdout.readline()
        if not line:
            raise ValueError("its process has ended")
        return json.loads(line)

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


def defined(path: Path) -> frozenset[str]:
    """The names a Python file gives at its top level, without running it. Raises SyntaxError, OSError."""
    names: set[str] = set()
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            found = (each for target in node.targets for each in ast.walk(target))
            names |= {each.id for each in found if isinstance(each, ast.Name)}
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {(alias.asname or alias.name) for alias in node.names}
    return frozenset(names)


def _python() -> str:
    """The user's own, as tasks find it: a hook may need what is installed there."""
    path = os.pathsep.join(
        part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part != str(VENV / "bin")
    )
    return shutil.which("python3", path=path) or sys.executable


def _number(index: str) -> int | str:
    """FlowLine's ids are numbers; a MIG device has none."""
    return int(index) if index.isdecimal() else index
