"""A training job that trains nothing: a task for tests, benchmarks and demos. Standard library only.

For each card of CUDA_VISIBLE_DEVICES (indices in PCI bus order, or uuids) it takes memory from the driver
stand-in of tests/fakenvml, and fails as PyTorch does when there is not enough. Without FAKENVML_DIR in its
environment it takes none and just runs, so that it serves under `--simulate` as well.
"""

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

OUT_OF_MEMORY = (
    "Traceback (most recent call last):\n"
    '  File "{script}", line 1, in <module>\n'
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate {tried:.2f} GiB. "
    "GPU {gpu} has a total capacity of {total:.2f} GiB of which {free:.2f} GiB is free. "
    "Including non-PyTorch memory, this process has 0.00 GiB memory in use. "
    "Of the allocated memory 0.00 GiB is allocated by PyTorch, "
    "and 0.00 GiB is reserved by PyTorch but unallocated."
)


class Driver:
    """What a CUDA program asks of the driver: which cards it sees, and memory on them."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL("libnvidia-ml.so.1")

    def resolve(self, name: str) -> str:
        uuid = ctypes.create_string_buffer(96)
        if self.library.fakenvml_resolve(name.encode(), uuid):
            sys.exit(f"RuntimeError: CUDA error: invalid device ordinal ({name!r})")
        return uuid.value.decode()

    def take(self, gpu: int, uuid: str, mib: int) -> None:
        total, free = ctypes.c_ulonglong(), ctypes.c_ulonglong()
        answer = self.library.fakenvml_take(
            uuid.encode(), ctypes.c_ulonglong(mib), ctypes.byref(total), ctypes.byref(free)
        )
        if answer < 0:
            sys.exit(f"RuntimeError: CUDA error: the stand-in knows no card {uuid}")
        if answer:
            sizes = {"tried": mib / 1024, "total": total.value / 1024, "free": free.value / 1024}
            sys.exit(OUT_OF_MEMORY.format(script=__file__, gpu=gpu, **sizes))

    def release(self, uuid: str) -> None:
        self.library.fakenvml_release(uuid.encode())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--memory-mb", type=int, default=0, help="MiB to take on every card")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long to run")
    parser.add_argument("--allocate-after", type=float, default=0.0, help="seconds before taking memory")
    parser.add_argument("--ignore-term", action="store_true", help="SIGTERM does nothing")
    parser.add_argument("--child-session", action="store_true", help="leave a child in its own session")
    parser.add_argument("--child-seconds", type=float, default=60.0, help="how long that child runs")
    parser.add_argument("--child-memory-mb", type=int, default=0, help="MiB that child takes on every card")
    parser.add_argument("--lines", type=int, default=0, help="lines of output to print at once")
    parser.add_argument("--exit", type=int, default=0, help="exit status")
    parser.add_argument("--stamp", type=Path, help="file to append `start|end <time> <uuid> <pid> <MiB>` to")
    return parser.parse_args()


def visible_cards() -> list[str]:
    """As CUDA counts them. Simulated cards are in no driver: there GPULANE_GPUS names them."""
    names = os.environ.get("CUDA_VISIBLE_DEVICES") or os.environ.get("GPULANE_GPUS", "")
    return [name.strip() for name in names.split(",") if name.strip()]


def stamp(file: Path | None, what: str, uuids: list[str], mib: int) -> None:
    """One write per line, so that the lines of several processes never mix."""
    if file is None:
        return
    fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for uuid in uuids or ["cpu"]:
        os.write(fd, f"{what} {time.time():.6f} {uuid} {os.getpid()} {mib}\n".encode())
    os.close(fd)


def leave_child(seconds: float, mib: int) -> None:
    command = [sys.executable, __file__, "--seconds", str(seconds), "--memory-mb", str(mib)]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    print(f"child {child.pid} in its own session", flush=True)


def train(seconds: float, lines: int) -> None:
    for number in range(lines):
        print(f"line {number + 1}/{lines}: loss {1 / (number + 1):.4f}")
    end = time.monotonic() + seconds
    step = 0
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(0.5, left))
        step += 1
        print(f"step {step}: {max(0.0, end - time.monotonic()):.1f} s to go", flush=True)


def run(wants: argparse.Namespace, driver: Driver | None, uuids: list[str]) -> None:
    time.sleep(wants.allocate_after)
    if driver and wants.memory_mb:
        for gpu, uuid in enumerate(uuids):
            driver.take(gpu, uuid, wants.memory_mb)
    print(f"pid {os.getpid()} on {', '.join(uuids) or 'no GPU'}, {wants.memory_mb} MiB each", flush=True)
    if wants.child_session:
        leave_child(wants.child_seconds, wants.child_memory_mb)
    train(wants.seconds, wants.lines)


def main() -> int:
    wants = arguments()
    if wants.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    driver = Driver() if "FAKENVML_DIR" in os.environ else None
    cards = visible_cards()
    uuids = [driver.resolve(name) for name in cards] if driver else cards
    stamp(wants.stamp, "start", uuids, wants.memory_mb)
    try:
        run(wants, driver, uuids)
    finally:
        stamp(wants.stamp, "end", uuids, wants.memory_mb)
        if driver:
            for uuid in uuids:
                driver.release(uuid)
    return int(wants.exit)


if __name__ == "__main__":
    sys.exit(main())
