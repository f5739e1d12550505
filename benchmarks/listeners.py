"""Many listeners to a console's events in one process: `python -m benchmarks.listeners URL NUMBER`, with the
secret in the environment. A line when all listen; at SIGTERM how many events came."""

import asyncio
import os
import signal
import sys

heard = 0


async def listen(address: str, port: int, ready: "asyncio.Queue[None]") -> None:
    global heard
    reader, writer = await asyncio.open_connection(address, port, limit=1 << 24)
    head = (
        f"GET /api/events HTTP/1.1\r\nHost: {address}:{port}\r\nAuthorization: Bearer {os.environ['SECRET']}"
    )
    writer.write(f"{head}\r\n\r\n".encode())
    while line := await reader.readline():
        if line.startswith(b"event: hello"):
            ready.put_nowait(None)
        heard += line.startswith(b"event: scheduler")


async def main(url: str, number: int) -> None:
    address, port = url.removeprefix("http://").split(":")
    ready: asyncio.Queue[None] = asyncio.Queue()
    tasks = [asyncio.create_task(listen(address, int(port), ready)) for _ in range(number)]
    for _ in tasks:
        await ready.get()
    print("ready", flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    print(heard)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
