"""A lease file's name and its content: one JSON record of 512 bytes."""

import functools
import re
import secrets
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from urllib.parse import quote, unquote

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from app import procfs
from app.lease.errors import LeaseError
from app.model.lease import Lease

SIZE = 512  #: bytes, so that one pwrite replaces it whole
READ_AT_MOST = 4096  #: bytes; a later version may need more than 512, nobody needs more than this
LABEL_LENGTH = 80  #: characters
_NAME = re.compile(r"(?P<gpu>[A-Za-z0-9_~%-][A-Za-z0-9_.~%-]*)\.(?P<uid>[0-9]{1,10})\.[0-9a-f]{16}", re.ASCII)

Pid = Annotated[int, Field(ge=1, le=2**31)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a lease file says. Never commands: everybody on the machine can read it."""

    __pydantic_config__ = ConfigDict(strict=True, extra="ignore")

    v: Literal[1] = 1
    gpu: str
    declared_gb: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None
    exclusive: bool
    scheduler: Pid
    label: Annotated[str, Field(max_length=SIZE)] = ""
    supervisor: Pid | None = None
    start: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    session: Pid | None = None


_RECORD = TypeAdapter(Record)


def new_name(gpu: str, uid: int) -> str:
    """`<gpu-uuid>.<uid>.<random>`, never used before. The uid in it is a label; nobody trusts it."""
    name = f"{quote(gpu, safe='')}.{uid}.{secrets.token_hex(8)}"
    if gpu_of(name) != gpu:
        raise LeaseError(f"{gpu!r} can't be the uuid of a GPU")
    return name


@functools.lru_cache(maxsize=1024)
def gpu_of(name: str) -> str | None:
    """The GPU a lease file is about, from its name; None: not the name of a lease."""
    found = _NAME.fullmatch(name)
    return unquote(found["gpu"]) if found else None


def encode(record: Record) -> bytes:
    """512 bytes: JSON, padded with blanks. A long label is cut."""
    label = procfs.printable(record.label)[:LABEL_LENGTH]
    if label != record.label:
        record = replace(record, label=label)
    while len(data := _RECORD.dump_json(record)) > SIZE:
        if not record.label:
            raise LeaseError(f"the uuid {record.gpu!r} is too long for a lease")
        record = replace(record, label=record.label[:-1])
    return data.ljust(SIZE)


def decode(data: bytes, gpu: str | None) -> Record | None:
    """None unless it is a whole, valid record of that GPU: others' files are hostile input."""
    if len(data) > READ_AT_MOST:
        return None
    try:
        record = _RECORD.validate_json(data)
    except ValidationError:
        return None
    return record if record.gpu == gpu else None


@functools.lru_cache(maxsize=1024)  # one look finds what the last one found
def to_lease(data: bytes, name: str, uid: int) -> Lease | None:
    """The living lease that a file of this name, content and owner stands for; None: not to be understood."""
    record = decode(data, gpu_of(name))
    return None if record is None else lease_of(record, name, uid)


def lease_of(record: Record, name: str, uid: int) -> Lease:
    """The living lease with this content."""
    return Lease(
        name=name,
        gpu=record.gpu,
        uid=uid,
        user=procfs.user_name(uid),
        declared_gb=record.declared_gb,
        exclusive=record.exclusive or record.declared_gb is None,
        scheduler=record.scheduler,
        label=procfs.printable(record.label)[:LABEL_LENGTH],
        supervisor=record.supervisor,
        supervisor_start=record.start,
        session=record.session,
    )


def whole_card(gpu: str, name: str, uid: int) -> Lease:
    """A living lease that can't be read: it might promise anything, so it promises everything."""
    return Lease(name, gpu, uid, procfs.user_name(uid), declared_gb=None, exclusive=True, valid=False)
