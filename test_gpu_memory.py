"""Takes GPU memory for some seconds, for monitors to notice: `python test_gpu_memory.py 1000 20`.

Talks to the CUDA driver library itself, so it needs no packages. The memory is taken on the first card that
CUDA_VISIBLE_DEVICES leaves visible, or on each of them with --all. Exit 0: held and given back; 1: not enough
memory, or the driver refused; 2: wrong arguments, no driver or no card.
"""

import argparse
import ctypes
import sys
import time

OUT_OF_MEMORY = 2  # CUDA_ERROR_OUT_OF_MEMORY
MIB = 1024 * 1024


class CudaError(Exception):
    """A driver call failed; the text says which and why."""

    def __init__(self, call: str, code: int, meaning: str) -> None:
        super().__init__(f"{call}: {meaning} (CUDA error {code})")
        self.code = code


class Driver:
    """The few calls needed, of libcuda.so.1. Raises OSError without a driver, CudaError."""

    def __init__(self) -> None:
        self._cuda = ctypes.CDLL("libcuda.so.1")
        self._call("cuInit", ctypes.c_uint(0))

    def _call(self, name: str, *arguments: object) -> None:
        code = getattr(self._cuda, name)(*arguments)
        if code:
            text = ctypes.c_char_p()
            self._cuda.cuGetErrorString(code, ctypes.byref(text))
            raise CudaError(name, code, (text.value or b"unknown").decode())

    def count(self) -> int:
        found = ctypes.c_int()
        self._call("cuDeviceGetCount", ctypes.byref(found))
        return found.value

    def enter(self, card: int) -> str:
        """Make the card the current one; returns its name."""
        context, name = ctypes.c_void_p(), ctypes.create_string_buffer(100)
        self._call("cuDeviceGetName", name, 100, ctypes.c_int(card))
        self._call("cuCtxCreate_v2", ctypes.byref(context), ctypes.c_uint(0), ctypes.c_int(card))
        return name.value.decode()

    def take(self, size: int) -> None:
        """Allocate `size` bytes on the current card and write to all of them. Freed when the process ends."""
        address = ctypes.c_uint64()
        self._call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size))
        self._call("cuMemsetD8_v2", address, ctypes.c_ubyte(1), ctypes.c_size_t(size))
        self._call("cuCtxSynchronize")

    def free(self) -> tuple[int, int]:
        """(free, total) bytes of the current card."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
        return free.value, total.value


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def hold(driver: Driver, cards: range, megabytes: int, seconds: float) -> None:
    """Take the memory on each card, and keep it for the time."""
    for card in cards:
        name = driver.enter(card)
        before, total = driver.free()
        say(f"card {card} ({name}): {before // MIB} of {total // MIB} MB free")
        try:
            driver.take(megabytes * MIB)
        except CudaError as error:
            if error.code == OUT_OF_MEMORY:
                raise SystemExit(f"CUDA out of memory. Tried to allocate {megabytes} MiB") from error
            raise
        say(f"card {card}: holding {megabytes} MB")
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        say(f"{left:.0f} s left")
        time.sleep(min(left, 5))
    say("giving it back")


def main() -> int:
    parser = argparse.ArgumentParser(description="Takes GPU memory for some seconds.")
    parser.add_argument("megabytes", type=int, help="MB to take (1 MB is 1,048,576 bytes)")
    parser.add_argument("seconds", type=float, nargs="?", default=30, help="how long to hold it (30)")
    parser.add_argument("--all", action="store_true", help="on every visible card, not only the first")
    given = parser.parse_args()
    if given.megabytes <= 0 or given.seconds < 0:
        parser.error("MB must be more than 0, and seconds not negative")
    try:
        driver = Driver()
        count = driver.count()
    except (OSError, CudaError) as error:
        sys.stderr.write(f"no usable NVIDIA driver here: {error}; this probe needs a real GPU\n")
        return 2
    if count == 0:
        sys.stderr.write("the driver shows no card; is CUDA_VISIBLE_DEVICES empty?\n")
        return 2
    try:
        hold(driver, range(count if given.all else 1), given.megabytes, given.seconds)
    except CudaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
