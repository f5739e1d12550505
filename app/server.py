"""The control socket logs/state/{pid}.sock: one JSON object a line, request and reply. Contract 7."""

import asyncio
import contextlib
import json
import logging
import os
import select
import socket
import stat
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from app.model.faults import GpulaneError

log = logging.getLogger("gpulane")

LONGEST_LINE = 64 * 1024  #: bytes of a request
MOST_CLIENTS = 256
SLOW_READER_SECONDS = 10.0
"""What a client gets to read an answer."""


class ControlSocket:
    """Serves it. `async with` binds and removes it; whoever connects is this user, or root."""

    def __init__(
        self,
        path: Path,
        answer: Callable[[object], dict[str, Any] | bytes],
        recorded: Callable[[], Awaitable[bool]],
    ) -> None:
        """`answer` is called on the loop's thread, and raises GpulaneError for what it refuses. `recorded` is
        waited for before the answer goes out: what was said to be done must outlive us."""
        self._path, self._answer, self._recorded = path, answer, recorded
        self._clients: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled. Where it can't be bound the scheduler goes on without it."""
        try:
            listener = _bound(self._path)
        except OSError as error:
            log.warning("%s can't be made (%s): nobody can talk to this scheduler", self._path, error)
            return
        server = await asyncio.start_unix_server(
            self._serve, sock=listener, limit=LONGEST_LINE, backlog=MOST_CLIENTS
        )
        try:
            await asyncio.Event().wait()  # serve_forever would wait for clients as well, from Python 3.12 on
        finally:
            server.close()
            for client in self._clients:
                client.cancel()
            with contextlib.suppress(OSError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            if len(self._clients) > MOST_CLIENTS:
                await _send(writer, _error("too many clients at once; try again"))
            elif _peer(writer) in (os.getuid(), 0):
                await self._talk(reader, writer)
        except (OSError, asyncio.TimeoutError, asyncio.CancelledError):
            pass  # it has gone, or never reads
        finally:
            self._clients.discard(task)
            await _let_go(writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                await _send(writer, _error(f"a request has at most {LONGEST_LINE} bytes, in one line"))
                return
            if _has_hung_up(writer):
                return  # it was told that nobody answers, and nothing is done behind its back
            await _send(writer, await self._reply(line))

    async def _reply(self, line: bytes) -> bytes:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return _error("a request is one JSON object in one line")
        try:
            answer = self._answer(request)
            if isinstance(answer, dict) and answer.get("changed") and not await self._recorded():
                answer["said"] += " (not recorded yet: history can't be written)"
        except GpulaneError as refused:
            return _error(str(refused))
        except Exception as error:  # a bug in one answer is no reason to leave its asker without any
            log.exception("a request could not be answered")
            return _error(f"this could not be answered, which is a bug of gpulane ({error!r}); see its log")
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def _has_hung_up(writer: asyncio.StreamWriter) -> bool:
    """The client is gone; one that only writes no more (`nc -N`) still reads."""
    poll = select.poll()
    poll.register(writer.get_extra_info("socket").fileno(), 0)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


async def _let_go(writer: asyncio.StreamWriter) -> None:
    """With the last answer, if its reader takes that."""
    with contextlib.suppress(OSError, asyncio.TimeoutError, asyncio.CancelledError):
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), SLOW_READER_SECONDS)
    writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, reply: bytes) -> None:
    writer.write(reply.replace(b"\n", b" ") + b"\n")
    await asyncio.wait_for(writer.drain(), SLOW_READER_SECONDS)


def _error(text: str) -> bytes:
    return json.dumps({"ok": False, "error": text}).encode()


def _peer(writer: asyncio.StreamWriter) -> int:
    """The uid of who has connected, as the kernel knows it."""
    credentials = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    return int(struct.unpack("3i", credentials)[1])


def _bound(path: Path) -> socket.socket:
    """Through the directory's descriptor, as an address has 107 bytes at most; 0600 from the start."""
    with contextlib.suppress(FileNotFoundError):  # of a scheduler that had this pid and was killed
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fchmod(listener.fileno(), 0o600)  # what bind makes the file with
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener
