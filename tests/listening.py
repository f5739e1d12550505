"""A local HTTP server that keeps what it is sent, for tests of what is told to others."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Listening:
    """What a server on 127.0.0.1 has been sent, and how it answers."""

    port: int
    answers: list[int] = field(default_factory=list)  #: statuses, in order; 200 when there is none left
    go_on: threading.Event = field(default_factory=threading.Event)  #: while not set, nothing is answered
    drips: bool = False  #: what is answered never ends, while `go_on` is not set
    got: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0

    @property
    def url(self) -> str:
        """As apprise writes it, with a password."""
        return f"json://me:sesame@127.0.0.1:{self.port}/secret"


@contextlib.contextmanager
def listening(hangs: bool = False, drips: bool = False) -> Iterator[Listening]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.asked += 1
            if kept.drips:
                self.drip()
                return
            kept.go_on.wait(60)
            status = kept.answers.pop(0) if kept.answers else 200
            if status == 200:
                kept.got.append(json.loads(body))
            with contextlib.suppress(OSError):  # who asked may be gone
                self.send_response(status)
                self.end_headers()

        def drip(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            with contextlib.suppress(OSError):
                while not kept.go_on.wait(0.1):
                    self.wfile.write(b"x")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept = Listening(server.server_port, drips=drips)
    if not hangs and not drips:
        kept.go_on.set()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
