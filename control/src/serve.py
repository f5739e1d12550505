"""The console's process: its settings, its one lock, its socket, and uvicorn."""

import asyncio
import contextlib
import errno
import functools
import io
import logging
import logging.handlers
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvicorn

from app import procfs
from app.home import home_here, make_folders
from app.model.faults import BadInput
from app.model.paths import Home
from app.preparation import raise_descriptor_limit
from control.src import settings
from control.src.console import Console
from control.src.main import create_app
from control.src.settings import ControlSettings
from control.src.web import roles
from control.src.web.connections import Connection
from control.src.web.gate import Door
from control.src.where import Where, hold, holder, where_path

log = logging.getLogger("gpulane.console")

MORE_PORTS = 100
"""That are tried after the one in the settings, if that is taken."""

LOG_BYTES = 5 * 1024 * 1024
GRACE_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What stands on the command line."""

    port: int | None = None
    bind: str | None = None
    uds: str | None = None
    settings_file: Path | None = None

    @property
    def settings(self) -> dict[str, object]:
        """What it says instead of the file."""
        values = {"port": self.port, "bind_address": self.bind, "uds": self.uds}
        said: dict[str, object] = {name: value for name, value in values.items() if value is not None}
        return said if self.uds or not said else {**said, "uds": None}  # a port instead of the file's socket

    @property
    def given(self) -> frozenset[str]:
        return frozenset(self.settings)


def serve(options: Options) -> None:
    """Until SIGTERM. Raises BadInput."""
    signal.signal(signal.SIGTERM, _end)
    home = Home.find()
    folder = settings.log_folder(home)
    lock = hold(folder)
    if lock is None:
        runs = holder(folder)
        raise BadInput(
            f"a console of {home.root} runs already"
            + (f" (pid {runs.pid}), but does not say where; control/shut_down.sh ends it" if runs else "")
        )
    try:
        _log_to(folder)
        path = options.settings_file or settings.settings_path(home)
        found = _chosen(settings.load(path, options.settings_file is not None), options)
        make_folders(home_here())
        raise_descriptor_limit()
        known = roles.load(folder, found)
        console = Console(path, found, folder, known, f"gpulane-{home.name}", options.given)
        with _listening(home, found) as (listener, where):
            asyncio.run(_run(console, listener, where, folder))
    finally:
        lock.release()


def _end(*_: object) -> None:
    """uvicorn ends at the signal, and raises it again once it has: then what is open is closed."""
    raise SystemExit(0)


async def _run(console: Console, listener: socket.socket, where: Where, folder: Path) -> None:
    app = create_app(console, Doorway(console, where))
    config = uvicorn.Config(
        app,
        http=Connection,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # anybody here could say to be somebody else
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        log_level=console.settings.log_level,
        lifespan="on",
    )
    server = _Server(config, console, where, folder)
    await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Says where it is once it answers, and lets its listeners go before it waits for them."""

    def __init__(self, config: uvicorn.Config, console: Console, where: Where, folder: Path) -> None:
        super().__init__(config)
        self._console, self._where, self._path = console, where, where_path(folder)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._write)
            self._write()
            log.info("listening at %s", self._where.url or self._where.uds)

    def _write(self) -> None:
        """Where it is, with the token of another login link."""
        self._where.write(self._path, self._console.sessions.make_once())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._path.unlink(missing_ok=True)
        self._console.hub.close()
        await super().shutdown(sockets)


def _chosen(found: ControlSettings, options: Options) -> ControlSettings:
    """With what the command line says instead. Raises BadInput."""
    chosen = found.model_copy(update=options.settings)
    if not chosen.allow_lan and not settings.is_loopback(chosen.bind_address):
        raise BadInput(
            f"--bind {chosen.bind_address} is reached by other machines: set allow-lan: true in "
            "config/control_setting.yaml if that is meant"
        )
    return chosen


