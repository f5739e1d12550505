"""One look at the driver, by a process of its own: whatever the driver does to it, we go on."""

import contextlib
import os
import pickle
import select
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

import pynvml

from app.gpu.driver_calls import CardLost, CardUnreadable, ask
from app.gpu.nvml import NvmlProbe, Session
from app.gpu.probe import NoDriver, ProbeError
from app.gpu.wear import Wear, read_wear
from app.model.gpu import Gpu

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Driver:
    """What it says of itself and its cards."""

    version: str | None
    gpus: tuple[Gpu, ...]
    wear: Mapping[str, Wear]  #: by uuid of the card


def ask_once(deadline: float) -> Driver:
    """Waits for at most `deadline` seconds. Raises ProbeError; NoDriver where there is none.

    A thread would do for a driver that only sleeps; a process that hangs in the kernel can't even end.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _tell(writer)
    os.close(writer)
    try:
        said = _read(reader, time.monotonic() + deadline)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
    if said is None:
        raise ProbeError(f"the NVIDIA driver does not answer within {deadline:g} s")
    _, status = os.waitpid(child, 0)
    if not said:
        raise ProbeError(f"the NVIDIA driver ended the process that asked it ({_ending(status)})")
    answer = pickle.loads(said)
    if isinstance(answer, Driver):
        return answer
    kind, text = answer
    raise NoDriver(text) if kind == "none" else ProbeError(text)


def _tell(writer: int) -> None:
    """In the child: never returns."""
    try:
        said = pickle.dumps(_answer())
        while said:
            said = said[os.write(writer, said) :]
    finally:
        os._exit(0)


def _answer() -> Driver | tuple[str, str]:
    probe = NvmlProbe()
    try:
        gpus = probe.look()
        version = None
        with contextlib.suppress(CardLost, CardUnreadable):
            version = str(ask(pynvml.nvmlSystemGetDriverVersion))
        return Driver(version, gpus, _wear())
    except NoDriver as error:
        return "none", error.found
    except ProbeError as error:
        return "trouble", str(error)
    except OSError as error:  # /proc, with no descriptor left for example
        return "trouble", f"the machine can't be read ({error})"


def _wear() -> dict[str, Wear]:
    """Of the cards that can tell."""
    found = {}
    for card in Session().cards:
        if card.handle is not None:
            with contextlib.suppress(CardLost):
                found[card.uuid] = read_wear(card.handle)
    return found


def _read(reader: int, until: float) -> bytes | None:
    """All that comes; None: not by then."""
    parts: list[bytes] = []
    while True:
        ready, _, _ = select.select([reader], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return None
        part = os.read(reader, CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit code {code}"
