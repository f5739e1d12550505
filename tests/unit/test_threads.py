"""Threads for what may block."""

import asyncio
import subprocess
import sys
import threading

import pytest

from app.threads import SpareThreads

HANGS = """
import asyncio, time
from app.threads import SpareThreads

async def main():
    threads = SpareThreads("spare", 2)
    hung = asyncio.create_task(threads.run(lambda: time.sleep(300)))
    await asyncio.sleep(0)
    hung.cancel()
    for _ in range(3):
        print(await threads.run(lambda: "went on"))

asyncio.run(main())
"""


def test_what_hangs_holds_up_neither_other_work_nor_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], stdout=subprocess.PIPE, timeout=60, check=True)
    assert done.stdout.split(b"\n") == [b"went on"] * 3 + [b""]


def test_no_more_at_once_than_there_are() -> None:
    both, go = threading.Barrier(3), threading.Event()

    async def run() -> None:
        threads = SpareThreads("spare", 2)
        work = [asyncio.create_task(threads.run(lambda: (both.wait(20), go.wait(20)))) for _ in range(2)]
        third = asyncio.create_task(threads.run(go.is_set))
        await asyncio.to_thread(both.wait, 20)
        assert not third.done()
        go.set()
        await asyncio.gather(*work)
        assert await third

    asyncio.run(run())


def test_a_thread_that_cant_be_had_is_the_systems_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = SpareThreads("spare", 1)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def run() -> str:
        with monkeypatch.context() as here:
            here.setattr(threading.Thread, "start", refuse)
            with pytest.raises(BlockingIOError, match="may start no more threads here"):
                await threads.run(lambda: "never")
        return await threads.run(lambda: "again")

    assert asyncio.run(run()) == "again"