@contextlib.contextmanager
def _listening(home: Home, found: ControlSettings) -> Iterator[tuple[socket.socket, Where]]:
    """Raises BadInput."""
    start = procfs.start_time(os.getpid()) or 0
    if found.uds is not None:
        path = home.root / Path(found.uds).expanduser()
        listener = _unix(path)
        try:
            yield listener, Where(os.getpid(), start, None, str(path), time.time(), None)
        finally:
            listener.close()
            path.unlink(missing_ok=True)
        return
    listener, port = _tcp(found)
    with listener:
        taken = found.port if port != found.port else None
        yield listener, Where(os.getpid(), start, _url(found.bind_address, port), None, time.time(), taken)


def _tcp(found: ControlSettings) -> tuple[socket.socket, int]:
    """At its port, or at the next one that is free. Raises BadInput."""
    address = found.bind_address
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    said = ""
    for port in range(found.port, min(found.port + MORE_PORTS, 65536)):
        # With its protocol named: else asyncio leaves Nagle's algorithm on, at 40 ms an answer.
        listener = socket.socket(family, proto=socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address.strip("[]"), port))
            listener.listen(2048)
        except OSError as error:
            listener.close()
            said = error.strerror or str(error)
            if not isinstance(error, PermissionError) and error.errno != errno.EADDRINUSE:
                break
            continue
        return listener, port
    raise BadInput(f"{address} port {found.port} can't be had: {said}; choose another with --port or --bind")


def _unix(path: Path) -> socket.socket:
    """0600 before it listens, in a folder that is nobody else's to change. Raises BadInput."""
    try:
        info = path.parent.stat()
        if info.st_uid not in (os.getuid(), 0) or (info.st_mode & 0o022 and not info.st_mode & 0o1000):
            raise BadInput(f"others can put a socket of theirs into {path.parent}; name a folder of your own")
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise BadInput(f"{path} is there already, and is no socket")
            with socket.socket(socket.AF_UNIX) as other, contextlib.suppress(ConnectionRefusedError):
                other.connect(str(path))
                raise BadInput(f"another program listens at {path}; name another path")
            path.unlink()
        listener = socket.socket(socket.AF_UNIX)
        try:
            os.fchmod(listener.fileno(), 0o600)  # what bind makes the file with
            listener.bind(str(path))
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise BadInput(f"--uds {path} can't be had: {error.strerror or error}") from error
    return listener


def _url(address: str, port: int) -> str:
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(address, address)
    return f"http://[{name}]:{port}" if ":" in name and not name.startswith("[") else f"http://{name}:{port}"


class Doorway:
    """The names it is reached by, as the settings have them at the moment."""

    def __init__(self, console: Console, where: Where) -> None:
        self._console, self._where = console, where
        self._settings, self._door = console.settings, door_of(console.settings, where)

    def __call__(self) -> Door:
        if self._settings is not self._console.settings:
            self._settings = self._console.settings
            self._door = door_of(self._settings, self._where)
        return self._door


def door_of(found: ControlSettings, where: Where) -> Door:
    """The names it is reached by."""
    mine = frozenset(host.lower() for host in found.allowed_hosts)
    if where.url is None:
        return Door(mine, frozenset({"localhost", "127.0.0.1", "[::1]"}))
    port = where.url.rpartition(":")[2]
    names = {"localhost", "127.0.0.1", "[::1]"}
    if found.allow_lan:
        names |= {
            found.bind_address,
            *lan_names(),
        }
    else:
        names.add(found.bind_address)
    hosts = {f"{name}:{port}" for name in names}
    bare = {host if ":" in host.rpartition("]")[2] else f"{host}:{port}" for host in mine}
    return Door(frozenset(hosts | bare))


@functools.cache
def lan_names() -> tuple[str, ...]:
    """This machine's own, as others reach it. Asked once, at start: a name server may take its time."""
    addresses = (
        each.address
        for every in psutil.net_if_addrs().values()
        for each in every
        if each.family == socket.AF_INET and not each.address.startswith("127.")
    )
    return socket.gethostname().lower(), socket.getfqdn().lower(), *addresses


class _OwnLog(logging.handlers.RotatingFileHandler):
    """Nobody else reads it, nor what follows when it is full."""

    def _open(self) -> io.TextIOWrapper:
        file = super()._open()
        os.fchmod(file.fileno(), 0o600)
        return file


def _log_to(folder: Path) -> None:
    handler = _OwnLog(folder / "console.log", maxBytes=LOG_BYTES, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
