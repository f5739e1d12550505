"""config/control_setting.yaml: where the console listens, who may use it, and what it may read."""

import ipaddress
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from app.config.load import model_of
from app.home import local_home
from app.model.faults import BadInput, Fault
from app.model.paths import Home
from app.model.task import Mode
from app.trust import read_trusted

LARGEST_BYTES = 256 * 1024
PORT = 29214
SHORTEST_SECRET = 16

LogLevel = Literal["debug", "info", "warning", "error"]


def configuration(text: str) -> tuple[Mode, int]:
    """ "multi/0" as mode and index. Raises ValueError."""
    found = re.fullmatch(r"(single|multi)/(\d{1,4})", text)
    if not found:
        raise ValueError(f"{text!r} is no configuration; write multi/0, or single/1")
    return ("single" if found[1] == "single" else "multi"), int(found[2])


def _a_configuration(text: str) -> str:
    configuration(text)
    return text


class ControlSettings(BaseModel):
    """The console's settings. The file writes its keys with dashes, as the file itself explains them."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_by_name=True,
        serialize_by_alias=True,
        alias_generator=lambda name: name.replace("_", "-"),
    )

    port: int = Field(default=PORT, ge=1, le=65535)
    bind_address: str = "127.0.0.1"
    allow_lan: bool = False
    allowed_hosts: tuple[str, ...] = ()
    uds: str | None = Field(default=None, min_length=1)
    secret: str | None = Field(default=None, min_length=SHORTEST_SECRET, repr=False)
    read_only_secret: str | None = Field(default=None, min_length=SHORTEST_SECRET, repr=False)
    log_level: LogLevel = "info"
    target_yaml_path: str = Field(default="config/gpu_manage.yaml", min_length=1)
    log_roots: tuple[str, ...] = ()
    autostart: tuple[Annotated[str, AfterValidator(_a_configuration)], ...] = ()

    @field_validator("allowed_hosts", "log_roots", "autostart", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("target_yaml_path", "uds", "log_roots")
    @classmethod
    def _paths(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        for each in (value,) if isinstance(value, str) else value or ():
            if "\0" in each:
                raise ValueError("a path holds no NUL")
            try:
                Path(each).expanduser()
            except RuntimeError as error:
                raise ValueError(f"{each.partition('/')[0]} is nobody here") from error
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?", each):
                raise ValueError(f"{each!r} is no host; write localhost:8080, or lab-a01")
        return value


SECRETS = ("secret", "read-only-secret")

RESTART = ("port", "bind_address", "allow_lan", "uds", "autostart")
"""What acts with the next start of the console; all else as soon as it is saved."""


def in_use(before: ControlSettings, found: ControlSettings) -> ControlSettings:
    """What a console works with that was started with other settings than its file has now."""
    return found.model_copy(update={name: getattr(before, name) for name in RESTART})


def waits_for_restart(used: ControlSettings, found: ControlSettings, given: frozenset[str]) -> list[str]:
    """Keys of the file that act with the next start only; what the command line has `given` does not."""
    different = (
        name for name in RESTART if name not in given and getattr(used, name) != getattr(found, name)
    )
    return [name.replace("_", "-") for name in different]


def settings_path(home: Home) -> Path:
    return home.root / "config" / "control_setting.yaml"


def load(path: Path, must_be_there: bool = False) -> ControlSettings:
    """What the file says; the defaults where there is none. Raises BadInput with all faults of the file."""
    if not must_be_there and not path.exists():
        return ControlSettings()
    text = read_trusted(path, LARGEST_BYTES, str(path)).text
    settings = settings_of(text, str(path))
    if (settings.secret or settings.read_only_secret) and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        raise BadInput(f"{path} holds a secret and others can read it; take that away with chmod 600 {path}")
    return settings


def settings_of(text: str, file: str) -> ControlSettings:
    """The settings that a YAML text says. Raises BadInput with every fault, each at its line."""
    settings = model_of(text, file, ControlSettings)
    faults = [Fault(file, 0, 0, problem, hint) for problem, hint in _crossed(settings)]
    if faults:
        raise BadInput(faults)
    return settings


def _crossed(settings: ControlSettings) -> Iterator[tuple[str, str]]:
    if not settings.allow_lan and not is_loopback(settings.bind_address):
        yield (
            f"bind-address is {settings.bind_address}, which other machines reach",
            "set allow-lan: true if that is meant, or bind-address: 127.0.0.1",
        )
    if settings.secret is not None and settings.secret == settings.read_only_secret:
        yield "secret and read-only-secret are the same", "who may only read needs another one"


def is_loopback(address: str) -> bool:
    """Raises nothing: a name other than localhost counts as none."""
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"


def yaml_path(home: Home, settings: ControlSettings) -> Path:
    """The scheduler's settings file that the console shows and changes."""
    return home.root / Path(settings.target_yaml_path).expanduser()


def log_folder(home: Home) -> Path:
    """control/logs/, for this user alone. Locks and SQLite don't work on network file systems: where it lies
    on one, as home directories do, it is where schedulers then have their state. Raises BadInput."""
    local = local_home(home, None, make=True)[0].local
    folder = home.root / "control" / "logs" if local is None else local / "console"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise BadInput(f"{folder} belongs to somebody else; set GPULANE_HOME to a folder of your own")
        if stat.S_IMODE(folder.stat().st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise BadInput(
            f"{folder} can't be made or written ({error.strerror}); set GPULANE_HOME to a folder of your own"
        ) from error
    return folder
