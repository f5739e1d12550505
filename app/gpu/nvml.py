"""NVIDIA's GPUs, through nvidia-ml-py (module pynvml), unchanged."""

import contextlib
import dataclasses
from collections.abc import Iterator

import pynvml

from app.gpu.cards import Card, Reader, identify, in_bus_order
from app.gpu.driver_calls import CardLost, CardUnreadable, ask
from app.gpu.probe import NoDriver, ProbeError, Samples
from app.model.gpu import Gpu


class Session:
    """One nvmlInit, held open: each costs up to seconds without persistence mode, and some leak."""

    def __init__(self) -> None:
        """Raises ProbeError."""
        try:
            ask(pynvml.nvmlInit)
        except (CardLost, CardUnreadable) as error:
            raise ProbeError(f"the NVIDIA driver can't be opened ({error})") from error
        try:
            found = [identify(place) for place in range(ask(pynvml.nvmlDeviceGetCount))]
        except ProbeError:
            self.close()
            raise
        except (CardLost, CardUnreadable) as error:
            self.close()
            raise ProbeError(f"the NVIDIA driver does not list its GPUs ({error})") from error
        self.cards = [card for card in found if card]
        self.reader = Reader()

    def in_order(self) -> list[Card]:
        """The cards by PCI bus. One that could not be opened is tried again. Raises ProbeError."""
        self.cards = [card if card.handle else identify(card.place) or card for card in self.cards]
        return in_bus_order(self.cards)

    def close(self) -> None:
        with contextlib.suppress(ProbeError, CardLost, CardUnreadable):
            ask(pynvml.nvmlShutdown)


class NvmlProbe:
    """Made without a call to the driver. After any ProbeError the next look starts with a fresh session."""

    blocking = True

    def __init__(self) -> None:
        self._session: Session | None = None
        self._opened_once = False
        self._last: dict[int, tuple[Gpu, ...]] = {}  # by the driver's place, when they could last be read

    def look(self) -> tuple[Gpu, ...]:
        """Raises ProbeError; NoDriver where there has not been a driver since the start."""
        with self._dropping_the_session():
            if self._session is None:
                self._session = Session()
                self._opened_once = True
            gpus = self._read(self._session)
            if not gpus:
                raise ProbeError("the NVIDIA driver lists no GPU to use")
            if all(gpu.health == "unreadable" for gpu in gpus):
                # So it is in a container that has lost its devices: a driver gone, not all GPUs at once.
                raise ProbeError(f"no GPU can be read ({self._session.reader.trouble})")
        return gpus

    def sample(self) -> Samples:
        """Nothing while there is no session: to open one is the next look's business."""
        taken: Samples = {}
        with self._dropping_the_session():
            if self._session:
                for card in self._session.cards:
                    taken.update(self._session.reader.sample(card))
        return taken

    def close(self) -> None:
        session, self._session = self._session, None
        if session:
            session.close()

    @contextlib.contextmanager
    def _dropping_the_session(self) -> Iterator[None]:
        """On any ProbeError: handles of a driver that went away may crash the program if used again."""
        try:
            yield
        except ProbeError as error:
            self.close()
            if isinstance(error, NoDriver) and self._opened_once:
                raise ProbeError(error.found) from error  # what to do at a first start is no help now
            raise

    def _read(self, session: Session) -> tuple[Gpu, ...]:
        groups = []
        for index, card in enumerate(session.in_order()):
            try:
                group = session.reader.read(card, index)
            except CardLost:
                group = (Gpu(card.uuid, str(index), card.name, 0.0, 0.0, health="lost"),)
            groups.append((card.place, index, group))
        healthy = {gpu.uuid for _, _, group in groups for gpu in group if gpu.health == "ok"}
        return tuple(
            gpu for place, index, group in groups for gpu in self._completed(place, index, group, healthy)
        )

    def _completed(
        self, place: int, index: int, group: tuple[Gpu, ...], healthy: set[str]
    ) -> tuple[Gpu, ...]:
        """What can't be read now keeps the identity and the size it was last seen with."""
        if all(gpu.health == "ok" for gpu in group):
            self._last[place] = group
            return group
        known = self._last.get(place, ())
        if any(gpu.uuid in healthy for gpu in known):  # the driver counts in another order since it came back
            known = ()
        if known and group[0].health == "lost":
            return tuple(_lost(gpu, index) for gpu in known)
        sizes = {gpu.uuid: gpu.total_gb for gpu in known}
        return tuple(dataclasses.replace(gpu, total_gb=sizes.get(gpu.uuid, gpu.total_gb)) for gpu in group)


def _lost(gpu: Gpu, index: int) -> Gpu:
    _, mark, number = gpu.index.partition(":")
    return Gpu(
        uuid=gpu.uuid,
        index=f"{index}{mark}{number}",
        name=gpu.name,
        total_gb=gpu.total_gb,
        free_gb=0.0,
        health="lost",
        mig=gpu.mig,
    )
