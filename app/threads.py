"""Threads for what may block: one that alone owns something (the driver, the history's connection), and some
for whatever comes."""

import asyncio
import contextlib
import errno
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class OwnerThread:
    """Runs calls one after the other, and between them a background job if one is set.

    A daemon: a call that hangs for ever must not keep the program from ending. With no call and no
    background job it sleeps without waking. (An executor costs the loop twice as much per call.)
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._background: Callable[[], None] | None = None
        self._interval = self._due = 0.0
        self._finished = False

    def call(self, function: Callable[[], T]) -> "asyncio.Future[T]":
        """Run `function` in the thread. For the event loop's thread; so is the future's outcome.

        Raises OSError when the thread can't be had.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                answer = function()
            except BaseException as error:  # whatever it is belongs to the caller
                _tell(loop, _fail, future, error)
            else:
                _tell(loop, _succeed, future, answer)

        self._put(run)
        return future

    def every(self, seconds: float, job: Callable[[], None] | None) -> None:
        """Run `job` so often between calls; None: no more. What it raises changes nothing."""

        def change() -> None:
            self._interval, self._background = seconds, job

        self._put(change)

    def finish(self, last: Callable[[], None] = lambda: None) -> None:
        """Run `last` after all that was asked, and end the thread. A hung one is left behind."""

        def end() -> None:
            self._finished = True
            last()

        if self._thread:
            self._put(end)

    def _put(self, run: Callable[[], None]) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            with _threads_are_to_be_had():
                thread.start()
            self._thread = thread
        self._calls.put(run)

    def _work(self) -> None:
        while not self._finished:
            run = self._next_call()
            if run:
                run()
            elif self._background:
                self._due = time.monotonic() + self._interval
                with contextlib.suppress(Exception):  # the next look tells what is wrong
                    self._background()

    def _next_call(self) -> Callable[[], None] | None:
        """None: nothing was asked until the background job was due."""
        left = max(0.0, self._due - time.monotonic()) if self._background else None
        try:
            return self._calls.get(timeout=left)
        except queue.Empty:
            return None


def _tell(loop: asyncio.AbstractEventLoop, tell: Callable[..., None], *arguments: object) -> None:
    with contextlib.suppress(RuntimeError):  # the loop was closed while the call hung
        loop.call_soon_threadsafe(tell, *arguments)


def _succeed(future: "asyncio.Future[T]", answer: T) -> None:
    if not future.done():
        future.set_result(answer)


def _fail(future: "asyncio.Future[T]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


def ready_threads(count: int) -> ThreadPoolExecutor:
    """An executor whose threads have all begun: what they are needed for can then not fail for want of one
    (`ulimit -u`). Raises OSError when they can't be had now."""
    pool = ThreadPoolExecutor(count)
    begun = threading.Barrier(count)
    try:
        with _threads_are_to_be_had():
            list(pool.map(lambda _: begun.wait(), range(count)))
    except OSError:
        begun.abort()
        pool.shutdown(wait=False)
        raise
    return pool


@contextlib.contextmanager
def _threads_are_to_be_had() -> Iterator[None]:
    """What Python says of one that can't be started is a RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, "this user may start no more threads here (see ulimit -u)") from error


class SpareThreads:
    """Some threads for one kind of blocking work, started as there is some.

    What hangs in them holds up neither other work nor the program's end.
    """

    def __init__(self, name: str, count: int) -> None:
        self._free = [OwnerThread(f"{name}-{number}") for number in range(count)]
        self._some_free = asyncio.Semaphore(count)

    async def run(self, function: Callable[[], T]) -> T:
        """Raises what `function` raises, and OSError when no thread can be had now."""
        await self._some_free.acquire()
        thread = self._free.pop()
        try:
            future = thread.call(function)
        except OSError:
            self._give_back(thread)
            raise
        future.add_done_callback(lambda _: self._give_back(thread))
        return await asyncio.shield(future)  # a caller that gives up leaves it busy

    def _give_back(self, thread: OwnerThread) -> None:
        self._free.append(thread)
        self._some_free.release()
