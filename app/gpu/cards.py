"""Reading one card, or the MIG devices it is divided into."""

import contextlib
from dataclasses import dataclass, field
from typing import Any

import pynvml

from app.gpu.driver_calls import CardLost, CardUnreadable, NoPermission, ask, ask_if_there
from app.gpu.memory import Memory, MemoryCalls
from app.gpu.probe import Samples
from app.gpu.processes import ProcessLists
from app.model.gpu import ComputeMode, Gpu, GpuProcess, Health

COMPUTE_MODES: dict[int | None, ComputeMode] = {
    pynvml.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS: "exclusive_process",
    pynvml.NVML_COMPUTEMODE_PROHIBITED: "prohibited",
}
NO_MEMORY = Memory(0.0, 0.0, 0.0)


@dataclass(slots=True)
class Card:
    """A card as the driver lists it. Without a handle it could not be opened, for the reason in `health`."""

    place: int  #: in the driver's own list
    uuid: str
    name: str
    bus: tuple[int, int, int] | None = None  #: PCI domain, bus, device; None: not known
    handle: Any = None
    health: Health = "ok"
    trouble: str = ""  #: what the driver said instead of opening it


def identify(place: int) -> Card | None:
    """The card at a place of the driver's list; None when we have no permission to use it.

    A container may be shown cards it can't open: CUDA does not count those either. Raises ProbeError.
    """
    try:
        handle = ask(pynvml.nvmlDeviceGetHandleByIndex, place)
        pci = ask(pynvml.nvmlDeviceGetPciInfo_v3, handle)
        uuid, name = ask(pynvml.nvmlDeviceGetUUID, handle), ask(pynvml.nvmlDeviceGetName, handle)
    except CardLost as error:
        return Card(place, f"unknown-{place}", "unknown", health="lost", trouble=str(error))
    except NoPermission:
        return None
    except CardUnreadable as error:
        return Card(place, f"unknown-{place}", "unknown", health="unreadable", trouble=str(error))
    return Card(place, uuid, name, (pci.domain, pci.bus, pci.device), handle)


def in_bus_order(cards: list[Card]) -> list[Card]:
    """As nvidia-smi and CUDA_DEVICE_ORDER=PCI_BUS_ID count. Those of unknown bus keep the driver's place."""
    ordered = sorted((card for card in cards if card.bus), key=lambda card: card.bus or ())
    for card in sorted((card for card in cards if not card.bus), key=lambda card: card.place):
        ordered.insert(card.place, card)
    return ordered


@dataclass(slots=True)
class Reader:
    """Reads cards within one driver session."""

    memory: MemoryCalls = field(default_factory=MemoryCalls)
    processes: ProcessLists = field(default_factory=ProcessLists)
    trouble: str = ""  #: why the last unreadable card was

    def read(self, card: Card, index: int) -> tuple[Gpu, ...]:
        """The card as one Gpu; in MIG mode its devices, and not the card itself.

        Raises ProbeError, and CardLost when the card is.
        """
        if card.handle is None:
            self.trouble = card.trouble
            return (Gpu(card.uuid, str(index), card.name, 0.0, 0.0, health=card.health),)
        if not in_mig_mode(card.handle):
            return (self._device(card.uuid, str(index), card.name, card.handle, card.handle),)
        return tuple(
            self._mig_device(card, handle, f"{index}:{number}") for number, handle in mig_devices(card.handle)
        )

    def _mig_device(self, card: Card, handle: Any, index: str) -> Gpu:
        name = ask_if_there(pynvml.nvmlDeviceGetName, handle) or card.name
        uuid = ask_if_there(pynvml.nvmlDeviceGetUUID, handle)
        if uuid is None:  # CUDA knows a MIG device by its uuid alone
            return Gpu(f"unknown-{index}", index, name, 0.0, 0.0, health="unreadable", mig=True)
        return self._device(uuid, index, name, handle, card.handle)

    def _device(self, uuid: str, index: str, name: str, handle: Any, whole: Any) -> Gpu:
        """`whole` is the card itself: of a MIG device the driver does not tell temperature or modes."""
        mig = handle is not whole
        health: Health = "ok"
        memory = NO_MEMORY
        processes: tuple[GpuProcess, ...] = ()
        try:
            memory = self.memory.read(handle, mig)
            processes = self.processes.read(handle, uuid, memory.total)
        except CardUnreadable as error:
            health, self.trouble = "unreadable", str(error)
        power = ask_if_there(pynvml.nvmlDeviceGetPowerUsage, handle)
        limit = ask_if_there(pynvml.nvmlDeviceGetEnforcedPowerLimit, handle)
        heat = ask_if_there(pynvml.nvmlDeviceGetTemperature, whole, pynvml.NVML_TEMPERATURE_GPU)
        persistence = ask_if_there(pynvml.nvmlDeviceGetPersistenceMode, whole)
        return Gpu(
            uuid=uuid,
            index=index,
            name=name,
            total_gb=memory.total,
            free_gb=memory.free if health == "ok" else 0.0,
            health=health,
            utilization=utilization(handle),
            temperature_c=None if heat is None else float(heat),
            power_w=None if power is None else power / 1000,
            power_limit_w=None if limit is None else limit / 1000,
            compute_mode=COMPUTE_MODES.get(ask_if_there(pynvml.nvmlDeviceGetComputeMode, whole), "default"),
            persistence=None if persistence is None else bool(persistence),
            mig=mig,
            processes=processes,
        )

    def sample(self, card: Card) -> Samples:
        """Utilisation and used memory of a card or its MIG devices, nothing for one that can't be read."""
        taken: Samples = {}
        if card.handle is None:
            return taken
        with contextlib.suppress(CardLost, CardUnreadable):
            if not in_mig_mode(card.handle):
                memory = self.memory.read(card.handle, mig=False)
                return {card.uuid: (utilization(card.handle), memory.used)}
            for _, handle in mig_devices(card.handle):
                uuid = ask(pynvml.nvmlDeviceGetUUID, handle)
                taken[uuid] = None, self.memory.read(handle, mig=True).used
        return taken


def utilization(handle: Any) -> float | None:
    """0..100; None where the driver does not say (MIG, many laptops). Raises ProbeError, CardLost."""
    rates = ask_if_there(pynvml.nvmlDeviceGetUtilizationRates, handle)
    return None if rates is None else float(rates.gpu)


def in_mig_mode(handle: Any) -> bool:
    """Whether the card is divided now. Raises ProbeError, CardLost."""
    modes = ask_if_there(pynvml.nvmlDeviceGetMigMode, handle)
    return modes is not None and modes[0] == pynvml.NVML_DEVICE_MIG_ENABLE


def mig_devices(handle: Any) -> list[tuple[int, Any]]:
    """(number, handle) of each; numbers may have holes. They change while we run, so they are not kept."""
    most = ask_if_there(pynvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0
    found = (
        (number, ask_if_there(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number))
        for number in range(most)
    )
    return [(number, device) for number, device in found if device is not None]
