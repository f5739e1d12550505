"""Calling nvidia-ml-py, with its error codes sorted by what they mean for us."""

from collections.abc import Callable
from typing import Any

import pynvml

from app.gpu.probe import NoDriver, ProbeError


class CardLost(Exception):
    """The card has fallen off the bus (Xid 79). The others go on."""


class CardUnreadable(Exception):
    """The driver does not say this about this card."""


class NotSupported(CardUnreadable):
    """The card has no such thing."""


class NoPermission(CardUnreadable):
    """The card, or this fact of it, is not for us."""


class NoSuchCall(CardUnreadable):
    """The driver is too old (or the binding too new) for this version of the call."""


MEANINGS: dict[int, type[Exception]] = {
    pynvml.NVML_ERROR_GPU_IS_LOST: CardLost,
    pynvml.NVML_ERROR_GPU_NOT_FOUND: CardLost,
    pynvml.NVML_ERROR_NOT_SUPPORTED: NotSupported,
    pynvml.NVML_ERROR_NO_PERMISSION: NoPermission,
    pynvml.NVML_ERROR_FUNCTION_NOT_FOUND: NoSuchCall,
    pynvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH: NoSuchCall,
}
NOT_THERE = {
    pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "the NVIDIA driver is not loaded",
    pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "this machine has no NVIDIA driver (no libnvidia-ml.so.1)",
}
GONE = {
    pynvml.NVML_ERROR_UNINITIALIZED: "the NVIDIA driver has gone away",
    # The library stays mapped in this process: only a new process gets the new one.
    pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "the NVIDIA driver was replaced since this program started: "
    "start it again (running tasks go on), or restart the machine",
}


def ask(function: Callable[..., Any], *arguments: object) -> Any:
    """What the driver answers. Raises ProbeError (the driver is gone), CardLost, or a CardUnreadable."""
    try:
        return function(*arguments)
    except pynvml.NVMLError as error:
        raise _sorted(error) from error


def ask_if_there(function: Callable[..., Any], *arguments: object) -> Any:
    """The same for what a card may well not have: None then. Raises ProbeError or CardLost."""
    try:
        return ask(function, *arguments)
    except CardUnreadable:
        return None


def _sorted(error: pynvml.NVMLError) -> Exception:
    code: int = error.value  # type: ignore[attr-defined]  # set by NVMLError.__new__
    if code in NOT_THERE:
        return NoDriver(NOT_THERE[code])
    if code in GONE:
        return ProbeError(GONE[code])
    return MEANINGS.get(code, CardUnreadable)(str(error))
