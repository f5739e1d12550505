"""The Python handle of the driver stand-in: builds the library, and writes what it is to say.

driver = FakeDriver.make(tmp_path, cards=[Card("GPU-a", total_mib=24576)])
subprocess.run([...], env={**os.environ, **driver.env()})
driver.set_card("GPU-a", flags={"lost"})      # seen by the very next call, in every process
"""

import ctypes
import dataclasses
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.procfs import start_time

HERE = Path(__file__).resolve().parent
SOURCES = sorted(HERE.glob("*.c"))
BUILD = HERE / "build"
LIBRARY = BUILD / "libnvidia-ml.so.1"


@dataclass(frozen=True)
class Card:
    """A card or a MIG device (flag `parent=<uuid>`). The flags are described in fakenvml.c."""

    uuid: str
    name: str = "NVIDIA GeForce RTX 4090"
    total_mib: int = 24576
    reserved_mib: int = 0
    bus: str = ""  #: "" means: after the ones before it
    utilization: int = 0
    temperature: int = 35
    power_mw: int = 25000
    lag: float = 0.0  #: seconds for which a dead process's memory still counts as used
    flags: frozenset[str] = frozenset()

    def line(self, place: int) -> str:
        bus = self.bus or f"00000000:{place + 1:02X}:00.0"
        numbers = (self.utilization, self.temperature, self.power_mw, self.lag)
        fields = (self.uuid, self.name, self.total_mib, self.reserved_mib, bus, *numbers)
        return "\t".join(map(str, (*fields, ",".join(sorted(self.flags))))) + "\n"


def build() -> Path:
    """The library's folder, for LD_LIBRARY_PATH; compiled anew when a source is newer.

    Without a C compiler the test is skipped, or fails under CI=true.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        missing = "the driver stand-in needs a C compiler (cc), and there is none"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    BUILD.mkdir(exist_ok=True)
    newest = max(file.stat().st_mtime for file in (*SOURCES, HERE / "machine.h", Path(__file__)))
    with (BUILD / "lock").open("w") as lock:  # pytest-xdist: several processes get here at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not LIBRARY.exists() or LIBRARY.stat().st_mtime < newest:
            fresh = LIBRARY.with_suffix(f".{os.getpid()}")
            command = [compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
            command.append(f"-Wl,-soname,{LIBRARY.name}")
            subprocess.run([*command, "-o", str(fresh), *map(str, SOURCES)], check=True)
            fresh.replace(LIBRARY)
    return BUILD


class FakeDriver:
    """One scripted machine: a directory that the library reads at every call."""

    def __init__(self, root: Path, cards: Sequence[Card]) -> None:
        self.root = root
        self.library = build()
        self.cards = {card.uuid: card for card in cards}
        for folder in (root, root / "processes", root / "dead"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o1777)  # tasks of other accounts write here too
        self._write_cards()
        self.script()

    @classmethod
    def make(cls, root: Path, cards: int | Sequence[Card] = 4, total_mib: int = 24576) -> "FakeDriver":
        """A machine in the new folder `root`; a number means that many equal cards GPU-0, GPU-1, ..."""
        if isinstance(cards, int):
            cards = [Card(f"GPU-{place}", total_mib=total_mib) for place in range(cards)]
        return cls(root, cards)

    def env(self) -> dict[str, str]:
        """What a child process needs in its environment to see these cards."""
        paths = [str(self.library), os.environ.get("LD_LIBRARY_PATH", "")]
        return {"LD_LIBRARY_PATH": ":".join(filter(None, paths)), "FAKENVML_DIR": str(self.root)}

    def load(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let this very process see the cards: once loaded, the library is found by its name."""
        ctypes.CDLL(str(LIBRARY))
        monkeypatch.setenv("FAKENVML_DIR", str(self.root))

    def set_card(self, uuid: str, **changes: object) -> None:
        """Change fields of a card; `flags=` takes any iterable of words."""
        flags = changes.pop("flags", None)
        if flags is not None:
            assert isinstance(flags, Iterable)
            changes["flags"] = frozenset(flags)
        self.cards[uuid] = dataclasses.replace(self.cards[uuid], **changes)  # type: ignore[arg-type]
        self._write_cards()

    def set_cards(self, cards: Sequence[Card]) -> None:
        """Other cards altogether, as after a restart of the driver."""
        self.cards = {card.uuid: card for card in cards}
        self._write_cards()

    def script(self, **words: object) -> None:
        """How the driver as a whole behaves: init=9, all=1, slow_ms=500, slow_in="Memory", nomemory2=""."""
        self._write("driver", " ".join(f"{name}={value}" for name, value in words.items()))

    def add_process(self, uuid: str, pid: int, mib: int, kind: str = "c") -> None:
        """Memory of a process: c compute, g graphics, m MPS client, x in another PID namespace."""
        start = 0 if kind == "x" else start_time(pid) or 0
        self._write(f"processes/{uuid}.{pid}", f"{mib} {kind} {start}\n")

    def remove_process(self, uuid: str, pid: int) -> None:
        (self.root / "processes" / f"{uuid}.{pid}").unlink()

    def count_calls(self) -> None:
        """From now on `calls` holds the name of every call made."""
        self._write("calls", "")

    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().split()

    def _write_cards(self) -> None:
        self._write("gpus", "".join(card.line(place) for place, card in enumerate(self.cards.values())))

    def _write(self, name: str, text: str) -> None:
        fresh = self.root / f".{name.replace('/', '-')}.new"
        fresh.write_text(text)
        fresh.replace(self.root / name)
