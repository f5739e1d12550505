"""test_gpu_memory.py beside a CUDA driver of 24 GB that writes down what it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.model.paths import PROJECT

SOURCE = r"""
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static size_t used;
static void note(const char *what, size_t n) {
    FILE *f = fopen(getenv("CUDA_CALLS"), "a"); fprintf(f, "%s %zu\n", what, n); fclose(f);
}
int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int *n) { *n = atoi(getenv("CUDA_CARDS")); return 0; }
int cuDeviceGetName(char *name, int size, int card) { strncpy(name, "Fake 24", size); return 0; }
int cuCtxCreate_v2(void **context, unsigned flags, int card) { used = 0; note("context", card); return 0; }
int cuMemGetInfo_v2(size_t *free, size_t *total) { *total = 24ul << 30; *free = *total - used; return 0; }
int cuMemAlloc_v2(unsigned long long *at, size_t size) {
    if (size > 24ul << 30) return 2;
    *at = 0x7f0000000000; used += size; note("alloc", size); return 0;
}
int cuMemsetD8_v2(unsigned long long at, unsigned char byte, size_t size) {
    note(at == 0x7f0000000000 ? "set" : "set elsewhere", size); return 0;
}
int cuCtxSynchronize(void) { return 0; }
int cuGetErrorString(int code, const char **text) { *text = "out of memory"; return 0; }
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("driver")
    source = folder / "cuda.c"
    source.write_text(SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "libcuda.so.1", source], check=True)
    return folder


def probe(driver: Path, calls: Path, *arguments: str, cards: int = 2) -> subprocess.CompletedProcess[str]:
    env = {"LD_LIBRARY_PATH": str(driver), "CUDA_CALLS": str(calls), "CUDA_CARDS": str(cards)}
    command = [sys.executable, str(PROJECT / "test_gpu_memory.py"), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("option", "cards"), [([], [0]), (["--all"], [0, 1])])
def test_it_takes_the_megabytes_it_is_told(
    driver: Path, tmp_path: Path, option: list[str], cards: list[int]
) -> None:
    done = probe(driver, tmp_path / "calls", "1000", "0", *option)
    assert (done.returncode, done.stderr) == (0, "")
    size = 1000 * 1024 * 1024
    expected = [f"context {card}\nalloc {size}\nset {size}\n" for card in cards]
    assert (tmp_path / "calls").read_text() == "".join(expected)


def test_too_much_ends_like_a_training_that_ran_out_of_memory(driver: Path, tmp_path: Path) -> None:
    done = probe(driver, tmp_path / "calls", "25000", "0")
    assert (done.returncode, done.stderr) == (1, "CUDA out of memory. Tried to allocate 25000 MiB\n")


def test_without_a_card_it_says_so(driver: Path, tmp_path: Path) -> None:
    done = probe(driver, tmp_path / "calls", "10", cards=0)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "CUDA_VISIBLE_DEVICES" in done.stderr
